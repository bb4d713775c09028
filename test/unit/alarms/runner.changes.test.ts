import { describe, expect, it } from 'vitest';
import { AlarmRefusedError } from '../../../main/alarms/runner';
import { byUser } from '../../../main/power/actor';
import { createWorld, D, H, MIN, onDisk, S, WAKE_MS, wakes } from './world';

describe('changing an alarm', () => {
  it('moves it, on disk before it is acknowledged', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id, due } = await world.sleep('g', H);
    expect(await app.runner.extend(id, { kind: 'by', ms: H })).toMatchObject({
      due: due + H,
      phase: { kind: 'armed' },
    });
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
    await Promise.all([
      app.runner.extend(id, { kind: 'by', ms: H }),
      app.runner.extend(id, { kind: 'by', ms: H }),
    ]);
    expect(app.runner.list()).toMatchObject([{ due: due + 2 * H }]);
  });

  it('is refused while the guest is being woken, and once it has ended', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    await world.clock.advance(H);
    await expect(app.runner.extend(id, { kind: 'by', ms: H })).rejects.toThrow(/being woken right now/);
    await expect(app.runner.cancel(id, { why: 'asked', by: byUser })).rejects.toThrow(/being woken right now/);
    await world.clock.advance(WAKE_MS);
    await expect(app.runner.extend(id, { kind: 'by', ms: H })).rejects.toThrow(/ended already/);
    await expect(app.runner.cancel(id, { why: 'asked', by: byUser })).rejects.toThrow(AlarmRefusedError);
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
    await app.runner.cancel(id, { why: 'asked', by: byUser });
    expect(app.ended).toMatchObject([{ ending: { kind: 'cancelled', why: 'asked', by: byUser } }]);
    expect(onDisk(world)).toEqual([]);
    await world.clock.advance(2 * H);
    expect(wakes(world)).toEqual([]);
  });

  it('does not cancel it when its holder keeps it', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    const release = () => {
      expect(onDisk(world)).toEqual([]);
      return Promise.reject(new AlarmRefusedError('The host refuses.'));
    };
    await expect(app.runner.cancel(id, { why: 'asked', by: byUser }, release)).rejects.toThrow('The host refuses.');
    await world.clock.advance(0);
    expect(onDisk(world)).toMatchObject([{ id }]);
    expect([app.runner.list().length, app.ended]).toEqual([1, []]);
    await world.clock.advance(H + WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('does not cancel it when it is due before its holder has given it up', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    const release = () => new Promise<void>((resolve) => void world.clock.setTimer(H + WAKE_MS / 2, resolve));
    const cancelled = Promise.allSettled([app.runner.cancel(id, { why: 'asked', by: byUser }, release)]);
    await world.clock.advance(H + WAKE_MS / 2);
    expect(await cancelled).toMatchObject([{ status: 'rejected', reason: expect.any(AlarmRefusedError) as Error }]);
    await world.clock.advance(0);
    expect(onDisk(world)).toMatchObject([{ id, phase: { kind: 'firing' } }]);
    await world.clock.advance(WAKE_MS);
    expect(wakes(world)).toEqual(['woken']);
  });

  it('that is cancelled while an extension is saved stays cancelled', async () => {
    const world = createWorld();
    const app = await world.begin();
    const { id } = await world.sleep('g', H);
    const [extended] = await Promise.allSettled([
      app.runner.extend(id, { kind: 'by', ms: H }),
      Promise.resolve().then(() => app.runner.cancel(id, { why: 'asked', by: byUser })),
    ]);
    expect(extended).toMatchObject({ status: 'rejected', reason: expect.any(AlarmRefusedError) as Error });
    await world.clock.advance(0);
    expect(onDisk(world)).toEqual([]);
  });
});
