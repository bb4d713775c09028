import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';

const NAME = 'power-nas';

describe.skipIf(isMissing('QEMU', guestsCanRun()))('a real guest, slept and woken', () => {
  let guest: TinyGuest;
  let app: TestApp;

  beforeAll(async () => {
    guest = await startGuest({ name: NAME });
    await guest.waitForAgent();
    app = await startTestApp({ finds: ({ name }) => name === NAME });
    await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
  });

  afterAll(async () => {
    await app?.stop();
    await guest?.stop();
  });

  const id = () => app.guest(NAME).id;

  test('is found with what it is', () => {
    expect(app.guest(NAME)).toMatchObject({
      state: { name: 'running', source: 'query', since: null },
      memoryMiB: 192,
      actions: { suspend: { available: true }, wakeup: { available: false, reason: 'It is not sleeping: it is running.' } },
    });
  });

  test('sleeps and wakes, three times over', async () => {
    for (let round = 0; round < 3; round += 1) {
      await app.call('setPowerState', { guestId: id(), action: 'suspend' });
      const asleep = await app.untilState(NAME, 'suspended');
      expect(asleep.state).toMatchObject({ source: 'event', cause: 'user' });
      expect(asleep.actions.wakeup).toEqual({ available: true });
      await app.call('setPowerState', { guestId: id(), action: 'wakeup' });
      const awake = await app.untilState(NAME, 'running');
      expect(awake.state).toMatchObject({ source: 'event', cause: 'user' });
      expect(awake.agent.status).toBe('answering');
    }
    const history = await app.call('guestHistory', { guestId: id() });
    expect(history.filter(({ kind }) => kind === 'clock').map(({ text, failed }) => [text.slice(0, 10), failed])).toEqual(
      Array(3).fill(['Clock set:', false]),
    );
    expect(app.view.notices).toEqual({});
  });

  test('sleeps for 5 s and wakes by itself', async () => {
    const asked = Date.now();
    await app.call('setPowerState', { guestId: id(), action: 'suspend', for: '5 s', alarm: 'app' });
    const asleep = await app.untilState(NAME, 'suspended');
    expect(asleep.alarm).toMatchObject({ holder: 'app', phase: 'armed', action: 'suspend' });
    const awake = await app.untilState(NAME, 'running');
    expect(awake.state).toMatchObject({ source: 'event', cause: 'timer' });
    expect(awake.alarm).toBeNull();
    const took = (awake.state.since ?? 0) - asked;
    expect(took).toBeGreaterThanOrEqual(4990);
    expect(took).toBeLessThan(7000);
  });

  test('hibernates, and resumes with its memory when it is started', async () => {
    await guest.exec('echo kept-in-memory > /run/kept');
    const refused = await app.tryCall('setPowerState', { guestId: id(), action: 'hibernate', for: '1 h', alarm: 'app' });
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'start-not-accepted' } });
    await app.call('setPowerState', { guestId: id(), action: 'hibernate' });
    const off = await app.untilState(NAME, 'hibernated');
    expect(off.state).toMatchObject({ source: 'event', cause: 'user', detail: 'Starting it resumes it.' });
    expect(guest.isAlive()).toBe(false);
    const unread = await app.tryCall('setPowerState', { guestId: id(), action: 'start' });
    expect(unread).toMatchObject({ ok: false, refusal: { code: 'start-not-accepted' } });
    await app.call('setPowerState', { guestId: id(), action: 'start', startAccepted: true });
    await app.untilState(NAME, 'running', 60_000);
    const history = await app.call('guestHistory', { guestId: id() });
    expect(history.map(({ text }) => text)).toContain('It resumed where it was.');
    expect(await guest.exec('cat /run/kept')).toBe('kept-in-memory');
  });

  test('hibernates for a time, and its alarm starts it again', async () => {
    await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
    await guest.exec('echo again > /run/kept');
    await app.call('setPowerState', { guestId: id(), action: 'hibernate', for: '6 s', alarm: 'app' });
    await app.untilState(NAME, 'hibernated');
    const awake = await app.untilState(NAME, 'running', 60_000);
    expect(awake).toMatchObject({ alarm: null, state: { cause: 'timer' } });
    expect(await guest.exec('cat /run/kept')).toBe('again');
    expect(app.view.notices).toEqual({});
  });

  test('hybrid sleep ends in sleep, and wakes like it', async () => {
    await app.call('setPowerState', { guestId: id(), action: 'hybrid' });
    await app.untilState(NAME, 'suspended', 60_000);
    await app.call('setPowerState', { guestId: id(), action: 'wakeup' });
    await app.untilState(NAME, 'running');
  });

  test('pauses and resumes', async () => {
    await app.call('setPowerState', { guestId: id(), action: 'pause' });
    const paused = await app.untilState(NAME, 'paused');
    expect(paused.actions.suspend).toMatchObject({ available: false });
    await app.call('setPowerState', { guestId: id(), action: 'resume' });
    await app.untilState(NAME, 'running');
    await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
  });

  test('tells its facts', async () => {
    const facts = await app.call('guestFacts', { guestId: id() });
    expect(facts).toMatchObject({
      qemuVersion: { value: expect.stringMatching(/^QEMU \d+\.\d+\.\d+$/) },
      memoryMiB: { value: 192 },
      vcpus: { value: 1 },
      machine: { value: expect.stringContaining('pc-i440fx') },
      hostName: { value: NAME },
      os: { value: expect.any(String) },
      uptimeSeconds: { value: expect.any(Number) },
    });
  });

  test('restarts in order, and by reset', async () => {
    for (const action of ['reboot', 'reset'] as const) {
      const before = await guest.bootId();
      await app.call('setPowerState', { guestId: id(), action });
      await app.until('nothing under way', () => app.guest(NAME).pending === null);
      await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering', 60_000);
      expect(await guest.bootId()).not.toBe(before);
    }
    expect(app.view.notices).toEqual({});
  });

  test('shuts down, and starts again', async () => {
    await app.call('setPowerState', { guestId: id(), action: 'shutdown' });
    const off = await app.untilState(NAME, 'off', 60_000);
    expect(off.state).toMatchObject({ source: 'event', cause: 'user' });
    expect(off.actions.start).toEqual({ available: true });
    await app.call('setPowerState', { guestId: id(), action: 'start' });
    await app.untilState(NAME, 'running');
    await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering', 60_000);
  });

  test('is forced off', async () => {
    await app.call('setPowerState', { guestId: id(), action: 'poweroff' });
    await app.untilState(NAME, 'off');
    expect(app.view.notices).toEqual({});
  });
});
