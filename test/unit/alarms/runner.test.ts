import { describe, expect, it } from 'vitest';
import { AlarmRefusedError } from '../../../main/alarms/runner';
import { MAX_TIMER_MS } from '../../../main/clock';
import type { WakeOutcome } from '../../../main/power/alarms';
import { createWorld, WAKE_MS } from './world';

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

const wakes = (world: ReturnType<typeof createWorld>) => world.deliveries.map(({ outcome }) => outcome);
const onDisk = (world: ReturnType<typeof createWorld>) => {
  const text = world.app().fs.text('/data/alarms.json');
  return text === undefined ? [] : (JSON.parse(text) as { value: { id: string; due: number; phase: { kind: string } }[] }).value;
};
const diskFull = (_: number, operation: string) => (operation === 'write' ? ('ENOSPC' as const) : undefined);
const diskFine = () => undefined;

describe('an alarm', () => {
  it('wakes its guest on time, and ends', async () => {
    const world = createWorld();
    const app = await world.begin();
    const t = world.clock.now();
    const alarm = await world.sleep('g', 8 * H);
    expect(alarm).toMatchObject({ guestId: 'g', holder: 'app', action: 'suspend', due: t + 8 * H, basis: 'duration' });
    await world.clock.advance(8 * H - 1);
    expect(world.stateOf('g')).toBe('suspended');
    expect(app.runner.list()).toMatchObject([{ id: alarm.id, phase: { kind: 'armed' } }]);
    await world.clock.advance(1 + WAKE_MS);
    expect(world.stateOf('g')).toBe('running');
    expect(app.ended).toMatchObject([{ alarm: { id: alarm.id }, ending: { kind: 'woken', late: WAKE_MS, at: t + 8 * H + WAKE_MS } }]);
    expect(app.runner.list()).toEqual([]);
    expect(onDisk(world)).toEqual([]);
    expect(world.clock.pendingTimers()).toBe(0);
  });

  it('is on disk before it is acknowledged, and is not in force before', async () => {
    const world = createWorld();
    const app = await world.begin();
    const arming = app.runner.arm({ guestId: 'g', action: 'suspend', when: { kind: 'for', ms: H }, confirmWithin: MIN });
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
    await world.runner().arm({ guestId: 'g', action: 'suspend', when: { kind: 'until', at, text: '' }, confirmWithin: MIN });
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
    ['at once', (world: ReturnType<typeof createWorld>) => world.runner().recheck()],
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

  it.each(['step', 'sleep'] as const)('fires within 30 s of a %s of the clock beyond its due, at once when told', async (how) => {
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
  });

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
    expect(app.ended).toMatchObject([{ alarm: { id: first.id }, ending: { kind: 'cancelled', by: 'user' } }]);
    expect(app.runner.list().map(({ id }) => id)).toEqual([second.id]);
    await world.clock.advance(H + MIN);
    expect(wakes(world)).toEqual([]);
  });

  it('cannot be set twice at once for one guest', async () => {
    const world = createWorld();
    const { runner } = await world.begin();
    const request = { guestId: 'g', action: 'suspend', when: { kind: 'for', ms: H }, confirmWithin: MIN } as const;
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
  const arm = (world: ReturnType<typeof createWorld>, ms: number) =>
    world.runner().arm({ guestId: 'g', action: 'suspend', when: { kind: 'for', ms }, confirmWithin: 30 * S });

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

  it('that failed ends its alarm', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await arm(world, H);
    app.runner.sleepFailed(id);
    expect(app.ended).toMatchObject([{ ending: { kind: 'cancelled', by: 'sleep-failed' } }]);
    app.runner.sleepFailed(id);
    app.runner.sleepConfirmed(id);
    expect(app.ended).toHaveLength(1);
    await world.clock.advance(0);
    expect(onDisk(world)).toEqual([]);
  });

  it.each(['before', 'after'])('never seen ends its alarm, the guest having been seen awake %s it was armed', async (when) => {
    const world = createWorld();
    const app = await world.begin();
    if (when === 'before') world.show('g');
    await arm(world, H);
    if (when === 'after') world.show('g');
    await world.clock.advance(30 * S - 1);
    expect(app.runner.list()).toHaveLength(1);
    await world.clock.advance(1);
    expect(app.ended).toMatchObject([{ ending: { kind: 'cancelled', by: 'sleep-failed' } }]);
  });

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
      { lateFrom: due, phase: { kind: 'retrying', after: 'unreachable', reason: 'The host does not answer.' } },
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
    expect(app.ended).toMatchObject([{ ending: { kind: 'failed', reason: expect.stringContaining('no longer runs') as string } }]);
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

describe('changing an alarm', () => {
  it('moves it, on disk before it is acknowledged', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id, due } = await world.sleep('g', H);
    expect(await app.runner.extend(id, { kind: 'by', ms: H })).toMatchObject({ due: due + H, phase: { kind: 'armed' } });
    expect(onDisk(world)).toMatchObject([{ id, due: due + H }]);
    await world.clock.advance(H + MIN);
    expect(wakes(world)).toEqual([]);
    await app.runner.extend(id, { kind: 'to', due: world.clock.now() + 10 * S, basis: 'instant' });
    await world.clock.advance(10 * S + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('twice at once adds up', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id, due } = await world.sleep('g', H);
    await Promise.all([app.runner.extend(id, { kind: 'by', ms: H }), app.runner.extend(id, { kind: 'by', ms: H })]);
    expect(app.runner.list()).toMatchObject([{ due: due + 2 * H }]);
  });

  it('is refused while the guest is being woken, and once it has ended', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    await world.clock.advance(H);
    await expect(app.runner.extend(id, { kind: 'by', ms: H })).rejects.toThrow(/being woken right now/);
    await expect(app.runner.cancel(id)).rejects.toThrow(/being woken right now/);
    await world.clock.advance(WAKE_MS);
    await expect(app.runner.extend(id, { kind: 'by', ms: H })).rejects.toThrow(/ended already/);
    await expect(app.runner.cancel(id)).rejects.toThrow(AlarmRefusedError);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('out of range is refused, and the alarm stays', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id, due } = await world.sleep('g', H);
    await expect(app.runner.extend(id, { kind: 'by', ms: -2 * H })).rejects.toThrow(/at least 1 second/);
    await expect(app.runner.extend(id, { kind: 'by', ms: 365 * D })).rejects.toThrow(AlarmRefusedError);
    expect(app.runner.list()).toMatchObject([{ due }]);
  });

  it('of a late one gives the guest its sleep back', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    world.guest('g').reachable = false;
    await world.clock.advance(H + MIN);
    const extended = await app.runner.extend(id, { kind: 'by', ms: H });
    expect(extended).toMatchObject({ due: world.clock.now() + H, phase: { kind: 'armed' } });
    expect(extended).not.toHaveProperty('lateFrom');
  });

  it('cancels it', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    await app.runner.cancel(id);
    expect(app.ended).toMatchObject([{ ending: { kind: 'cancelled', by: 'user' } }]);
    expect(onDisk(world)).toEqual([]);
    await world.clock.advance(2 * H);
    expect(wakes(world)).toEqual([]);
  });

  it('that is cancelled while an extension is saved stays cancelled', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    const [extended] = await Promise.allSettled([
      app.runner.extend(id, { kind: 'by', ms: H }),
      Promise.resolve().then(() => app.runner.cancel(id)),
    ]);
    expect(extended).toMatchObject({ status: 'rejected', reason: expect.any(AlarmRefusedError) as Error });
    await world.clock.advance(0);
    expect(onDisk(world)).toEqual([]);
  });
});

