import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commandLineOf } from '../guest/processes';
import { domainXml } from '../support/libvirt-domain';
import { defineGuest, libvirtGuestsCanRun, type LibvirtGuest } from '../support/libvirt-guest';
import { libvirtdPresent, startLibvirtd, SYSTEM_SOCKET_DIR, type LibvirtdOptions, type TestLibvirtd } from '../support/libvirtd';
import { isMissing } from '../support/requires';
import { virshFor, type VirshEvents } from '../support/virsh';

const gone = (pid: number) => commandLineOf(pid) === undefined;

describe.skipIf(isMissing('libvirt', libvirtdPresent()))('a libvirtd of the tests', () => {
  const running: TestLibvirtd[] = [];
  const start = async (options?: LibvirtdOptions) => {
    const libvirtd = await startLibvirtd(options);
    running.push(libvirtd);
    return libvirtd;
  };
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
  });

  test('is private: others do not see its guests, and the usual paths are its own only in its namespace', async () => {
    const [one, other] = await Promise.all([
      start({ domains: new Map([['alpha', domainXml({ name: 'alpha' })]]) }),
      start(),
    ]);
    expect(await one.virsh('list', '--all', '--name')).toBe('alpha');
    expect(await other.virsh('list', '--all', '--name')).toBe('');
    const list = ['virsh', '-c', 'qemu:///system', '--quiet', 'list', '--all', '--name'];
    const run = ([program, ...args]: readonly string[]) => execFileSync(program!, args, { encoding: 'utf8' }).trim();
    expect(run(one.inNamespace(list))).toBe('alpha');
    expect(run([await one.wrapper('virsh'), ...list.slice(1)])).toBe('alpha');
    expect(existsSync(path.join(SYSTEM_SOCKET_DIR, 'libvirtd.pid'))).toBe(false);
  });

  test('runs as a user’s daemon, too, and under the name of a modular one', async () => {
    const session = await start({ scope: 'session' });
    expect(await session.virsh('uri')).toBe(session.uri);
    expect(session.uri).toMatch(/^qemu\+unix:\/\/\/session\?/);
    const modular = await start({ daemon: 'virtqemud' });
    expect(path.basename(modular.socket)).toBe('virtqemud-sock');
    await modular.restart();
    const { code } = await virshFor(`qemu+unix:///system?socket=${modular.readOnlySocket}`, { readOnly: true })('list');
    expect(code).toBe(0);
  });

  test('leaves nothing', async () => {
    const libvirtd = await startLibvirtd();
    await libvirtd.define(domainXml({ name: 'alpha' }));
    await libvirtd.virsh('start', 'alpha');
    const pids = [libvirtd.pid, ...libvirtd.guestProcesses()];
    expect(pids).toHaveLength(2);
    await libvirtd.stop();
    expect(pids.every(gone)).toBe(true);
    expect(existsSync(libvirtd.folder)).toBe(false);
  });

  test('says why it does not start', async () => {
    await expect(startLibvirtd({ config: ['listen_tls = "perhaps"'] })).rejects.toThrow('listen_tls');
  });
});

describe.skipIf(isMissing('libvirt', libvirtGuestsCanRun()))('a tiny guest of libvirt’s', () => {
  let libvirtd: TestLibvirtd;
  let guest: LibvirtGuest;
  let events: VirshEvents;
  let bootId: string;
  beforeAll(async () => {
    libvirtd = await startLibvirtd();
    guest = await defineGuest(libvirtd, { name: 'alpha' });
    events = await libvirtd.recordEvents();
    await guest.start();
    bootId = await guest.bootId();
    await guest.exec('echo 42 > /run/x');
  });
  beforeEach(async () => {
    if (!(await guest.state()).startsWith('running')) await guest.start();
    events.take();
  });
  afterAll(async () => {
    await events?.stop();
    await libvirtd?.stop();
  });
  const virsh = (command: string, ...more: string[]) => libvirtd.virsh(command, guest.uuid, ...more);
  const comes = (pattern: RegExp) => events.next('alpha', pattern);
  const expectKept = async () => {
    await guest.waitForAgent();
    expect(await guest.bootId()).toBe(bootId);
    expect(await guest.exec('cat /run/x')).toBe('42');
  };

  test('sleeps and wakes, three times', async () => {
    for (let cycle = 0; cycle < 3; cycle += 1) {
      events.take();
      await virsh('dompmsuspend', 'mem');
      await comes(/^lifecycle: PMSuspended Memory/);
      expect(await guest.state()).toBe('pmsuspended (unknown)');
      await virsh('dompmwakeup');
      await comes(/^lifecycle: Started Event wakeup/);
      expect(await guest.state()).toBe('running (event wakeup)');
      await guest.waitForAgent();
    }
    await expectKept();
  });

  test('survives a libvirtd that is killed while it sleeps', async () => {
    await virsh('dompmsuspend', 'hybrid');
    await comes(/^lifecycle: PMSuspended Memory/);
    const pid = guest.pid();
    await events.stop();
    await libvirtd.kill();
    expect((await libvirtd.tryVirsh('list')).code).not.toBe(0);
    await libvirtd.restart();
    events = await libvirtd.recordEvents();
    expect(guest.pid()).toBe(pid);
    expect(await guest.state()).toMatch(/^pmsuspended/);
    await virsh('dompmwakeup');
    await guest.untilState(/^running \(event wakeup\)$/);
    await expectKept();
  });

  test('hibernates, is saved, and keeps its memory either way', async () => {
    await virsh('dompmsuspend', 'disk');
    await comes(/^pm-suspend-disk/);
    await comes(/^lifecycle: Stopped Shutdown/);
    expect(await guest.state()).toMatch(/^shut off/);
    await guest.start();
    await expectKept();
    await virsh('managedsave');
    expect(await guest.state()).toBe('shut off (saved)');
    await guest.start();
    expect(await guest.state()).toBe('running (restored)');
    await expectKept();
  });

  test.each([['agent'], ['acpi']])('shuts down by its %s', async (mode) => {
    const cleanEnds = async () => (await guest.consoleText()).split('tiny-guest: clean poweroff').length - 1;
    const before = await cleanEnds();
    // The guest may be gone before its agent has answered: virsh says so then.
    const asked = await libvirtd.tryVirsh('shutdown', guest.uuid, '--mode', mode);
    expect(asked.stderr).toMatch(/^$|End of file from agent socket/);
    await comes(/^lifecycle: Stopped Shutdown/);
    expect(await guest.state()).toBe('shut off (shutdown)');
    expect(await cleanEnds()).toBe(before + 1);
    await guest.start();
    expect(await guest.bootId()).not.toBe(bootId);
  });

  test('restarts in the same process', async () => {
    const [pid, before] = [guest.pid(), await guest.bootId()];
    await virsh('reboot', '--mode', 'agent');
    await comes(/^reboot/);
    await comes(/^agent-lifecycle: state: 'connected'/);
    expect(await guest.bootId()).not.toBe(before);
    expect(guest.pid()).toBe(pid);
  });
});
