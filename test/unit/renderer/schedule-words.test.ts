import { expect, it } from 'vitest';
import {
  cannotSleepWords,
  conditionWords,
  inOrder,
  isAbout,
  occurrenceWords,
  scheduleName,
  searchSchedules,
  targetWords,
  zoneWords,
} from '../../../renderer/schedule-words';
import { groupView, scheduleDraft, scheduleView } from '../../fakes/plan-views';
import { guestView, snapshotOf, sshHost, thisComputer } from '../../fakes/views';

const view = snapshotOf({
  hosts: [thisComputer, sshHost({ id: 'attic' })],
  guests: ['nas', 'web', 'db', 'mail'].map((id) => guestView({ id, hostId: id === 'mail' ? 'attic' : 'here' })),
  groups: [groupView({ id: 'g', name: 'Storage', members: [{ guestId: 'nas', delaySeconds: 0 }, { guestId: 'db', delaySeconds: 0 }] })],
});
const at = (day: number, hour: number, minute = 0) => new Date(2025, 10, day, hour, minute).getTime();

it('names a schedule by its rule when it has no name, in one line', () => {
  expect(scheduleName({ draft: scheduleDraft({ name: ' ' }), text: 'Weekdays 23:30 to 07:00' })).toBe('Weekdays 23:30 to 07:00');
  expect(scheduleName({ draft: scheduleDraft({ name: 'a\u202eb\nc' }), text: '' })).toBe('a‹U+202E›b␊c');
});

it('says which guests that run could not be put to sleep as they are now', () => {
  const no = { available: false, reason: 'It has no guest agent.' } as const;
  const guest = (id: string, name: 'running' | 'off' = 'running') => {
    const view = guestView({ id, state: { name, since: 0, source: 'event', cause: 'unknown' } });
    return { ...view, actions: { ...view.actions, suspend: no } };
  };
  const nightly = scheduleDraft({ action: 'suspend' });
  expect(cannotSleepWords([guestView({ id: 'nas' }), guest('router'), guest('lab', 'off')], nightly)).toEqual([
    'As it is now, router can’t be put to sleep: It has no guest agent.',
  ]);
  expect(cannotSleepWords(['a', 'b', 'c', 'd', 'e'].map((id) => guest(id)), nightly)).toEqual(['As they are now, a, b, c and 2 more can’t be put to sleep.']);
  const wakeOnly = scheduleDraft({ rule: { kind: 'weekly', days: [1], sleepAt: null, wakeAt: '07:00' } });
  expect(cannotSleepWords([guest('router')], wakeOnly)).toEqual([]);
});

it('names whom it is about', () => {
  const of = (guestIds: string[]) => targetWords({ kind: 'guests', guestIds }, view);
  expect(of(['nas'])).toBe('nas');
  expect(of(['nas', 'web', 'db'])).toBe('nas, web, db');
  expect(of(['nas', 'web', 'db', 'mail'])).toBe('nas, web and 2 more');
  expect(of(['lost'])).toBe('a guest that is gone');
  expect(targetWords({ kind: 'group', groupId: 'g' }, view)).toBe('Group Storage: 2 guests');
  expect(targetWords({ kind: 'group', groupId: 'x' }, view)).toBe('A group that is gone');
  expect(targetWords({ kind: 'host', hostId: 'attic' }, view)).toBe('All guests of attic');
  expect(targetWords({ kind: 'host', hostId: 'x' }, view)).toBe('A host that is gone');
});

it('finds the schedules of a guest: its own, its group’s, its host’s', () => {
  const own = scheduleView({ id: 'a', draft: { target: { kind: 'guests', guestIds: ['web'] } } });
  const group = scheduleView({ id: 'b', draft: { target: { kind: 'group', groupId: 'g' } } });
  const host = scheduleView({ id: 'c', draft: { target: { kind: 'host', hostId: 'attic' } } });
  const mine = (guestId: string) => [own, group, host].filter((schedule) => isAbout(schedule, guestId, view)).map(({ id }) => id);
  expect([mine('web'), mine('db'), mine('mail'), mine('lost')]).toEqual([['a'], ['b'], ['c'], []]);
});

it('says when, with the day only where it is another', () => {
  const now = at(14, 12);
  expect(occurrenceWords({ sleep: at(14, 23, 30), wake: at(15, 7) }, now)).toBe('Sleeps today 23:30, wakes tomorrow 07:00');
  expect(occurrenceWords({ sleep: at(15, 1), wake: at(15, 6) }, now)).toBe('Sleeps tomorrow 01:00, wakes 06:00');
  expect(occurrenceWords({ sleep: null, wake: at(17, 7) }, now)).toBe('Wakes Mon 07:00');
  expect(occurrenceWords({ sleep: at(14, 13), wake: null }, now)).toBe('Sleeps today 13:00, until somebody wakes it');
});

it('says the clock times of another zone', () => {
  const sleep = Date.UTC(2025, 10, 15, 4, 30);
  const wake = Date.UTC(2025, 10, 15, 12, 0);
  expect(zoneWords({ sleep, wake }, 'America/New_York')).toBe('23:30 to 07:00 in America/New York');
  expect(zoneWords({ sleep: null, wake }, 'Asia/Tokyo')).toBe('21:00 in Asia/Tokyo');
});

it('says its conditions', () => {
  expect(conditionWords(scheduleDraft())).toEqual([]);
  const conditions = { nobodySignedIn: true, cpuBelowPercent: 20, graceSeconds: 90 };
  expect(conditionWords(scheduleDraft({ conditions }))).toEqual(['if nobody signed in, CPU below 20 %', '90 s notice']);
  const onlyNotice = { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds: 60 };
  expect(conditionWords(scheduleDraft({ conditions: onlyNotice }))).toEqual(['1 min notice']);
});

it('puts the next first, and what does not come last', () => {
  const later = scheduleView({ id: 'later', next: [{ sleep: null, wake: 20 }] });
  const sooner = scheduleView({ id: 'sooner', next: [{ sleep: 10, wake: 30 }] });
  const paused = scheduleView({ id: 'paused', paused: true, next: [{ sleep: 1, wake: 2 }], draft: { name: 'B' } });
  const never = scheduleView({ id: 'never', draft: { name: 'A' } });
  expect(inOrder([paused, never, later, sooner]).map(({ id }) => id)).toEqual(['sooner', 'later', 'never', 'paused']);
});

it('finds schedules by name, rule and target', () => {
  const schedules = [
    scheduleView({ id: 'a', draft: { name: 'Nights' } }),
    scheduleView({ id: 'b', draft: { target: { kind: 'group', groupId: 'g' } }, text: 'Weekends: wake at 09:00' }),
  ];
  const found = (text: string) => searchSchedules(schedules, view, text).map(({ id }) => id);
  expect([found('night nas'), found('STORAGE week'), found(''), found('db')]).toEqual([['a'], ['b'], ['a', 'b'], []]);
});