describe('after a restart', () => {
  it('alarms are armed again', async () => {
    const world = createWorld();
    await world.begin();
    const alarm = await world.sleep('g', 2 * H);
    await world.clock.advance(H);
    const again = await world.restart();
    expect(again.runner.list()).toMatchObject([{ id: alarm.id, due: alarm.due }]);
    await world.clock.advance(H + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
    expect(again.ended).toMatchObject([{ ending: { kind: 'woken', late: WAKE_MS } }]);
  });

  it('those that came due fire at once, at the same time, and are late', async () => {
    const world = createWorld();
    await world.begin();
    const { due } = await world.sleep('g', H);
    await world.sleep('h', H, 'hibernate');
    world.app().kill();
    await world.clock.advance(3 * H);
    const again = await world.restart();
    expect(again.runner.list()).toMatchObject([
      { phase: { kind: 'firing' }, lateFrom: due },
      { phase: { kind: 'firing' }, lateFrom: due },
    ]);
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['woken', 'woken']);
    expect(again.ended).toMatchObject([{ ending: { kind: 'woken', late: 2 * H + WAKE_MS } }, { ending: { kind: 'woken' } }]);
  });

  it('in the middle of a wake the guest is looked at again', async () => {
    const world = createWorld();
    await world.begin();
    await world.sleep('g', H);
    await world.clock.advance(H);
    expect(onDisk(world)).toMatchObject([{ phase: { kind: 'firing' } }]);
    const again = await world.restart();
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
    expect(again.ended).toMatchObject([{ ending: { kind: 'woken' } }]);
  });

  it('a guest seen awake before the alarms are started ends its alarm', async () => {
    const world = createWorld();
    await world.begin();
    await world.sleep('g', H);
    const { fs } = world.app();
    world.app().kill();
    world.guest('g').state = 'running';
    await world.clock.advance(2 * H);
    const again = await world.boot(fs.afterProcessEnd());
    world.show('g');
    again.runner.start();
    await world.clock.advance(MIN);
    expect(again.ended).toMatchObject([{ ending: { kind: 'ended-early' } }]);
    expect(wakes(world)).toEqual([]);
  });

  it('starting twice is a mistake', async () => {
    const world = createWorld();
    const { runner } = await world.begin();
    expect(() => runner.start()).toThrow(/running already/);
  });
});

