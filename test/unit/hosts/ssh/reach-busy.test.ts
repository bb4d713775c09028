import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../main/clock';
import { joined } from '../../../../main/hosts/ssh/joined';
import { createReach, type Reach } from '../../../../main/hosts/ssh/reach';
import { relayCommand } from '../../../../main/hosts/ssh/relays';
import { secretToken } from '../../../../main/hosts/ssh/remote';
import { unavailable } from '../../../../main/hypervisors/qemu/no-monitor';
import { SshError } from '../../../../main/protocols/ssh/errors';
import type { SocketAddress } from '../../../../main/protocols/sockets';
import { findProgram } from '../../../guest/run';
import { fillQueue } from '../../../support/full-queue';
import { localRemote, type LocalRemote } from './local-remote';
import { until } from './processes';

let folder: string;
let full: string;
let remote: LocalRemote;
let holder: ChildProcess;
const servers: Server[] = [];
let release: () => void;

/** As OpenSSH does it: whatever is wrong, no channel is opened. */
const forwarded = (path: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.on('error', (cause) =>
      reject(new SshError('channel', 'No stream.', { code: 'open-failed', remedy: 'Try again.', cause })),
    );
  });
const unix = (path: string): SocketAddress & { kind: 'unix' } => ({ kind: 'unix', path });
const failure = async (reach: Reach, path: string): Promise<unknown> => {
  const outcome = await reach.dial(unix(path)).then(
    (stream) => stream.destroy() && undefined,
    (error: unknown) => error,
  );
  if (outcome === undefined) throw new Error('It connected');
  return outcome;
};
const reachOf = (host: LocalRemote): Reach => createReach({ remote: host, clock: systemClock, hostName: 'nas' });
/** `reach` has found out that the server forwards unix sockets. */
const knowsForwarding = async (reach: Reach): Promise<void> => {
  const path = join(folder, 'free');
  const server = createServer((client) => void client.on('error', () => {}));
  servers.push(server);
  await once(server.listen(path), 'listening');
  (await reach.dial(unix(path))).destroy();
  expect(reach.way()).toBe('forwarded');
};
const allEnded = () =>
  until('the programs ended', () =>
    remote.streams.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
  );
/** A host that has neither perl nor python3. */
const simple = (host: LocalRemote): LocalRemote => {
  const lacking = (command: string) => command.replaceAll(/perl|python3/g, 'no-such-program');
  return {
    ...host,
    exec: (command, options) => host.exec(lacking(command), options),
    execStream: (command) => host.execStream(lacking(command)),
  };
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'busy-'));
  chmodSync(folder, 0o755);
  full = join(folder, 'full.qmp');
  const listens =
    'use Socket;$|=1;socket(S,PF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un($ARGV[0]))or die;listen(S,1);print"up\\n";sleep 600';
  holder = spawn('perl', ['-e', listens, full], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout!, 'data');
  release = await fillQueue(full);
  remote = localRemote({ openUnix: forwarded });
});
afterEach(async () => {
  release();
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
  for (const server of servers.splice(0)) server.close();
  for (const child of remote.streams) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

describe('a socket whose queue is full', () => {
  it.each(['was seen to work', 'is not known yet'])('is busy where forwarding %s, and says so as here', async (what) => {
    const reach = reachOf(remote);
    const known = what === 'was seen to work';
    if (known) await knowsForwarding(reach);
    const error = await failure(reach, full);
    expect(error).toMatchObject({
      code: 'busy',
      message: `Another program is connected to unix:${full} on nas, which takes one at a time. End that program’s connection.`,
    });
    expect(unavailable([unix(full)], [error])).toMatchObject({
      reason: `Another program holds its only free monitor (unix:${full}).`,
      remedy: expect.stringContaining('End that program’s connection'),
    });
    expect(reach.way()).toBe(known ? 'forwarded' : 'not-known');
    await allEnded();
  });

  it('is busy, and nothing is left waiting on the host, where a program has to carry it', async () => {
    const reach = reachOf({ ...remote, openUnix: () => Promise.reject(new SshError('channel', 'No.', { remedy: 'None.' })) });
    for (let turn = 0; turn < 3; turn += 1) expect(await failure(reach, full)).toMatchObject({ code: 'busy' });
    expect(remote.streams).toHaveLength(3);
    await allEnded();
  });

  const answers = [
    ['perl', { kind: 'failed', text: 'Resource temporarily unavailable' }],
    ['python3', { kind: 'failed', text: 'Resource temporarily unavailable' }],
    ['socat', { kind: 'ended' }],
  ] as const;
  it.each(answers.filter(([relay]) => findProgram(relay) !== undefined))('is not waited for by %s', async (relay, answer) => {
    const marker = secretToken();
    const stream = await remote.execStream(relayCommand(full, marker, [relay]));
    expect(await joined(stream, marker, systemClock)).toEqual(answer);
    await allEnded();
  });

  it.each(findProgram('socat') === undefined ? [true] : [true, false])('is told as that or as ended where the host has no program to tell; forwarding known: %s', async (known) => {
    const reach = reachOf(simple(remote));
    if (known) await knowsForwarding(reach);
    const error = await failure(reach, full);
    expect(error).toMatchObject({ code: 'other' });
    expect(unavailable([unix(full)], [error])).toEqual({
      status: 'unavailable',
      reason: `Nobody listens at unix:${full} on nas, or another program holds it.`,
      remedy: 'If the guest runs, end that program’s connection. With perl or python3 on nas Reveille could tell.',
    });
    expect(reach.way()).toBe(known ? 'forwarded' : 'not-known');
  });
});

it('a socket that takes clients again when the reason is looked for is connected to', async () => {
  const path = join(folder, 'late');
  const server = createServer((client) => void client.on('error', () => {}).end('hello\n'));
  servers.push(server);
  await once(server.listen(path), 'listening');
  let wasFull = false;
  remote = localRemote({
    openUnix(target) {
      if (target !== path || wasFull) return forwarded(target);
      wasFull = true;
      return Promise.reject(new SshError('channel', 'No stream.', { code: 'open-failed', remedy: 'Try again.' }));
    },
  });
  const reach = reachOf(remote);
  await knowsForwarding(reach);
  const stream = await reach.dial(unix(path));
  expect(remote.streams).toEqual([]);
  expect(String((await once(stream, 'data'))[0])).toBe('hello\n');
  expect(reach.way()).toBe('forwarded');
  stream.destroy();
});

it('a socket that nobody listens at is still told from it', async () => {
  const stale = join(folder, 'stale');
  execFileSync('perl', ['-MSocket', '-e', 'socket(S,PF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un($ARGV[0]))', stale]);
  const reach = reachOf(remote);
  await knowsForwarding(reach);
  expect(await failure(reach, stale)).toMatchObject({ code: 'refused' });
});
