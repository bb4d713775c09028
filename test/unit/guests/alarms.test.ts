import { describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../../main/guests/confirm';
import { wakeForAlarm } from '../../../main/guests/wake';
import {
  agentDiesAtWakeup,
  agentIgnores,
  bootsCold,
  delays,
  masksWakeups,
  type Fault,
} from '../../fakes/faulty-qemu';
import { memoryFs } from '../../fakes/memory-fs';
import { createWorld } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const H = 3_600_000;

/** What the agent was asked to do. */
function asked(): { commands: string[]; fault: Fault } {
  const commands: string[] = [];
  return {
    commands,
    fault: (before) => ({
      ...before,
      agent: Object.fromEntries(
        Object.entries(before.agent).map(([name, command]) => [
          name,
          { ...command, run: (target, args) => (commands.push(name), command.run(target, args)) },
        ]),
      ),
    }),
  };
}

describe('a sleep with an alarm', () => {
  it('is on disk before the guest is asked to sleep, and wakes it on time', async () => {
    const fs = memoryFs();
    let kept = '';
    const world = await createWorld(
      [
        {
          name: 'nas',
          faults: [
            (before) => ({
              ...before,
              agent: {
                ...before.agent,
                'guest-suspend-ram': {
                  ...before.agent['guest-suspend-ram']!,
                  run(target, args) {
                    kept = fs.text('/p/alarms.json') ?? '';
                    return before.agent['guest-suspend-ram']!.run(target, args);
                  },
                },
              },
            }),
          ],
        },
      ],
      { fs },
    );
    await world.ready('nas');
    const at = world.clock.now();
    expect(await world.set('nas', 'suspend', '8 h')).toBeNull();
    expect(kept).toContain(world.guest('nas').id);
    expect(world.alarm('nas')).toMatchObject({ phase: { kind: 'armed' }, action: 'suspend' });
    await world.shows('nas', 'running', 9 * H);
    await world.idle('nas');
    const { state } = world.guest('nas');
    expect(state).toMatchObject({ cause: 'timer', source: 'event' });
    expect((state.since ?? 0) - at - 8 * H).toBeLessThan(1000);
    expect((state.since ?? 0) - at).toBeGreaterThanOrEqual(8 * H);
    expect(world.alarm('nas')).toBeUndefined();
    expect(world.texts('nas')).toContain('Woken by its alarm.');
    expect(world.notices).toEqual([]);
  });

  it('that comes due while the guest still falls asleep wakes it as soon as it sleeps', async () => {
    const world = await createWorld([{ name: 'nas', settings: { delays: { suspend: 5000, wake: 50 } } }]);
    await world.ready('nas');
    expect(await world.done(world.ask('nas', 'suspend', '1 s'))).toBeNull();
    await world.until('the alarm ended', () => !world.alarm('nas'), 6000);
    await world.idle('nas');
    expect(world.guest('nas').state).toMatchObject({ name: 'running', cause: 'timer' });
    expect(world.texts('nas')).toEqual(
      expect.arrayContaining(['Sleeping', 'Running', 'Woken by its alarm.']),
    );
    expect(world.notices).toEqual([]);
  });

  it('whose SUSPEND comes in the last moment is not dropped', async () => {
    const world = await createWorld([{ name: 'nas', faults: [delays({ event: 'SUSPEND' }, 29_800)] }]);
    await world.ready('nas');
    expect(await world.set('nas', 'suspend', '1 h')).toBeNull();
    expect(world.guest('nas').state.name).toBe('suspended');
    expect(world.alarm('nas')?.phase.kind).toBe('armed');
  });

  it.each(['ENOSPC', 'EROFS', 'EACCES'] as const)(
    'that cannot be kept (%s) leaves the guest alone',
    async (fault) => {
      const fs = memoryFs();
      const { commands, fault: record } = asked();
      const world = await createWorld([{ name: 'nas', faults: [record] }], { fs });
      await world.ready('nas');
      fs.fault = (_, operation, path) =>
        path.includes('alarms') && operation === 'write' ? fault : undefined;
      const before = commands.length;
      expect(await world.set('nas', 'suspend', '8 h')).toMatchObject({
        code: 'storage',
        message: 'Its alarm could not be kept, so it was not put to sleep.',
        remedy: expect.stringContaining('alarms.json'),
      });
      await world.pass(5000);
      expect(commands.slice(before).filter((name) => name.startsWith('guest-suspend'))).toEqual([]);
      expect(world.guest('nas').state.name).toBe('running');
      expect(world.alarm('nas')).toBeUndefined();
      fs.fault = () => undefined;
      expect(await world.set('nas', 'suspend', '8 h')).toBeNull();
      expect(world.alarm('nas')?.phase.kind).toBe('armed');
    },
  );

  it('that is too short or too long by the time it is its turn is refused', async () => {
    const world = await createWorld([{ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }]);
    await world.ready('nas');
    const first = world.ask('nas', 'suspend');
    const until = world.fleet.setPowerState(world.guest('nas'), {
      action: 'suspend',
      when: { kind: 'until', at: world.clock.now() + 20_000, text: 'until' },
      startAccepted: false,
      by: { kind: 'user' },
      alarm: 'app',
    });
    await world.done(first);
    expect(await world.done(until, 60_000)).toMatchObject({ code: 'bad-duration' });
  });

  it('ends when the user, or somebody else, wakes the guest', async () => {
    const world = await createWorld([{ name: 'one' }, { name: 'two' }]);
    for (const name of ['one', 'two']) {
      await world.ready(name);
      await world.set(name, 'suspend', '8 h');
    }
    await world.set('one', 'wakeup');
    world.qemu('two').guest.wakeByItself();
    await world.shows('two', 'running');
    expect([world.alarm('one'), world.alarm('two')]).toEqual([undefined, undefined]);
    expect(world.texts('one')).toContain('Its alarm ended: you woke it earlier.');
    expect(world.texts('two')).toContain('Its alarm ended: it was awake before its time.');
    await world.pass(10_000);
    expect(world.notices).toEqual([]);
  });

  it('of a guest that crashes is told as failed; of one that the user forces off it is not', async () => {
    const world = await createWorld([{ name: 'one' }, { name: 'two' }]);
    for (const name of ['one', 'two']) {
      await world.ready(name);
      await world.set(name, 'suspend', '8 h');
    }
    await world.set('two', 'poweroff');
    expect(world.alarm('two')).toBeUndefined();
    expect(world.notices).toEqual([]);
    void world.qemu('one').kill();
    await world.shows('one', 'crashed');
    await world.pass(100);
    expect(world.alarm('one')).toBeUndefined();
    expect(world.notices).toMatchObject([
      { severity: 'error', title: 'one will not be woken by its alarm', remedy: expect.any(String) },
    ]);
  });
});

describe('an alarm that wakes in vain', () => {
  it('tries three times, then says that the guest sleeps on', async () => {
    const world = await createWorld([{ name: 'nas', faults: [masksWakeups()] }]);
    await world.ready('nas');
    await world.set('nas', 'suspend', '10 s');
    await world.until('it is given up', () => !world.alarm('nas'), 300_000);
    await world.idle('nas');
    expect(world.guest('nas').state.name).toBe('suspended');
    expect(world.notices).toMatchObject([
      {
        title: 'nas was not woken by its alarm',
        message: expect.stringContaining('no WAKEUP event'),
        severity: 'error',
      },
    ]);
    expect(world.texts('nas').filter((text) => text.startsWith('Wake: asked'))).toHaveLength(3);
  });

  it('on a guest whose agent dies says so: it is awake all the same', async () => {
    const world = await createWorld([{ name: 'nas', faults: [agentDiesAtWakeup()] }]);
    await world.ready('nas');
    await world.set('nas', 'suspend', '10 s');
    await world.until('the alarm ended', () => !world.alarm('nas'), 200_000);
    expect(world.guest('nas').state).toMatchObject({ name: 'running', cause: 'timer' });
    expect(world.notices.map(({ title }) => title)).toContain('nas did not wake properly');
    expect(world.notices.filter(({ title }) => title.includes('woken by its alarm'))).toEqual([]);
  });

  it('on a host that cannot be reached waits until it can', async () => {
    let deaf = false;
    const world = await createWorld([{ name: 'nas', faults: [] }]);
    const { dial } = world.host;
    Object.assign(world.host, {
      dial: (address: Parameters<typeof dial>[0]) =>
        deaf ? Promise.reject(new Error('cut')) : dial(address),
    });
    await world.ready('nas');
    await world.set('nas', 'suspend', '1 min');
    deaf = true;
    world.guest('nas').machine?.close();
    await world.fleet.stop();
    const later = await world.open(world.fs);
    await later.until('it is tried', () => later.alarm('nas')?.phase.kind === 'retrying', 120_000);
    expect(later.guest('nas').state.name).toBe('unknown');
    deaf = false;
    await later.shows('nas', 'running', 120_000);
    await later.until('the alarm ended', () => !later.alarm('nas'), 120_000);
    expect(later.texts('nas').some((text) => text.startsWith('Woken by its alarm'))).toBe(true);
  });
});

describe('a wake that nobody wants any more', () => {
  it('leaves the guest alone', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'suspend', '1 h');
    const alarm = world.alarm('nas');
    if (!alarm) throw new Error('No alarm');
    const workplace = {
      clock: world.clock,
      limits: defaultLimits,
      host: () => world.host,
      rescan: () => Promise.resolve(),
    };
    const waking = { workplace, onFlaw: () => undefined };
    const leave = wakeForAlarm(world.guest('nas'), alarm, { ...waking, wanted: () => false });
    expect(await world.done(leave)).toEqual({ kind: 'already-awake' });
    expect(world.qemu('nas').status()).toBe('suspended');
    const wake = wakeForAlarm(world.guest('nas'), alarm, { ...waking, wanted: () => true });
    expect(await world.done(wake)).toEqual({ kind: 'woken' });
    expect(world.qemu('nas').status()).toBe('running');
  });
});

