import { spawn, type ChildProcess } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import { devNull } from 'node:os';
import type { Clock } from '../clock';
import { HostError } from './host';
import { inheritedFds } from './inherited-fds';
import type { RemoteExec } from './ssh/remote';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * This computer's /bin/sh, for the same scripts that hosts behind SSH run. What they leave running outlives the app and has
 * none of its file descriptors. exec throws HostError.
 * @param env of the shell
 */
export function localShell(clock: Clock, env: NodeJS.ProcessEnv = process.env): RemoteExec {
  return {
    async exec(command, { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, stdin = '' } = {}) {
      const nothing = await open(devNull, 'r');
      try {
        return await collect(await start(command, env, nothing), { clock, timeoutMs, maxBytes, stdin });
      } finally {
        await nothing.close();
      }
    },
  };
}

async function start(command: string, env: NodeJS.ProcessEnv, nothing: FileHandle): Promise<ChildProcess> {
  const stdio: ('pipe' | 'ignore' | number)[] = ['pipe', 'pipe', 'pipe'];
  for (const fd of await inheritedFds()) stdio[fd] = nothing.fd;
  return spawn('/bin/sh', ['-c', command], {
    // A group of its own, so that all of it can be ended.
    detached: true,
    env,
    cwd: '/',
    stdio: Array.from({ length: stdio.length }, (_, fd) => stdio[fd] ?? 'ignore'),
  });
}

interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly stdin: string;
}

/** @throws HostError */
function collect(child: ChildProcess, { clock, timeoutMs, maxBytes, stdin }: Limits): ReturnType<RemoteExec['exec']> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    const giveUp = (message: string, remedy: string) => {
      cancel();
      reject(new HostError(message, remedy));
      endGroup(child.pid);
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const cancel = clock.setTimer(timeoutMs, () =>
      giveUp(`A command on this computer took longer than ${Math.round(timeoutMs / 1000)} s.`, 'It may be overloaded; try again.'),
    );
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) into.push(chunk);
      else giveUp(`A command on this computer said more than ${maxBytes} bytes.`, 'Try again.');
    };
    child.stdout?.on('data', keep(stdout));
    child.stderr?.on('data', keep(stderr));
    // A command may end before it has read all of its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
    child.once('error', (error) => {
      cancel();
      reject(new HostError(`/bin/sh could not be run: ${error.message}`, 'Try again.', { cause: error }));
    });
    child.once('close', (code) => {
      cancel();
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), code });
    });
  });
}

/** What left the group, as jobs do, goes on. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
