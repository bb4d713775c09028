import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, run, say } from './processes.mjs';

/**
 * Installs the packages of package-lock.json with `npm ci` where node_modules is missing or is not what the
 * lock file says.
 * @throws Error when npm fails
 */
export async function ensureNodeModules() {
  const why = staleness();
  if (why === undefined) return;
  say(`Installing the npm packages (${why})...`);
  const { code, error } = await npm(['ci', '--no-audit', '--no-fund'], { output: 'stderr' });
  if (code !== 0)
    throw new Error(`npm ci failed (${error?.message ?? `exit code ${code}`}). See its output above.`);
}

/**
 * Runs npm: the one that runs this script, else the one on the PATH.
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function npm(args, options) {
  const cli = process.env['npm_execpath'];
  if (cli?.endsWith('npm-cli.js')) return run(process.execPath, [cli, ...args], options);
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, peer?: boolean, devOptional?:
 *   boolean }} Locked
 * @returns {string | undefined} why an install is due
 */
function staleness() {
  const installedLock = path.join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock)) return 'node_modules is missing';
  const wanted = readPackages(path.join(ROOT, 'package-lock.json'));
  const installed = readPackages(installedLock);
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '') continue;
    const found = installed[name];
    if (found ? found.version !== entry.version || found.integrity !== entry.integrity : !entry.optional) {
      return `${name.replace(/^.*node_modules\//, '')} is ${found ? `at ${found.version}` : 'missing'}`;
    }
  }
  return undefined;
}

/**
 * @param {string} file
 * @returns {Record<string, Locked>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