describe('an alarm of a hibernated guest', () => {
  it('starts it again, and it resumes', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    expect(await world.set('nas', 'hibernate', '1 h')).toBeNull();
    expect(world.alarm('nas')?.phase.kind).toBe('armed');
    await world.pass(10_000);
    expect(world.launches).toHaveLength(0);
    await world.until('it is started', () => world.launches.length === 1, 2 * H);
    await world.until('the alarm ended', () => !world.alarm('nas'), 60_000);
    expect(world.guest('nas').state).toMatchObject({ name: 'running', cause: 'timer' });
    expect(world.texts('nas')).toContain('It resumed where it was.');
    expect(world.notices).toEqual([]);
  });

  it('tells what is lost when it boots cold', async () => {
    const world = await createWorld([{ name: 'nas', faults: [bootsCold()] }]);
    await world.ready('nas');
    await world.set('nas', 'hibernate', '1 min');
    await world.until('the alarm ended', () => !world.alarm('nas'), 200_000);
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.notices).toMatchObject([
      { message: expect.stringContaining('booted anew instead of resuming') },
    ]);
  });

  it('is not set without a start command, or before it was read', async () => {
    const world = await createWorld([
      { name: 'nas' },
      { name: 'odd', recipe: { notStartable: 'It was started by hand.' } },
    ]);
    await world.ready('nas');
    await world.ready('odd');
    expect(await world.set('nas', 'hibernate', '1 h', false)).toMatchObject({ code: 'start-not-accepted' });
    expect(await world.set('odd', 'hibernate', '1 h')).toMatchObject({
      code: 'no-start-command',
      remedy: expect.any(String),
    });
    expect(world.guest('nas').state.name).toBe('running');
    expect(await world.set('nas', 'hibernate', '', false)).toBeNull();
  });

  it('survives a restart of the app, also where QEMU stayed (-no-shutdown)', async () => {
    const world = await createWorld([{ name: 'one' }, { name: 'two', settings: { noShutdown: true } }]);
    for (const name of ['one', 'two']) {
      await world.ready(name);
      await world.set(name, 'hibernate', '1 h');
    }
    await world.stop();
    const later = await world.open(world.fs);
    expect(later.guest('one').state).toMatchObject({ name: 'hibernated', source: 'inference' });
    expect(later.guest('two').state).toMatchObject({ name: 'hibernated', source: 'inference' });
    await later.until(
      'both are awake',
      () => later.fleet.guests().every(({ state }) => state.name === 'running'),
      2 * H,
    );
    await later.until('the alarms ended', () => !later.alarm('one') && !later.alarm('two'), 60_000);
    for (const name of ['one', 'two']) expect(later.texts(name)).toContain('It resumed where it was.');
    expect(later.notices).toEqual([]);
  });
});

