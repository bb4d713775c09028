import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DialError,
  dial,
  formatAddress,
  parseAddress,
  type SocketAddress,
} from '../../../main/protocols/sockets';
import { fakeClock } from '../../fakes/clock';

const parsed = (text: string) => {
  const result = parseAddress(text);
  return result.ok ? result.address : result.error;
};

describe('addresses', () => {
  it.each<[string, SocketAddress]>([
    ['unix:/run/vm.qmp', { kind: 'unix', path: '/run/vm.qmp' }],
    ['  /run/my vm.qmp ', { kind: 'unix', path: '/run/my vm.qmp' }],
    ['/run/a:1', { kind: 'unix', path: '/run/a:1' }],
    ['unix:C:\\vm\\qmp', { kind: 'unix', path: 'C:\\vm\\qmp' }],
    ['tcp:localhost:4444', { kind: 'tcp', host: 'localhost', port: 4444 }],
    ['192.168.0.7:65535', { kind: 'tcp', host: '192.168.0.7', port: 65535 }],
    ['[::1]:4444', { kind: 'tcp', host: '::1', port: 4444 }],
    ['tcp:[fe80::1%eth0]:1', { kind: 'tcp', host: 'fe80::1%eth0', port: 1 }],
    ['\\\\.\\pipe\\qmp', { kind: 'pipe', path: '\\\\.\\pipe\\qmp' }],
    ['//./PIPE/qmp', { kind: 'pipe', path: '\\\\.\\pipe\\qmp' }],
  ])('%s is read', (typed, address) => {
    expect(parsed(typed)).toEqual(address);
  });

  it.each([
    ['', 'Type an address: unix:/path'],
    ['unix:', 'Give the path'],
    ['vm.qmp', '“vm.qmp” is no absolute path'],
    ['unix:vm.qmp', 'no absolute path'],
    ['tcp:localhost', 'is not host:port'],
    [':4444', 'Name the host before the port, for example 127.0.0.1:4444'],
    ['host:0', '“0” is no port'],
    ['host:65536', '“65536” is no port'],
    ['host:44x', '“44x” is no port'],
    ['host:', '“” is no port'],
    ['::1:4444', 'write an IPv6 address in brackets'],
    ['[::g]:4444', '“::g” is no IPv6 address'],
    ['user@host:1', '“user@host” is no host name'],
    ['http://host:1', 'is not host:port'],
    ['unix:/run/vm.qmp,server=on,wait=off', 'Leave out QEMU’s options'],
    ['/run/vm\u0000.qmp', 'control characters'],
  ])('%j is refused with a reason', (typed, reason) => {
    expect(parsed(typed)).toContain(reason);
  });

  it('are read back as they are written', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/);
    const path = fc.array(name, { minLength: 1 }).map((parts) => `/${parts.join('/')}`);
    const port = fc.integer({ min: 1, max: 65535 });
    const address: fc.Arbitrary<SocketAddress> = fc.oneof(
      path.map((value) => ({ kind: 'unix' as const, path: value })),
      name.map((value) => ({ kind: 'pipe' as const, path: `\\\\.\\pipe\\${value}` })),
      fc.record({ kind: fc.constant('tcp' as const), host: fc.oneof(name, fc.ipV4(), fc.ipV6()), port }),
    );
    fc.assert(
      fc.property(address, (value) => {
        expect(parsed(formatAddress(value))).toEqual(value);
      }),
    );
  });

  it('never make the parser throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const result = parseAddress(text);
        expect(result.ok || result.error.length > 10).toBe(true);
      }),
    );
  });
});

describe('dial', () => {
  let directory: string;
  const servers: Server[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reveille-dial-'));
  });
  afterEach(async () => {
    await Promise.all(
      servers.splice(0).map(
        (server) =>
          new Promise((resolve) => {
            server.close(resolve);
          }),
      ),
    );
    await rm(directory, { recursive: true });
  });

  async function listen(where: string | { host: string; port: number }): Promise<Server> {
    const server = createServer((socket) => {
      // The client of a test may leave before it has read.
      socket.on('error', () => {});
      socket.end('greeting');
    });
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(where, resolve);
    });
    return server;
  }

  const failure = async (address: SocketAddress) => {
    const clock = fakeClock();
    const error: unknown = await dial(address, { clock }).catch((reason: unknown) => reason);
    expect(clock.pendingTimers()).toBe(0);
    expect(error).toBeInstanceOf(DialError);
    return error as DialError;
  };

  it('loses nothing that is said before somebody reads', async () => {
    const path = join(directory, 'greets');
    await listen(path);
    const clock = fakeClock();
    const socket = await dial({ kind: 'unix', path }, { clock });
    expect(clock.pendingTimers()).toBe(0);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toBe('greeting');
  });

  it('reaches TCP', async () => {
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.address() as { port: number };
    const socket = await dial({ kind: 'tcp', host: '127.0.0.1', port }, { clock: fakeClock() });
    socket.destroy();
  });

  it('tells a missing socket from one that nobody serves', async () => {
    const missing = await failure({ kind: 'unix', path: join(directory, 'none') });
    expect(missing.code).toBe('missing');
    expect(missing.message).toContain(`unix:${directory}/none`);
    const path = join(directory, 'file');
    await writeFile(path, '');
    expect((await failure({ kind: 'unix', path })).code).toBe('refused');
    const server = await listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => {
      server.close(resolve);
    });
    servers.pop();
    expect((await failure({ kind: 'tcp', host: '127.0.0.1', port })).code).toBe('refused');
  });

  it.runIf(process.platform === 'linux')(
    'does not cut a path that is too long, as Node would, and reach another socket',
    async () => {
      const longest = `${directory}/`.padEnd(107, 'x');
      await listen(longest);
      (await dial({ kind: 'unix', path: longest }, { clock: fakeClock() })).destroy();
      const error = await failure({ kind: 'unix', path: `${longest}x` });
      expect(error.code).toBe('other');
      expect(error.message).toContain('longer than');
    },
  );

  it('reports what the system says of anything else', async () => {
    const error = await failure({ kind: 'unix', path: join(directory, 'file', 'below') });
    expect(error.code).toBe('missing');
    await writeFile(join(directory, 'file'), '');
    const notDirectory = await failure({ kind: 'unix', path: join(directory, 'file', 'below') });
    expect(notDirectory.code).toBe('other');
    expect(notDirectory.message).toContain('ENOTDIR');
    expect(notDirectory.cause).toBeInstanceOf(Error);
  });

  it('gives up in time', async () => {
    const clock = fakeClock();
    // Nothing can connect before a turn of the event loop, and the clock expires earlier than that.
    const path = join(directory, 'slow');
    await listen(path);
    const dialling = dial(
      { kind: 'unix', path },
      { clock: { ...clock, setTimer: (_ms, fn) => (fn(), () => {}) }, timeoutMs: 5 },
    );
    await expect(dialling).rejects.toMatchObject({ code: 'timeout' });
  });
});
