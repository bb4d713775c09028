import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../main/clock';
import { joined } from '../../../../main/hosts/ssh/joined';
import { createReach } from '../../../../main/hosts/ssh/reach';
import { relayCommand, RELAYS } from '../../../../main/hosts/ssh/relays';
import { secretToken } from '../../../../main/hosts/ssh/remote';
import { SshError } from '../../../../main/protocols/ssh/errors';
import { DialError, type SocketAddress } from '../../../../main/protocols/sockets';
import { fakeClock } from '../../../fakes/clock';
import { localRemote, type LocalRemote, type LocalRemoteOptions } from './local-remote';
import { until } from './processes';

const isRoot = process.getuid?.() === 0;
const STRANGER = 54_321;
const has = (program: string): boolean => {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const present = RELAYS.filter(has);

const helper = (file: string, args: string[]) => {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const up = new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error(`${file} ended`)));
  });
  return { up, stop: () => child.kill('SIGKILL') };
};

let folder: string;
let servers: Server[];
let remote: LocalRemote;
let clients: Socket[];
/** Answers each line with it, in capitals; says hello first if asked to. */
const listen = async (path: string, hello = ''): Promise<Server> => {
  const server = createServer((client) => {
    clients.push(client);
    client.on('error', () => {});
    if (hello) client.write(hello);
    client.on('data', (data) => client.write(data.toString().toUpperCase()));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
};
const openFailed = (): Promise<never> =>
  Promise.reject(
    new SshError('channel', 'The server opened no stream.', { code: 'open-failed', remedy: 'Try again.' }),
  );
const start = (options: LocalRemoteOptions) => {
  remote = localRemote(options);
  return createReach({ remote, clock: systemClock, hostName: 'nas' });
};
const unix = (path: string): SocketAddress => ({ kind: 'unix', path });
const failure = (dialled: Promise<Duplex>): Promise<DialError> =>
  dialled.then(
    () => Promise.reject(new Error('It connected')),
    (error: unknown) => {
      expect(error).toBeInstanceOf(DialError);
      return error as DialError;
    },
  );
const heard = async (stream: Duplex, length: number): Promise<string> => {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await until('it answered', () => text.length >= length);
  return text;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reach-'));
  chmodSync(folder, 0o755);
  servers = [];
  clients = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  for (const client of clients) client.destroy();
  for (const child of remote?.streams ?? []) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

describe('forwarding', () => {
  it('is used where the server does it', async () => {
    const path = join(folder, 'a.qmp');
    await listen(path, 'hello\n');
    const reach = start({});
    expect(reach.way()).toBe('not-known');
    expect(await heard(await reach.dial(unix(path)), 6)).toBe('hello\n');
    expect(reach.way()).toBe('forwarded');
    expect(remote.commands).toEqual([]);
  });

  it('is given up for good when a relay connects', async () => {
    const path = join(folder, 'a.qmp');
    await listen(path);
    let asked = 0;
    const reach = start({ openUnix: () => ((asked += 1), openFailed()) });
    for (const word of ['one', 'two']) {
      const stream = await reach.dial(unix(path));
      stream.write(word);
      expect(await heard(stream, 3)).toBe(word.toUpperCase());
      stream.destroy();
    }
    expect(asked).toBe(1);
    expect(reach.way()).toBe(present[0]);
  });

  it('that worked before is not doubted: nobody listens', async () => {
    const path = join(folder, 'a.qmp');
    const stale = join(folder, 'stale');
    await listen(path);
    execFileSync('perl', [
      '-MSocket',
      '-e',
      'socket(S,PF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un($ARGV[0]))',
      stale,
    ]);
    const reach = start({
      openUnix: (target) =>
        target === stale
          ? openFailed()
          : new Promise((resolve) => {
              const socket = connect(target, () => resolve(socket));
            }),
    });
    (await reach.dial(unix(path))).destroy();
    const error = await failure(reach.dial(unix(stale)));
    expect(error).toMatchObject({
      code: 'refused',
      message: `Nobody listens at unix:${stale} on nas. The guest that did has probably ended.`,
    });
    expect(reach.way()).toBe('forwarded');
    expect(remote.streams).toEqual([]);
  });

  it('and the link itself are told apart', async () => {
    const reach = start({
      openUnix: () =>
        Promise.reject(new SshError('closed', 'The connection is over.', { remedy: 'Connect again.' })),
    });
    const error = await failure(reach.dial(unix('/run/a.qmp')));
    expect(error).toMatchObject({
      code: 'other',
      message: 'unix:/run/a.qmp on nas cannot be reached: The connection is over. Connect again.',
    });
    expect(remote.commands).toEqual([]);
  });
});

describe('what is wrong', () => {
  const odd = "s p '$(id)\n";

  it('is a missing socket', async () => {
    const reach = start({ openUnix: openFailed });
    expect(await failure(reach.dial(unix(join(folder, odd))))).toMatchObject({
      code: 'missing',
      message: expect.stringContaining('on nas'),
    });
    expect((await failure(reach.dial(unix(join(folder, 'no', 'such'))))).code).toBe('missing');
    expect(reach.way()).toBe('not-known');
  });

  it('is a file of another kind, or a path that is too long', async () => {
    const reach = start({ openUnix: openFailed });
    writeFileSync(join(folder, odd), '');
    expect((await failure(reach.dial(unix(join(folder, odd))))).message).toContain(
      'another kind than a socket',
    );
    expect((await failure(reach.dial(unix(`/${'x'.repeat(107)}`)))).message).toContain(
      'longer than the 107 bytes',
    );
  });

  it.skipIf(!isRoot)('is a permission, with the remedy', async () => {
    const path = join(folder, odd.trim());
    await listen(path);
    chownSync(path, 0, 106);
    chmodSync(path, 0o770);
    const reach = start({ uid: STRANGER, openUnix: openFailed });
    const error = await failure(reach.dial(unix(path)));
    expect(error.code).toBe('permission');
    expect(error.message).toContain(`The socket ${path} belongs to root:`);
    expect(error.message).toMatch(new RegExp(`sudo usermod -aG \\S+ ${STRANGER}`));
    const inner = join(folder, 'inner');
    mkdirSync(inner, { mode: 0o700 });
    expect((await failure(reach.dial(unix(join(inner, 's'))))).message).toContain(
      `The folder ${inner} above its socket`,
    );
  });

  it('is that nobody listens', async () => {
    const stale = join(folder, 'stale');
    execFileSync('perl', [
      '-MSocket',
      '-e',
      'socket(S,PF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un($ARGV[0]))',
      stale,
    ]);
    const reach = start({ openUnix: openFailed });
    expect((await failure(reach.dial(unix(stale)))).code).toBe('refused');
    expect(reach.way()).toBe('not-known');
  });
});

describe.each(present)('the relay %s', (relay) => {
  const dial = async (path: string) => {
    remote = localRemote({ login: ['/bin/sh', '-c', 'echo noise; eval "$0"'] });
    const marker = secretToken();
    const stream = await remote.execStream(relayCommand(path, marker, [relay]));
    return { stream, answer: await joined(stream, marker, systemClock) };
  };

  it('carries both ways, and the greeting waits for its reader', async () => {
    const path = join(folder, 'a,b:c [x] (y) $(id) ü.qmp');
    await listen(path, 'greeting\n');
    const { stream, answer } = await dial(path);
    expect(answer).toEqual({ kind: 'connected', relay });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const hears = heard(stream, 9 + 300_000);
    stream.write('x'.repeat(300_000));
    expect(await hears).toBe(`greeting\n${'X'.repeat(300_000)}`);
  });

  it.each(['end', 'destroy'] as const)('leaves the socket when the stream has its %s', async (way) => {
    const path = join(folder, 'a.qmp');
    await listen(path, 'hello\n');
    const { stream } = await dial(path);
    await until('the client is there', () => clients.length === 1);
    let left = false;
    clients[0]!.on('close', () => (left = true));
    if (way === 'end') stream.end();
    else stream.destroy();
    await until('the client left', () => left);
    await until(
      'the program ended',
      () => remote.streams[0]!.exitCode !== null || remote.streams[0]!.signalCode !== null,
    );
  });

  it('ends when the socket does', async () => {
    const path = join(folder, 'a.qmp');
    await listen(path, 'hello\n');
    const { stream } = await dial(path);
    let ended = false;
    stream.on('end', () => (ended = true)).resume();
    clients[0]!.destroy();
    await until('the stream ended', () => ended);
  });

  it('says when it cannot connect', async () => {
    const { answer } = await dial(join(folder, 'none'));
    expect(answer).toEqual(
      relay === 'perl' || relay === 'python3'
        ? { kind: 'failed', text: 'No such file or directory' }
        : { kind: 'ended' },
    );
  });
});

it.each(present.filter((relay) => relay === 'perl' || relay === 'python3'))(
  '%s connects to an abstract socket as QEMU pads it',
  async (relay) => {
    const name = `reach-${secretToken()}`;
    const server = helper('perl', [
      '-MSocket',
      '-e',
      '$|=1;socket(S,PF_UNIX,SOCK_STREAM,0);bind(S,pack("Sa108",AF_UNIX,"\\0$ARGV[0]"))or die;listen(S,5);print"up\\n";accept(C,S);syswrite C,"hello\\n";sleep 60',
      name,
    ]);
    try {
      await server.up;
      remote = localRemote({});
      const marker = secretToken();
      const stream = await remote.execStream(relayCommand(`\0${name}`.padEnd(108, '\0'), marker, [relay]));
      expect((await joined(stream, marker, systemClock)).kind).toBe('connected');
      expect(await heard(stream, 6)).toBe('hello\n');
    } finally {
      server.stop();
    }
  },
);

describe('a relay that does not tell', () => {
  it('is taken for connected when it lives, or says something', async () => {
    const clock = fakeClock();
    const quiet = new PassThrough();
    const settled = joined(quiet, 'mark', clock);
    quiet.write('motd\nmark started nc\n');
    await clock.advance(399);
    expect(clock.pendingTimers()).toBe(1);
    await clock.advance(1);
    expect(await settled).toEqual({ kind: 'connected', relay: 'nc' });
    const talks = new PassThrough();
    const said = joined(talks, 'mark', clock);
    talks.write('mark started socat\n');
    talks.write('{"QMP"');
    expect(await said).toEqual({ kind: 'connected', relay: 'socat' });
    expect(clock.pendingTimers()).toBe(0);
    expect(await heard(talks, 6)).toBe('{"QMP"');
  });

  it.each([
    ['nothing in time', (_stream: PassThrough) => {}, 'did not answer in time'],
    ['its end', (stream: PassThrough) => void stream.end('mot'), 'ended at once'],
    ['what nobody understands', (stream: PassThrough) => void stream.write('mark what\n'), 'not readable'],
    ['too much', (stream: PassThrough) => void stream.write('x'.repeat(300_000)), 'says too much'],
  ])('is a failure after %s', async (_what, act, message) => {
    const clock = fakeClock();
    const stream = new PassThrough({ highWaterMark: 1_000_000 });
    const answer = joined(stream, 'mark', clock);
    const failed = expect(answer).rejects.toThrow(message);
    act(stream);
    await clock.advance(10_000);
    await failed;
  });
});

describe('TCP', () => {
  const dial = (error: SshError) =>
    start({ openTcp: () => Promise.reject(error) }).dial({ kind: 'tcp', host: '127.0.0.1', port: 4444 });
  it('tells a refusal from a server that forwards nothing', async () => {
    const remedy = 'Its sshd_config must allow it: AllowTcpForwarding.';
    const cause = new Error('(SSH) Channel open failure: Connection refused');
    expect(
      await failure(dial(new SshError('channel', 'No stream.', { code: 'open-failed', remedy, cause }))),
    ).toMatchObject({ code: 'refused' });
    expect(
      await failure(dial(new SshError('channel', 'Not allowed.', { code: 'forbidden', remedy }))),
    ).toMatchObject({
      code: 'other',
      message: `tcp:127.0.0.1:4444 on nas cannot be reached: Not allowed. ${remedy}`,
    });
    expect((await failure(dial(new SshError('timeout', 'No answer.', { remedy })))).code).toBe('timeout');
  });
});