describe('a disk that fails', () => {
  it('arms nothing', async () => {
    const world = createWorld();
    const app = await world.begin();
    app.fs.fault = diskFull;
    await expect(world.sleep('g', H)).rejects.toMatchObject({ name: 'StorageError', code: 'ENOSPC' });
    expect(app.runner.list()).toEqual([]);
    expect(app.changes.at(-1)).toEqual([]);
    app.fs.fault = diskFine;
    await world.clock.advance(2 * H);
    expect(wakes(world)).toEqual([]);
    expect(onDisk(world)).toEqual([]);
    await world.sleep('g', H);
    expect(app.runner.list()).toHaveLength(1);
  });

  it('keeps the alarm before when its replacement cannot be kept', async () => {
    const world = createWorld();
    const app = await world.begin();
    const first = await world.sleep('g', H);
    app.fs.fault = diskFull;
    await expect(world.sleep('g', 2 * H)).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(app.runner.extend(first.id, { kind: 'by', ms: H })).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(app.runner.list()).toMatchObject([{ id: first.id, due: first.due }]);
    expect(app.ended).toEqual([]);
  });

  it('leaves no rejected alarm on disk, even when another change is saved at the same time', async () => {
    const world = createWorld();
    const app = await world.begin();
    const other = await world.sleep('h', H);
    let failures = 1;
    app.fs.fault = (_, operation) => (operation === 'write' && failures-- > 0 ? 'ENOSPC' : undefined);
    const rejected = expect(world.sleep('g', H)).rejects.toMatchObject({ code: 'ENOSPC' });
    world.guest('h').state = 'running';
    world.show('h');
    await rejected;
    await world.clock.advance(0);
    expect(other.id).not.toBe('');
    expect(onDisk(world)).toEqual([]);
  });

  it('does not keep a guest asleep', async () => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    app.fs.fault = diskFull;
    await world.clock.advance(H + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
    expect(app.problems).toEqual([expect.stringContaining('disk is full')]);
    expect(onDisk(world)).toHaveLength(1);
    await world.clock.advance(MIN);
    expect(app.problems).toHaveLength(1);
    app.fs.fault = diskFine;
    await world.clock.advance(5 * S);
    expect(onDisk(world)).toEqual([]);
    expect(app.problems).toEqual([expect.any(String), undefined]);
    expect(world.clock.pendingTimers()).toBe(0);
  });

  it('and hangs does not keep a guest asleep either', async () => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    const { create } = app.fs;
    app.fs.create = () => new Promise(() => {});
    await world.clock.advance(H + 5 * S + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
    app.fs.create = create;
  });

  it('lets an alarm be cancelled, and forgets it on disk when it can', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    app.fs.fault = diskFull;
    await app.runner.cancel(id);
    expect(app.runner.list()).toEqual([]);
    expect(onDisk(world)).toHaveLength(1);
    app.fs.fault = diskFine;
    await world.clock.advance(5 * S);
    expect(onDisk(world)).toEqual([]);
  });
});

