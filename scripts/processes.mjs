import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** What runs a command among processes of its own: it sees no others, and they end with it. It takes root on Linux. */
export const OWN_PROCESSES = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', '--propagation', 'private'];

/** Says one line about progress. It goes to stderr: stdout belongs to what a script was asked for. */
export function say(/** @type {string} */ line) {
  process.stderr.write(`${line}\n`);
}

/**
 * How a command ended. `code` is null when a signal ended it or it could not be started; `timedOut` says that
 * the limit was reached and the command was stopped.
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, timedOut: boolean, stdout: string,
 *   stderr: string, error?: Error }} Ended
 */

/**
 * Runs a command to its end, without a shell unless `shell` asks for one; stdin is closed. On POSIX it
 * leads a process group of its own, so that a time-out and Ctrl-C end whatever it has started, too.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, output?: 'capture' | 'inherit' | 'stderr', timeoutMs?:
 *   number, shell?: boolean }} [options] output: 'stderr' sends both streams to this process's stderr
 * @returns {Promise<Ended>}
 */
export function run(command, args, options = {}) {
  const { output = 'capture', timeoutMs } = options;
  return new Promise((resolve) => {
    const stream = /** @type {const} */ ({ capture: 'pipe', inherit: 'inherit', stderr: 2 })[output];
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: options.env ?? process.env,
      stdio: ['ignore', stream, output === 'inherit' ? 'inherit' : stream],
      detached: process.platform !== 'win32',
      shell: options.shell ?? false,
    });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
    const release = endWithUs(child);
    const limit =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            void endChild(child).then(() => killGroup(child));
          }, timeoutMs);
    const finish = (/** @type {Partial<Ended>} */ end) => {
      clearTimeout(limit);
      release();
      resolve({ code: null, signal: null, timedOut, stdout, stderr, ...end });
    };
    child.once('error', (error) => finish({ error }));
    child.once('close', (code, signal) => finish({ code, signal }));
  });
}

/**
 * Ends a child: SIGTERM, so that it can end its own helpers in order, and after `graceMs` milliseconds
 * SIGKILL for all of the group it leads.
 * @param {import('node:child_process').ChildProcess} child
 */
export async function endChild(child, graceMs = 5000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  send(child, 'SIGTERM');
  const force = setTimeout(() => killGroup(child), graceMs);
  await ended;
  clearTimeout(force);
}

/** @param {import('node:child_process').ChildProcess} child */
function killGroup(child) {
  if (process.platform === 'win32') {
    if (child.pid !== undefined)
      spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
  } else {
    send(child, 'SIGKILL', -1);
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 * @param {1 | -1} whom 1 the child, -1 the group it leads
 */
function send(child, signal, whom = 1) {
  if (child.pid === undefined) return;
  try {
    process.kill(whom * child.pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** Children that end when this process does, however it does. */
const children = /** @type {Set<import('node:child_process').ChildProcess>} */ (new Set());
let listening = false;
let ending = false;

/**
 * Makes sure that the child (the leader of its own group on POSIX) does not outlive this process.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void} gives the child free again, once it has ended
 */
export function endWithUs(child) {
  children.add(child);
  if (!listening) {
    listening = true;
    process.once('exit', () => children.forEach((each) => send(each, 'SIGTERM')));
    for (const [signal, number] of /** @type {const} */ ([
      ['SIGINT', 2],
      ['SIGTERM', 15],
      ['SIGHUP', 1],
    ])) {
      // Stays registered: npm passes on the Ctrl-C that the terminal has already sent, and the second must
      // not end this process before its children.
      process.on(signal, () => {
        if (ending) return;
        ending = true;
        void endAll().then(() => process.exit(128 + number));
      });
    }
  }
  return () => void children.delete(child);
}

/** The last one first: an app goes before the display it is on. */
async function endAll() {
  for (const child of [...children].reverse()) await endChild(child);
}
