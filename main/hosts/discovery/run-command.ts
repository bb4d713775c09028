import { execFile } from 'node:child_process';

/**
 * Runs a program without a shell and gives what it printed, as UTF-8.
 * @throws when it cannot be started, ends with another status than 0, prints more than 32 MiB or takes over
 * 15 s
 */
export type RunCommand = (command: string, args: readonly string[]) => Promise<string>;

export const runCommand: RunCommand = (command, args) =>
  new Promise((resolve, reject) => {
    const limits = { maxBuffer: 32 * 1024 * 1024, timeout: 15_000, windowsHide: true };
    execFile(command, [...args], { ...limits, encoding: 'utf8' }, (error, stdout) => {
      if (error) reject(new Error(`${command} failed: ${error.message}`, { cause: error }));
      else resolve(stdout);
    });
  });
