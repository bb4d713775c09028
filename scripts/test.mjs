import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from './build.mjs';
import { startDisplay } from './display.mjs';
import { ensureElectron } from './electron-runtime.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { OWN_PROCESSES, ROOT, run, say } from './processes.mjs';
import { ensureSystemPackages } from './system-packages.mjs';
import { addCounts, countPlaywright, countVitest, closingLine, NOTHING } from './test-counts.mjs';

/** @typedef {'unit' | 'integration' | 'e2e' | 'package'} Kind */
/** @typedef {import('./test-counts.mjs').Counts} Counts */

const RESULTS = path.join(ROOT, 'test-results');
const MINUTE = 60_000;
const IN_CI = process.env['CI'] === 'true';

/**
 * How each kind of test is prepared and run. `limitMs` ends a runner that hangs. `parts`: sets of filters that may
 * run at the same time, each among processes of its own.
 * `around`: what one part needs for itself.
 * @type {Record<Kind, { prepare: () => Promise<unknown>, around?: () => Promise<NodeJS.ProcessEnv>, limitMs: number,
 *   parts?: () => Promise<string[][]>, command: (filters: string[], report: string) => string[],
 *   count: (report: string) => Promise<Counts> }>}
 */
const KINDS = {
  unit: {
    prepare: prepareHosts,
    limitMs: 5 * MINUTE,
    command: (filters, report) => vitest('unit', filters, report),
    count: countVitest,
  },
  integration: {
    prepare: prepareGuests,
    limitMs: 10 * MINUTE,
    parts: () => inParts('test/integration', /^(alarm-holders|libvirt|proxmox|tiny-guest)/, /^(host|known-hosts|ssh)/, /^/),
    command: (filters, report) => vitest('integration', filters, report),
    count: countVitest,
  },
  e2e: {
    prepare: prepareWindow,
    around: ownDisplay,
    limitMs: 8 * MINUTE,
    parts: () => inParts('test/e2e', /^(desktop|renderer)/, /^/),
    command: (filters, report) => playwright('playwright.config.ts', filters, report),
    count: countPlaywright,
  },
  package: {
    prepare: preparePackages,
    around: ownDisplay,
    limitMs: 6 * MINUTE,
    command: (filters, report) => playwright('playwright.package.config.ts', filters, report),
    count: countPlaywright,
  },
};

const { kinds, filters } = readArguments(process.argv.slice(2));
try {
  await ensureNodeModules();
  await mkdir(RESULTS, { recursive: true });
  let total = NOTHING;
  for (const kind of kinds) total = addCounts(total, await runKind(kind, filters));
  if (total.passed + total.failures.length === 0) total = failed('No test was run.');
  finish(total);
} catch (error) {
  finish(failed(error instanceof Error ? error.message : String(error)));
}

/** What failed is told once more at the end, where it is not lost among what the runners print. @param {Counts} total */
function finish(total) {
  const { failures } = total;
  const told = failures.length > 0 ? ['\n=== failed', ...failures] : [];
  process.stdout.write([...told, closingLine(total), ''].join('\n'), () => process.exit(failures.length > 0 ? 1 : 0));
}

/** @param {string} what @returns {Counts} */
function failed(what) {
  return { ...NOTHING, failures: [what] };
}

/**
 * `[unit] [integration] [e2e] [package] [--] [whatever the runners take, a file filter for one]`
 * @param {string[]} args
 */
function readArguments(args) {
  const isKind = (/** @type {string | undefined} */ arg) => arg !== undefined && Object.hasOwn(KINDS, arg);
  const end = args.findIndex((arg) => !isKind(arg));
  const named = /** @type {Kind[]} */ (args.slice(0, end === -1 ? args.length : end));
  const rest = end === -1 ? [] : args.slice(args[end] === '--' ? end + 1 : end);
  const all = /** @type {Kind[]} */ (Object.keys(KINDS)).filter((kind) => kind !== 'package' || process.platform === 'linux');
  return { kinds: named.length > 0 ? named : all, filters: rest };
}

/**
 * @param {Kind} kind
 * @param {string[]} filters
 * @returns {Promise<Counts>}
 */
