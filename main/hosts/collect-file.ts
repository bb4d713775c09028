import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tooLarge } from './host';

/**
 * HostAccess.collectFile on this computer: a file in a folder that only this user may enter.
 * @throws Error in words for the user; what `write` throws
 */
export async function collectLocalFile(write: (path: string) => Promise<void>, maxBytes: number): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'reveille-file-'));
  try {
    const file = join(folder, 'file');
    await (await open(file, 'wx', 0o600)).close();
    await write(file);
    return await readAtMost(file, maxBytes);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readAtMost(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw tooLarge(size, maxBytes);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
