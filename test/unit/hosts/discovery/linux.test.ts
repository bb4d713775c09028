import type * as nodeFs from 'node:fs';
import type * as nodeFsPromises from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createLinuxScanMemory,
  scanLinux,
  type LinuxScanMemory,
} from '../../../../main/hosts/discovery/linux';
import { fakeClock } from '../../../fakes/clock';
import { BOOT_SECONDS, procTree, type ProcTree, type RecordedProcess } from './proc-tree';

/**
 * Paths that answer as the kernel does for another user's process; root, which runs tests, may read
 * everything.
 */
const denied = vi.hoisted(() => new Set<string>());
/** Paths whose reading never ends. */
const stuck = vi.hoisted(() => new Set<string>());
/** Asynchronously opened files. */
const opened = vi.hoisted((): string[] => []);

const refuse = (path: unknown) => {
  if (denied.has(String(path))) throw Object.assign(new Error(`EACCES: ${String(path)}`), { code: 'EACCES' });
};
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof nodeFs>();
  const readlinkSync = (path: string) => {
    refuse(path);
    return fs.readlinkSync(path);
  };
  return { ...fs, readlinkSync };
});
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof nodeFsPromises>();
  const open = async (path: string, flags: string) => {
    opened.push(path);
    refuse(path);
    if (stuck.has(path)) return new Promise<never>(() => {});
    return fs.open(path, flags);
  };
  return { ...fs, open };
});

let tree: ProcTree;
let memory: LinuxScanMemory;
let clock: ReturnType<typeof fakeClock>;
const scan = () =>
  scanLinux({
    clock,
    memory,
    root: tree.root,
    uid: 1000,
    localHosts: () => new Set(['192.168.1.5', 'homelab']),
  });
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
  clock = fakeClock();
});
afterEach(() => {
  tree.dispose();
  denied.clear();
  stuck.clear();
  opened.length = 0;
});

