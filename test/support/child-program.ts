import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'vite';

/** A program of the tests, with what it imports of the app, as one file for node. */
export interface ChildProgram {
  readonly file: string;
  remove(): Promise<void>;
}

/** @param entry from the project's folder on */
export async function compileChild(entry: string): Promise<ChildProgram> {
  const root = process.cwd();
  const outDir = await mkdtemp(path.join(os.tmpdir(), 'reveille-child-'));
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: path.resolve(root, entry),
      outDir,
      emptyOutDir: false,
      target: 'node18',
      minify: true,
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'child.cjs' } },
    },
    ssr: { noExternal: true, external: ['ssh2', 'cpu-features'] },
  });
  await writeFile(path.join(outDir, 'package.json'), '{}');
  return { file: path.join(outDir, 'child.cjs'), remove: () => rm(outDir, { recursive: true, force: true }) };
}