describe('an alarm that came due while the app was away', () => {
  it('fires at start, and says that it was late', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'suspend', '1 h');
    await world.stop();
    await world.pass(1000);
    world.clock.step(3 * H);
    const later = await world.open(world.fs);
    await later.shows('nas', 'running', 5000);
    await later.idle('nas');
    expect(later.notices).toMatchObject([
      { severity: 'warning', title: 'nas was woken late', message: expect.stringMatching(/2 h.* late/) },
    ]);
    expect(later.alarm('nas')).toBeUndefined();
  });

  it('whose guest woke meanwhile has ended', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'suspend', '1 h');
    await world.stop();
    world.qemu('nas').guest.wakeByItself();
    await world.pass(1000);
    const later = await world.open(world.fs);
    await later.shows('nas', 'running');
    await later.pass(100);
    expect(later.alarm('nas')).toBeUndefined();
    expect(later.notices).toEqual([]);
  });

  it('whose guest is gone fails with the reason', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'suspend', '1 h');
    await world.stop();
    await world.qemu('nas').kill();
    const later = await world.open(world.fs);
    expect(later.guest('nas').state).toMatchObject({ name: 'off', source: 'inference' });
    await later.pass(1000);
    expect(later.alarm('nas')).toBeUndefined();
    expect(later.notices).toMatchObject([
      { title: 'nas will not be woken by its alarm', message: expect.stringContaining('no longer runs') },
    ]);
  });
});