describe('which processes are guests', () => {
  it('goes by the program file, not by names', async () => {
    tree.add({
      pid: 1,
      comm: 'systemd',
      exe: '/usr/lib/systemd/systemd',
      argv: ['/sbin/init'],
      startTicks: 1,
    });
    tree.add({ pid: 2, comm: 'kthreadd', exe: null, argv: [] });
    tree.add({ pid: 30, comm: 'kvm-nx-lpage-re', exe: null, argv: [] });
    tree.add({
      pid: 40,
      comm: 'qemu-system-x86',
      exe: '/usr/bin/python3.11',
      argv: ['qemu-system-x86_64', ...SOCKET],
    });
    tree.add({ pid: 41, comm: 'qemu-nbd', exe: '/usr/bin/qemu-nbd', argv: ['qemu-nbd', '-c', '/dev/nbd0'] });
    tree.add({ pid: 42, comm: 'qemu-storage-d', exe: '/usr/bin/qemu-storage-daemon' });
    tree.add({ pid: 43, comm: 'qemu-system-x86', state: 'Z', exe: null, argv: [] });
    tree.add({ pid: 50, comm: 'renamed', exe: '/usr/bin/qemu-system-aarch64' });
    tree.add({ pid: 51, comm: 'kvm', exe: '/usr/bin/kvm' });
    tree.add({ pid: 52, comm: 'qemu-kvm', exe: '/usr/libexec/qemu-kvm (deleted)' });
    tree.add({ pid: 53, comm: '.qemu-system-x8', exe: '/nix/store/x-qemu/bin/.qemu-system-x86_64-wrapped' });
    expect((await scan()).map(({ pid }) => pid).sort()).toEqual([50, 51, 52, 53]);
  });

  it('leaves out what runs no guest', async () => {
    add('-version').as({ pid: 10 });
    add('-M', 'help', '--help').as({ pid: 11 });
    const probe =
      '-S -M none -qmp unix:/var/lib/libvirt/qemu/qmp-Xa1b2c/qmp.monitor,server=on,wait=off -daemonize';
    add(...probe.split(' ')).as({ pid: 12 });
    expect(await scan()).toEqual([]);
  });

  it('counts a forked QEMU once', async () => {
    const daemon = ['-name', 'd', '-daemonize', ...SOCKET];
    add(...daemon).as({ pid: 10, cwd: '/' });
    add(...daemon).as({ pid: 11, parent: 10, cwd: '/' });
    add('-name', 'f').as({ pid: 20 });
    add('-name', 'f').as({ pid: 21, parent: 20, comm: 'qemu-system-x86' });
    add('-name', 't', '-daemonize').as({ pid: 30, cwd: '/' });
    add('-name', 't', '-daemonize').as({ pid: 31, parent: 30, comm: 'cleanup/30', cwd: '/' });
    expect((await scan()).map(({ pid }) => pid).sort()).toEqual([11, 20, 30]);
  });

  it('finds a script that becomes a QEMU of the same name', async () => {
    tree.add({
      pid: 10,
      comm: 'qemu-system-x86',
      exe: '/usr/bin/bash',
      argv: ['bash', 'qemu-system-x86_64'],
    });
    tree.add({ pid: 11, comm: 'start-vm', exe: '/usr/bin/bash', argv: ['bash', 'start-vm'] });
    expect(await scan()).toEqual([]);
    tree.remove(10);
    tree.remove(11);
    add('-name', 'a').as({ pid: 10 });
    add('-name', 'b').as({ pid: 11 });
    expect((await scan()).map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });
});

describe('what a guest is', () => {
  it('tells everything that its process says', async () => {
    const args = [
      ...[
        '-name',
        'guest=web,debug-threads=on',
        '-uuid',
        '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
        '-m',
        '2G',
        '-smp',
        '2',
      ],
      ...['-M', 'pc', '-qmp', 'tcp::4444,server', ...SOCKET, '-drive', 'file=disk.qcow2'],
      ...['-chardev', 'socket,id=qga0,path=qga.sock,server=on,wait=off', '-device', 'virtio-serial'],
      ...['-device', 'virtserialport,chardev=qga0,name=org.qemu.guest_agent.0'],
    ];
    add(...args).as({ startTicks: 12_345 });
    expect(await only()).toEqual({
      key: expect.stringMatching(/^qemu-[0-9a-f]{32}$/) as string,
      pid: 100,
      startedAt: BOOT_SECONDS * 1000 + 123_450,
      name: 'web',
      uuid: '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
      memoryMiB: 2048,
      vcpus: 2,
      machine: 'pc',
      monitors: [
        { kind: 'unix', path: '/run/a.qmp' },
        { kind: 'tcp', host: '127.0.0.1', port: 4444 },
      ],
      agent: { address: { kind: 'unix', path: '/home/me/vm/qga.sock' }, chardev: 'qga0' },
      owner: 'user',
      recipe: {
        executable: '/usr/bin/qemu-system-x86_64',
        args,
        cwd: '/home/me/vm',
        daemonizes: false,
        startsPaused: false,
      },
    });
  });

  it.each([
    [['-hda', '/vm/debian 12.qcow2', ...SOCKET], 'debian 12'],
    [['-drive', 'file=nbd:h:1', '-qmp', 'unix:/run/vms/lab.qmp,server'], 'lab'],
    [['-M', 'none'], 'qemu-system-x86_64 (process 100)'],
    [['-name', '😀'.repeat(500)], '😀'.repeat(200)],
  ])('names it after %j', async (args, name) => {
    add(...args).as();
    expect((await only())?.name).toBe(name);
  });

  it('starts an upgraded QEMU by the path it had, in the folder it had', async () => {
    add(...SOCKET).as({ exe: '/usr/bin/qemu-system-x86_64 (deleted)' });
    expect((await only())?.recipe).toMatchObject({
      executable: '/usr/bin/qemu-system-x86_64',
      cwd: '/home/me/vm',
    });
    tree.remove(100);
    add(...SOCKET).as({ startTicks: 6000, cwd: '/home/me/gone (deleted)' });
    expect((await only())?.recipe).toMatchObject({
      cwd: null,
      notStartable: expect.stringMatching(/deleted/) as string,
    });
  });

  it('does not promise to repeat what is not text, or not this user', async () => {
    const cmdline = Buffer.from('qemu\0-name\0caf\xe9\0', 'latin1');
    tree.add({ pid: 100, cmdline });
    expect((await only())?.recipe?.notStartable).toMatch(/UTF-8/);
    tree.remove(100);
    add(...SOCKET).as({ startTicks: 6000, uid: 107 });
    expect((await only())?.recipe?.notStartable).toMatch(/another user/);
  });

  it.each([
    [[], 'no-monitor', /no QMP monitor.*-qmp unix:/],
    [['-monitor', 'stdio'], 'no-monitor', /for people only/],
    [['-readconfig', '/vm.cfg'], 'no-monitor', /-readconfig/],
    [['-qmp', 'unix:/a'], 'monitor-unreachable', /connects out/],
    [['-qmp', 'tcp:203.0.113.9:4444,server'], 'monitor-unreachable', /not this computer's/],
    [['-qmp', 'unix:name,abstract=on,server'], 'monitor-unreachable', /tight=off/],
    [['-qmp', 'pipe:/a'], 'monitor-unreachable', /FIFO/],
  ])('says why %j cannot be managed', async (args, reason, detail) => {
    add(...args).as();
    expect(await only()).toMatchObject({
      monitors: [],
      problem: { reason, detail: expect.stringMatching(detail) as string },
    });
  });

  it('connects to addresses of this computer only', async () => {
    add(
      '-qmp',
      'tcp:192.168.1.5:1,server',
      '-qmp',
      'tcp:HomeLab:2,server',
      '-qmp',
      'tcp:example.org:3,server',
    ).as();
    const guest = await only();
    expect(guest?.monitors).toEqual([
      { kind: 'tcp', host: '192.168.1.5', port: 1 },
      { kind: 'tcp', host: 'HomeLab', port: 2 },
    ]);
    expect(guest).not.toHaveProperty('problem');
  });

  it.each([
    ['libvirt', '-chardev socket,id=charmonitor,fd=22,server=on -mon chardev=charmonitor,mode=control'],
    ['libvirt', '-qmp unix:/run/user/1000/libvirt/qemu/run/x.sock,server'],
    ['libvirt', '-object {"qom-type":"secret","id":"masterKey0","file":"/k"} -M none'],
    [
      'proxmox',
      '-id 100 -chardev socket,id=qmp,path=/run/qemu-server/100.qmp,server=on -mon chardev=qmp,mode=control',
    ],
    ['user', '-qmp unix:/home/me/libvirt/qmp.sock,server -object secret,id=key0'],
  ])('sees that %s owns %s', async (owner, text) => {
    add(...text.split(' ')).as();
    expect((await only())?.owner).toBe(owner);
  });
});

describe('a process that changed its user by itself', () => {
  it.each([
    ['-runas', 'nobody'],
    ['-run-with', 'user=nobody'],
    ['-chroot', '/var/empty'],
  ])('is started again by root alone (%s %s)', async (...option) => {
    add('-name', 'jailed', ...option, ...SOCKET).as({ uid: 65_534 });
    const recipe = async (uid: number) =>
      (await scanLinux({ clock, memory: createLinuxScanMemory(), root: tree.root, uid }))[0]?.recipe;
    expect(await recipe(0)).not.toHaveProperty('notStartable');
    // Also for the user that it became, who may not do what root did for it.
    for (const uid of [1000, 65_534]) expect((await recipe(uid))?.notStartable).toMatch(/started as root/);
  });
});

describe("another user's process", () => {
  it('is listed by what it says, and says so', async () => {
    add('-name', 'theirs', ...SOCKET).as({ cwd: null });
    denied.add(`${tree.root}/100/exe`);
    expect(await only()).toMatchObject({
      name: 'theirs',
      monitors: [{ kind: 'unix', path: '/run/a.qmp' }],
      problem: { reason: 'another-user', detail: expect.stringMatching(/another user/) as string },
      recipe: { cwd: null, notStartable: expect.stringMatching(/another user/) as string },
    });
  });

  it('is no QEMU when nothing says so', async () => {
    tree.add({ pid: 5, comm: 'sshd', argv: ['sshd: qemu-system-x86_64 [priv]'], cwd: null });
    tree.add({ pid: 6, comm: 'kworker', argv: [], cwd: null });
    tree.add({ pid: 7, comm: 'secret' });
    denied
      .add(`${tree.root}/5/exe`)
      .add(`${tree.root}/6/exe`)
      .add(`${tree.root}/7/exe`)
      .add(`${tree.root}/7/cmdline`);
    expect(await scan()).toEqual([]);
  });

  it('is listed without facts when only its program may be seen', async () => {
    add(...SOCKET).as();
    denied.add(`${tree.root}/100/cmdline`);
    expect(await only()).toMatchObject({
      name: 'qemu-system-x86_64 (process 100)',
      monitors: [],
      recipe: null,
      problem: { reason: 'command-line-unreadable' },
    });
  });
});

describe('scanning again', () => {
  it('reads the command line of a living process once', async () => {
    for (let pid = 10; pid < 20; pid += 1) add('-name', `g${pid}`).as({ pid });
    tree.add({ pid: 5, comm: 'sshd', exe: '/usr/sbin/sshd' });
    const first = await scan();
    expect(opened.filter((path) => path.endsWith('/cmdline'))).toHaveLength(10);
    opened.length = 0;
    expect(await scan()).toEqual(first);
    expect(opened).toEqual([]);
  });

  it('notices what comes and goes, and a pid that is used again', async () => {
    add('-name', 'a').as({ pid: 10 });
    add('-name', 'b').as({ pid: 11 });
    await scan();
    tree.remove(10);
    tree.remove(11);
    add('-name', 'c').as({ pid: 11, startTicks: 9000 });
    add('-name', 'd').as({ pid: 12, startTicks: 9001 });
    expect((await scan()).map(({ name }) => name).sort()).toEqual(['c', 'd']);
    expect([...memory.looked.keys()].sort()).toEqual([11, 12]);
  });

  it('keeps the key of a guest that is started again', async () => {
    add('-name', 'a', ...SOCKET).as({ pid: 10 });
    const before = await only();
    tree.remove(10);
    expect(await scan()).toEqual([]);
    add('-name', 'a', ...SOCKET).as({ pid: 77, startTicks: 9000 });
    expect((await only())?.key).toBe(before?.key);
  });

  it('waits for a process that is just being started', async () => {
    tree.add({ pid: 10, cmdline: Buffer.alloc(0) });
    expect(await scan()).toEqual([]);
    tree.remove(10);
    add('-name', 'a').as({ pid: 10 });
    expect((await only())?.name).toBe('a');
  });

  it('does not wait for a process that cannot be read', async () => {
    for (let pid = 10; pid < 60; pid += 1) add('-name', `g${pid}`).as({ pid });
    stuck.add(`${tree.root}/30/cmdline`);
    const scanning = scan();
    await vi.waitFor(() => expect(opened.filter((path) => path.endsWith('/cmdline'))).toHaveLength(50));
    await vi.waitFor(() =>
      expect([...memory.looked.values()].filter(({ result }) => result !== null)).toHaveLength(49),
    );
    await clock.advance(1000);
    expect((await scanning).map(({ pid }) => pid)).not.toContain(30);
    expect(memory.looked.get(30)?.result).toBeNull();

    const again = scan();
    await vi.waitFor(() => expect(clock.pendingTimers()).toBe(1));
    await clock.advance(1000);
    expect(await again).toHaveLength(49);
    expect(opened.filter((path) => path.endsWith('/30/cmdline'))).toHaveLength(1);
  });

  it('fails when there is no /proc', async () => {
    await expect(scanLinux({ clock, memory, root: '/nowhere' })).rejects.toThrow(/ENOENT/);
  });
});
