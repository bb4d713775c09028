import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app';
import { portOf, startListener } from '../support/listener';
import { isMissing } from '../support/requires';
import { sshHome, type SshAlias } from '../support/ssh-home';
import { endChild, makeKey } from '../support/ssh-keys';
import { accountsPresent, freePort, sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const LIVE = Array.from({ length: 15 }, (_, at) => `live-${at}`);
const DEAD = ['refused', 'silent', 'blackhole', 'garbage', 'closing'] as const;
/** The stated bound. */
const READY_MS = 3000;

describe.skipIf(isMissing('OpenSSH', sshdPresent) || isMissing('mount namespaces', accountsPresent))('20 hosts, 5 of them dead', () => {
  let folder: string;
  let sshd: TestSshd;
  let deaf: Deaf;
  const listeners: { stop(): Promise<void> }[] = [];
  let app: TestApp | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ssh-many-'));
    const key = makeKey(folder);
    const ports: number[] = [];
    while (ports.length < LIVE.length) ports.push(await freePort());
    sshd = await startSshd({
      authorizedKeys: [key],
      ownProcesses: true,
      port: ports[0] ?? 0,
      config: ports.slice(1).map((port) => `Port ${port}`),
    });
    deaf = await startDeaf();
    const silent = await startListener(listeners, () => undefined);
    const garbage = await startListener(listeners, (client) => void client.write('HTTP/1.1 400 Bad Request\r\n\r\n\0\0garbage'));
    const closing = await startListener(listeners, (client) => client.end());
    const deadAt = { refused: await freePort(), silent: portOf(silent), blackhole: deaf.port, garbage: portOf(garbage), closing: portOf(closing) };
    const dead = DEAD.map((alias): SshAlias => ({ alias, port: deadAt[alias], sshd: null, options: ['ConnectTimeout 4'] }));
    const live = ports.map((port, at): SshAlias => ({ alias: `live-${at}`, port, sshd }));
    // The dead ones stand among the others, so that each of them would be waited for.
    const aliases = live.flatMap((one, at) => (at % 3 === 0 ? [dead[at / 3] as SshAlias, one] : [one]));
    const ssh = await sshHome(folder, key, aliases);
    const saved = aliases.map(({ alias }) => ({ id: `ssh-${alias}`, address: alias, name: alias, enabled: true, lastReady: null }));
    const document = (name: string, value: unknown) =>
      writeFile(path.join(folder, `${name}.json`), JSON.stringify({ document: name, version: 1, value }));
    await document('hosts', saved);
    await document('settings', { startedBefore: true });
    start = () => startTestApp({ dataDir: folder, ssh });
  });
  let start: () => Promise<TestApp>;

  afterAll(async () => {
    await app?.stop();
    await Promise.all([sshd?.stop(), deaf?.stop(), ...listeners.map((each) => each.stop())]);
    await rm(folder, { recursive: true, force: true });
  });

  test('the 15 are ready within 3 s of the start', async () => {
    const began = performance.now();
    app = await start();
    const left = READY_MS - (performance.now() - began);
    await app.until('the live hosts are ready', ({ hosts }) => LIVE.every((alias) => hosts[`ssh-${alias}`]?.link.kind === 'ready'), left);
    for (const alias of DEAD) {
      expect(app.view.hosts[`ssh-${alias}`]?.link.kind, alias).toMatch(/^(?:connecting|backoff)$/);
    }
  });

  test('each dead one says why, and is tried again', async () => {
    const words = { refused: /^Nobody listens/, silent: /waiting for its key/, blackhole: /waiting for a TCP connection/, garbage: /waiting for its key/, closing: /before it said anything/ };
    for (const alias of DEAD) {
      const { reason, nextTry } = (await app?.untilLink(`ssh-${alias}`, 'backoff', 10_000)) ?? {};
      expect(reason).toMatch(words[alias]);
      expect(nextTry).toBeGreaterThan(Date.now() - 1000);
    }
  });
});

interface Deaf {
  readonly port: number;
  stop(): Promise<void>;
}

/** A port whose queue of connections is full, so that the kernel leaves those who knock without an answer. */
async function startDeaf(): Promise<Deaf> {
  const script = `
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(String(server.address().port)));
  `;
  const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!child.stdout) throw new Error('no pipe');
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  const queue: Socket[] = [];
  // connect(2) succeeds until the queue is full.
  for (let full = false; !full; ) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
    queue.push(socket);
    full = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false));
      setTimeout(() => resolve(true), 300);
    });
  }
  return {
    port: Number(port),
    async stop() {
      for (const socket of queue) socket.destroy();
      await endChild(child, 'SIGKILL');
    },
  };
}
