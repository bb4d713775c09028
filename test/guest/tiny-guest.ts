import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestAgent } from './agent';
import { execInGuest, openAgent } from './agent';
import type { GuestCommandLineOptions } from './command-line';
import { guestCommandLine, guestFiles } from './command-line';
import { DeadlineError, until } from './deadline';
import { ensureGuestImage } from './image';
import { endGuestProcesses, findGuestProcesses, isGuestOf, killGuest } from './processes';
import { openQmp } from './qmp';
import { findProgram } from './run';
import { makeSparse } from './sparse';

export { openAgent } from './agent';
export type { TestAgent } from './agent';
export { DeadlineError, until, within } from './deadline';
export { ensureGuestImage } from './image';
export { endGuestProcesses, findGuestProcesses } from './processes';
export { openQmp } from './qmp';
export type { QmpEvent, TestQmp } from './qmp';

/** What differs from a "pc" with 192 MiB, a swap disk, a network, a running agent and hybrid sleep. */
export interface TinyGuestOptions extends Partial<GuestCommandLineOptions> {
  name: string;
  /** Where its sockets, logs and swap disk live: one guest a folder. Absent: a new temporary folder. */
  dir?: string;
}

/** A QEMU that was started with a command line of its own. */
export interface TinyGuest {
  name: string;
  uuid: string;
  pid: number;
  dir: string;
  /** what it was started with; argv[0] is the program's name as a user would have typed it */
  args: { executable: string; argv: readonly string[]; cwd: string };
  qmpPath: string;
  /** undefined when the guest has no agent channel */
  agentPath: string | undefined;
  /** everything the guest and its kernel said, over all its starts */
  consoleText(): Promise<string>;
  /** Resolves when the agent answers. It takes the agent's socket meanwhile and gives it back. */
  waitForAgent(timeoutMs?: number): Promise<void>;
  /** Lends a connection to the agent, and with it the socket, for the duration of `use`. */
  withAgent<T>(use: (agent: TestAgent) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Runs a shell command by the agent, whose socket it takes meanwhile. @returns trimmed standard output */
  exec(command: string): Promise<string>;
  bootId(): Promise<string>;
  /** whether this process runs; one that the app started again is another process */
  isAlive(): boolean;
  /** Resolves when this process is gone. */
  waitForExit(timeoutMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Starts the same command line again, on the same swap disk, once this process has ended. */
  startAgain(): Promise<TinyGuest>;
  /** Ends this guest's processes, whoever started them, and removes its files. */
  stop(): Promise<void>;
}

const QEMU = 'qemu-system-x86_64';

/** Whether this system can build and run the guest: amd64 Linux with QEMU, and apt for Debian's packages. */
export function guestsCanRun(): boolean {
  const programs = [QEMU, 'apt-get', 'dpkg-deb'];
  return (
    process.platform === 'linux' &&
    process.arch === 'x64' &&
    programs.every((name) => findProgram(name) !== undefined)
  );
}

const started = new Set<string>();
// Also ends what the app started again.
process.once('exit', () => {
  for (const dir of started) for (const pid of findGuestProcesses(dir)) killGuest(dir, pid, 'SIGKILL');
});

/** Boots a guest; resolves once its monitor answers. @throws Error with QEMU's words if it does not start */
export async function startGuest(options: TinyGuestOptions): Promise<TinyGuest> {
  const image = await ensureGuestImage();
  const dir =
    options.dir === undefined
      ? await mkdtemp(path.join(os.tmpdir(), 'tiny-guest-'))
      : path.resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const files = guestFiles(dir);
  // Source: unix(7), sun_path.
  if (Buffer.byteLength(files.agent) > 107)
    throw new Error(`Too long a path for a unix socket: ${files.agent}`);
  if (findGuestProcesses(dir).length > 0) throw new Error(`Another guest runs in ${dir}`);
  const full: GuestCommandLineOptions = {
    uuid: randomUUID(),
    memoryMiB: 192,
    machine: 'pc',
    accel: 'tcg',
    disableS3: false,
    disableS4: false,
    swap: true,
    agent: true,
    agentRunning: true,
    hybrid: true,
    network: true,
    monitorStyle: 'qmp',
    noShutdown: false,
    paused: false,
    daemonize: false,
    extraArgs: [],
    ...options,
  };
  if (full.swap) await makeSparse(files.swap, (full.memoryMiB + 64) * 1024 * 1024);
  const executable = findProgram(QEMU);
  if (executable === undefined)
    throw new Error(`${QEMU} is not installed (Debian: apt-get install qemu-system-x86)`);
  const args = { executable, argv: [QEMU, ...guestCommandLine(image, dir, full)], cwd: dir };
  const removeAll = () => removeFiles(dir, options.dir === undefined);
  try {
    return await launch(args, dir, full, removeAll);
  } catch (error) {
    await endGuestProcesses(dir);
    await removeAll();
    throw error;
  }
}

async function launch(
  args: TinyGuest['args'],
  dir: string,
  options: GuestCommandLineOptions,
  removeAll: () => Promise<void>,
): Promise<TinyGuest> {
  const files = guestFiles(dir);
  // A socket file left by a killed QEMU would look like one that listens.
  await rm(files.qmp, { force: true });
  const pid = await spawnQemu(args, dir);
  const agentPath = options.agent ? files.agent : undefined;

  async function withAgent<T>(use: (agent: TestAgent) => Promise<T>, timeoutMs = 20_000): Promise<T> {
    if (agentPath === undefined) throw new Error(`${options.name} has no agent channel`);
    const agent = await openAgent(agentPath, timeoutMs);
    try {
      return await use(agent);
    } finally {
      agent.close();
    }
  }
  const exec = (command: string) => withAgent(async (agent) => (await execInGuest(agent, command)).trim());
  const waitForExit = async (timeoutMs = 30_000) => {
    await until(timeoutMs, `end of ${options.name}`, () => (isGuestOf(dir, pid) ? undefined : true));
  };

  return {
    name: options.name,
    uuid: options.uuid,
    pid,
    dir,
    args,
    qmpPath: files.qmp,
    agentPath,
    consoleText: () => readFile(files.console, 'utf8'),
    waitForAgent: (timeoutMs = 60_000) => withAgent(async () => undefined, timeoutMs),
    withAgent,
    exec,
    bootId: () => exec('cat /proc/sys/kernel/random/boot_id'),
    isAlive: () => isGuestOf(dir, pid),
    waitForExit,
    kill(signal) {
      if (!killGuest(dir, pid, signal)) throw new Error(`${options.name} (process ${pid}) runs no more`);
    },
    async startAgain() {
      if (isGuestOf(dir, pid)) throw new Error(`${options.name} (process ${pid}) still runs`);
      return launch(args, dir, options, removeAll);
    },
    async stop() {
      await endGuestProcesses(dir);
      started.delete(dir);
      await removeAll();
    },
  };
}

/**
 * Resolves once QEMU has built the machine: its monitor listens before that, but greets only then.
 * @returns the process id of the QEMU that stays, which with -daemonize is not the one that was spawned
 */
async function spawnQemu(args: TinyGuest['args'], dir: string): Promise<number> {
  const files = guestFiles(dir);
  const daemonize = args.argv.includes('-daemonize');
  const log = await open(files.stderr, 'a');
  // setpriv becomes the guest, which then ends with the test's process even where a test runner kills that.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...args.argv], {
    cwd: args.cwd,
    stdio: ['ignore', 'ignore', log.fd],
  });
  let spawnError: Error | undefined;
  child.once('error', (error) => (spawnError = error));
  child.unref();
  started.add(dir);
  await log.close();
  return until(20_000, `start of a guest in ${dir}`, async () => {
    if (spawnError !== undefined) throw spawnError;
    const { exitCode, signalCode } = child;
    const ended = exitCode !== null || signalCode !== null;
    if (ended && !(daemonize && exitCode === 0)) {
      throw new Error(
        `QEMU ended (${exitCode ?? signalCode}): ${(await readFile(files.stderr, 'utf8')).trim()}`,
      );
    }
    if (daemonize) return ended ? findGuestProcesses(dir)[0] : undefined;
    return (await monitorGreets(files.qmp)) ? child.pid : undefined;
  });
}

async function monitorGreets(socketPath: string): Promise<boolean> {
  try {
    const qmp = await openQmp(socketPath, 1_000);
    qmp.close();
    return true;
  } catch (error) {
    // No greeting: the app was faster and holds the socket. Else it does not listen yet, or QEMU gave up.
    return error instanceof DeadlineError;
  }
}

async function removeFiles(dir: string, wholeDir: boolean): Promise<void> {
  if (wholeDir) await rm(dir, { recursive: true, force: true });
  else for (const file of Object.values(guestFiles(dir))) await rm(file, { force: true });
}