async function runKind(kind, filters) {
  const { prepare, parts } = KINDS[kind];
  say(`\n=== ${kind} tests`);
  try {
    await prepare();
  } catch (error) {
    return failed(`The ${kind} tests could not be prepared: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!parts || filters.length > 0 || !canHideProcesses()) return runPart(kind, kind, filters, []);
  const counts = await Promise.all(
    (await parts()).map((part, index) => runPart(kind, `${kind}-${index + 1}`, part, OWN_PROCESSES)),
  );
  return counts.reduce(addCounts);
}

/** Reveille finds every QEMU of the computer, so tests that run at the same time may not see each other's. */
function canHideProcesses() {
  const [program = '', ...args] = OWN_PROCESSES;
  return process.platform === 'linux' && spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}

/**
 * The tests of a folder, each in the first part that its name begins like. The parts take about as long as each other:
 * most of a test's time is waiting.
 * @param {string} folder
 * @param {RegExp[]} parts
 */
async function inParts(folder, ...parts) {
  const files = (await readdir(path.join(ROOT, folder))).filter((name) => /\.(test|spec)\.ts$/.test(name));
  const partOf = (/** @type {string} */ name) => parts.find((part) => part.test(name));
  return parts.map((part) => files.filter((name) => partOf(name) === part).map((name) => `${folder}/${name}`));
}

/**
 * @param {Kind} kind
 * @param {string} name
 * @param {string[]} filters
 * @param {string[]} wrapper
 * @returns {Promise<Counts>}
 */
async function runPart(kind, name, filters, wrapper) {
  const { around, limitMs, command, count } = KINDS[kind];
  const env = { ...process.env, ...(await around?.()), PLAYWRIGHT_JSON_OUTPUT_FILE: path.join(RESULTS, `${name}.json`) };
  const report = path.join(RESULTS, `${name}.json`);
  await rm(report, { force: true });
  const [program = '', ...args] = [...wrapper, process.execPath, ...command(filters, report)];
  const ended = await run(program, args, { env, output: 'inherit', timeoutMs: limitMs });
  const counts = await count(report);
  // A runner that crashed, hung, or failed outside of any test is a failure of its own.
  if (ended.timedOut)
    return addCounts(counts, failed(`The ${name} tests were not done within ${limitMs / MINUTE} minutes and were stopped.`));
  if (ended.code !== 0 && counts.failures.length === 0)
    return addCounts(counts, failed(`The runner of the ${name} tests ended with ${ended.code}.`));
  return counts;
}

/**
 * @param {'unit' | 'integration'} project
 * @param {string[]} filters
 * @param {string} report
 */
function vitest(project, filters, report) {
  return [
    'node_modules/vitest/vitest.mjs',
    ...['run', '--project', project, '--reporter=default', '--reporter=json'],
    `--outputFile.json=${report}`,
    ...(filters.length > 0 ? ['--passWithNoTests', ...filters] : []),
  ];
}

/**
 * @param {string} config
 * @param {string[]} filters
 * @param {string} report
 */
function playwright(config, filters, report) {
  return [
    ...['node_modules/@playwright/test/cli.js', 'test', '-c', config, '--output', report.replace(/\.json$/, '')],
    ...(filters.length > 0 ? ['--pass-with-no-tests', ...filters] : []),
  ];
}

/** @returns {Promise<NodeJS.ProcessEnv>} a display that nobody else's windows are on */
async function ownDisplay() {
  if (process.platform !== 'linux') return {};
  return { DISPLAY: (await startDisplay()).display, WAYLAND_DISPLAY: '' };
}

/** The shells and programs of other hosts. */
async function prepareHosts() {
  await prepared(ensureSystemPackages(['hosts', 'guest']));
}

/** Real QEMU processes, and hosts over SSH. What cannot be had is skipped by its tests, by name; in CI it is an error. */
async function prepareGuests() {
  await prepared(ensureSystemPackages(['guest', 'ssh', 'hosts', 'libvirt', 'jobs']));
}

/** The built app, the runtime, what displays take, a keyring, a panel, real QEMU processes and hosts over SSH. */
async function prepareWindow() {
  await prepared(ensureSystemPackages(['window', 'display', 'guest', 'ssh', 'keyring', 'desktop', 'libvirt']));
  await ensureElectron();
  await build();
}

/** What users install, made on this computer, and what is used to try it. */
async function preparePackages() {
  await prepared(ensureSystemPackages(['window', 'display', 'guest']));
  const { code } = await run(
    process.execPath,
    [path.join(ROOT, 'scripts/dist.mjs'), '--linux', 'dir', 'tar.gz', 'deb', '--x64', '--publish', 'never'],
    { output: 'stderr', timeoutMs: 10 * MINUTE },
  );
  if (code !== 0) throw new Error('npm run dist failed. See the output above.');
}

/** @param {Promise<string | undefined>} missing */
async function prepared(missing) {
  const problem = await missing;
  if (problem === undefined) return;
  if (IN_CI) throw new Error(problem);
  say(problem);
}
