import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { remoteThreadTimes } from '../../../main/hosts/ssh/thread-times';
import { localThreadTimes, sumOf } from '../../../main/hosts/thread-times';
import { localRemote } from './ssh/local-remote';

it('sums what the kernel counted, and tells nothing where one is not readable', () => {
  expect(sumOf(['1500000 20 3\n', '500000 1 1\n'])).toBe(2);
  expect(sumOf(['1500000 20 3\n', ''])).toBeNull();
  expect(sumOf(['-1 0 0'])).toBeNull();
});

describe.skipIf(!existsSync('/proc/self/schedstat'))('the CPU time of threads', () => {
  const ways = [
    ['here', localThreadTimes],
    ['through a shell of the host', (pid: number, threads: readonly number[]) => remoteThreadTimes(localRemote(), pid, threads)],
  ] as const;

  it.each(ways)('grows while they work: %s', async (_, times) => {
    const busy = spawn(process.execPath, ['-e', 'process.stdout.write("on"); for (;;);'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(busy.stdout, 'data');
      const pid = busy.pid ?? 0;
      const spent: number[] = [];
      // It takes a share of a CPU, however small: no time is waited for.
      await expect
        .poll(async () => {
          spent.push((await times(pid, [pid])) ?? -1);
          return (spent.at(-1) ?? 0) - (spent[0] ?? 0);
        })
        .toBeGreaterThan(20);
      expect(spent[0]).toBeGreaterThan(0);
      expect(await times(pid, [pid, 4_194_303])).toBeNull();
      // A thread of another process is none of it.
      expect(await times(pid, [process.pid])).toBeNull();
    } finally {
      busy.kill('SIGKILL');
    }
  });
});

it('asks for numbers only', async () => {
  const remote = localRemote();
  expect(await remoteThreadTimes(remote, 1, [Number.NaN])).toBeNull();
  expect(await remoteThreadTimes(remote, 1.5, [1])).toBeNull();
  expect(remote.commands).toEqual([]);
});
