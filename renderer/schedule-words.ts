import type { MissedPolicy, Occurrence, ScheduleDraft, ScheduleView, Target } from '../preload/contract/schedules';
import type { GuestView, Snapshot } from '../preload/contract/view';
import type { HolderChoice, SleepName } from '../preload/contract/vocabulary';
import { cleanLine, guestName, hostName } from './text';
import { clockTime, dayName, daysAhead } from './time';

/** Words for schedules. Pure: the view and the present are passed in. */

/** What a schedule is called: its name, else its rule. */
export function scheduleName({ draft, text }: Pick<ScheduleView, 'draft' | 'text'>): string {
  const name = cleanLine(draft.name);
  return name.trim() === '' ? cleanLine(text) : name;
}

const mostNamed = 2;

/** "nas", "nas, web and 3 more", "Group Storage: 2 guests", "All guests of attic". */
export function targetWords(target: Target, view: Snapshot): string {
  switch (target.kind) {
    case 'guests': {
      const names = target.guestIds.map((id) => {
        const guest = view.guests[id];
        return guest === undefined ? 'a guest that is gone' : guestName(guest.name);
      });
      const more = names.length - mostNamed;
      return more > 1 ? `${names.slice(0, mostNamed).join(', ')} and ${more} more` : names.join(', ');
    }
    case 'group': {
      const group = view.groups[target.groupId];
      if (group === undefined) return 'A group that is gone';
      const count = group.members.length;
      return `Group ${cleanLine(group.name)}: ${count === 1 ? '1 guest' : `${count} guests`}`;
    }
    case 'host': {
      const host = view.hosts[target.hostId];
      return host === undefined ? 'A host that is gone' : `All guests of ${hostName(host)}`;
    }
  }
}

/** Whether the schedule is about this guest. */
export function isAbout({ draft: { target } }: ScheduleView, guestId: string, view: Snapshot): boolean {
  switch (target.kind) {
    case 'guests':
      return target.guestIds.includes(guestId);
    case 'group':
      return view.groups[target.groupId]?.members.some((member) => member.guestId === guestId) === true;
    case 'host':
      return view.guests[guestId]?.hostId === target.hostId;
  }
}

/** "Sleeps today 23:30, wakes tomorrow 07:00"; "Sleeps Sat 01:00, wakes 06:00" of one day; "Wakes Mon 07:00". */
export function occurrenceWords({ sleep, wake }: Occurrence, now: number): string {
  const at = (instant: number) => `${dayName(instant, now)} ${clockTime(instant)}`;
  if (sleep === null) return wake === null ? '' : `Wakes ${at(wake)}`;
  if (wake === null) return `Sleeps ${at(sleep)}, until somebody wakes it`;
  return `Sleeps ${at(sleep)}, wakes ${daysAhead(wake, sleep) === 0 ? clockTime(wake) : at(wake)}`;
}

/** The occurrence's clock times in the schedule's own zone, where it is another: "23:30 to 07:00 in America/New_York". */
export function zoneWords({ sleep, wake }: Occurrence, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const times = [sleep, wake].flatMap((at) => (at === null ? [] : [format.format(at)]));
  return `${times.join(' to ')} in ${timeZone.replaceAll('_', ' ')}`;
}

export const actionWords: Record<SleepName, string> = { suspend: 'Sleep', hibernate: 'Hibernate', hybrid: 'Hybrid sleep' };

export const missedWords: Record<MissedPolicy, { label: string; hint: string }> = {
  late: { label: 'Do it late', hint: 'As soon as it can be done; a sleep only while it would not be time to wake again.' },
  skip: { label: 'Leave it out', hint: 'A missed sleep is left out. A sleeping guest is still woken.' },
  ask: { label: 'Ask me', hint: 'A missed sleep waits here for an answer. A sleeping guest is still woken.' },
};

export const holderChoices: Record<HolderChoice, { label: string; hint: string }> = {
  auto: { label: 'The most durable that it offers', hint: 'Looked for at each sleep: the guest’s own clock, else its host, else Reveille.' },
  guest: { label: 'The guest’s own clock', hint: 'Wakes it also when Reveille is closed. From Sleep only; needs the guest agent.' },
  host: { label: 'A job on its host', hint: 'Wakes it also when Reveille is closed. A Linux host is needed.' },
  app: { label: 'Reveille', hint: 'Wakes it while Reveille runs, and its host can be reached.' },
};

export const graceWords = (seconds: number): string =>
  seconds === 0 ? 'None' : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;

/** What has to be so before it sleeps, and how it goes about it, in short: "if nobody signed in, CPU below 20 %", "5 min notice". */
export function conditionWords({ conditions }: ScheduleDraft): readonly string[] {
  const { nobodySignedIn, cpuBelowPercent, graceSeconds } = conditions;
  const conditioned = [
    ...(nobodySignedIn ? ['nobody signed in'] : []),
    ...(cpuBelowPercent === null ? [] : [`CPU below ${cpuBelowPercent} %`]),
  ];
  return [
    ...(conditioned.length === 0 ? [] : [`if ${conditioned.join(', ')}`]),
    ...(graceSeconds === 0 ? [] : [`${graceWords(graceSeconds)} notice`]),
  ];
}

/** So many guests are told with their reasons; of more, only the names. */
const TOLD = 3;

/** Those that run, and that a schedule could not put to sleep as they are now. */
export function cannotSleepWords(guests: readonly GuestView[], { action, rule }: Pick<ScheduleDraft, 'action' | 'rule'>): readonly string[] {
  if ((rule.kind === 'weekly' ? rule.sleepAt : rule.sleep) === null) return [];
  const those = guests.flatMap(({ name, state, pending, actions }) => {
    const can = actions[action];
    return state.name !== 'running' || pending !== null || can.available ? [] : [{ name: guestName(name), reason: can.reason }];
  });
  if (those.length > TOLD) {
    const names = those.slice(0, TOLD).map(({ name }) => name);
    return [`As they are now, ${names.join(', ')} and ${those.length - TOLD} more can’t be put to sleep.`];
  }
  return those.map(({ name, reason }) => `As it is now, ${name} can’t be put to sleep: ${reason}`);
}

/** By the next occurrence, those without one last, then by name. */
export function inOrder(schedules: readonly ScheduleView[]): readonly ScheduleView[] {
  const first = ({ next, paused }: ScheduleView) => (paused ? Infinity : (next[0]?.sleep ?? next[0]?.wake ?? Infinity));
  const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  return [...schedules].sort((a, b) => {
    const [left, right] = [first(a), first(b)];
    return left === right ? names.compare(scheduleName(a), scheduleName(b)) : left - right;
  });
}

/** The schedules that have every word of the text in their name, rule or target. */
export function searchSchedules(schedules: readonly ScheduleView[], view: Snapshot, search: string): readonly ScheduleView[] {
  const words = search.toLocaleLowerCase('en').split(/\s+/u).filter(Boolean);
  return schedules.filter((schedule) => {
    const hay = `${scheduleName(schedule)}\n${schedule.text}\n${targetWords(schedule.draft.target, view)}`.toLocaleLowerCase('en');
    return words.every((word) => hay.includes(word));
  });
}
