import { join } from 'node:path';
import { StorageError, storageError } from './errors';
import type { FileSystem } from './file-system';
import { messageOf } from './format';
import { encodeLine, type Line } from './log';
import { readWhole, setAside } from './whole-file';

export interface LogFormat<T> {
  readonly name: string;
  /** The version this app writes, a positive integer. */
  readonly version: number;
  /** Checks and types a value that was read. @throws Error when it is none */
  readonly parse: (value: unknown) => T;
}

/** One file of a log. Its lines may stand in any order, and in two files. */
export interface Segment<T> {
  readonly number: number;
  readonly path: string;
  /** Its size on disk. */
  bytes: number;
  /** Those of its lines that are still needed, and the bytes they take. */
  readonly lines: Set<Line<T>>;
  needed: number;
}

export interface Loaded<T> {
  readonly segments: readonly Segment<T>[];
  /** The highest number of a file, in use or not. */
  readonly highest: number;
  /** Temporary files of rewrites that were cut short. */
  readonly leftovers: readonly string[];
  /** In order, each once. */
  readonly lines: readonly Line<T>[];
  /** What was wrong, for the user. */
  readonly problem?: { readonly message: string };
}

/** The longest line that is read, in bytes. */
export const LINE_BYTES = 64 * 1024;

const fileName = /^(\d{8})\.jsonl(\.tmp)?$/;
const pathOf = (dir: string, number: number) => join(dir, `${String(number).padStart(8, '0')}.jsonl`);

export const newSegment = <T>(dir: string, number: number): Segment<T> => ({
  number,
  path: pathOf(dir, number),
  bytes: 0,
  lines: new Set(),
  needed: 0,
});

/** The first line of a file: { "log": name, "version": 1 } */
export const header = ({ name, version }: Pick<LogFormat<unknown>, 'name' | 'version'>): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify({ log: name, version })}\n`);

/** The bytes of a file with these lines. */
export function encodeSegment<T>(format: LogFormat<T>, lines: Iterable<Line<T>>): Uint8Array {
  const ordered = [...lines].sort((a, b) => a.n - b.n);
  return Buffer.concat([header(format), ...ordered.map(({ n, value }) => encodeLine(n, value))]);
}

/**
 * Reads every line that is whole. What was being written when the app or the computer ended is left out.
 * @throws StorageError: NEWER_VERSION, EACCES and the like
 */
export async function loadSegments<T>(fs: FileSystem, dir: string, format: LogFormat<T>, now: number): Promise<Loaded<T>> {
  const lines = new Map<number, Line<T>>();
  const segments: Segment<T>[] = [];
  const notes: string[] = [];
  const leftovers: string[] = [];
  let highest = 0;
  for (const name of [...(await listed(fs, dir))].sort()) {
    const [, number, temporary] = fileName.exec(name) ?? [];
    if (number === undefined) continue;
    highest = Math.max(highest, Number(number));
    if (temporary !== undefined) {
      leftovers.push(join(dir, name));
      continue;
    }
    const segment = newSegment<T>(dir, Number(number));
    const bytes = await readWhole(fs, segment.path);
    if (bytes === undefined) continue;
    const read = bytes instanceof Error ? { lines: [], damage: bytes.message, useless: true } : readLines(bytes, format, segment.path);
    if (read.useless && read.damage !== null) {
      notes.push(`${segment.path} is damaged (${read.damage}). ${await putAside(fs, segment.path, now)}`);
      continue;
    }
    if (read.damage !== null) notes.push(`${segment.path} is damaged: ${read.damage}. The rest of it is used.`);
    segment.bytes = bytes instanceof Error ? 0 : bytes.length;
    segments.push(segment);
    for (const line of read.lines) {
      if (lines.has(line.n)) continue;
      lines.set(line.n, line);
      segment.lines.add(line);
      segment.needed += line.bytes;
    }
  }
  return {
    segments,
    highest,
    leftovers,
    lines: [...lines.values()].sort((a, b) => a.n - b.n),
    ...(notes.length > 0 ? { problem: { message: notes.join(' ') } } : {}),
  };
}

async function listed(fs: FileSystem, dir: string): Promise<readonly string[]> {
  try {
    return await fs.list(dir);
  } catch (error) {
    throw storageError('read', dir, error);
  }
}

interface Read<T> {
  readonly lines: Line<T>[];
  readonly damage: string | null;
  /** Nothing of it could be read. */
  readonly useless: boolean;
}

function readLines<T>(bytes: Uint8Array, format: LogFormat<T>, path: string): Read<T> {
  const lines: Line<T>[] = [];
  const first = header(format);
  /** Lines that could not be read, since the last one that could. */
  let unreadable = 0;
  let lost = 0;
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const raw = bytes.subarray(at, end < 0 ? bytes.length : end);
    const value = end < 0 || raw.length > LINE_BYTES ? undefined : parseJson(raw);
    if (at === 0) refuseNewer(value, format, path);
    const line = value === undefined ? undefined : lineOf(value, raw.length + 1, format);
    if (line) {
      lines.push(line);
      lost += unreadable;
      unreadable = 0;
    } else if (at > 0 || !isHeader(value, format)) unreadable += 1;
    at = end < 0 ? bytes.length : end + 1;
  }
  // A file whose making was cut short is the beginning of a header, at most.
  const begun = bytes.length <= first.length && Buffer.from(bytes).equals(Buffer.from(first.subarray(0, bytes.length)));
  const useless = lines.length === 0 && !begun && !isHeader(parseJson(bytes.subarray(0, first.length - 1)), format);
  if (useless) return { lines, damage: 'it is not a part of a log', useless };
  return { lines, damage: lost === 0 ? null : lost === 1 ? 'one line cannot be read' : `${lost} lines cannot be read`, useless };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function parseJson(raw: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(raw)) as unknown;
  } catch {
    return undefined; // Not whole.
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

const isHeader = (value: unknown, { name }: LogFormat<unknown>): boolean => isRecord(value) && value.log === name;

function refuseNewer(value: unknown, format: LogFormat<unknown>, path: string): void {
  if (!isHeader(value, format) || !isRecord(value)) return;
  const { version } = value;
  if (typeof version !== 'number' || version <= format.version) return;
  throw new StorageError(
    'NEWER_VERSION',
    path,
    `${path} was written by a newer Reveille (format ${version}, this one reads up to ${format.version}). ` +
      'Update the app; the file was left as it is.',
  );
}

function lineOf<T>(value: unknown, bytes: number, format: LogFormat<T>): Line<T> | undefined {
  if (!isRecord(value) || typeof value.n !== 'number' || !Number.isSafeInteger(value.n) || value.n < 1) return undefined;
  try {
    return { n: value.n, value: format.parse(value.value), bytes };
  } catch {
    return undefined; // Nothing that this app wrote.
  }
}

async function putAside(fs: FileSystem, path: string, now: number): Promise<string> {
  try {
    return `It is kept as ${await setAside(fs, path, now)}.`;
  } catch (error) {
    return `It could not be set aside (${messageOf(error)}), and is left as it is.`;
  }
}
