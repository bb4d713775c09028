import { describe, expect, it } from 'vitest';
import { createWorld, draft, mornings, scheduled } from './world';

describe('a wake that could not be done', () => {
  it('is tried again until the guest can be seen, and no more than once when it can', async () => {
    const { world, id } = await scheduled(mornings);
    world.be('nas', 'suspended');
    const { since } = world.guest('nas');
    world.be('nas', 'unknown');
    await world.until('2026-11-24T08:00');
    expect(world.acts()).toEqual([]);
    expect(world.app().notices).toMatchObject([{ guestId: 'nas', title: 'nas was not woken yet' }]);
    Object.assign(world.guest('nas'), { state: 'suspended', since });
    await world.until('2026-11-24T08:02');
    expect(world.acts()).toHaveLength(1);
    expect(world.guest('nas').state).toBe('running');
    expect(world.app().notices).toEqual([]);
    expect(world.app().schedules.find(id)?.waking).toBeNull();
  });

  it('is given up after three wakes that it slept through', async () => {
    const { world } = await scheduled(mornings);
    world.be('nas', 'suspended');
    world.guest('nas').deaf = true;
    await world.until('2026-11-24T08:00');
    expect(world.acts()).toHaveLength(3);
    expect(world.app().notices).toMatchObject([{ title: 'nas was not woken' }]);
  });

  it('goes on with the other guests when Reveille meets a fault at one', async () => {
    const world = createWorld();
    for (const id of ['nas', 'web', 'db']) world.be(id, 'suspended');
    world.setGroup(['nas', 'web', 'db'].map((id) => ({ id, delay: 0 })));
    const app = await world.boot();
    app.schedules.start();
    await app.schedules.save(null, draft({ ...mornings, target: { kind: 'group', groupId: 'g' } }));
    world.guest('nas').fault = new Error('out of cheese');
    await world.until('2026-11-24T07:30');
    expect(world.acts().map(([id, action]) => [id, action])).toEqual([
      ['nas', 'wakeup'],
      ['web', 'wakeup'],
      ['db', 'wakeup'],
    ]);
    expect(app.notices).toMatchObject([
      { guestId: 'nas', severity: 'error', message: expect.stringContaining('out of cheese') },
    ]);
  });

  it.each([
    ['before it is begun', '2026-11-24T06:59', 'suspended' as const],
    ['while it goes on', '2026-11-24T07:01', 'unknown' as const],
  ])('is tried again after a fault of Reveille (%s)', async (_, from, state) => {
    const { world } = await scheduled(mornings);
    world.be('nas', state);
    const { since } = world.guest('nas');
    await world.until(from);
    world.break(new Error('out of cheese'));
    await world.clock.advance(70_000);
    world.break(null);
    expect(world.app().notices.map(({ title }) => title)).toContain('The schedule “Nights” met a fault of Reveille');
    Object.assign(world.guest('nas'), { state: 'suspended', since });
    await world.until('2026-11-24T07:30');
    expect(world.acts().map(([id, action]) => [id, action])).toEqual([['nas', 'wakeup']]);
  });

  it('is given up after three faults, which are told as one; the next day it goes on', async () => {
    const { world } = await scheduled(mornings);
    world.be('nas', 'suspended');
    await world.until('2026-11-24T06:59');
    world.break(new Error('out of cheese'));
    await world.until('2026-11-24T07:30');
    world.break(null);
    expect(world.app().notices).toMatchObject([{ message: 'out of cheese', remedy: expect.stringContaining('goes on with its next') }]);
    await world.until('2026-11-24T12:00');
    expect(world.acts()).toEqual([]);
    await world.until('2026-11-25T07:30');
    expect(world.acts()).toEqual([['nas', 'wakeup', '2026-11-25T07:00:00', null]]);
  });

  it('leaves a guest alone that was put to sleep again since', async () => {
    const { world } = await scheduled(mornings);
    world.be('nas', 'unknown');
    await world.until('2026-11-24T08:00');
    world.be('nas', 'suspended');
    await world.until('2026-11-24T08:05');
    expect(world.acts()).toEqual([]);
    expect(world.guest('nas').state).toBe('suspended');
  });
});
