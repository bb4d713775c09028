import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app';
import { controlOf, placeOf } from '../support/libvirt-app';
import { defineGuest, libvirtGuestsCanRun, type LibvirtGuest } from '../support/libvirt-guest';
import { startLibvirtd, type TestLibvirtd } from '../support/libvirtd';
import { isMissing } from '../support/requires';
import type { ActionName, PowerStateName } from '../../preload/contract/vocabulary';

const NAME = 'virt-nas';

describe.skipIf(isMissing('libvirt', libvirtGuestsCanRun()))('a real guest of a real libvirtd', () => {
  let libvirtd: TestLibvirtd;
  let guest: LibvirtGuest;
  let app: TestApp;
  let it: ReturnType<typeof controlOf>;

  beforeAll(async () => {
    libvirtd = await startLibvirtd();
    guest = await defineGuest(libvirtd, { name: NAME, screen: true });
    app = await startTestApp({ finds: ({ owner }) => owner === 'libvirt', libvirtPlaces: [placeOf(libvirtd)] });
    it = controlOf(app, NAME);
  });

  afterAll(async () => {
    await app?.stop();
    await libvirtd?.stop();
  });

  test('is listed once, off, with what its definition says', async () => {
    expect(await it.until('off')).toMatchObject({ manager: 'libvirt', memoryMiB: 192, vcpus: 1, start: null, removable: false });
    expect(Object.values(app.view.guests)).toHaveLength(1);
  });

  /** What the app does, what it shows then, and what `virsh domstate --reason` says of it. */
  const steps: readonly [ActionName, PowerStateName, RegExp][] = [
    ['start', 'running', /^running \(booted\)$/],
    ['suspend', 'suspended', /^pmsuspended/],
    ['wakeup', 'running', /^running \(event wakeup\)$/],
    ['suspend', 'suspended', /^pmsuspended/],
    ['wakeup', 'running', /^running \(event wakeup\)$/],
    ['suspend', 'suspended', /^pmsuspended/],
    ['wakeup', 'running', /^running \(event wakeup\)$/],
    ['pause', 'paused', /^paused \(user\)$/],
    ['resume', 'running', /^running \(unpaused\)$/],
    ['hybrid', 'suspended', /^pmsuspended/],
    ['wakeup', 'running', /^running \(event wakeup\)$/],
    ['hibernate', 'hibernated', /^shut off \(shutdown\)$/],
    ['start', 'running', /^running \(booted\)$/],
    ['save', 'saved', /^shut off \(saved\)$/],
    ['start', 'running', /^running \(restored\)$/],
    ['reboot', 'running', /^running/],
    ['reset', 'running', /^running/],
    ['save', 'saved', /^shut off \(saved\)$/],
    ['discard', 'off', /^shut off \(saved\)$/],
    ['start', 'running', /^running \(booted\)$/],
    ['shutdown', 'off', /^shut off \(shutdown\)$/],
    ['start', 'running', /^running \(booted\)$/],
    ['poweroff', 'off', /^shut off \(destroyed\)$/],
  ];

  test.each(steps.map((step, at) => [at + 1, ...step] as const))('step %i: %s, then %s', async (_, action, state, virsh) => {
    const keeps = state === 'hibernated' || state === 'saved';
    if (keeps) await guest.exec('echo far-away > /run/kept');
    const { state: before } = it.view();
    await it.set(action);
    const shown = await it.until(state);
    expect(await guest.state()).toMatch(virsh);
    expect(shown.state.source).toBe(action === 'discard' ? 'query' : 'event');
    if (state === 'suspended') expect(shown.actions.save).toMatchObject({ available: false, reason: expect.stringContaining('Wake no longer helps') });
    if (state === 'running') await it.answering();
    if (action === 'start' && (before.name === 'hibernated' || before.name === 'saved'))
      expect(await guest.exec('cat /run/kept')).toBe('far-away');
    expect(app.view.notices).toEqual({});
  });

  test('sleeps for 5 s and wakes by itself', async () => {
    await it.set('start');
    await it.answering();
    await it.set('suspend', { for: '5 s', alarm: 'app' });
    await it.until('suspended');
    expect(await it.until('running')).toMatchObject({ alarm: null, state: { cause: 'timer', source: 'event' } });
    await it.answering();
  });

  test('hibernates for 8 s, and its alarm starts it with its memory', async () => {
    await guest.exec('echo kept > /run/kept');
    await it.set('hibernate', { for: '8 s', alarm: 'app' });
    await it.until('hibernated');
    expect(await it.until('running')).toMatchObject({ alarm: null, state: { cause: 'timer' } });
    await it.answering();
    expect(await guest.exec('cat /run/kept')).toBe('kept');
  });

  test('tells its facts, its load, and shows its screen', async () => {
    const guestId = it.view().id;
    const facts = await app.call('guestFacts', { guestId });
    expect(facts.qemuVersion).toEqual({ value: expect.stringMatching(/^QEMU \d+\.\d+.*, libvirt \d+/) });
    expect(facts.uptimeSeconds).toEqual({ value: expect.any(Number) });
    await app.call('guestStats', { guestId });
    await guest.exec('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done');
    const stats = await app.call('guestStats', { guestId });
    expect(stats.cpuPercent).toEqual({ value: expect.any(Number) });
    expect('value' in stats.cpuPercent && stats.cpuPercent.value > 0).toBe(true);
    expect(stats.memoryMiB).toEqual({ value: 192 });
    expect(stats.netSent).toEqual({ missing: 'It has none.' });
    const screen = await app.call('guestScreen', { guestId });
    expect(screen).toMatchObject({ mime: expect.stringMatching(/^image\//) });
    if (!('data' in screen)) throw new Error('There is no picture');
    expect(Buffer.from(screen.data, 'base64').subarray(0, 4).toString('latin1')).toMatch(/^(P6|\x89PNG)/);
  });

  test('what virsh does from outside shows at once, by events', async () => {
    for (let round = 0; round < 10; round++) {
      for (const [command, state] of [['suspend', 'paused'], ['resume', 'running']] as const) {
        await libvirtd.virsh(command, NAME);
        expect((await it.until(state)).state).toMatchObject({ source: 'event' });
      }
    }
    await it.answering();
    await libvirtd.virsh('dompmsuspend', NAME, 'mem');
    expect((await it.until('suspended')).state).toMatchObject({ source: 'event' });
    await libvirtd.virsh('dompmwakeup', NAME);
    expect((await it.until('running')).state).toMatchObject({ source: 'event' });
    await libvirtd.virsh('destroy', NAME);
    expect((await it.until('off')).state).toMatchObject({ source: 'event', cause: 'host' });
  });
});
