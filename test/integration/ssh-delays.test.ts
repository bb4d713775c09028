import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshConnection } from '../../main/protocols/ssh/types';
import { median } from '../bench/measure';
import { isMissing } from '../support/requires';
import { attempt, endpointOf } from '../support/ssh-client';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const TIMES = 40;

describe.skipIf(isMissing('OpenSSH', sshdPresent))('small answers', () => {
  let folder: string;
  let sshd: TestSshd;
  let peer: Server;
  let key: ReturnType<typeof makeKey>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ssh-delays-'));
    key = makeKey(folder);
    sshd = await startSshd({ authorizedKeys: [key] });
    // As QEMU does: an event, then the answer.
    peer = createServer((socket) => {
      socket.on('data', () => {
        socket.write('1');
        setTimeout(() => socket.write('2'), 2);
      });
    });
    await new Promise<void>((resolve) => peer.listen(path.join(folder, 'peer'), resolve));
  });
  afterAll(async () => {
    peer?.close();
    await sshd?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** How long the second part of an answer takes, in ms. */
  const answersOver = async (connection: SshConnection): Promise<number[]> => {
    const stream = await connection.openUnix(path.join(folder, 'peer'));
    const took: number[] = [];
    let answered = () => {};
    stream.on('data', (chunk: Buffer) => {
      if (chunk.includes('2')) answered();
    });
    for (let time = 0; time < TIMES; time += 1) {
      const begin = performance.now();
      const answer = new Promise<void>((resolve) => (answered = resolve));
      stream.write('?');
      await answer;
      took.push(performance.now() - begin);
    }
    stream.destroy();
    return took;
  };

  it.each([0, 1, 2])('do not wait for acknowledgements with %i jump hosts', async (jumps) => {
    const endpoint = endpointOf(sshd, key);
    const connection = await attempt(endpoint, { jumps: Array.from({ length: jumps }, () => endpoint) }).connection;
    // What the app does first on a host.
    await connection.exec('exit 0');
    const took = await answersOver(connection);
    await connection.close();
    // Linux delays an acknowledgement by 40 ms.
    expect(median(took)).toBeLessThan(30);
  });
});
