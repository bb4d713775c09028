import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { remoteProcesses } from '../../../../main/hosts/ssh/alive';
import { localRemote, SHELLS } from './local-remote';
import { until } from './processes';

describe.each(SHELLS)('with %s', (shell) => {
  it('knows what runs, and that a zombie does not', async () => {
    // The shell starts a child and becomes a program that never collects it.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      let said = '';
      parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await until('the child is known', () => said.includes('\n'));
      const zombie = Number(said);
      await until('it is a zombie', () => readFileSync(`/proc/${zombie}/stat`, 'latin1').includes(') Z '));
      const remote = localRemote({ shell });
      const alive = remoteProcesses(remote);
      const answers = await Promise.all(
        [parent.pid!, zombie, 4_194_303, 0, -1, Number.NaN, parent.pid!].map(alive),
      );
      expect(answers).toEqual([true, false, false, false, false, false, true]);
      expect(remote.commands).toHaveLength(1);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it.skipIf(process.getuid?.() !== 0)('knows another user’s process', async () => {
    expect(await remoteProcesses(localRemote({ shell, uid: 54_321 }))(process.pid)).toBe(true);
  });
});

it('asks once for those who come while it asks', async () => {
  const remote = localRemote();
  const alive = remoteProcesses(remote);
  const first = alive(process.pid);
  await Promise.resolve();
  await Promise.resolve();
  const later = Array.from({ length: 50 }, (_, at) => alive(4_194_000 + at));
  expect(await first).toBe(true);
  expect((await Promise.all(later)).some(Boolean)).toBe(false);
  expect(remote.commands).toHaveLength(2);
});

it('gives no answer when the host gives none, and asks again', async () => {
  let fails = true;
  const remote = localRemote();
  const alive = remoteProcesses({
    exec: (...args) => (fails ? Promise.reject(new Error('the link is down')) : remote.exec(...args)),
  });
  await expect(alive(process.pid)).rejects.toThrow('the link is down');
  fails = false;
  expect(await alive(process.pid)).toBe(true);
});
