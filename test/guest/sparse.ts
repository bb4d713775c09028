import { open } from 'node:fs/promises';

/** Makes the file at that size without using the space; an existing one stays as it is. */
export async function makeSparse(file: string, bytes: number): Promise<void> {
  let handle;
  try {
    handle = await open(file, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  try {
    await handle.truncate(bytes);
  } finally {
    await handle.close();
  }
}