describe('a wake', () => {
  it.each<[string, () => Promise<never>]>([
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
  ])('that %s is tried again', async (_, wake) => {
    const world = createWorld();
    const { runner, override } = await world.begin();
    override.wake = wake;
    await world.sleep('g', S);
    await world.clock.advance(2 * S);
    expect(runner.list()).toMatchObject([{ phase: { kind: 'retrying', attempts: 1, after: 'unreachable', reason: 'broken' } }]);
    await world.clock.advance(MIN);
    expect(runner.list()).toMatchObject([{ phase: { attempts: 4 } }]);
  });

  it('that takes long is not begun twice', async () => {
    const world = createWorld();
    const { runner, override } = await world.begin();
    let begun = 0;
    override.wake = () => ((begun += 1), new Promise<never>(() => {}));
    await world.sleep('g', S);
    await world.clock.advance(H);
    runner.recheck();
    world.show('g');
    await world.clock.advance(H);
    expect(begun).toBe(1);
  });
});

describe('stopping', () => {
  it('ends the wait, refuses new alarms, and starts no wake', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    await app.runner.stop();
    expect(world.clock.pendingTimers()).toBe(0);
    await expect(world.sleep('h', H)).rejects.toThrow(/closing/);
    await expect(app.runner.extend(id, { kind: 'by', ms: H })).rejects.toThrow(/closing/);
    app.runner.recheck();
    await world.clock.advance(2 * H);
    expect(wakes(world)).toEqual([]);
    expect(onDisk(world)).toHaveLength(1);
  });

  it('before a wake touched its guest leaves it to the next start', async () => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    await world.clock.advance(H);
    await app.runner.stop();
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['already-awake']);
    expect(world.stateOf('g')).toBe('suspended');
    expect(onDisk(world)).toMatchObject([{ phase: { kind: 'firing' } }]);
    await world.restart();
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['already-awake', 'woken']);
  });

  it('after a wake touched its guest keeps what comes of it', async () => {
    const world = createWorld();
    const app = await world.begin();
    await world.sleep('g', H);
    let finish = (_: WakeOutcome) => {};
    app.override.wake = (_, wanted) => (wanted(), new Promise((resolve) => (finish = resolve)));
    await world.clock.advance(H);
    await app.runner.stop();
    finish({ kind: 'woken' });
    await world.clock.advance(0);
    expect(app.ended).toMatchObject([{ ending: { kind: 'woken' } }]);
    expect(onDisk(world)).toEqual([]);
    expect(world.clock.pendingTimers()).toBe(0);
  });
});
