import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface NamedContent {
  path: string;
  content: Buffer;
}

export function readFilesOf(dir: string, paths: readonly string[]): Promise<NamedContent[]> {
  return Promise.all(
    paths.map(async (file) => ({ path: file, content: await readFile(path.join(dir, file)) })),
  );
}

/** A short name for exactly these files, by which what is built from them is kept. */
export function contentKey(files: readonly NamedContent[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.path}\n${file.content.length}\n`).update(file.content);
  return hash.digest('hex').slice(0, 16);
}
