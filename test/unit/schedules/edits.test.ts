import { describe, expect, it } from 'vitest';
import type { ScheduleDraft } from '../../../main/schedules/model';
import { createWorld, draft, scheduled, shown, utc } from './world';

const nights = (sleepAt: string, wakeAt: string | null): Pick<ScheduleDraft, 'rule'> => ({
  rule: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], sleepAt, wakeAt },
});
const both = { target: { kind: 'guests' as const, guestIds: ['nas', 'web'] } };

describe('a wake that is edited while its guests sleep', () => {
  it.each(['06:00', '09:00'])('moves the alarms that the schedule has set (%s)', async (wakeAt) => {
    const { world, id } = await scheduled({}, ['nas', 'web']);
    await world.until('2026-11-24T01:00');
    await world.app().schedules.save(id, draft({ ...nights('23:30', wakeAt), ...both }));
    await world.until('2026-11-24T05:00');
    expect([world.guest('nas').alarm, world.guest('web').alarm].map(shown)).toEqual(Array(2).fill(`2026-11-24T${wakeAt}:00`));
    await world.until('2026-11-24T12:00');
    expect(world.guest('nas')).toMatchObject({ state: 'running', since: utc(`2026-11-24T${wakeAt}`) });
    expect(world.asked.filter(({ action }) => action === 'wakeup')).toEqual([]);
    expect(world.app().notices).toEqual([]);
  });

  it('keeps the order of a group', async () => {
    const world = createWorld();
    for (const id of ['nas', 'web']) world.guest(id);
    world.setGroup([
      { id: 'nas', delay: 60 },
      { id: 'web', delay: 0 },
    ]);
    const app = await world.boot();
    app.schedules.start();
    const target = { kind: 'group' as const, groupId: 'g' };
    const id = await app.schedules.save(null, draft({ target }));
    await world.until('2026-11-24T01:00');
    await app.schedules.save(id, draft({ ...nights('23:30', '06:00'), target }));
    await world.until('2026-11-24T12:00');
    expect(['nas', 'web'].map((one) => shown(world.guest(one).since))).toEqual(['2026-11-24T06:00:00', '2026-11-24T06:01:00']);
  });

  it('wakes a guest itself whose alarm cannot be moved to an earlier time, and says what holds without it', async () => {
    const { world, id } = await scheduled();
    world.guest('nas').fixed = 'It is in the guest’s own clock.';
    await world.until('2026-11-24T01:00');
    await world.app().schedules.save(id, draft(nights('23:30', '06:00')));
    await world.until('2026-11-24T02:00');
    expect(world.app().notices).toMatchObject([
      { guestId: 'nas', severity: 'warning', title: expect.stringMatching(/^The alarm of nas is still set for /), message: expect.stringContaining('It is in the guest’s own clock.') },
    ]);
    await world.until('2026-11-24T12:00');
    expect(world.acts().slice(1)).toEqual([['nas', 'wakeup', '2026-11-24T06:00:00', null]]);
  });

  it('says that a guest wakes as before whose alarm cannot be moved to a later time', async () => {
    const { world, id } = await scheduled();
    world.guest('nas').fixed = 'It is in the guest’s own clock.';
    await world.until('2026-11-24T01:00');
    await world.app().schedules.save(id, draft(nights('23:30', '09:00')));
    await world.until('2026-11-24T07:30');
    expect(world.app().notices).toMatchObject([{ guestId: 'nas', message: expect.stringMatching(/It wakes at .*07:00 all the same\.$/) }]);
    await world.until('2026-11-24T12:00');
    expect(world.app().notices).toEqual([]);
    expect(world.guest('nas')).toMatchObject({ state: 'running', since: utc('2026-11-24T07:00') });
    expect(world.acts()).toHaveLength(1);
  });

  it('takes back what it said when the wake is edited back', async () => {
    const { world, id } = await scheduled();
    const { schedules, notices } = world.app();
    world.guest('nas').fixed = 'It is in the guest’s own clock.';
    await world.until('2026-11-24T01:00');
    await schedules.save(id, draft(nights('23:30', '06:00')));
    await world.until('2026-11-24T02:00');
    expect(notices).toHaveLength(1);
    await schedules.save(id, draft());
    await world.until('2026-11-24T12:00');
    expect(notices).toEqual([]);
    expect(world.guest('nas').since).toBe(utc('2026-11-24T07:00'));
    expect(world.acts()).toHaveLength(1);
  });

  it('leaves an alarm alone that the user has moved, and one that the user has taken away', async () => {
    const { world, id } = await scheduled({}, ['nas', 'web']);
    await world.until('2026-11-24T00:30');
    world.guest('nas').alarm = utc('2026-11-24T10:00');
    world.guest('web').alarm = null;
    await world.until('2026-11-24T01:00');
    await world.app().schedules.save(id, draft({ ...nights('23:30', '06:00'), ...both }));
    await world.until('2026-11-24T09:00');
    expect(world.guest('nas')).toMatchObject({ state: 'suspended', alarm: utc('2026-11-24T10:00') });
    expect(world.guest('web')).toMatchObject({ state: 'suspended', alarm: null });
  });

  it('is followed when the edit comes while the guests fall asleep', async () => {
    const { world, id } = await scheduled();
    await world.clock.advance(utc('2026-11-23T23:30') - world.clock.now() + 10);
    expect(world.guest('nas').state).toBe('running');
    expect(world.acts()).toHaveLength(1);
    await world.app().schedules.save(id, draft(nights('23:30', '06:00')));
    await world.until('2026-11-24T12:00');
    expect(world.guest('nas')).toMatchObject({ state: 'running', since: utc('2026-11-24T06:00') });
  });

  it.each([
    ['to another night', { rule: { kind: 'weekly' as const, days: [6], sleepAt: '23:30', wakeAt: '07:00' } }],
    ['to no wake at all', nights('23:30', null)],
  ])('%s leaves this night’s alarms', async (_, change) => {
    const { world, id } = await scheduled();
    await world.until('2026-11-24T01:00');
    await world.app().schedules.save(id, draft(change));
    await world.until('2026-11-24T12:00');
    expect(world.guest('nas')).toMatchObject({ state: 'running', since: utc('2026-11-24T07:00') });
  });

  it('of a schedule that rests is followed when it is resumed', async () => {
    const { world, id } = await scheduled();
    const { schedules } = world.app();
    await world.until('2026-11-24T01:00');
    await schedules.pause(id, true);
    await schedules.save(id, draft(nights('23:30', '09:00')));
    await world.until('2026-11-24T02:00');
    expect(shown(world.guest('nas').alarm)).toBe('2026-11-24T07:00:00');
    await schedules.pause(id, false);
    await world.until('2026-11-24T03:00');
    expect(shown(world.guest('nas').alarm)).toBe('2026-11-24T09:00:00');
  });
});
