import { describe, expect, it, vi } from 'vitest';
import type { Fleet } from '../../main/guests/fleet';
import type { Notice } from '../../main/guests/notices';
import { openPlanning, type PlanEvent } from '../../main/planning';
import { GroupView, ScheduleView } from '../../preload/contract/schedules';
import { draft } from './schedules/world';
import { createWorld, type World } from './guests/world';
import { clockText } from '../../main/power/local-time';

vi.mock('../../main/demo/one-client-server', () => import('../fakes/memory-sockets'));

async function planned(world: World, fleets: () => readonly Fleet[] = () => [world.fleet]) {
  const touched: string[] = [];
  const notices: Notice[] = [];
  const events: PlanEvent[] = [];
  const planning = await openPlanning({
    clock: world.clock,
    dir: '/p',
    fs: world.fs,
    fleets,
    touch: (kind) => touched.push(kind),
    onNotice: (notice) => {
      notices.push(notice);
      return () => undefined;
    },
    onEvent: (event) => events.push(event),
  });
  planning.show();
  return { planning, touched, notices, events };
}

describe('what is planned, as the window sees it', () => {
  it('shows a schedule with its rule in words and its next three occurrences', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    const { planning } = await planned(world);
    const target = { kind: 'guests' as const, guestIds: [world.guest('nas').id] };
    const id = await planning.schedules.save(null, draft({ target }));
    const view = ScheduleView.parse(planning.sources.schedules(id));
    expect(view).toMatchObject({ text: 'Every day 23:30 to 07:00', paused: false, skipsNext: false, missed: null });
    expect(view.next).toHaveLength(3);
    expect(view.problem).toBeUndefined();
    await planning.schedules.skipNext(id, true);
    expect(planning.sources.schedules(id)?.skipsNext).toBe(true);
    await planning.schedules.skipNext(id, false);
    expect(planning.sources.schedules(id)?.skipsNext).toBe(false);
    await planning.stop();
    await world.stop();
  });

  it('leaves out guests that are gone, says so, and is told when they go', async () => {
    const world = await createWorld([{ name: 'nas' }, { name: 'web' }]);
    let open = true;
    const { planning, touched } = await planned(world, () => (open ? [world.fleet] : []));
    const [nas, web] = ['nas', 'web'].map((name) => world.guest(name).id);
    const guestIds = [nas ?? '', web ?? ''];
    const members = guestIds.map((guestId) => ({ guestId, delaySeconds: 0 }));
    const groupId = await planning.groups.save(null, { name: 'Storage', members });
    const byGuests = await planning.schedules.save(null, draft({ target: { kind: 'guests', guestIds } }));
    const byGroup = await planning.schedules.save(null, draft({ target: { kind: 'group', groupId } }));

    world.fleet.remove(web ?? '');
    touched.length = 0;
    planning.changed(web ?? '');
    expect(touched).toEqual(['groups', 'schedules', 'schedules']);
    touched.length = 0;
    planning.changed(web ?? '');
    expect(touched).toEqual([]);
    expect(GroupView.parse(planning.sources.groups(groupId))).toMatchObject({
      members: [{ guestId: nas }],
      problem: '1 of its 2 guests is no longer on the list.',
    });
    expect(planning.sources.schedules(byGuests)?.draft.target).toEqual({ kind: 'guests', guestIds: [nas] });
    expect(planning.sources.schedules(byGuests)?.problem).toBeUndefined();

    open = false;
    expect(planning.sources.groups(groupId)).toMatchObject({ members: [], problem: 'None of its guests is on the list any more.' });
    expect(planning.sources.schedules(byGuests)?.problem).toBe('Its guests are no longer on the list.');
    expect(planning.sources.schedules(byGroup)?.problem).toBe('The guests of the group Storage are no longer on the list.');
    open = true;
    await planning.groups.remove(groupId);
    expect(planning.sources.schedules(byGroup)?.problem).toBe('Its group was removed.');
    await planning.stop();
    await world.stop();
  });

  it('says that a hibernated guest could not be woken, as long as nobody read its start command', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    const { planning } = await planned(world);
    const target = { kind: 'guests' as const, guestIds: [world.guest('nas').id] };
    const id = await planning.schedules.save(null, draft({ target, action: 'hibernate' }));
    expect(planning.sources.schedules(id)?.problem).toMatch(/not read the start command of nas yet/);
    world.guest('nas').remember({ startAccepted: true });
    expect(planning.sources.schedules(id)?.problem).toBeUndefined();
    await planning.stop();
    await world.stop();
  });

  it('is kept over a restart', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    const { planning } = await planned(world);
    const target = { kind: 'guests' as const, guestIds: [world.guest('nas').id] };
    const id = await planning.schedules.save(null, draft({ target }));
    await planning.stop();
    const { planning: again, touched } = await planned(world);
    expect(touched).toEqual(['schedules']);
    expect(again.sources.schedules(id)?.draft).toEqual(draft({ target }));
    await again.stop();
    await world.stop();
  });
});

