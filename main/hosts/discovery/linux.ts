import { accessSync, constants, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { Clock } from '../../clock';
import { completeGuests, type DescribedGuest } from './describe';
import type { FoundGuest } from './found';
import { examineProcess, procReader, type Examined, type LinuxSurroundings } from './linux-process';
import { readListeningSockets, type ListeningSockets } from './proc-sockets';
import {
  listProcesses,
  readBootTime,
  readProcessLink,
  readProgram,
  readStat,
  type ProcessStat,
} from './procfs';
import { isQemuProgram, mayBecomeQemu } from './program-names';

/**
 * What a scan keeps for the next one, so that only processes that are new, or became another program, are
 * read.
 */
export interface LinuxScanMemory {
  /** By pid; an entry holds while the process's start time and short name stay the same. */
  looked: Map<number, Looked>;
  /** Identity of a live process to its guest's key. */
  keys: Map<string, string>;
}

interface Looked {
  startTicks: number;
  comm: string;
  /** Null while the process is being examined. */
  result: Examined | null;
  examination: Promise<void> | null;
}

export interface LinuxScanOptions {
  clock: Clock;
  memory: LinuxScanMemory;
  /** Where procfs is mounted. */
  root?: string;
  /** This app's effective user id. */
  uid?: number;
  /** Where programs are looked for; PATH and /usr/sbin unless given. */
  path?: string;
  /** This computer's host names and addresses, in lower case. */
  localHosts?: () => ReadonlySet<string>;
}

export const createLinuxScanMemory = (): LinuxScanMemory => ({ looked: new Map(), keys: new Map() });

/** After so many processes the event loop gets its turn: about a millisecond of reading. */
const SLICE = 64;
const MAX_EXAMINED_AT_ONCE = 32;
/** Reading a process whose memory lock is held hangs; the others do not wait longer than this for it. */
const EXAMINATION_MS = 1000;

/**
 * Lists the QEMU processes in /proc. One that ends while it is read is left out; one that cannot be read
 * within a second is left out until it was.
 * @throws when /proc cannot be read at all, or a process in a way that is not explained by its end or its
 * owner
 */
export async function scanLinux(options: LinuxScanOptions): Promise<FoundGuest[]> {
  const { memory, clock, root = '/proc' } = options;
  const stats = new Map<number, ProcessStat>();
  const unexamined: (() => Promise<void>)[] = [];
  const running: Promise<void>[] = [];
  const failures: Error[] = [];
  const around = once(() => readSurroundings(options, root));
  for (const [at, pid] of listProcesses(root).entries()) {
    if (at % SLICE === SLICE - 1) await new Promise(setImmediate);
    const stat = readStat(root, pid);
    if (stat === null) continue;
    stats.set(pid, stat);
    const known = memory.looked.get(pid);
    if (
      known &&
      known.startTicks === stat.startTicks &&
      known.comm === stat.comm &&
      !isToBeLookedAtAgain(known)
    ) {
      if (known.examination) running.push(known.examination);
      continue;
    }
    const program = readProgram(root, pid);
    const looked: Looked = { startTicks: stat.startTicks, comm: stat.comm, result: null, examination: null };
    if (
      program.kind === 'gone' ||
      (program.kind === 'program' && !isQemuProgram(posix.basename(program.path)))
    ) {
      looked.result = { kind: mayBecomeQemu(stat.comm) ? 'in-between' : 'not-a-guest' };
    } else {
      unexamined.push(() => {
        looked.examination = around()
          .then((surroundings) => examineProcess(pid, stat, program, surroundings, procReader(pid, surroundings)))
          .then((result) => void (looked.result = result))
          .catch((error: unknown) => {
            // Forgotten, so that the next scan reads it again: a failure after this scan's end shows there.
            if (memory.looked.get(pid) === looked) memory.looked.delete(pid);
            failures.push(new Error(`Process ${pid} could not be read`, { cause: error }));
          })
          .finally(() => (looked.examination = null));
        return looked.examination;
      });
    }
    memory.looked.set(pid, looked);
  }
  for (const pid of memory.looked.keys()) if (!stats.has(pid)) memory.looked.delete(pid);

  await settleWithin(clock, EXAMINATION_MS, [...running, ...inParallel(unexamined, MAX_EXAMINED_AT_ONCE)]);
  if (failures[0]) throw failures[0];
  return completeGuests(liveGuests(stats, memory.looked), memory.keys);
}

/** What an examination left open may be settled by the next one. */
const isToBeLookedAtAgain = ({ result }: Looked): boolean =>
  result?.kind === 'in-between' || (result?.kind === 'guest' && result.described.incomplete);

/**
 * The guests among the processes. A QEMU that forks shows the same command twice: with -daemonize the first
 * process only waits for the second and ends; any other child is QEMU's helper (-run-with async-teardown
 * names it `cleanup/PID`).
 */
export function liveGuests(
  stats: ReadonlyMap<number, Pick<ProcessStat, 'comm' | 'parent'>>,
  looked: ReadonlyMap<number, { readonly result: Examined | null }>,
): DescribedGuest[] {
  const guests = new Map<number, Extract<Examined, { kind: 'guest' }>>();
  for (const [pid, { result }] of looked) {
    if (result?.kind === 'guest' && !stats.get(pid)?.comm.startsWith('cleanup/')) guests.set(pid, result);
  }
  const doubles = new Set<number>();
  for (const [pid, guest] of guests) {
    const parent = stats.get(pid)?.parent;
    if (parent !== undefined && guests.get(parent)?.sameCommand === guest.sameCommand)
      doubles.add(guest.daemonizes ? parent : pid);
  }
  return [...guests].flatMap(([pid, guest]) => (doubles.has(pid) ? [] : [guest.described]));
}

async function readSurroundings(options: LinuxScanOptions, root: string): Promise<LinuxSurroundings> {
  const bootTime = await readBootTime(root);
  const link = (name: string): string | null => readProcessLink(root, 'self', name);
  const socketsByNetwork = new Map<string, Promise<ListeningSockets>>();
  return {
    root,
    uid: options.uid ?? process.geteuid?.() ?? -1,
    namespaces: { mnt: link('ns/mnt'), net: link('ns/net') },
    bootTime,
    qm: findProgram('qm', options.path ?? `${process.env['PATH'] ?? ''}:/usr/sbin`),
    sockets: (pid, network) => {
      const key = network ?? `process ${pid}`;
      const sockets = socketsByNetwork.get(key) ?? readListeningSockets(root, pid);
      socketsByNetwork.set(key, sockets);
      return sockets;
    },
    ...(options.localHosts ? { localHosts: options.localHosts } : {}),
  };
}

/** Only folders that no working directory changes are looked into. */
function findProgram(name: string, path: string): string | null {
  const folders = path.split(':').filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => posix.join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Runs the tasks, at most `limit` at once; one promise for each worker. */
function inParallel(tasks: readonly (() => Promise<void>)[], limit: number): Promise<void>[] {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let task = tasks[next++]; task; task = tasks[next++]) await task();
  };
  return Array.from({ length: Math.min(limit, tasks.length) }, work);
}

async function settleWithin(clock: Clock, ms: number, work: readonly Promise<void>[]): Promise<void> {
  if (work.length === 0) return;
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => (cancel = clock.setTimer(ms, resolve)));
  try {
    await Promise.race([Promise.all(work), late]);
  } finally {
    cancel();
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
