import { readFile, readdir, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';

/** A process at a point in time; `started` tells it from a later one with the same id. */
export interface ProcessSeen {
  pid: number;
  parent: number;
  started: string;
  command: string;
}

/**
 * A process and its helpers: every descendant that runs a program of the same folder, so that virtual
 * machines which the app has started, and which outlive it on purpose, do not count. Empty when the process
 * has ended. Linux; elsewhere the process alone.
 */
export async function processTree(pid: number): Promise<ProcessSeen[]> {
  if (process.platform !== 'linux') return [{ pid, parent: process.pid, started: '', command: 'the app' }];
  const all = await allProcesses();
  const program = await readOrUndefined(readlink(`/proc/${pid}/exe`));
  if (program === undefined) return [];
  const folder = path.dirname(program);
  const tree = all.filter((each) => each.pid === pid);
  for (const known of tree) tree.push(...all.filter((each) => each.parent === known.pid));
  const programs = await Promise.all(
    tree.map(({ pid: each }) => readOrUndefined(readlink(`/proc/${each}/exe`))),
  );
  return tree.filter((_, index) => programs[index]?.startsWith(`${folder}/`));
}

/** The first of the processes below `pid` that runs this executable. Linux. */
export async function descendantThatRuns(executable: string, pid: number | undefined): Promise<number | undefined> {
  const [all, program] = await Promise.all([allProcesses(), realpath(executable)]);
  const below = all.filter((each) => each.pid === pid);
  for (const known of below) {
    if ((await readOrUndefined(readlink(`/proc/${known.pid}/exe`))) === program) return known.pid;
    below.push(...all.filter((each) => each.parent === known.pid));
  }
  return undefined;
}

/** Those of `seen` that have not ended. */
export async function stillRunning(seen: readonly ProcessSeen[]): Promise<ProcessSeen[]> {
  if (process.platform !== 'linux') return seen.filter(({ pid }) => isAlive(pid));
  const now = await Promise.all(seen.map(({ pid }) => readProcess(pid)));
  return seen.filter((each, index) => now[index]?.started === each.started);
}

/** Ends processes that a test has found left over. */
export function endLeftovers(left: readonly ProcessSeen[]): void {
  for (const { pid } of left) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

async function allProcesses(): Promise<ProcessSeen[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const processes = await Promise.all(ids.map(readProcess));
  return processes.filter((each) => each !== undefined);
}

/** proc(5): /proc/PID/stat, whose second field may hold spaces and parentheses. A zombie has ended. */
async function readProcess(pid: number): Promise<ProcessSeen | undefined> {
  const stat = await readOrUndefined(readFile(`/proc/${pid}/stat`, 'utf8'));
  const cmdline = await readOrUndefined(readFile(`/proc/${pid}/cmdline`, 'utf8'));
  if (stat === undefined || cmdline === undefined) return undefined;
  const [state, parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return {
    pid,
    parent: Number(parent),
    started: fields[17] ?? '',
    command: cmdline.replaceAll('\0', ' ').trim(),
  };
}

/** undefined when the process has ended meanwhile */
async function readOrUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined;
    throw error;
  }
}
