import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createLinuxScanMemory,
  scanLinux,
  type LinuxScanMemory,
} from '../../../../main/hosts/discovery/linux';
import { fakeClock } from '../../../fakes/clock';
import { procTree, type ProcTree, type RecordedProcess } from './proc-tree';

let tree: ProcTree;
let memory: LinuxScanMemory;
const scan = () =>
  scanLinux({ clock: fakeClock(), memory, root: tree.root, uid: 1000, localHosts: () => new Set() });
const only = async () => {
  const guests = await scan();
  expect(guests).toHaveLength(1);
  return guests[0];
};
const add = (...args: string[]) => ({
  as: (process: Partial<RecordedProcess> = {}) =>
    tree.add({ pid: 100, argv: ['qemu-system-x86_64', ...args], ...process }),
});
const SOCKET = '-qmp unix:/run/a.qmp,server=on,wait=off'.split(' ');

beforeEach(() => {
  tree = procTree();
  memory = createLinuxScanMemory();
});
afterEach(() => tree.dispose());

describe('sockets', () => {
  const MONITOR = '-chardev socket,id=m,fd=22,server=on,wait=off -mon chardev=m,mode=control'.split(' ');
  const row = (inode: number, path: string) => `0000: 00000002 00000000 00010000 0001 01 ${inode} ${path}\n`;
  const tcpRow = (port: string, inode: number) =>
    `   0: 0100007F:${port} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1 0 100 0 0 10 0\n`;

  it('finds the path of an inherited one', async () => {
    add(...MONITOR).as({ files: { 22: 'socket:[31337]' } });
    tree.sockets(100, { unix: row(1, '/other') + row(31_337, '/run/fd.qmp') });
    const guest = await only();
    expect(guest?.monitors).toEqual([{ kind: 'unix', path: '/run/fd.qmp' }]);
    expect(guest?.recipe?.notStartable).toContain('-chardev fd=22');
  });

  it('finds the port and the abstract name of an inherited one', async () => {
    add(...MONITOR, '-qmp', 'unix:fd=23,server').as({ files: { 22: 'socket:[7]', 23: 'socket:[8]' } });
    tree.sockets(100, { tcp: tcpRow('115C', 7), unix: row(8, '@hidden'.padEnd(108, '@')) });
    expect((await only())?.monitors).toEqual([
      { kind: 'unix', path: '\0hidden'.padEnd(108, '\0') },
      { kind: 'tcp', host: '127.0.0.1', port: 4444 },
    ]);
  });

  it('looks again at one that does not listen yet', async () => {
    add(...MONITOR).as({ files: { 22: 'socket:[31337]' } });
    expect((await only())?.problem?.reason).toBe('monitor-unreachable');
    tree.sockets(100, { unix: row(31_337, '/run/fd.qmp') });
    expect((await only())?.monitors).toEqual([{ kind: 'unix', path: '/run/fd.qmp' }]);
  });

  it('finds which port of a range was taken, by the process that holds it', async () => {
    const files = { 5: 'socket:[7]', 6: 'socket:[9]', 7: '/vm/disk.qcow2' };
    add('-qmp', 'tcp:127.0.0.1:4444,to=4450,server').as({ files });
    tree.sockets(100, { tcp: tcpRow('115C', 3) + tcpRow('115D', 7) + tcpRow('170C', 9) });
    expect((await only())?.monitors).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 4445 }]);
    tree.remove(100);
    add('-qmp', 'tcp:127.0.0.1:0,server').as({ files, startTicks: 6000 });
    tree.sockets(100, { tcp: tcpRow('115D', 7) + tcpRow('170C', 9) });
    expect((await only())?.problem?.detail).toMatch(/several ports/);
  });

  it('gives a socket with the same path to the QEMU that bound it last', async () => {
    add('-name', 'old', ...SOCKET, '-qmp', 'tcp:127.0.0.1:1,server').as({ pid: 10, startTicks: 50 });
    add('-name', 'older', ...SOCKET).as({ pid: 11, startTicks: 40 });
    add('-name', 'new', ...SOCKET).as({ pid: 12, startTicks: 60 });
    const byName = new Map((await scan()).map((guest) => [guest.name, guest]));
    expect(byName.get('new')?.monitors).toEqual([{ kind: 'unix', path: '/run/a.qmp' }]);
    expect(byName.get('old')?.monitors).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 1 }]);
    expect(byName.get('older')).toMatchObject({
      monitors: [],
      problem: { reason: 'monitor-unreachable', detail: expect.stringContaining('process 12') as string },
    });
  });

  it('reaches into another mount namespace, following its links there', async () => {
    const inside = mkdtempSync(join(tmpdir(), 'inside-'));
    try {
      mkdirSync(join(inside, 'srv/deep'), { recursive: true });
      mkdirSync(join(inside, 'var'));
      symlinkSync('/run', join(inside, 'var/run'));
      symlinkSync('../srv/deep/.', join(inside, 'var/link'));
      add(
        '-qmp',
        'unix:/var/run/a.qmp,server',
        '-qmp',
        'unix:/var/link/b.qmp,server',
        '-qmp',
        'tcp::1,server',
      ).as({
        mounts: 'mnt:[4026532999]',
        network: 'net:[4026532998]',
        root: inside,
      });
      const guest = await only();
      expect(guest?.monitors).toEqual([
        { kind: 'unix', path: `${tree.root}/100/root/run/a.qmp` },
        { kind: 'unix', path: `${tree.root}/100/root/srv/deep/b.qmp` },
      ]);
      expect(guest?.recipe?.notStartable).toMatch(/container/);
      expect(guest?.problem).toBeUndefined();
    } finally {
      rmSync(inside, { recursive: true });
    }
  });

  it('does not take a port of another network for one of ours', async () => {
    add('-qmp', 'tcp:127.0.0.1:4444,server').as({ network: 'net:[4026532998]' });
    expect((await only())?.problem?.detail).toMatch(/network namespace/);
  });
});

