import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { errnoOf } from './errors';

/**
 * The few file operations that storage needs, so that tests can let any of them fail. Errors carry Node's
 * `code`.
 */
export interface FileSystem {
  /** Creates the folder and its parents where missing, for this user only (0700). */
  makeDirectory(path: string): Promise<void>;
  /** @throws ENOENT when there is none */
  read(path: string): Promise<Uint8Array>;
  exists(path: string): Promise<boolean>;
  /** The names in a folder; none when there is no folder. */
  list(path: string): Promise<readonly string[]>;
  /** Creates an empty file with mode 0600. @throws EEXIST when there is one */
  create(path: string): Promise<WritableFile>;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>;
  /** No error when there is none. */
  remove(path: string): Promise<void>;
  /** Makes the creations and renames in a folder durable, where the platform can. */
  syncDirectory(path: string): Promise<void>;
}

export interface WritableFile {
  /** Adds to what was written before. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The real files of `platform`. */
export function nodeFileSystem(platform: NodeJS.Platform = process.platform): FileSystem {
  return {
    async makeDirectory(path) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    },
    read: (path) => readFile(path),
    async exists(path) {
      try {
        await stat(path);
        return true;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return false;
        throw error;
      }
    },
    async list(path) {
      try {
        return await readdir(path);
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return [];
        throw error;
      }
    },
    async create(path) {
      const handle = await open(path, 'wx', 0o600);
      return {
        write: (bytes) => handle.writeFile(bytes),
        sync: () => handle.sync(),
        close: () => handle.close(),
      };
    },
    rename: platform === 'win32' ? patiently(rename) : rename,
    remove: (path) => rm(path, { force: true }),
    async syncDirectory(path) {
      // Windows opens no folders; its file system journals renames.
      if (platform === 'win32') return;
      const handle = await open(path, 'r');
      try {
        await handle.sync();
      } catch (error) {
        // Some network and user-space file systems cannot (fsync(2): EINVAL); there is nothing more to be
        // done there.
        if (!['EINVAL', 'ENOTSUP', 'ENOSYS'].includes(errnoOf(error) ?? '')) throw error;
      } finally {
        await handle.close();
      }
    },
  };
}

/** On Windows a virus scanner or an indexer may hold a new file for a moment. Waits up to 1.5 s in all. */
function patiently(
  move: (from: string, to: string) => Promise<void>,
): (from: string, to: string) => Promise<void> {
  return async (from, to) => {
    for (let wait = 50; ; wait *= 2) {
      try {
        return await move(from, to);
      } catch (error) {
        if (wait > 800 || !['EACCES', 'EPERM', 'EBUSY'].includes(errnoOf(error) ?? '')) throw error;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  };
}
