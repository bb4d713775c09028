import { describe, expect, it } from 'vitest';
import { AlarmRefusedError } from '../../../main/alarms/runner';
import { MAX_TIMER_MS } from '../../../main/clock';
import { byUser } from '../../../main/power/actor';
import { createWorld, D, H, MIN, onDisk, S, WAKE_MS, wakes, type World } from './world';

describe('an alarm', () => {
  it('wakes its guest on time, and ends', async () => {
    const world = createWorld();
    const app = await world.begin();
    const t = world.clock.now();
    const alarm = await world.sleep('g', 8 * H);
    expect(alarm).toMatchObject({
      guestId: 'g',
      holder: 'app',
      action: 'suspend',
      due: t + 8 * H,
      basis: 'duration',
    });
    await world.clock.advance(8 * H - 1);
    expect(world.stateOf('g')).toBe('suspended');
    expect(app.runner.list()).toMatchObject([{ id: alarm.id, phase: { kind: 'armed' } }]);
    await world.clock.advance(1 + WAKE_MS);
    expect(world.stateOf('g')).toBe('running');
    expect(app.ended).toMatchObject([
      { alarm: { id: alarm.id }, ending: { kind: 'woken', late: WAKE_MS, at: t + 8 * H + WAKE_MS } },
    ]);
    expect(app.runner.list()).toEqual([]);
    expect(onDisk(world)).toEqual([]);
    expect(world.clock.pendingTimers()).toBe(0);
  });

  it('is on disk before it is acknowledged, and is not in force before', async () => {
    const world = createWorld();
    const app = await world.begin();
    const arming = app.runner.arm({
      guestId: 'g',
      holder: 'app', action: 'suspend',
      when: { kind: 'for', ms: H },
      confirmWithin: MIN,
      by: byUser,
    });
    expect(app.runner.list()).toEqual([]);
    const alarm = await arming;
    expect(alarm.phase).toEqual({ kind: 'pending', confirmBy: world.clock.now() + MIN });
    expect(app.fs.afterPowerLoss(0).text('/data/alarms.json')).toContain(alarm.id);
    expect(app.changes.at(-1)).toEqual([alarm]);
  });

  it('until an instant keeps it when the clock is set back', async () => {
    const world = createWorld();
    await world.begin();
    const at = world.clock.now() + 2 * H;
    await world
      .runner()
      .arm({ guestId: 'g', holder: 'app', action: 'suspend', when: { kind: 'until', at, text: '' }, confirmWithin: MIN, by: byUser });
    world.guest('g').state = 'suspended';
    world.show('g');
    await world.clock.advance(H);
    world.clock.step(-H);
    await world.clock.advance(H);
    expect(world.runner().list()).toMatchObject([{ due: at, basis: 'instant' }]);
    await world.clock.advance(H + WAKE_MS);
    expect(world.deliveries).toMatchObject([{ outcome: 'woken', at: at + WAKE_MS }]);
  });

  it.each([
    ['at once', (world: World) => world.runner().recheck()],
    ['after at most 30 s', () => undefined],
  ])('for a time stays as long when the clock is set back (noticed %s)', async (_, notice) => {
    const world = createWorld();
    await world.begin();
    await world.sleep('g', 2 * H);
    await world.clock.advance(H + 10 * S);
    world.clock.step(-30 * MIN);
    notice(world);
    await world.clock.advance(H - 10 * S - 1);
    expect(wakes(world)).toEqual([]);
    await world.clock.advance(1 + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('armed while the clock is set back, and that is noticed, moves along', async () => {
    const world = createWorld();
    const { runner } = await world.begin();
    const arming = runner.arm({
      guestId: 'g',
      holder: 'app', action: 'suspend',
      when: { kind: 'for', ms: H },
      confirmWithin: MIN,
      by: byUser,
    });
    world.clock.step(-30 * MIN);
    runner.recheck();
    const { due } = await arming;
    expect(due).toBe(world.clock.now() + H);
    await world.clock.advance(0);
    expect(onDisk(world)).toMatchObject([{ due }]);
  });

  it('armed after the clock was set back, before that was noticed, is not moved', async () => {
    const world = createWorld();
    await world.begin();
    await world.sleep('other', 2 * H);
    world.clock.step(-30 * MIN);
    const alarm = await world.sleep('g', H);
    expect(alarm.due).toBe(world.clock.now() + H);
    await world.clock.advance(MIN);
    expect(world.runner().ofGuest('g')?.due).toBe(alarm.due);
    expect(world.runner().ofGuest('other')?.due).toBe(alarm.due + H);
  });

  it.each(['step', 'sleep'] as const)(
    'fires within 30 s of a %s of the clock beyond its due, at once when told',
    async (how) => {
      const world = createWorld();
      await world.begin();
      await world.sleep('g', 8 * H);
      await world.sleep('h', 8 * H);
      world.clock[how](9 * H);
      expect(wakes(world)).toEqual([]);
      world.runner().recheck();
      await world.clock.advance(WAKE_MS);
      expect(wakes(world)).toEqual(['woken', 'woken']);
      await world.sleep('g', 8 * H);
      world.clock[how](9 * H);
      await world.clock.advance(30 * S + WAKE_MS);
      expect(wakes(world)).toHaveLength(3);
    },
  );

  it('of a year is kept in waits that a timer can keep', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { due } = await world.sleep('g', 365 * D);
    await world.clock.advance(MAX_TIMER_MS + 2 * H);
    expect(wakes(world)).toEqual([]);
    world.clock.sleep(due - world.clock.now() - D);
    await world.clock.advance(D - 1);
    expect(wakes(world)).toEqual([]);
    await world.clock.advance(1 + WAKE_MS);
    expect(app.ended).toMatchObject([{ ending: { kind: 'woken', at: due + WAKE_MS } }]);
  });

  it.each([500, 366 * D])('for %d ms is refused, and nothing is armed', async (ms) => {
    const world = createWorld();
    await world.begin();
    await expect(world.sleep('g', ms)).rejects.toThrow(RangeError);
    expect(onDisk(world)).toEqual([]);
  });

  it('replaces the one before', async () => {
    const world = createWorld();
    const app = await world.begin();
    const first = await world.sleep('g', H);
    const second = await world.sleep('g', 2 * H);
    expect(app.ended).toMatchObject([{ alarm: { id: first.id }, ending: { kind: 'cancelled', why: 'replaced', by: byUser } }]);
    expect(app.runner.list().map(({ id }) => id)).toEqual([second.id]);
    await world.clock.advance(H + MIN);
    expect(wakes(world)).toEqual([]);
  });

  it('cannot be set twice at once for one guest', async () => {
    const world = createWorld();
    const { runner } = await world.begin();
    const request = {
      guestId: 'g',
      holder: 'app', action: 'suspend',
      when: { kind: 'for', ms: H },
      confirmWithin: MIN,
      by: byUser,
    } as const;
    const [first, second] = await Promise.allSettled([runner.arm(request), runner.arm(request)]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: expect.any(AlarmRefusedError) as Error });
  });

  it('of one guest does not wait for the wake of another', async () => {
    const world = createWorld();
    await world.begin();
    for (let n = 0; n < 20; n += 1) await world.sleep(`g${n}`, H);
    await world.clock.advance(H + WAKE_MS);
    expect(wakes(world)).toEqual(Array.from({ length: 20 }, () => 'woken'));
  });
});

describe('a sleep', () => {
  const arm = (world: World, ms: number) =>
    world.runner().arm({ guestId: 'g', holder: 'app', action: 'suspend', when: { kind: 'for', ms }, confirmWithin: 30 * S, by: byUser });

  it('that takes longer than the alarm is not woken before it began', async () => {
    const world = createWorld();
    await world.begin();
    world.show('g');
    const { id } = await arm(world, S);
    await world.clock.advance(10 * S);
    expect(wakes(world)).toEqual([]);
    world.guest('g').state = 'suspended';
    world.runner().sleepConfirmed(id);
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('that has not begun when its holder’s time is over is not taken for one that has ended', async () => {
    const world = createWorld();
    const app = await world.begin();
    app.runner.guestObserved('g', { name: 'running', cause: 'unknown', since: null });
    const request = { guestId: 'g', action: 'suspend', when: { kind: 'for', ms: MIN }, by: byUser } as const;
    const { id } = await app.runner.arm({ ...request, holder: 'guest', confirmWithin: 10 * MIN });
    await app.runner.hold(id, 'guest', { kind: 'guest', at: world.clock.now() + MIN });
    await world.clock.advance(5 * MIN);
    expect(app.runner.list()).toMatchObject([{ id, phase: { kind: 'pending' } }]);
    world.guest('g').state = 'suspended';
    world.show('g');
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('that failed ends its alarm', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await arm(world, H);
    app.runner.sleepFailed(id);
    expect(app.ended).toMatchObject([{ ending: { kind: 'cancelled', why: 'sleep-failed' } }]);
    app.runner.sleepFailed(id);
    app.runner.sleepConfirmed(id);
    expect(app.ended).toHaveLength(1);
    await world.clock.advance(0);
    expect(onDisk(world)).toEqual([]);
  });

  it.each(['before', 'after'])(
    'never seen ends its alarm, the guest having been seen awake %s it was armed',
    async (when) => {
      const world = createWorld();
      const app = await world.begin();
      if (when === 'before') world.show('g');
      await arm(world, H);
      if (when === 'after') world.show('g');
      await world.clock.advance(30 * S - 1);
      expect(app.runner.list()).toHaveLength(1);
      await world.clock.advance(1);
      expect(app.ended).toMatchObject([{ ending: { kind: 'cancelled', why: 'never-slept' } }]);
    },
  );

  it('never confirmed of a guest that nobody sees keeps its alarm', async () => {
    const world = createWorld();
    await world.begin();
    await arm(world, H);
    world.guest('g').state = 'suspended';
    await world.clock.advance(H + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('cut off by a crash of the app is found after the restart', async () => {
    const world = createWorld();
    await world.begin();
    await arm(world, H);
    world.guest('g').state = 'suspended';
    const again = await world.restart();
    world.show('g');
    expect(again.runner.list()).toMatchObject([{ phase: { kind: 'armed' } }]);
    await world.clock.advance(H + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('seen by another way than its own confirmation arms the alarm', async () => {
    const world = createWorld();
    await world.begin();
    const { id } = await arm(world, H);
    world.guest('g').state = 'suspended';
    world.show('g');
    expect(world.runner().list()).toMatchObject([{ id, phase: { kind: 'armed' } }]);
    world.runner().sleepFailed(id);
    expect(world.runner().list()).toHaveLength(1);
  });

  it('slept by this computer while it was to be confirmed does not end the alarm', async () => {
    const world = createWorld();
    await world.begin();
    world.show('g');
    await arm(world, 8 * H);
    world.clock.sleep(H);
    world.runner().recheck();
    world.show('g');
    await world.clock.advance(10 * S);
    world.guest('g').state = 'suspended';
    world.show('g');
    await world.clock.advance(7 * H);
    expect(wakes(world)).toEqual(['woken']);
  });
});

describe('a guest', () => {
  it.each(['user', 'guest', 'unknown'] as const)('woken early (%s) ends its alarm', async (cause) => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    world.guest('g').state = 'running';
    world.show('g', cause);
    expect(app.ended).toMatchObject([{ ending: { kind: 'ended-early', by: cause } }]);
    await world.clock.advance(2 * H);
    expect(wakes(world)).toEqual([]);
  });

  it('found awake at its time ends its alarm', async () => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    world.guest('g').state = 'running';
    await world.clock.advance(H + WAKE_MS);
    expect(app.ended).toMatchObject([{ ending: { kind: 'ended-early', by: 'unknown' } }]);
  });

  it('out of reach is late, says why, and is woken as soon as it is back', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { due } = await world.sleep('g', H);
    world.guest('g').reachable = false;
    world.show('g');
    await world.clock.advance(H + 10 * MIN);
    expect(app.runner.list()).toMatchObject([
      {
        lateFrom: due,
        phase: { kind: 'retrying', after: 'unreachable', reason: 'The host does not answer.' },
      },
    ]);
    const tries = wakes(world).length;
    expect(tries).toBeGreaterThan(10);
    world.guest('g').reachable = true;
    world.show('g');
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toHaveLength(tries + 1);
    expect(app.ended).toMatchObject([{ ending: { kind: 'woken', late: 10 * MIN + WAKE_MS } }]);
  });

  it('whose observation repeats is not tried more often', async () => {
    const world = createWorld();
    await world.begin();
    await world.sleep('g', S);
    world.guest('g').reachable = false;
    await world.clock.advance(S + WAKE_MS);
    expect(wakes(world)).toEqual(['unreachable']);
    world.runner().guestObserved('g', { name: 'suspended', cause: 'unknown' });
    await world.clock.advance(S);
    expect(wakes(world)).toEqual(['unreachable']);
  });

  it('that sleeps through three wakes is given up, with the reason', async () => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    world.guest('g').deaf = true;
    await world.clock.advance(2 * H);
    expect(wakes(world)).toEqual(['failed', 'failed', 'failed']);
    expect(app.ended).toMatchObject([{ ending: { kind: 'failed', reason: 'It sleeps on.' } }]);
  });

  it.each(['off', 'crashed'] as const)('that is %s ends its alarm as failed', async (state) => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    world.guest('g').state = state;
    world.show('g');
    expect(app.ended).toMatchObject([
      { ending: { kind: 'failed', reason: expect.stringContaining('no longer runs') as string } },
    ]);
  });

  it('seen awake during a wake that could not tell counts as awake', async () => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    world.guest('g').deaf = true;
    await world.clock.advance(H + WAKE_MS / 2);
    app.runner.guestObserved('g', { name: 'running', cause: 'timer' });
    expect(app.runner.list()).toMatchObject([{ phase: { kind: 'firing' } }]);
    await world.clock.advance(WAKE_MS);
    expect(app.ended).toMatchObject([{ ending: { kind: 'woken' } }]);
  });

  it('put to sleep again while its old alarm waits to fire is left asleep by it', async () => {
    const world = createWorld();
    const app = await world.begin();
    const first = await world.sleep('g', H);
    await world.clock.advance(H);
    expect(app.runner.list()).toMatchObject([{ id: first.id, phase: { kind: 'firing' } }]);
    await world.sleep('g', H);
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['already-awake']);
    expect(app.ended).toMatchObject([{ alarm: { id: first.id }, ending: { kind: 'cancelled' } }]);
    await world.clock.advance(H);
    expect(wakes(world)).toEqual(['already-awake', 'woken']);
  });
});