describe('a QEMU that moved to the background', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'vm-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const relative = ['-daemonize', '-hda', 'disk.qcow2', '-qmp', 'unix:qmp.sock,server'];

  it('is started again where its shell stood, when an open file proves it', async () => {
    writeFileSync(join(folder, 'disk.qcow2'), '');
    add(...relative).as({
      cwd: '/',
      environment: [`PWD=${folder}`],
      files: { 5: 'anon_inode:[signalfd]', 9: join(folder, 'disk.qcow2') },
    });
    const guest = await only();
    expect(guest?.recipe).toMatchObject({ cwd: folder, daemonizes: true });
    expect(guest?.recipe).not.toHaveProperty('notStartable');
    expect(guest?.monitors).toEqual([{ kind: 'unix', path: join(folder, 'qmp.sock') }]);
  });

  it('or when its socket is there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'qmp.sock'), resolve));
    add(...relative).as({ cwd: '/', environment: [`PWD=${folder}`] });
    expect((await only())?.recipe?.cwd).toBe(folder);
    await new Promise((resolve) => server.close(resolve));
  });

  it('and not on the word of PWD alone', async () => {
    writeFileSync(join(folder, 'disk.qcow2'), 'a disk of the same name that it did not open');
    const files = { 5: 'anon_inode:[signalfd]', 9: '/elsewhere/disk.qcow2' };
    add(...relative).as({ cwd: '/', environment: [`PWD=${folder}`], files });
    const guest = await only();
    expect(guest?.recipe).toMatchObject({
      cwd: null,
      notStartable: expect.stringMatching(/-daemonize/) as string,
    });
    expect(guest?.problem?.detail).toMatch(/folder that is not known/);
  });

  it.each([
    ['-chroot', ''],
    ['-run-with', 'async-teardown=on,chroot='],
  ])('so is one that %s moves', async (option, before) => {
    writeFileSync(join(folder, 'disk.qcow2'), '');
    add(option, `${before}${join(folder, 'jail')}`, ...relative.slice(1)).as({
      cwd: join(folder, 'jail'),
      root: join(folder, 'jail'),
      environment: [`PWD=${folder}`],
      files: { 9: join(folder, 'disk.qcow2') },
    });
    const guest = await only();
    expect(guest?.monitors).toEqual([{ kind: 'unix', path: join(folder, 'qmp.sock') }]);
    expect(guest?.recipe).toMatchObject({ cwd: folder });
  });

  it('is no guest while it only waits for the one that it becomes', async () => {
    const args = ['-daemonize', '-name', 'web', ...SOCKET];
    // As QEMU 7.2 has them while it allocates memory; the second has left its first parent.
    const waiting = { 0: '/dev/null', 3: 'anon_inode:[eventfd]', 4: 'anon_inode:[io_uring]', 5: 'pipe:[77]' };
    const last = { ...waiting, 6: 'anon_inode:[signalfd]', 7: 'socket:[78]' };
    add(...args).as({ pid: 100, cwd: '/', files: waiting, startTicks: 5000 });
    expect(await scan()).toEqual([]);
    add(...args).as({ pid: 101, cwd: '/', files: last, startTicks: 5001, parent: 1 });
    const [guest, ...others] = await scan();
    expect(others).toEqual([]);
    expect(guest?.pid).toBe(101);
    tree.remove(100);
    tree.remove(101);
    add(...args).as({ pid: 102, cwd: '/', files: last, startTicks: 9000 });
    expect((await only())?.key).toBe(guest?.key);
  });

  it('needs no folder when it names none', async () => {
    add('-daemonize', '-hda', '/vm/disk.qcow2', ...SOCKET).as({ cwd: '/' });
    expect((await only())?.recipe).toEqual(expect.objectContaining({ cwd: '/' }));
  });
});
