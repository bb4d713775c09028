import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../guest/deadline';
import { startTestApp, type TestApp } from '../support/app';
import { controlOf, placeOf } from '../support/libvirt-app';
import { domainXml } from '../support/libvirt-domain';
import { defineGuest, libvirtGuestsCanRun, type LibvirtGuest } from '../support/libvirt-guest';
import { startLibvirtd, type TestLibvirtd } from '../support/libvirtd';
import { isMissing } from '../support/requires';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const skip = isMissing('libvirt', libvirtGuestsCanRun());

describe.skipIf(skip)('a libvirtd that dies', () => {
  const NAME = 'virt-one';
  let libvirtd: TestLibvirtd;
  let guest: LibvirtGuest;
  let dataDir: string;
  let app: TestApp;
  const begin = () =>
    startTestApp({ dataDir, finds: ({ owner }) => owner === 'libvirt', libvirtPlaces: [placeOf(libvirtd)] });

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'libvirt-faults-'));
    libvirtd = await startLibvirtd();
    guest = await defineGuest(libvirtd, { name: NAME });
    await guest.start();
    app = await begin();
    await controlOf(app, NAME).answering();
  });

  afterAll(async () => {
    await app?.stop();
    await libvirtd?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('while a guest sleeps: its state is unknown meanwhile, the list heals, and the alarm is kept', async () => {
    const it = controlOf(app, NAME);
    await it.set('suspend', { for: '6 s', alarm: 'app' });
    await it.until('suspended');
    await libvirtd.kill();
    const unseen = await app.untilGuest(NAME, ({ state }) => state.name === 'unknown');
    expect(unseen.actions.wakeup).toMatchObject({ available: false, reason: expect.stringContaining('libvirt') });
    expect(unseen.alarm).not.toBeNull();
    const remarks = await app.until('remarks', ({ hosts }) => (hosts.local?.remarks.length ?? 0) > 0 && hosts.local?.remarks);
    expect(remarks).toEqual([{ text: expect.stringContaining('libvirt'), remedy: expect.stringMatching(/./s) }]);
    await app.untilGuest(NAME, ({ alarm }) => alarm?.phase === 'retrying', 20_000);
    await libvirtd.restart();
    const awake = await it.until('running');
    expect(awake).toMatchObject({ alarm: null, state: { cause: 'timer' } });
    await app.until('no remarks', ({ hosts }) => hosts.local?.remarks.length === 0);
    await it.answering();
    expect(await guest.state()).toMatch(/^running/);
  });

  test('before the app starts: the guest is on the list, and its alarm waits for it', async () => {
    const it = controlOf(app, NAME);
    await it.set('suspend', { for: '4 s', alarm: 'app' });
    await it.until('suspended');
    await libvirtd.kill();
    await app.stop();
    app = await begin();
    const unseen = await app.untilGuest(NAME, ({ alarm }) => alarm?.phase === 'retrying', 20_000);
    expect(unseen).toMatchObject({ state: { name: 'unknown' }, manager: 'libvirt' });
    await libvirtd.restart();
    const again = controlOf(app, NAME);
    expect((await again.until('running')).alarm).toBeNull();
    await again.answering();
  });

  /** Falls asleep without the agent, and says on its console when it is back. */
  const sleepByItself = (seconds: { after: number; alarm?: number }) => {
    const alarm = seconds.alarm ? `echo 0 > $alarm; echo +${seconds.alarm} > $alarm; ` : '';
    const script = `alarm=/sys/class/rtc/rtc0/wakealarm; sleep ${seconds.after}; ${alarm}echo mem > /sys/power/state; echo came-back > /dev/ttyS0`;
    return guest.exec(`(${script}) > /dev/null 2>&1 &`);
  };
  const timesBack = async () => (await guest.consoleText()).split('came-back').length - 1;

  /** Resolves when the guest's vCPU does nothing: a sleeping one has stopped. */
  const untilAsleep = async () => {
    let before = '';
    await until(30_000, 'an idle QEMU', async () => {
      const stat = await readFile(`/proc/${guest.pid()}/stat`, 'latin1');
      const [utime, stime] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13);
      const now = `${utime} ${stime}`;
      const same = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return same || undefined;
    });
  };

  test('while a guest falls asleep by itself: it is shown asleep, which libvirt does not know, and is woken', async () => {
    const it = controlOf(app, NAME);
    await it.answering();
    await sleepByItself({ after: 1 });
    await libvirtd.kill();
    await untilAsleep();
    await libvirtd.restart();
    expect((await it.until('suspended')).state).toMatchObject({ source: 'query' });
    expect(await guest.state()).toMatch(/^paused/);
    await it.set('wakeup');
    await it.until('running');
    await it.answering();
    expect(await guest.state()).toMatch(/^running/);
  });

  test('while a guest wakes by itself: it is shown running, which libvirt does not know, and a pause sets that right', async () => {
    const it = controlOf(app, NAME);
    await it.answering();
    const before = await timesBack();
    await sleepByItself({ after: 1, alarm: 5 });
    await it.until('suspended');
    await libvirtd.kill();
    await until(30_000, 'the guest is back', async () => (await timesBack()) > before || undefined);
    await libvirtd.restart();
    const awake = await app.untilGuest(NAME, ({ state }) => state.name === 'running' && state.source === 'query', 60_000);
    expect(awake.state.detail).toContain('while libvirt was away');
    expect(await guest.state()).toMatch(/^pmsuspended/);
    await it.set('pause');
    await it.until('paused');
    await it.set('resume');
    await it.answering();
    expect(await guest.state()).toMatch(/^running/);
  });

  test('under a command: its outcome is looked up', async () => {
    const it = controlOf(app, NAME);
    await it.answering();
    await it.set('suspend');
    await libvirtd.kill();
    await libvirtd.restart();
    const seen = await app.untilGuest(NAME, ({ state, pending }) => pending === null && state.name !== 'unknown', 60_000);
    expect(await guest.state()).toMatch(seen.state.name === 'suspended' ? /^pmsuspended/ : /^running/);
  });
});

