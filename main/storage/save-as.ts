import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { storageError, type Advice } from './errors';
import { nodeFileSystem, type FileSystem } from './file-system';
import { writeAndRename } from './whole-file';

const advice: Advice = {
  ENOSPC: 'The disk is full. Free some space, or choose another place.',
  EROFS: 'The disk is read-only. Choose another place.',
  EACCES: 'Permission was denied. Choose a folder that you may write to.',
  EIO: 'The disk reported an error. Check the disk, or choose another place.',
  OTHER: 'Choose another place.',
};

/**
 * Writes a file where the user wants it, whole or not at all; one that is there is replaced in one step.
 * @throws StorageError
 */
export async function saveAs(path: string, bytes: Uint8Array, fs: FileSystem = nodeFileSystem()): Promise<void> {
  // A name of its own: nothing of the user's is in its place.
  const temporary = join(dirname(path), `.${randomUUID()}.part`);
  try {
    await writeAndRename(fs, temporary, path, bytes);
  } catch (error) {
    const failure = storageError('saved', path, error, advice);
    // Where it cannot be removed, that is told as well.
    await fs.remove(temporary).catch((cause: unknown) => {
      failure.message += ` A part of it is left as ${temporary} (${cause instanceof Error ? cause.message : String(cause)}).`;
    });
    throw failure;
  }
}
