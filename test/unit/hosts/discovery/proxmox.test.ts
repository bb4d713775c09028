import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLinuxScanMemory, scanLinux } from '../../../../main/hosts/discovery/linux';
import { isLent } from '../../../../main/hosts/discovery/ownership';
import { createRemoteScanMemory, scanRemote } from '../../../../main/hosts/ssh/discovery';
import { fakeClock } from '../../../fakes/clock';
import { localRemote } from '../ssh/local-remote';
import { IDLE, realProcesses, type RealProcesses } from '../ssh/processes';
import { procTree, type ProcTree, type RecordedProcess } from './proc-tree';

/** Proxmox VE's src/test/cfg2cmd/simple1.conf.cmd, with the name as QEMU before 11 is given it; disks left out. */
const argsOf = (name: string, vmid: number): string[] => [
  ...['-id', `${vmid}`, '-name', `${name},debug-threads=on`, '-no-shutdown'],
  ...['-chardev', `socket,id=qmp,path=/var/run/qemu-server/${vmid}.qmp,server=on,wait=off`],
  ...['-mon', 'chardev=qmp,mode=control'],
  ...['-chardev', 'socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect-ms=5000'],
  ...['-mon', 'chardev=qmp-event,mode=control', '-pidfile', `/var/run/qemu-server/${vmid}.pid`, '-daemonize'],
  ...['-smbios', 'type=1,uuid=7b10d7af-b932-4c66-b2c3-3996152ec465', '-smp', '3,sockets=1,cores=3,maxcpus=3'],
  ...['-vnc', `unix:/var/run/qemu-server/${vmid}.vnc,password=on`, '-m', '768'],
  ...['-chardev', `socket,path=/var/run/qemu-server/${vmid}.qga,server=on,wait=off,id=qga0`],
  ...['-device', 'virtio-serial,id=qga0,bus=pci.0,addr=0x8'],
  ...['-device', 'virtserialport,chardev=qga0,name=org.qemu.guest_agent.0'],
  ...['-netdev', 'type=tap,id=net0,ifname=tap100i0,script=/usr/libexec/qemu-server/pve-bridge,vhost=on'],
  ...['-machine', 'hpet=off,type=pc+pve0'],
];

let tree: ProcTree;
let bin: string;
beforeEach(() => {
  tree = procTree();
  bin = mkdtempSync(join(tmpdir(), 'pve-bin-'));
});
afterEach(() => {
  tree.dispose();
  rmSync(bin, { recursive: true });
});

const putQm = (mode = 0o755) => {
  writeFileSync(join(bin, 'qm'), '#!/bin/sh\n');
  chmodSync(join(bin, 'qm'), mode);
};
const add = (name: string, vmid: number, over: Partial<RecordedProcess> = {}) =>
  tree.add({ pid: vmid, argv: ['/usr/bin/kvm', ...argsOf(name, vmid)], cwd: '/', uid: 0, startTicks: vmid, ...over });
const scan = (uid = 0) =>
  scanLinux({ clock: fakeClock(), memory: createLinuxScanMemory(), root: tree.root, uid, path: `relative::${bin}` });

describe('a guest of Proxmox VE', () => {
  it('is told by its name and number, reached at its own sockets, and started by qm', async () => {
    putQm();
    add('web', 100);
    const [guest] = await scan();
    expect(guest).toMatchObject({
      name: 'web',
      vmid: 100,
      owner: 'proxmox',
      memoryMiB: 768,
      vcpus: 3,
      machine: 'pc+pve0',
      monitors: [{ kind: 'unix', path: '/var/run/qemu-server/100.qmp' }],
      agent: { address: { kind: 'unix', path: '/var/run/qemu-server/100.qga' }, chardev: 'qga0' },
    });
    expect(guest).not.toHaveProperty('problem');
    expect(guest?.recipe).toEqual({
      executable: join(bin, 'qm'),
      args: ['start', '100'],
      cwd: '/',
      daemonizes: true,
      startsPaused: false,
    });
  });

  it('is the same guest under another name, and another one with the same name', async () => {
    add('web', 100);
    add('web', 101);
    const [first, second] = await scan();
    expect(first?.key).not.toBe(second?.key);
    tree.remove(100);
    add('renamed', 100, { startTicks: 9000 });
    const renamed = (await scan()).find(({ vmid }) => vmid === 100);
    expect(renamed).toMatchObject({ name: 'renamed', key: first?.key });
  });

  it('is not started by what is no program, nor by another user than root, with what helps', async () => {
    add('web', 100);
    const reason = async (uid?: number) => (await scan(uid))[0]?.recipe?.notStartable;
    expect(await reason()).toBe(
      'Proxmox VE starts this guest, and its program qm is not found here. Start it with qm start 100.',
    );
    putQm(0o644);
    expect(await reason()).toContain('is not found here');
    chmodSync(join(bin, 'qm'), 0o755);
    expect(await reason(0)).toBeUndefined();
    expect(await reason(1000)).toBe(
      'Proxmox VE starts this guest, and lets root alone do that. Start it with qm start 100.',
    );
  });

  it.each([
    ['/var/run/qemu-server/100.qmp', true],
    ['/run/qemu-server/100.qga', true],
    ['/run/qemu-server/100.vnc', false],
    ['/home/me/run/qemu-server/100.qmp', false],
    ['/run/qemu-server/web.qmp', false],
  ])('needs the socket %s free: %s', (path, expected) => {
    expect(isLent({ kind: 'unix', path })).toBe(expected);
  });

  it('does not need a monitor free that its user added', () => {
    expect(isLent({ kind: 'tcp', host: '127.0.0.1', port: 4444 })).toBe(false);
  });
});

describe('a guest of Proxmox VE on another host', () => {
  let real: RealProcesses;
  beforeEach(() => {
    real = realProcesses();
  });
  afterEach(() => real.dispose());

  it('is started by the qm that is there', async () => {
    const pid = await real.start(real.program(), [...IDLE, ...argsOf('web', 100).filter((arg) => arg !== '-daemonize')]);
    const recipe = async () => {
      const remote = localRemote({ env: { PATH: `${bin}:/usr/bin:/bin` } });
      const { guests } = await scanRemote({ remote, memory: createRemoteScanMemory(), clock: fakeClock() });
      return guests.find((guest) => guest.pid === pid)?.recipe;
    };
    expect((await recipe())?.notStartable).toContain('is not found here');
    putQm();
    expect(await recipe()).toEqual({
      executable: join(bin, 'qm'),
      args: ['start', '100'],
      cwd: '/',
      daemonizes: true,
      startsPaused: false,
    });
  });
});
