import type { HistoryEntry, TimelineSegment } from '../preload/contract/timeline';
import type { PowerStateName } from '../preload/contract/vocabulary';
import { daysAhead, spanWords } from './time';
import { stateWords } from './words';

/** State over time, as it is drawn and walked through. Pure; instants are ms since the epoch, calendars are local. */

export const spans = ['day', 'week', 'month'] as const;
export type Span = (typeof spans)[number];

export interface Range {
  span: Span;
  from: number;
  to: number;
}

/** The day, the week (from Monday) or the month that `at` is in. A day of 23 or 25 hours is one. */
export function rangeAt(span: Span, at: number): Range {
  const from = new Date(at);
  from.setHours(0, 0, 0, 0);
  if (span === 'week') from.setDate(from.getDate() - ((from.getDay() + 6) % 7));
  if (span === 'month') from.setDate(1);
  const to = new Date(from);
  if (span === 'month') to.setMonth(to.getMonth() + 1);
  else to.setDate(to.getDate() + (span === 'week' ? 7 : 1));
  return { span, from: from.getTime(), to: to.getTime() };
}

export const before = ({ span, from }: Range): Range => rangeAt(span, from - 1);
export const after = ({ span, to }: Range): Range => rangeAt(span, to);

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December',
];
const monthName = (date: Date): string => months[date.getMonth()] ?? '';

/** "Today 14 Nov", "10 to 16 Nov", "29 Sep to 5 Oct 2025" of another year, "November 2025". */
export function rangeWords({ span, from, to }: Range, now: number): string {
  const first = new Date(from);
  const last = new Date(to - 1);
  const short = (date: Date) => `${date.getDate()} ${monthName(date).slice(0, 3)}`;
  const year = last.getFullYear() === new Date(now).getFullYear() ? '' : ` ${last.getFullYear()}`;
  switch (span) {
    case 'day': {
      const name = daysAhead(from, now) === 0 ? 'Today' : daysAhead(from, now) === -1 ? 'Yesterday' : weekdays[first.getDay()];
      return `${name} ${short(first)}${year}`;
    }
    case 'week': {
      const start = first.getMonth() === last.getMonth() ? String(first.getDate()) : short(first);
      return `${start} to ${short(last)}${year}`;
    }
    case 'month':
      return `${monthName(first)} ${first.getFullYear()}`;
  }
}

export interface Tick {
  at: number;
  /** Empty: a line only. */
  label: string;
}

/** The lines of a range drawn `width` pixels wide, with labels as far as they have room. */
export function ticksOf({ span, from, to }: Range, width: number): readonly Tick[] {
  const ticks: Tick[] = [];
  const hours = width >= 560 ? 3 : 6;
  const everyDay = width >= 620 ? 1 : width >= 420 ? 2 : 5;
  for (let step = 0; ; step += 1) {
    const at = new Date(from);
    if (span === 'day') at.setHours(step * hours);
    else at.setDate(at.getDate() + step);
    if (at.getTime() >= to) return ticks;
    const label =
      span === 'day'
        ? `${String(at.getHours()).padStart(2, '0')}:00`
        : span === 'week'
          ? `${weekdays[at.getDay()]}${width >= 480 ? ` ${at.getDate()}` : ''}`
          : step % everyDay === 0
            ? String(at.getDate())
            : '';
    ticks.push({ at: at.getTime(), label });
  }
}

/** The place of an instant in a range that is `width` pixels wide. */
export const placeOf = (at: number, { from, to }: Range, width: number): number => ((at - from) / (to - from)) * width;

/** How long before the question a stretch may end and still go on, in ms. */
const slack = 2000;

/**
 * The segments of the range up to now, with what is between them as unknown: nobody looked then. `asked`: when main
 * was asked for them; what went on then goes on.
 */
