import { describe, expect, it } from 'vitest';
import { draft, scheduled, shown } from './world';

describe('what the user changes', () => {
  it('skips the next occurrence with both of its halves, and no other', async () => {
    const { world, id } = await scheduled();
    const { schedules } = world.app();
    await schedules.skipNext(id, true);
    await world.until('2026-11-24T02:00');
    // In the night that is left out, the next one is another.
    await schedules.skipNext(id, false);
    world.be('nas', 'suspended');
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([]);
    world.be('nas', 'running');
    await world.until('2026-11-25T00:00');
    expect(world.acts()).toHaveLength(1);
  });

  it('tells what is next, without what is skipped and paused', async () => {
    const { world, id } = await scheduled();
    const { schedules } = world.app();
    const upcoming = () => schedules.upcoming().map(({ name, next }) => [name, shown(next.sleep)]);
    expect(upcoming()).toEqual([['Nights', '2026-11-23T23:30:00']]);
    await schedules.skipNext(id, true);
    expect(upcoming()).toEqual([['Nights', '2026-11-24T23:30:00']]);
    await schedules.save(null, draft({ name: 'Sooner', rule: { kind: 'weekly', days: [2], sleepAt: '01:00', wakeAt: null } }));
    expect(upcoming().map(([name]) => name)).toEqual(['Sooner', 'Nights']);
    await schedules.pause(id, true);
    expect(upcoming().map(([name]) => name)).toEqual(['Sooner']);
  });

  it('is refused with a notice that takes the whole sleep', async () => {
    const { world } = await scheduled();
    const { schedules } = world.app();
    const short = (graceSeconds: number) =>
      draft({
        rule: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], sleepAt: '23:30', wakeAt: '23:40' },
        conditions: { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds },
      });
    await expect(schedules.save(null, short(600))).rejects.toThrow('woken before the notice is over');
    expect(() => schedules.read(short(1800))).toThrow('shorter notice');
    expect(schedules.read(short(300))).toHaveLength(3);
  });

  it('can be told not to skip it after all', async () => {
    const { world, id } = await scheduled();
    const { schedules } = world.app();
    await schedules.skipNext(id, true);
    await schedules.skipNext(id, false);
    await world.until('2026-11-24T00:00');
    expect(world.acts()).toHaveLength(1);
  });

  it('pauses it, also over a restart, and what passes meanwhile is not missed', async () => {
    const { world, id } = await scheduled();
    await world.app().schedules.pause(id, true);
    await world.until('2026-11-24T02:00');
    await world.again();
    await world.app().schedules.pause(id, false);
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([]);
    await world.until('2026-11-25T00:00');
    expect(world.acts()).toHaveLength(1);
  });

  it('edits it: what the new rule named before does not count', async () => {
    const { world, id } = await scheduled();
    const { schedules } = world.app();
    await schedules.save(id, draft({ rule: { kind: 'cron', sleep: '0 11 * * *', wake: null } }));
    await world.until('2026-11-24T10:00');
    expect(world.acts()).toEqual([]);
    await world.until('2026-11-24T12:00');
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-24T11:00:00', null]]);
  });

  it('removes it', async () => {
    const { world, id } = await scheduled();
    const { schedules } = world.app();
    await schedules.remove(id);
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([]);
    expect(world.clock.pendingTimers()).toBe(0);
    await expect(schedules.pause(id, true)).rejects.toThrow('removed meanwhile');
  });

  it('refuses a rule that is not understood, and a guest that is gone', async () => {
    const { world } = await scheduled();
    const { schedules } = world.app();
    await expect(schedules.save(null, draft({ rule: { kind: 'cron', sleep: 'x', wake: null } }))).rejects.toMatchObject({
      refusal: { code: 'bad-schedule' },
    });
    await expect(
      schedules.save(null, draft({ target: { kind: 'guests', guestIds: ['nobody'] } })),
    ).rejects.toMatchObject({ refusal: { code: 'unknown-guest' } });
    expect(schedules.ids()).toHaveLength(1);
  });

  it('does nothing where its guests are gone, and goes on when they are back', async () => {
    const { world } = await scheduled();
    world.forget('nas');
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([]);
    world.guest('nas');
    await world.until('2026-11-25T00:00');
    expect(world.acts()).toHaveLength(1);
  });
});