describe('a schedule on simulated guests', () => {
  it('puts them to sleep, the alarm wakes them, and the history names the schedule', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const { planning, notices } = await planned(world);
    // The world begins at 12:00 UTC.
    const rule = { kind: 'cron' as const, sleep: '10 12 * * *', wake: '20 12 * * *' };
    const target = { kind: 'guests' as const, guestIds: [world.guest('nas').id] };
    await planning.schedules.save(null, draft({ target, rule }));
    planning.schedules.start();
    const asleep = await world.shows('nas', 'suspended', 700_000);
    expect(new Date(asleep.since ?? 0).toISOString()).toMatch(/T12:10:00/);
    expect(asleep.cause).toBe('timer');
    expect(new Date(world.alarm('nas')?.due ?? 0).toISOString()).toMatch(/T12:20:00.000/);
    const awake = await world.shows('nas', 'running', 700_000);
    expect(new Date(awake.since ?? 0).toISOString()).toMatch(/T12:20:0/);
    expect(world.fleet.history.of(world.guest('nas').id).map(({ actor }) => actor)).toContainEqual({
      kind: 'schedule',
      name: 'Nights',
    });
    expect(notices).toEqual([]);
    await planning.stop();
    await world.stop();
  });

  it('wakes one that sleeps without an alarm', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'suspend');
    const { planning, notices } = await planned(world);
    const rule = { kind: 'cron' as const, sleep: null, wake: '10 12 * * *' };
    const target = { kind: 'guests' as const, guestIds: [world.guest('nas').id] };
    await planning.schedules.save(null, draft({ target, rule }));
    planning.schedules.start();
    const awake = await world.shows('nas', 'running', 700_000);
    expect(new Date(awake.since ?? 0).toISOString()).toMatch(/T12:10:00/);
    expect(notices).toEqual([]);
    await planning.stop();
    await world.stop();
  });

  it('tells of one that cannot be put to sleep, to the desktop, too', async () => {
    const world = await createWorld([{ name: 'nas', found: { agent: null } }]);
    await world.shows('nas', 'running');
    const { planning, notices, events } = await planned(world);
    const rule = { kind: 'cron' as const, sleep: '10 12 * * *', wake: null };
    const guestId = world.guest('nas').id;
    await planning.schedules.save(null, draft({ target: { kind: 'guests', guestIds: [guestId] }, rule }));
    planning.schedules.start();
    await world.until('it is told', () => notices.length > 0, 700_000);
    expect(notices).toMatchObject([{ guestId, severity: 'error', title: 'nas was not put to sleep' }]);
    expect(notices[0]?.remedy).toBeTruthy();
    expect(events).toMatchObject([{ kind: 'failed', guestId, title: 'nas was not put to sleep' }]);
    await planning.stop();
    await world.stop();
  });

  it('tells the desktop when a grace period begins, and leaves the guest up when it is cancelled', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const { planning, events, touched } = await planned(world);
    const rule = { kind: 'cron' as const, sleep: '10 12 * * *', wake: '20 12 * * *' };
    const guestId = world.guest('nas').id;
    const conditions = { ...draft().conditions, graceSeconds: 60 };
    const scheduleId = await planning.schedules.save(null, draft({ target: { kind: 'guests', guestIds: [guestId] }, rule, conditions }));
    planning.schedules.start();
    touched.length = 0;
    await world.until('a grace period begins', () => events.length > 0, 700_000);
    expect(touched).toEqual(expect.arrayContaining(['graces', 'schedules']));
    expect(events).toEqual([
      {
        kind: 'asks',
        guestId,
        title: `nas goes to sleep at ${clockText(Date.UTC(2026, 10, 22, 12, 11), world.clock.now())}`,
        text: 'By the schedule “Nights”. Open Reveille to cancel it.',
      },
    ]);
    const now = planning.schedules.next(planning.schedules.find(scheduleId)!)[0]?.sleep;
    expect(new Date(now ?? 0).toISOString()).toMatch(/T12:10:00/);
    await planning.schedules.skipNext(scheduleId, true);
    await world.clock.advance(1_200_000);
    expect(events).toHaveLength(1);
    expect(world.guest('nas').state.name).toBe('running');
    await planning.stop();
    await world.stop();
  });

  it('tells the desktop of a missed run that asks', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const { planning, events } = await planned(world);
    const rule = { kind: 'cron' as const, sleep: '10 12 * * *', wake: null };
    const target = { kind: 'guests' as const, guestIds: [world.guest('nas').id] };
    await planning.schedules.save(null, draft({ target, rule, missed: 'ask' }));
    world.clock.sleep(1_200_000);
    planning.schedules.start();
    await world.until('it asks', () => events.length > 0);
    expect(events).toMatchObject([{ kind: 'asks', title: 'The schedule “Nights” missed a sleep', text: expect.stringMatching(/^The sleep of nas at /) }]);
    await planning.stop();
    await world.stop();
  });

  it('moves the alarms of guests that sleep when its wake is edited', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const { planning, notices } = await planned(world);
    const rule = { kind: 'cron' as const, sleep: '10 12 * * *', wake: '20 12 * * *' };
    const plan = { target: { kind: 'guests' as const, guestIds: [world.guest('nas').id] }, holder: 'app' as const };
    const id = await planning.schedules.save(null, draft({ ...plan, rule }));
    planning.schedules.start();
    await world.shows('nas', 'suspended', 700_000);
    await world.until('its alarm is armed', () => world.alarm('nas')?.phase.kind === 'armed');
    await planning.schedules.save(id, draft({ ...plan, rule: { ...rule, wake: '15 12 * * *' } }));
    const awake = await world.shows('nas', 'running', 700_000);
    expect(new Date(awake.since ?? 0).toISOString()).toMatch(/T12:15:0/);
    expect(notices).toEqual([]);
    await planning.stop();
    await world.stop();
  });
});