export function wholeSegments(
  segments: readonly TimelineSegment[],
  range: Range,
  asked: number,
  now: number,
): readonly TimelineSegment[] {
  const end = Math.min(range.to, Math.max(now, asked));
  const whole: TimelineSegment[] = [];
  let at = range.from;
  const unseen = (until: number) => {
    if (until > at) whole.push({ from: at, to: until, state: 'unknown', source: 'inference', cause: 'unknown' });
  };
  const last = segments.at(-1);
  for (const segment of segments) {
    const from = Math.max(segment.from, at);
    const to = segment === last && segment.to >= asked - slack ? end : Math.min(segment.to, end);
    if (to <= from) continue;
    unseen(from);
    whole.push({ ...segment, from, to });
    at = to;
  }
  unseen(end);
  return whole;
}

export const barHeight = 16;
/** How far from the top a state's bar begins and ends: the more awake, the higher. */
export const levels: Record<PowerStateName, readonly [number, number]> = {
  running: [0, 16],
  paused: [0, 16],
  crashed: [0, 16],
  unknown: [0, 16],
  suspended: [8, 16],
  hibernated: [8, 16],
  saved: [8, 16],
  off: [13, 16],
};

/** Short turns stay seen: no bar is narrower than this, in pixels. */
const narrowest = 1.5;
const short = (value: number): string => String(Math.round(value * 10) / 10);

/** One SVG path for each state: hundreds of guests stay cheap to draw. */
export function barPaths(segments: readonly TimelineSegment[], range: Range, width: number): ReadonlyMap<PowerStateName, string> {
  const paths = new Map<PowerStateName, string>();
  for (const { from, to, state } of segments) {
    const left = placeOf(from, range, width);
    const size = Math.max(narrowest, placeOf(to, range, width) - left);
    const [top, bottom] = levels[state];
    paths.set(state, `${paths.get(state) ?? ''}M${short(left)} ${top}h${short(size)}V${bottom}h${short(-size)}z`);
  }
  return paths;
}

/** A place that the keyboard or the pointer can be at. */
export type Stop = { kind: 'segment'; at: number; segment: TimelineSegment } | { kind: 'event'; at: number; event: HistoryEntry };

/** All stops from left to right; what happened at the turn of a state comes after the state's own. */
export function stopsOf(segments: readonly TimelineSegment[], events: readonly HistoryEntry[]): readonly Stop[] {
  const stops: Stop[] = [
    ...segments.map((segment): Stop => ({ kind: 'segment', at: segment.from, segment })),
    ...events.map((event): Stop => ({ kind: 'event', at: event.at, event })),
  ];
  const rank = ({ kind }: Stop) => (kind === 'segment' ? 0 : 1);
  return stops.sort((a, b) => a.at - b.at || rank(a) - rank(b));
}

/** The stop under the pointer: an event within `near` ms, else the segment; -1: nothing. */
export function stopAt(stops: readonly Stop[], at: number, near: number): number {
  let best = -1;
  let distance = near;
  let inside = -1;
  stops.forEach((stop, index) => {
    if (stop.kind === 'segment') {
      if (stop.segment.from <= at && at < stop.segment.to) inside = index;
    } else if (Math.abs(stop.at - at) <= distance) {
      best = index;
      distance = Math.abs(stop.at - at);
    }
  });
  return best === -1 ? inside : best;
}

export interface TimeIn {
  state: PowerStateName;
  ms: number;
}

/** How long it was in each state, the longest first. */
export function timesIn(segments: readonly TimelineSegment[]): readonly TimeIn[] {
  const sums = new Map<PowerStateName, number>();
  for (const { state, from, to } of segments) sums.set(state, (sums.get(state) ?? 0) + to - from);
  return [...sums].map(([state, ms]) => ({ state, ms })).sort((a, b) => b.ms - a.ms);
}

/** "Running 15 h 30 min, Sleeping 8 h"; what a screen reader hears of a bar. */
export function barWords(segments: readonly TimelineSegment[]): string {
  if (segments.length === 0) return 'Nothing yet';
  return timesIn(segments)
    .map(({ state, ms }) => `${stateWords[state].label} ${spanWords(ms)}`)
    .join(', ');
}
