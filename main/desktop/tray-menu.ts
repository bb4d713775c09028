import type { GraceView, ScheduleView } from '../../preload/contract/schedules';
import type { GuestView, HostView, Snapshot } from '../../preload/contract/view';

export type TrayCommand =
  | { readonly kind: 'wake'; readonly guestId: string; readonly action: 'wakeup' | 'start' }
  | { readonly kind: 'wake-host'; readonly hostId: string }
  | { readonly kind: 'show'; readonly guestId: string }
  | { readonly kind: 'cancel-grace'; readonly graceId: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'quit' };

/** Labels are plain text, of names that guests and users chose among others. */
export type TrayEntry =
  | { readonly kind: 'separator' }
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'menu'; readonly label: string; readonly entries: readonly TrayEntry[] }
  /** `command` null: it cannot be done now. */
  | { readonly kind: 'item'; readonly label: string; readonly command: TrayCommand | null };

export interface TrayMenu {
  readonly toolTip: string;
  readonly entries: readonly TrayEntry[];
}

/** More would make the menu longer than small screens are high. */
const MOST_SLEEPERS = 12;
const MOST_WAITING = 6;
const LONGEST_NAME = 40;
const LONGEST_TITLE = LONGEST_NAME + ' goes to sleep'.length;
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const separator: TrayEntry = { kind: 'separator' };

/** What the tray shows at `now`. No countdowns, so that it changes only when the view does. */
export function trayMenu(view: Snapshot, now: number): TrayMenu {
  const guests = Object.values(view.guests);
  const asleep = guests.filter(({ state }) => state.name === 'suspended' || state.name === 'hibernated').sort(bySoonest);
  const hosts = Object.values(view.hosts).filter(({ power }) => power?.state === 'asleep');
  const next = nextAlarm(view, now);
  const waiting = waitingEntries(view, now);
  const left = asleep.length - MOST_SLEEPERS;
  const sleepers: TrayEntry[] = [
    ...hosts.map((host) => hostEntry(host, now)),
    ...asleep.slice(0, MOST_SLEEPERS).map((guest) => guestEntry(guest, view.hosts[guest.hostId], now)),
    ...(left > 0 ? [{ kind: 'item' as const, label: `${left} more asleep…`, command: { kind: 'open' as const } }] : []),
  ];
  return {
    toolTip: ['Reveille', ...waiting.slice(0, 1).map(({ label }) => label), ...(asleep.length > 0 ? [asleep.length === 1 ? '1 guest asleep' : `${asleep.length} guests asleep`] : []), ...(next ? [next] : [])].join(' · '),
    entries: [
      ...waiting,
      ...(waiting.length > 0 ? [separator] : []),
      { kind: 'text', label: next ?? 'No alarm is set' },
      separator,
      ...(sleepers.length > 0 ? sleepers : [{ kind: 'text' as const, label: 'No guest is asleep' }]),
      separator,
      { kind: 'item', label: 'Open Reveille', command: { kind: 'open' } },
      { kind: 'item', label: 'Quit Reveille', command: { kind: 'quit' } },
    ],
  };
}

type Labelled = Exclude<TrayEntry, { kind: 'separator' }>;

/** What can still be cancelled, soonest first, and what waits for an answer. */
function waitingEntries({ graces, schedules }: Snapshot, now: number): Labelled[] {
  const missed = Object.values(schedules).flatMap((schedule): Labelled[] => (schedule.missed ? [missedEntry(schedule, schedule.missed)] : []));
  const running = Object.values(graces).sort((a, b) => a.at - b.at);
  const all = [...running.map((grace) => graceEntry(grace, now)), ...missed];
  if (all.length <= MOST_WAITING) return all;
  return [...all.slice(0, MOST_WAITING), { kind: 'item', label: `${all.length - MOST_WAITING} more wait for you…`, command: { kind: 'open' } }];
}

const graceEntry = ({ id, title, at }: GraceView, now: number): Labelled => ({
  kind: 'menu',
  label: `${plain(title, LONGEST_TITLE)} at ${timeWords(at, now)}`,
  entries: [{ kind: 'item', label: 'Cancel', command: { kind: 'cancel-grace', graceId: id } }],
});

const missedEntry = ({ draft, text }: ScheduleView, { what }: NonNullable<ScheduleView['missed']>): Labelled => ({
  kind: 'item',
  label: `“${plain(draft.name || text)}” missed a ${what}…`,
  command: { kind: 'open' },
});

/** "Next alarm: web, 07:00"; an alarm that is late comes first. */
function nextAlarm({ guests, hosts }: Snapshot, now: number): string | null {
  const alarms = [
    ...Object.values(guests).flatMap(({ name, alarm }) => (alarm ? [{ name, due: alarm.due }] : [])),
    ...Object.values(hosts).flatMap(({ name, power }) => (power?.wakesAt == null ? [] : [{ name, due: power.wakesAt }])),
  ].sort((a, b) => a.due - b.due);
  const [first] = alarms;
  if (!first) return null;
  const name = plain(first.name);
  return first.due > now ? `Next alarm: ${name}, ${timeWords(first.due, now)}` : `Late: ${name} was to be woken ${timeWords(first.due, now)}`;
}

function guestEntry(guest: GuestView, host: HostView | undefined, now: number): TrayEntry {
  const how = guest.pending?.action === 'wakeup' || guest.pending?.action === 'start' ? 'is being woken' : sleepWords(guest, now);
  const action = guest.actions.wakeup.available ? 'wakeup' : guest.actions.start.available ? 'start' : null;
  const name = plain(guest.name) + (host?.simulated ? ' (demo)' : '');
  return {
    kind: 'menu',
    label: `${name}: ${how}`,
    entries: [
      { kind: 'item', label: 'Wake now', command: action === null || guest.pending ? null : { kind: 'wake', guestId: guest.id, action } },
      { kind: 'item', label: 'Show in Reveille', command: { kind: 'show', guestId: guest.id } },
    ],
  };
}

const sleepWords = ({ state, alarm }: GuestView, now: number): string =>
  `${state.name === 'hibernated' ? 'hibernated' : 'asleep'}, ${wakeWords(alarm?.due ?? null, now)}`;

function hostEntry({ id, name, power }: HostView, now: number): TrayEntry {
  return {
    kind: 'menu',
    label: `${plain(name)}: asleep, ${wakeWords(power?.wakesAt ?? null, now)}`,
    entries: [{ kind: 'item', label: 'Wake now', command: power?.wake.available ? { kind: 'wake-host', hostId: id } : null }],
  };
}

const wakeWords = (due: number | null, now: number): string => {
  if (due === null) return 'no alarm';
  return due > now ? `wakes ${timeWords(due, now)}` : `was to wake ${timeWords(due, now)}`;
};

/** "07:00" on the day of `now`, "Fri 07:00" within six days of it, else "14 Nov 07:00". Local time. */
export function timeWords(at: number, now: number): string {
  const date = new Date(at);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const ahead = Math.round((midnight(at) - midnight(now)) / 86_400_000);
  if (ahead === 0) return time;
  return ahead > 0 && ahead < 7 ? `${weekdays[date.getDay()]} ${time}` : `${date.getDate()} ${months[date.getMonth()]} ${time}`;
}

const two = (value: number): string => String(value).padStart(2, '0');
const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** One line of bounded length. */
function plain(name: string, longest = LONGEST_NAME): string {
  const line = name.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
  const letters = [...line];
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : line;
}

const bySoonest = (a: GuestView, b: GuestView): number =>
  (a.alarm?.due ?? Infinity) - (b.alarm?.due ?? Infinity) || a.name.localeCompare(b.name);
