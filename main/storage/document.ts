import { join } from 'node:path';
import { systemClock, type Clock } from '../clock';
import { storageError } from './errors';
import { nodeFileSystem, type FileSystem } from './file-system';
import { encode, type Format } from './format';
import { load, type DocumentProblem } from './load';
import { replaceFile, setAside } from './whole-file';

export type { DocumentProblem };

export interface DocumentOptions<T> extends Format<T> {
  readonly dir: string;
  /** The file is `dir`/`name`.json, the whole version before it `name`.json.bak. */
  readonly name: string;
  /** The version this app writes, a positive integer. */
  readonly version: number;
  /** Checks and types what was read. @throws Error naming the path to the field that is wrong */
  readonly parse: (value: unknown) => T;
  /** The value when there is no file yet. */
  readonly empty: T;
  /**
   * Turns the value of an older version into this version's. The file as it was is kept as `name`-version-N.json when this
   * version's is first written.
   * @throws Error when it cannot
   */
  readonly migrate?: (value: unknown, from: number) => unknown;
  readonly fs?: FileSystem;
  /** Dates the files that are kept aside. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** One versioned value in one JSON file. Open a file only once at a time. */
export interface Document<T> {
  /** The newest value that is durably on disk (or what was loaded). */
  readonly value: T;
  readonly problem?: DocumentProblem;
  /**
   * Resolves when `value`, or a newer one saved meanwhile, is durably on disk. `value` may be changed
   * afterwards.
   * @throws StorageError; the file is then whole with the value it had, and a later save may succeed
   */
  save(value: T): Promise<void>;
}

interface Job<T> {
  readonly value: T;
  readonly bytes: Uint8Array;
  readonly waiters: { resolve(): void; reject(error: unknown): void }[];
}

/**
 * Opens or creates a document. A file that is not whole is replaced by its backup and kept under a dated
 * name.
 * @throws StorageError: NEWER_VERSION (the file was written by a newer app, and is left alone), EACCES and
 *   the like
 */
export async function openDocument<T>(options: DocumentOptions<T>): Promise<Document<T>> {
  const { dir, fs = nodeFileSystem(), clock = systemClock } = options;
  const path = join(dir, `${options.name}.json`);
  const loaded = await load({ fs, clock, format: options, dir, path, empty: options.empty });
  let { value, bytes, version } = loaded;
  const bad = [...loaded.stillBad];
  let queued: Job<T> | undefined;
  let writing = false;

  async function write(job: Job<T>): Promise<void> {
    await fs.makeDirectory(dir);
    for (let path = bad[0]; path !== undefined; path = bad[0]) {
      await setAside(fs, path, clock.now());
      bad.shift();
    }
    if (bytes && version !== undefined && version < options.version) {
      await replaceFile(fs, join(dir, `${options.name}-version-${version}.json`), bytes);
    }
    if (bytes) await replaceFile(fs, `${path}.bak`, bytes);
    await replaceFile(fs, path, job.bytes);
    try {
      await fs.syncDirectory(dir);
    } catch (error) {
      await undo();
      throw error;
    }
    ({ value, bytes } = job);
    ({ version } = options);
  }

  /** A rename that may not last is taken back, so that a save that failed is not found later. */
  async function undo(): Promise<void> {
    try {
      await (bytes ? replaceFile(fs, path, bytes) : fs.remove(path));
    } catch {
      // The disk takes nothing any more. The file is whole, with the value that was to be saved.
    }
  }

  async function writeQueued(): Promise<void> {
    writing = true;
    for (let job = queued; job; job = queued) {
      queued = undefined;
      try {
        await write(job);
        for (const waiter of job.waiters) waiter.resolve();
      } catch (error) {
        const failure = storageError('saved', path, error);
        for (const waiter of job.waiters) waiter.reject(failure);
      }
    }
    writing = false;
  }

  return {
    get value() {
      return value;
    },
    ...(loaded.problem ? { problem: loaded.problem } : {}),
    async save(newValue) {
      const encoded = encode(options, newValue, path);
      await new Promise<void>((resolve, reject) => {
        queued = { ...encoded, waiters: [...(queued?.waiters ?? []), { resolve, reject }] };
        if (!writing) void writeQueued();
      });
    },
  };
}
