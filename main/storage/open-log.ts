import { dirname } from 'node:path';
import { systemClock, type Clock } from '../clock';
import { storageError } from './errors';
import { nodeFileSystem, type FileSystem, type WritableFile } from './file-system';
import { encodeLine, type Line, type Log } from './log';
import { encodeSegment, header, loadSegments, newSegment, type LogFormat, type Segment } from './segments';
import { replaceFile } from './whole-file';

/** In bytes, but for `segments`. */
export interface LogLimits {
  /** A file that has grown beyond it gets no more lines. */
  readonly segment: number;
  /**
   * All files together: beyond it, what was dropped gives its place back. Must be well above what is kept at a time. For a
   * moment there is a temporary file of up to `segment` as well.
   */
  readonly total: number;
  /** How many files there may be before small ones are joined. */
  readonly segments: number;
}

export const defaultLogLimits: LogLimits = { segment: 512 * 1024, total: 7 * 2 ** 20, segments: 32 };

export interface LogOptions<T> extends LogFormat<T> {
  /** The folder of the log's files, which are its own. */
  readonly dir: string;
  readonly limits?: LogLimits;
  readonly fs?: FileSystem;
  /** Dates the files that are kept aside. */
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * Opens a log: files of JSON lines, each line whole or none. A line that was flushed is never lost, whenever the app or the
 * computer ends; one that was not may be. Nothing is ever appended to a file of an earlier run. A file in which much was
 * dropped is replaced in one step by one with what is left. Open a folder only once at a time.
 * @throws StorageError: NEWER_VERSION (the log was written by a newer app, and is left alone), EACCES and the like
 */
export async function openLog<T>(options: LogOptions<T>): Promise<Log<T>> {
  const { dir, limits = defaultLogLimits, fs = nodeFileSystem(), clock = systemClock } = options;
  const loaded = await loadSegments(fs, dir, options, clock.now());
  const segments = new Set(loaded.segments);
  const homes = new Map<Line<T>, Segment<T>>();
  for (const segment of segments) for (const line of segment.lines) homes.set(line, segment);
  const queue = new Map<Line<T>, Uint8Array>();
  let lastLine = loaded.lines.at(-1)?.n ?? 0;
  let lastSegment = loaded.highest;
  const leftovers = [...loaded.leftovers];
  /** Where lines are appended. */
  let open: { readonly segment: Segment<T>; readonly file: WritableFile } | null = null;
  let work: Promise<void> = Promise.resolve();

  const total = () => [...segments].reduce((sum, { bytes }) => sum + bytes, 0);
  const wasted = ({ bytes, needed, lines }: Segment<T>) => (lines.size === 0 ? bytes : bytes - header(options).length - needed);

  const closeOpen = async () => {
    const closing = open;
    open = null;
    await closing?.file.close();
  };

  const begin = async () => {
    await fs.makeDirectory(dir);
    for (let path = leftovers.pop(); path !== undefined; path = leftovers.pop()) await fs.remove(path);
    lastSegment += 1;
    const segment = newSegment<T>(dir, lastSegment);
    const file = await fs.create(segment.path);
    segments.add(segment);
    return (open = { segment, file });
  };

  const append = async (batch: readonly Line<T>[], bytes: readonly Uint8Array[]) => {
    const isNew = open === null;
    const { segment, file } = open ?? (await begin());
    const written = Buffer.concat(isNew ? [header(options), ...bytes] : bytes);
    // Also when it fails: nobody knows then how much of it is there.
    segment.bytes += written.length;
    await file.write(written);
    await file.sync();
    if (isNew) {
      await fs.syncDirectory(dir);
      await fs.syncDirectory(dirname(dir));
    }
    for (const line of batch) {
      // It may have been dropped meanwhile.
      if (!queue.delete(line)) continue;
      homes.set(line, segment);
      segment.lines.add(line);
      segment.needed += line.bytes;
    }
    if (segment.bytes > limits.segment) await closeOpen();
  };

  /** What was written last may be there in part: nothing more is appended to that file. */
  const abandon = async () => {
    const failed = open;
    open = null;
    if (!failed) return;
    try {
      await failed.file.close();
      if (failed.segment.lines.size > 0) return;
      await fs.remove(failed.segment.path);
      segments.delete(failed.segment);
    } catch {
      // The disk takes nothing any more. What is left of the file is dropped when there is need of its place.
    }
  };

  const writeQueued = async () => {
    while (queue.size > 0) {
      const batch: Line<T>[] = [];
      let size = 0;
      for (const [line] of queue) {
        if (batch.length > 0 && size + line.bytes > limits.segment) break;
        batch.push(line);
        size += line.bytes;
      }
      try {
        await append(batch, batch.map((line) => queue.get(line) ?? new Uint8Array()));
      } catch (error) {
        await abandon();
        throw error;
      }
    }
  };

  /** Joins files into the first of them, with only what is needed of them. */
  const rewrite = async (...few: Segment<T>[]) => {
    if (open && few.includes(open.segment)) await closeOpen();
    const [first, ...others] = few;
    if (!first) return;
    const lines = few.flatMap((segment) => [...segment.lines]);
    if (lines.length > 0) {
      const bytes = encodeSegment(options, lines);
      await replaceFile(fs, first.path, bytes);
      first.bytes = bytes.length;
      for (const line of lines) {
        // It may have been dropped meanwhile.
        const home = homes.get(line);
        if (!home || home === first) continue;
        homes.set(line, first);
        home.lines.delete(line);
        first.lines.add(line);
        first.needed += line.bytes;
      }
      // The lines of the others must stand here for good before their files go.
      if (others.length > 0) await fs.syncDirectory(dir);
    }
    for (const segment of lines.length > 0 ? others : few) {
      await fs.remove(segment.path);
      segments.delete(segment);
    }
  };

  const tidy = async () => {
    while (total() > limits.total) {
      const [most] = [...segments].sort((a, b) => wasted(b) - wasted(a));
      if (!most || wasted(most) === 0) break;
      await rewrite(most);
    }
    while (segments.size > limits.segments) {
      const [small, next] = [...segments].filter((one) => one !== open?.segment).sort((a, b) => a.needed - b.needed);
      if (!small || !next) break;
      await rewrite(small, next);
    }
  };

  /** One after the other; what one meets is no concern of the next. */
  const run = (job: () => Promise<void>): Promise<void> => {
    const done = work.then(job).catch((error: unknown) => {
      throw storageError('saved', dir, error);
    });
    work = done.catch(() => undefined);
    return done;
  };

  return {
    loaded: loaded.lines,
    ...(loaded.problem ? { problem: loaded.problem } : {}),
    add(value) {
      lastLine += 1;
      const bytes = encodeLine(lastLine, value);
      const line = { n: lastLine, value, bytes: bytes.length };
      queue.set(line, bytes);
      return line;
    },
    drop(line) {
      queue.delete(line);
      const home = homes.get(line);
      if (!home?.lines.delete(line)) return;
      homes.delete(line);
      home.needed -= line.bytes;
    },
    flush: () =>
      run(async () => {
        await writeQueued();
        await tidy();
      }),
    purge: () =>
      run(async () => {
        for (const segment of [...segments]) if (wasted(segment) > 0) await rewrite(segment);
        await fs.syncDirectory(dir);
      }),
    close: () => run(closeOpen),
  };
}
