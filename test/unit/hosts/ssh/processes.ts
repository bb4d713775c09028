import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Arguments that have the copied shell wait for its stdin to end, and do nothing else; any others may follow. */
export const IDLE = ['-c', 'read nothing'];

export interface RealProcesses {
  readonly folder: string;
  /** A program called `name` that is a shell: it takes any arguments after IDLE. */
  program(name?: string, folder?: string): string;
  /** Runs `file` with arguments of any bytes but NUL. Resolves once the program runs. */
  start(file: string, args: readonly (string | Uint8Array)[], options?: StartOptions): Promise<number>;
  dispose(): Promise<void>;
}

export interface StartOptions {
  readonly argv0?: string;
  /** The program that `file` starts in its place. */
  readonly becomes?: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function until(what: string, condition: () => boolean, ms = 8000): Promise<void> {
  for (const end = Date.now() + ms; !condition();) {
    if (Date.now() > end) throw new Error(`Not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const ticksOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[19]);

/** Real processes of this computer that look like QEMUs, in a folder of their own. */
export function realProcesses(): RealProcesses {
  const folder = mkdtempSync(join(tmpdir(), 'guests-'));
  chmodSync(folder, 0o755);
  const children: ChildProcess[] = [];
  return {
    folder,
    program(name = 'qemu-system-x86_64', where = folder) {
      mkdirSync(where, { recursive: true });
      const file = join(where, name);
      if (!existsSync(file)) copyFileSync('/bin/dash', file);
      chmodSync(file, 0o755);
      return file;
    },
    async start(file, args, { argv0, becomes, cwd = folder, uid, env = {} } = {}) {
      // Node passes arguments as UTF-8 text only; bash's $'' takes any bytes.
      const quoted = args.map(
        (arg) =>
          `$'${[...Buffer.from(arg)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}'`,
      );
      const as =
        uid === undefined ? [] : ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'];
      const script = `exec -a "$1" -- "$0" ${quoted.join(' ')}`;
      const argv = [...as, 'bash', '-c', script, file, argv0 ?? file];
      const child = spawn(argv[0]!, argv.slice(1), {
        cwd,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { PATH: process.env.PATH, ...env },
      });
      children.push(child);
      const pid = child.pid!;
      const begins = Buffer.from(`${becomes ?? argv0 ?? file}\0`);
      await until(`${file} runs`, () =>
        readFileSync(`/proc/${pid}/cmdline`).subarray(0, begins.length).equals(begins),
      );
      return pid;
    },
    async dispose() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          await ended;
        }),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
