import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs a program to its end, without a shell.
 * @returns its standard output
 * @throws Error with its standard error when it cannot be started or ends with a status other than 0
 */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }),
        );
    });
  });
}

/** The file that PATH finds under that name, links followed, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  return found === undefined ? undefined : realpathSync(found);
}
