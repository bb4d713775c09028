import { spawn } from 'node:child_process';
import path from 'node:path';
import type { AlarmView } from '../../preload/contract/view';
import type { AppChildTask } from './app-child';
import type { ChildProgram } from './child-program';

export interface Slept {
  /** When the guest was seen asleep, in ms since the epoch. */
  readonly asleep: number;
  readonly alarm: AlarmView;
}

interface SleepAndKillOptions {
  /** Runs the app's process with an empty small file system of its own as `dataDir`, which takes root. */
  readonly ownFileSystem?: boolean;
}

const OWN_FILE_SYSTEM = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', 'mount -t tmpfs -o size=2m none "$0" && exec "$@"'];

/**
 * Has an app put a guest to sleep, and kills it with SIGKILL as soon as it has seen the guest asleep. Resolves when its
 * process is gone. @throws Error with its words when it ends by itself
 */
export async function sleepAndKill(program: ChildProgram, task: AppChildTask): Promise<Slept> {
  return (await firstWords(program, task, {})) as Slept;
}

/** The same for a sleep that is to be refused. */
export function refusedSleep(program: ChildProgram, task: AppChildTask): Promise<unknown> {
  return firstWords(program, task, { ownFileSystem: true });
}

function firstWords(program: ChildProgram, task: AppChildTask, { ownFileSystem }: SleepAndKillOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const before = ownFileSystem === true ? [...OWN_FILE_SYSTEM, task.dataDir] : ['env'];
    const [executable, ...args] = [...before, process.execPath, program.file, JSON.stringify(task)];
    const child = spawn(executable, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_PATH: path.resolve('node_modules') },
    });
    let out = '';
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('\n')) child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL' && out.includes('\n')) resolve(JSON.parse(out));
      else reject(new Error(`The app ended by itself (${code ?? signal}): ${err}`));
    });
  });
}