describe.skipIf(skip)('definitions', () => {
  let libvirtd: TestLibvirtd;
  let app: TestApp;

  beforeAll(async () => {
    libvirtd = await startLibvirtd();
    app = await startTestApp({ finds: ({ owner }) => owner === 'libvirt', libvirtPlaces: [placeOf(libvirtd)] });
  });

  afterAll(async () => {
    await app?.stop();
    await libvirtd?.stop();
  });

  test('sleep that is switched off is enabled, and a missing agent channel added; both work from the next start on', async () => {
    const NAME = 'as-virt-manager';
    const guest = await defineGuest(libvirtd, { name: NAME, pm: 'no', agentChannel: false });
    await app.untilState(NAME, 'off');
    const it = controlOf(app, NAME);
    await it.set('start');
    await it.until('running');
    const before = await libvirtd.virsh('dumpxml', '--inactive', '--security-info', NAME);
    for (const [action, fix] of [['suspend', 'enable-sleep']] as const) {
      const refused = await app.untilGuest(NAME, ({ actions }) => !actions[action].available && actions[action].fix === fix);
      const { mendingId, lines, effect } = await app.call('readMending', { guestId: refused.id, fix });
      expect(effect).toBe('next-start');
      expect(lines.flatMap((line) => (line.kind === 'added' ? [line.text.trim()] : []))).toEqual([
        "<suspend-to-mem enabled='yes'/>",
        "<suspend-to-disk enabled='yes'/>",
      ]);
      await app.call('applyMending', { mendingId });
      await app.untilGuest(NAME, ({ actions }) => !actions[action].available && actions[action].fix === undefined);
    }
    const after = await libvirtd.virsh('dumpxml', '--inactive', '--security-info', NAME);
    expect(after).toBe(before.replace(/(<suspend-to-(?:mem|disk) enabled=')no'/g, "$1yes'"));
    await it.set('poweroff');
    await it.until('off');
    await it.set('start');
    const noChannel = await app.untilGuest(NAME, ({ state, actions }) => state.name === 'running' && !actions.suspend.available && actions.suspend.fix === 'add-agent-channel');
    const { mendingId } = await app.call('readMending', { guestId: noChannel.id, fix: 'add-agent-channel' });
    await app.call('applyMending', { mendingId });
    expect(await libvirtd.virsh('dumpxml', '--inactive', NAME)).toContain('org.qemu.guest_agent.0');
    await it.set('poweroff');
    await it.until('off');
    expect(guest.uuid).toBe(await libvirtd.virsh('domuuid', NAME));
  });

  test('a change that was read is not made over another one', async () => {
    const NAME = 'changed-twice';
    await libvirtd.define(domainXml({ name: NAME, pm: 'no' }));
    const { id } = await app.untilState(NAME, 'off');
    const { mendingId } = await app.call('readMending', { guestId: id, fix: 'enable-sleep' });
    await libvirtd.virsh('setmaxmem', NAME, '65536', '--config');
    expect(await app.tryCall('applyMending', { mendingId })).toMatchObject({
      ok: false,
      refusal: { code: 'wrong-state', remedy: expect.stringContaining('again') },
    });
    expect(await libvirtd.virsh('dumpxml', '--inactive', NAME)).toContain("<suspend-to-mem enabled='no'/>");
  });

  test('domains that are defined, renamed and undefined elsewhere come, change and go', async () => {
    await libvirtd.define(domainXml({ name: 'passing', uuid: randomUUID() }));
    await app.untilState('passing', 'off');
    await libvirtd.virsh('domrename', 'passing', 'passed');
    await app.untilState('passed', 'off');
    await libvirtd.virsh('undefine', 'passed');
    await app.until('it is gone', ({ guests }) => !Object.values(guests).some(({ name }) => name === 'passed'));
  });
});

describe.skipIf(skip)('a crowded libvirtd', () => {
  test('200 domains are on the list', async () => {
    const names = Array.from({ length: 200 }, (_, at) => `crowd-${at}`);
    const libvirtd = await startLibvirtd({ domains: new Map(names.map((name) => [name, domainXml({ name })])) });
    try {
      const app = await startTestApp({ libvirtPlaces: [placeOf(libvirtd)] });
      try {
        await app.until('all are off', ({ guests }) => Object.values(guests).filter(({ state }) => state.name === 'off').length === 200);
      } finally {
        await app.stop();
      }
    } finally {
      await libvirtd.stop();
    }
  });
});

describe.skipIf(skip || isMissing('OpenSSH', sshdPresent))('libvirt on a host behind sshd', () => {
  const NAME = 'far-virt';
  let folder: string;
  let libvirtd: TestLibvirtd;
  let guest: LibvirtGuest;
  let sshd: TestSshd;
  let app: TestApp;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'libvirt-ssh-'));
    const key = makeKey(folder);
    libvirtd = await startLibvirtd();
    guest = await defineGuest(libvirtd, { name: NAME });
    sshd = await startSshd({ authorizedKeys: [key], within: (command) => libvirtd.inNamespace(command) });
    const config = path.join(folder, '.ssh', 'config');
    await mkdir(path.dirname(config));
    await writeFile(config, `Host nas\nHostName 127.0.0.1\nPort ${sshd.port}\nUser ${sshd.user}\nIdentityFile ${key.path}\nStrictHostKeyChecking accept-new\n`);
    const local = { user: 'nobody', uid: 1, home: folder, hostName: 'here', env: {} };
    app = await startTestApp({ ssh: { places: { user: config, system: null, home: folder }, local, usualAgent: () => null } });
    await app.call('addHost', { address: 'nas', name: '' });
  });

  afterAll(async () => {
    await app?.stop();
    await sshd?.stop();
    await libvirtd?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('sleeps for 5 s and wakes; hibernates and comes back; is saved', async () => {
    await app.untilState(NAME, 'off');
    const it = controlOf(app, NAME);
    await it.set('start');
    await it.answering();
    expect(Object.values(app.view.guests).filter(({ name }) => name === NAME)).toHaveLength(1);
    await it.set('suspend', { for: '5 s', alarm: 'app' });
    await it.until('suspended');
    expect(await it.until('running')).toMatchObject({ alarm: null, state: { cause: 'timer', source: 'event' } });
    await it.answering();
    await guest.exec('echo far-away > /run/kept');
    await it.set('hibernate');
    await it.until('hibernated');
    await it.set('start');
    await it.answering();
    expect(await guest.exec('cat /run/kept')).toBe('far-away');
    await it.set('save');
    await it.until('saved');
    await it.set('start');
    await it.answering();
    expect(app.view.notices).toEqual({});
  });

  test('is unknown while libvirtd is dead, as last seen while the host is, and heals from both', async () => {
    const it = controlOf(app, NAME);
    await it.set('suspend', { for: '6 s', alarm: 'app' });
    await it.until('suspended');
    await libvirtd.kill();
    await app.untilGuest(NAME, ({ state }) => state.name === 'unknown');
    await sshd.kill();
    await app.untilGuest(NAME, ({ state }) => state.asOf !== undefined);
    await libvirtd.restart();
    await sshd.restart();
    expect((await it.until('running')).alarm).toBeNull();
    await it.answering();
  });
});
