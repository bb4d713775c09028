import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Reads Linux's /proc. A process may end between any two reads: that is `gone`. What another user's process
 * hides is `denied`. Source: proc(5).
 *
 * /proc/PID/stat and the links are read synchronously: they are never waited for and take microseconds, a
 * tenth of what the thread pool costs. The command line and the environment are read asynchronously, because
 * the kernel takes the process's memory lock for them, and a stuck process can hold that for long.
 */
export type Gone = { kind: 'gone' };
export type Denied = { kind: 'denied' };

export interface ProcessStat {
  /** The name of the program or what it gave itself, at most 15 bytes. */
  comm: string;
  parent: number;
  /** Clock ticks since boot; with the pid it identifies a process. */
  startTicks: number;
}

/** USER_HZ, which Linux fixes at 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** The kernel keeps arguments below a quarter of the stack limit: 2 MiB, 6 MiB with an unlimited stack. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;

/** @throws when /proc itself cannot be listed */
export function listProcesses(root: string): number[] {
  const names = readdirSync(root);
  const pids: number[] = [];
  for (const name of names) {
    const first = name.charCodeAt(0);
    if (first >= 0x31 && first <= 0x39) pids.push(Number(name));
  }
  return pids.filter(Number.isSafeInteger);
}

const statBuffer = Buffer.allocUnsafe(2048);

/** Null when the process is gone, a zombie, or hidden (hidepid). */
export function readStat(root: string, pid: number): ProcessStat | null {
  let length: number;
  try {
    const fd = openSync(`${root}/${pid}/stat`, 'r');
    try {
      length = readSync(fd, statBuffer, 0, statBuffer.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (missOf(error) !== null) return null;
    throw error;
  }
  return parseStat(statBuffer.toString('latin1', 0, length));
}

/** Fields are counted from the last parenthesis: the name before it may hold spaces and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open === -1 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const [state, parent, startTicks] = [fields[0], Number(fields[1]), Number(fields[19])];
  if (state === 'Z' || state === 'X' || !Number.isSafeInteger(parent) || !Number.isSafeInteger(startTicks))
    return null;
  return { comm: text.slice(open + 1, close), parent, startTicks };
}

export type Program = { kind: 'program'; path: string; replaced: boolean } | Gone | Denied;

/** The program file. `replaced`: it was deleted since, as an upgrade does; `path` is where it was. */
export function readProgram(root: string, pid: number): Program {
  const suffix = ' (deleted)';
  try {
    const path = readlinkSync(`${root}/${pid}/exe`);
    const replaced = path.endsWith(suffix);
    return { kind: 'program', path: replaced ? path.slice(0, -suffix.length) : path, replaced };
  } catch (error) {
    const miss = missOf(error);
    if (miss === null) throw error;
    return { kind: miss };
  }
}

/** A symbolic link of a process, e.g. `cwd`, `ns/mnt`, `fd/3`; null when gone or denied. */
export function readProcessLink(root: string, pid: number | 'self', name: string): string | null {
  try {
    return readlinkSync(`${root}/${pid}/${name}`);
  } catch (error) {
    if (missOf(error) === null) throw error;
    return null;
  }
}

export type Bytes = { kind: 'bytes'; bytes: Buffer } | { kind: 'too-long' } | Gone | Denied;

/** A file under /proc, whole. Its size is unknown beforehand, so it is read until it ends. */
export async function readProcFile(path: string): Promise<Bytes> {
  try {
    const file = await open(path, 'r');
    try {
      const chunks: Buffer[] = [];
      let total = 0;
      for (;;) {
        const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(32 * 1024) });
        if (bytesRead === 0) return { kind: 'bytes', bytes: Buffer.concat(chunks, total) };
        total += bytesRead;
        if (total > MAX_TEXT_BYTES) return { kind: 'too-long' };
        chunks.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    const miss = missOf(error);
    if (miss === null) throw error;
    return { kind: miss };
  }
}

/** NUL-terminated strings, and whether each is valid UTF-8, so that it can be passed on unchanged. */
export function splitNulStrings(bytes: Buffer): { strings: string[]; exact: boolean } {
  if (bytes.length === 0) return { strings: [], exact: true };
  const text = bytes.toString('utf8');
  const exact = Buffer.from(text, 'utf8').equals(bytes);
  return { strings: (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0'), exact };
}

/**
 * When the computer booted, in ms since the epoch, by /proc/stat's btime; null when it is missing. The kernel
 * gives whole seconds and moves it when the wall clock is set.
 */
export async function readBootTime(root: string): Promise<number | null> {
  const stat = await readProcFile(`${root}/stat`);
  const seconds =
    stat.kind === 'bytes' ? /^btime (\d+)$/m.exec(stat.bytes.toString('latin1'))?.[1] : undefined;
  return seconds === undefined ? null : Number(seconds) * 1000;
}

export const startTime = (bootTime: number | null, { startTicks }: ProcessStat): number | null =>
  bootTime === null ? null : bootTime + Math.round((startTicks * 1000) / TICKS_PER_SECOND);

/** ESRCH: the process ended while its open file was read. */
function missOf(error: unknown): 'gone' | 'denied' | null {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ESRCH') return 'gone';
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : null;
}
