import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../main/clock';
import type { FoundGuest } from '../../main/hosts/discovery/found';
import { createScanDeps, scanThisComputer, type ScanDeps } from '../../main/hosts/discovery/local';
import { runCommand } from '../../main/hosts/discovery/run-command';
import type { SocketAddress } from '../../main/protocols/sockets';

const QEMU = 'qemu-system-x86_64';
const BARE = '-machine none -nodefaults -display none -m 8'.split(' ');
const PATIENCE = { timeout: 20_000, interval: 20 };

let folder: string;
let deps: ScanDeps;
const started: number[] = [];
const sockets: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'discovery-'));
  deps = createScanDeps(systemClock, runCommand);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const pid of started.splice(0)) await end(pid);
  rmSync(folder, { recursive: true });
});

/** Only guests that this test started: others may run on this computer. */
const scan = async (): Promise<FoundGuest[]> =>
  (await scanThisComputer(process.platform, deps)).filter(({ pid }) => started.includes(pid));
const find = (pid: number): Promise<FoundGuest> =>
  vi.waitFor(async () => {
    const guest = (await scan()).find((one) => one.pid === pid);
    if (!guest) throw new Error(`Process ${pid} is not found`);
    return guest;
  }, PATIENCE);

function start(
  args: readonly string[],
  options: { cwd?: string; uid?: number; command?: string } = {},
): number {
  const { command = QEMU, ...rest } = options;
  const child = spawn(command, [...args], { cwd: folder, stdio: 'ignore', ...rest });
  if (child.pid === undefined) throw new Error(`${command} does not start`);
  started.push(child.pid);
  return child.pid;
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
};
async function end(pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks the monitor at `address` for the answer of one QMP command. */
async function ask(address: SocketAddress, command: string): Promise<unknown> {
  const socket = connect(
    address.kind === 'tcp' ? { host: address.host, port: address.port } : { path: address.path },
  );
  sockets.push(socket);
  await once(socket, 'connect');
  const lines = createInterface({ input: socket });
  const next = async () =>
    JSON.parse(((await once(lines, 'line')) as [string])[0]) as Record<string, unknown>;
  expect(await next()).toHaveProperty('QMP');
  const call = async (execute: string) => {
    socket.write(`${JSON.stringify({ execute })}\n`);
    return (await next()).return;
  };
  await call('qmp_capabilities');
  const result = await call(command);
  // A monitor serves one client at a time.
  socket.destroy();
  return result;
}
const nameAt = async (guest: FoundGuest): Promise<unknown> => {
  const [address] = guest.monitors;
  if (!address) throw new Error(`${guest.name} has no monitor: ${guest.problem?.detail ?? ''}`);
  return vi.waitFor(() => ask(address, 'query-name'), PATIENCE);
};

describe('real QEMU processes', () => {
  it.each([
    ['a unix socket', ['-qmp', 'unix:FOLDER/a,,b.qmp,server=on,wait=off']],
    ['a relative unix socket', ['--qmp', 'unix:rel.qmp,server,nowait']],
    [
      'a chardev on TCP',
      ['-chardev', 'socket,id=m,host=::1,port=PORT,server=on,wait=off', '-mon', 'm,mode=control'],
    ],
    ['all addresses', ['-qmp', 'tcp::PORT,server=on,wait=off']],
    ['a port that the system chooses', ['-qmp', 'tcp:127.0.0.1:0,server=on,wait=off']],
    ['a range of ports', ['-qmp', 'tcp:127.0.0.1:PORT,to=65535,server=on,wait=off']],
    ['an abstract socket', ['-qmp', 'unix:reveille-test,abstract=on,tight=off,server=on,wait=off']],
  ])('are reached by %s', async (_, args) => {
    const port = await freePort();
    const here = args.map((arg) => arg.replace('FOLDER', folder).replace('PORT', String(port)));
    const pid = start([...BARE, '-name', 'guest=lab one', ...here]);
    const guest = await vi.waitFor(async () => {
      const found = await find(pid);
      expect(found.monitors).toHaveLength(1);
      return found;
    }, PATIENCE);
    expect(guest).toMatchObject({ name: 'lab one', machine: 'none', memoryMiB: 8, owner: 'user' });
    expect(Math.abs((guest.startedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(guest.recipe).not.toHaveProperty('notStartable');
    expect(await nameAt(guest)).toEqual({ name: 'lab one' });
  });

  it('are reached by a socket that they inherited', async () => {
    // The process that makes the socket must not live on: it would take connections too, or remove the path.
    const script = `
      const server = require('node:net').createServer().listen(process.argv[1], () => {
        const stdio = ['ignore', 'ignore', 'ignore', server._handle.fd];
        const args = JSON.parse(process.argv[2]);
        const child = require('node:child_process').spawn(${JSON.stringify(QEMU)}, args, { stdio, detached: true });
        require('node:fs').writeSync(1, String(child.pid));
        process.kill(process.pid, 'SIGKILL');
      });`;
    const args = [
      ...BARE,
      '-name',
      'heir',
      '-chardev',
      'socket,id=m,fd=3,server=on,wait=off',
      '-mon',
      'm,mode=control',
    ];
    const path = join(folder, 'inherited.qmp');
    const made = spawnSync(process.execPath, ['-e', script, path, JSON.stringify(args)], {
      encoding: 'utf8',
    });
    const pid = Number(made.stdout);
    expect(pid).toBeGreaterThan(0);
    started.push(pid);
    const guest = await find(pid);
    expect(guest.monitors).toEqual([{ kind: 'unix', path }]);
    expect(guest.recipe?.notStartable).toContain('-chardev fd=3');
    expect(await nameAt(guest)).toEqual({ name: 'heir' });
  });

  it('are found after they moved to the background, and where they came from', async () => {
    const args = [
      ...BARE,
      '-name',
      'demon',
      '-daemonize',
      '-pidfile',
      'vm.pid',
      '-qmp',
      'unix:demon.qmp,server,nowait',
    ];
    expect(
      spawnSync(QEMU, args, { cwd: folder, env: { ...process.env, PWD: folder }, stdio: 'ignore' }).status,
    ).toBe(0);
    const pid = Number(readFileSync(join(folder, 'vm.pid'), 'utf8'));
    started.push(pid);
    const guest = await find(pid);
    expect(guest.monitors).toEqual([{ kind: 'unix', path: join(folder, 'demon.qmp') }]);
    expect(guest.recipe).toMatchObject({ cwd: folder, daemonizes: true });
    expect(guest.recipe).not.toHaveProperty('notStartable');
    expect(await nameAt(guest)).toEqual({ name: 'demon' });
  });

  it('disappear when they are killed, and come back as the same guest when they are started again', async () => {
    const one = start([...BARE, '-name', 'one', '-qmp', 'unix:one.qmp,server,nowait']);
    const two = start([...BARE, '-name', 'two', '-qmp', 'unix:two.qmp,server,nowait']);
    const [first, second] = [await find(one), await find(two)];
    expect(first.key).not.toBe(second.key);
    await end(one);
    expect((await scan()).map(({ name }) => name)).toEqual(['two']);

    const { recipe } = first;
    if (!recipe?.cwd) throw new Error('no recipe');
    const again = await find(start(recipe.args, { command: recipe.executable, cwd: recipe.cwd }));
    expect(again.key).toBe(first.key);
    expect(again.recipe).toEqual(recipe);
    expect(await nameAt(again)).toEqual({ name: 'one' });
  });

  it('are told apart when a copy kept name and UUID', async () => {
    const args = [...BARE, '-name', 'web', '-uuid', '6F9619FF-8B86-D011-B42D-00CF4FC964FF'];
    const original = await find(start([...args, '-qmp', 'unix:original.qmp,server,nowait']));
    const copy = await find(start([...args, '-qmp', 'unix:copy.qmp,server,nowait']));
    expect(original.uuid).toBe('6f9619ff-8b86-d011-b42d-00cf4fc964ff');
    expect(copy.uuid).toBe(original.uuid);
    expect(copy.key).not.toBe(original.key);
    expect((await scan()).find(({ pid }) => pid === original.pid)?.key).toBe(original.key);
  });

  it('lose a socket to the one that bound the same path later', async () => {
    const args = (name: string) => [...BARE, '-name', name, '-qmp', 'unix:shared.qmp,server,nowait'];
    const first = await find(start(args('first')));
    expect(await nameAt(first)).toEqual({ name: 'first' });
    const second = await find(start(args('second')));
    const shared: SocketAddress = { kind: 'unix', path: join(folder, 'shared.qmp') };
    await vi.waitFor(
      async () => expect(await ask(shared, 'query-name')).toEqual({ name: 'second' }),
      PATIENCE,
    );
    expect(second.monitors).toHaveLength(1);
    expect((await find(first.pid)).problem?.detail).toContain(`process ${second.pid}`);
  });

  it('are listed without a monitor, and not when they only print', async () => {
    const pid = start([...BARE, '-monitor', 'unix:hmp.sock,server,nowait']);
    const printing = start(['-version']);
    expect((await find(pid)).problem?.reason).toBe('no-monitor');
    expect((await scan()).map((guest) => guest.pid)).not.toContain(printing);
  });

  it.each([
    [['-name', 'x,,y,debug-threads=on', '-m', '1.5G', '-uuid', 'AAAAAAAA-8B86-D011-B42D-00CF4FC964FF']],
    [['-name', 'guest=a', '-name', 'b', '-m', 'size=16,slots=2', '-m', 'maxmem=1G']],
    [['-name', 'a', '-name', 'debug-threads=on', '-m', '20480k']],
    [['--name', '-S', '-m', '0x10']],
  ])('say of themselves what %j is read as', async (args) => {
    const guest = await find(start([...BARE, ...args, '-qmp', 'unix:q.sock,server,nowait']));
    const [address] = guest.monitors;
    if (!address) throw new Error('no monitor');
    const { name } = (await nameAt(guest)) as { name?: string };
    const { UUID } = (await ask(address, 'query-uuid')) as { UUID: string };
    const memory = (await ask(address, 'query-memory-size-summary')) as { 'base-memory': number };
    expect(guest.name).toBe(name ?? 'q');
    expect(guest.uuid ?? '00000000-0000-0000-0000-000000000000').toBe(UUID);
    expect(guest.memoryMiB).toBe(memory['base-memory'] / 1024 / 1024);
  });
});

describe.skipIf(process.getuid?.() !== 0)('users and containers (as root)', () => {
  const NOBODY = 65_534;

  it("finds another user's guest, and does not offer to start it", async () => {
    const monitor = `tcp:127.0.0.1:${await freePort()},server,nowait`;
    const pid = start([...BARE, '-name', 'theirs', '-qmp', monitor], { uid: NOBODY, cwd: '/' });
    const guest = await find(pid);
    expect(guest.recipe?.notStartable).toMatch(/another user/);
    expect(await nameAt(guest)).toEqual({ name: 'theirs' });
  });

  it('says of a process that it may not look into what that process claims', async () => {
    const pid = start([
      ...BARE,
      '-name',
      "root's",
      '-qmp',
      `tcp:127.0.0.1:${await freePort()},server,nowait`,
    ]);
    await find(pid);
    deps = createScanDeps(systemClock, runCommand);
    process.seteuid?.(NOBODY);
    try {
      const guest = await find(pid);
      expect(guest).toMatchObject({ name: "root's", problem: { reason: 'another-user' } });
      expect(guest.recipe?.notStartable).toMatch(/another user/);
      expect(guest.monitors).toHaveLength(1);
    } finally {
      process.seteuid?.(0);
    }
  });

  it.skipIf(spawnSync('unshare', ['-m', 'true']).status !== 0)('reaches into a mount namespace', async () => {
    const script = 'mount -t tmpfs none "$1" && cd "$1" && shift && exec "$@"';
    const args = [
      '-m',
      'sh',
      '-c',
      script,
      'sh',
      folder,
      QEMU,
      ...BARE,
      '-name',
      'boxed',
      '-qmp',
      'unix:in.qmp,server,nowait',
    ];
    const guest = await find(start(args, { command: 'unshare' }));
    expect(guest.monitors).toEqual([{ kind: 'unix', path: `/proc/${guest.pid}/root${folder}/in.qmp` }]);
    expect(guest.recipe?.notStartable).toMatch(/container/);
    expect(await nameAt(guest)).toEqual({ name: 'boxed' });
  });
});
