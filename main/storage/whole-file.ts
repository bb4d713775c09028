import { errnoOf, storageError } from './errors';
import type { FileSystem } from './file-system';

/**
 * Replaces the file in one step: a temporary file in the same folder, fsync, rename.
 * Whatever fails, `path` is whole. Durable after the folder is synced as well.
 * @throws the failed operation's error
 */
export async function replaceFile(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await fs.remove(temporary);
  try {
    await writeAndRename(fs, temporary, path, bytes);
  } catch (error) {
    await removeQuietly(fs, temporary);
    throw error;
  }
}

/** The steps alone. @throws the failed operation's error, with `temporary` left as it is */
export async function writeAndRename(fs: FileSystem, temporary: string, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.create(temporary);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(temporary, path);
}

/** The error that made us give up matters more than a file that the next save removes. */
async function removeQuietly(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.remove(path);
  } catch {
    // Removed before the next try.
  }
}

/**
 * @returns the bytes; undefined when there is no file; an Error when the file is there but its bytes cannot
 *   be had
 */
export async function readWhole(fs: FileSystem, path: string): Promise<Uint8Array | Error | undefined> {
  try {
    return await fs.read(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return undefined;
    // The content is lost or is no file. With any other error (no permission, say) it may be perfectly good.
    if (errno === 'EIO' || errno === 'EISDIR') return error as Error;
    throw storageError('read', path, error);
  }
}

/** Renames a bad file to a dated name of its own. @returns that name @throws the failed operation's error */
export async function setAside(fs: FileSystem, path: string, now: number): Promise<string> {
  const dated = `${path}.bad-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  for (let serial = 1; ; serial += 1) {
    const kept = serial === 1 ? dated : `${dated}-${serial}`;
    if (await fs.exists(kept)) continue;
    await fs.rename(path, kept);
    return kept;
  }
}
