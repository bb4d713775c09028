import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from './build.mjs';
import { startDisplay } from './display.mjs';
import { ensureElectron } from './electron-runtime.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { OWN_PROCESSES, ROOT, run, say } from './processes.mjs';
import { ensureSystemPackages } from './system-packages.mjs';
import { addCounts, countPlaywright, countVitest, closingLine } from './test-counts.mjs';

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
    parts: byComponent,
    command: (filters, report) => vitest('integration', filters, report),
    count: countVitest,
  },
  e2e: {
    prepare: prepareWindow,
    around: ownDisplay,
    limitMs: 8 * MINUTE,
    parts: labAndReal,
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
  let total = { passed: 0, failed: 0, skipped: 0 };
  for (const kind of kinds) total = addCounts(total, await runKind(kind, filters));
  if (total.passed + total.failed === 0) {
    say('No test was run.');
    total.failed += 1;
  }
  finish(total);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  finish({ passed: 0, failed: 1, skipped: 0 });
}

/** @param {Counts} total */
function finish(total) {
  process.stdout.write(`${closingLine(total)}\n`, () => process.exit(total.failed > 0 ? 1 : 0));
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
    say(`The ${kind} tests could not be prepared: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
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

/** By what they are about, so that each part takes about as long as the others: most of a test's time is waiting. */
async function byComponent() {
  const folder = 'test/integration';
  const files = (await readdir(path.join(ROOT, folder))).filter((name) => name.endsWith('.test.ts'));
  const parts = [/^(libvirt|proxmox|tiny-guest)/, /^(host|known-hosts|ssh)/, /^/].map((part) => files.filter((name) => part.test(name)));
  const taken = new Set();
  return parts.map((part) =>
    part.filter((name) => !taken.has(name) && taken.add(name)).map((name) => `${folder}/${name}`),
  );
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
    say(`The ${name} tests were not done within ${limitMs / MINUTE} minutes and were stopped.`);
  if (ended.timedOut || (ended.code !== 0 && counts.failed === 0)) counts.failed += 1;
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

/** The window alone over a fake of the rest, and the whole app. */
async function labAndReal() {
  const folder = 'test/e2e';
  const files = (await readdir(path.join(ROOT, folder))).filter((name) => name.endsWith('.spec.ts'));
  const isLab = (/** @type {string} */ name) => name.startsWith('renderer');
  return [files.filter(isLab), files.filter((name) => !isLab(name))].map((part) => part.map((name) => `${folder}/${name}`));
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
