import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app';

describe('the app with the demo host', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
    await app.until('the demo is open', ({ app: { demo } }) => demo === 'open');
  });
  afterAll(() => app?.stop());

  const id = (name: string) => app.guest(name).id;
  const act = (
    name: string,
    action: 'suspend' | 'hibernate' | 'wakeup' | 'start' | 'shutdown' | 'reset',
    more = {},
  ) => app.call('setPowerState', { guestId: id(name), action, ...more });

  test('opens by itself where nothing real was found, marked as simulated', () => {
    expect(Object.values(app.view.hosts).find(({ kind }) => kind === 'demo')).toMatchObject({
      simulated: true,
      status: { kind: 'ready' },
    });
  });

  test.each([
    ['nas', 'running', 'answering'],
    ['media', 'suspended', 'unknown'],
    ['home-assistant', 'running', 'answering'],
    ['build-box', 'hibernated', 'unknown'],
    ['win11-desktop', 'running', 'silent'],
    ['router', 'running', 'absent'],
  ] as const)('%s is %s, its agent %s', async (name, state, agent) => {
    const guest = await app.untilGuest(
      name,
      (one) => one.state.name === state && one.agent.status === agent,
      10_000,
    );
    expect(guest.pending).toBeNull();
  });

  test.each(['home-assistant', 'win11-desktop', 'router'])(
    '%s cannot sleep, and says why and what to do',
    (name) => {
      expect(app.guest(name).actions.suspend).toEqual({
        available: false,
        reason: expect.any(String) as string,
        remedy: expect.any(String) as string,
      });
    },
  );

  test('nas sleeps and wakes, and its clock is set', async () => {
    await act('nas', 'suspend');
    expect((await app.untilState('nas', 'suspended')).state).toMatchObject({
      source: 'event',
      cause: 'user',
    });
    await act('nas', 'wakeup');
    expect((await app.untilState('nas', 'running')).agent.status).toBe('answering');
    const history = await app.call('guestHistory', { guestId: id('nas') });
    expect(history.filter(({ kind }) => kind === 'clock').map(({ failed }) => failed)).toEqual([false]);
  });

  test('nas sleeps for 2 s and wakes by itself', async () => {
    await act('nas', 'suspend', { for: '2 s' });
    await app.untilState('nas', 'suspended');
    expect((await app.untilState('nas', 'running')).state).toMatchObject({ cause: 'timer' });
  });

  test('nas hibernates, and a start resumes it', async () => {
    await act('nas', 'hibernate');
    await app.untilState('nas', 'hibernated');
    await act('nas', 'start', { startAccepted: true });
    const guest = await app.untilState('nas', 'running');
    expect(guest.state.cause).toBe('user');
    const facts = await app.call('guestFacts', { guestId: guest.id });
    expect(facts).toMatchObject({
      os: { value: 'Debian GNU/Linux 13 (trixie)' },
      hostName: { value: 'nas' },
    });
    // It did not boot: it has been up for days.
    expect(facts.uptimeSeconds).toMatchObject({ value: expect.any(Number) as number });
    expect('value' in facts.uptimeSeconds && facts.uptimeSeconds.value).toBeGreaterThan(86_400);
  });

  test('media wakes', async () => {
    await act('media', 'wakeup');
    await app.untilState('media', 'running');
  });

  test('build-box is started, which resumes it', async () => {
    await act('build-box', 'start', { startAccepted: true });
    const guest = await app.untilState('build-box', 'running');
    const facts = await app.call('guestFacts', { guestId: guest.id });
    expect('value' in facts.uptimeSeconds && facts.uptimeSeconds.value).toBeGreaterThan(3600);
  });

  test('router has no agent, so its power button shuts it down', async () => {
    await act('router', 'shutdown');
    await app.untilState('router', 'off');
  });

  test('none of it was an error', () => {
    expect(app.view.notices).toEqual({});
  });

  test('goes when it is closed', async () => {
    await app.call('closeDemo', {});
    await app.until('the demo is closed', ({ app: { demo } }) => demo === 'closed');
    expect(app.view.guests).toEqual({});
  });
});
