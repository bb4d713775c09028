import { describe, expect, it } from 'vitest';
import { byUser } from '../../../main/power/actor';
import type { WakeOutcome } from '../../../main/power/alarms';
import { StorageError } from '../../../main/storage/errors';
import { createWorld, H, MIN, onDisk, S, WAKE_MS, wakes } from './world';

const diskFull = (_: number, operation: string) => (operation === 'write' ? ('ENOSPC' as const) : undefined);
const diskFine = () => undefined;

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
    expect(again.ended).toMatchObject([
      { ending: { kind: 'woken', late: 2 * H + WAKE_MS } },
      { ending: { kind: 'woken' } },
    ]);
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
    await expect(app.runner.extend(first.id, { kind: 'by', ms: H })).rejects.toMatchObject({
      code: 'ENOSPC',
    });
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

  it('keeps an alarm that was to be cancelled', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    app.fs.fault = diskFull;
    const released: string[] = [];
    const release = () => Promise.resolve(void released.push(id));
    await expect(app.runner.cancel(id, { why: 'asked', by: byUser }, release)).rejects.toThrow(StorageError);
    expect([app.runner.list().length, app.ended, released]).toEqual([1, [], []]);
    app.fs.fault = diskFine;
    await app.runner.cancel(id, { why: 'asked', by: byUser }, release);
    expect([app.runner.list(), onDisk(world), released]).toEqual([[], [], [id]]);
    expect(app.ended).toMatchObject([{ ending: { why: 'asked' } }]);
  });

  it('ends an alarm whose guest is gone, and forgets it on disk when it can', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    app.fs.fault = diskFull;
    app.runner.drop(id);
    await world.clock.advance(0);
    expect([app.runner.list(), onDisk(world).length]).toEqual([[], 1]);
    app.fs.fault = diskFine;
    await world.clock.advance(5 * S);
    expect(onDisk(world)).toEqual([]);
  });
});

describe('a wake', () => {
  it('is on disk as begun before it is begun', async () => {
    const world = createWorld();
    const { fs, override } = await world.begin();
    const found: unknown[] = [];
    override.wake = () => {
      found.push(JSON.parse(fs.afterPowerLoss(0).text('/data/alarms.json') ?? ''));
      return Promise.resolve({ kind: 'woken' });
    };
    await world.sleep('g', S);
    await world.clock.advance(S);
    expect(found).toMatchObject([{ value: [{ phase: { kind: 'firing', attempts: 1 } }] }]);
  });

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
    expect(runner.list()).toMatchObject([
      { phase: { kind: 'retrying', attempts: 1, after: 'unreachable', reason: 'broken' } },
    ]);
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
