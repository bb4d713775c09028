import type { Api } from '../../preload/contract/api';
import type { HistoryEntry, TimelineRow, TimelineSegment } from '../../preload/contract/timeline';
import type { GuestView, Snapshot } from '../../preload/contract/view';
import type { CallsPort } from './window-plans';

/** The calls about what was, without a main process: a past is made up for each guest, the same each time. */

type HistoryCalls = Pick<Api, 'readTimeline' | 'exportHistory'>;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const ok = <T>(value: T): Promise<{ ok: true; value: T }> => Promise.resolve({ ok: true, value });

/** Local midnight of the day that `at` is in, `ahead` days on. */
function midnight(at: number, ahead: number): number {
  const date = new Date(at);
  date.setHours(0, 0, 0, 0);
  date.setDate(date.getDate() + ahead);
  return date.getTime();
}

const seedOf = (id: string): number => [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);

/** What a guest did on one day: asleep at night, sometimes hibernated, off or paused; once a week nobody looked. */
function dayOf(seed: number, start: number, end: number): TimelineSegment[] {
  const number = Math.floor(start / day) + seed;
  const wakes = start + 6.5 * hour + (seed % 7) * 11 * minute;
  const sleeps = start + 22 * hour + (seed % 5) * 13 * minute;
  const night = number % 9 === 0 ? 'hibernated' : number % 11 === 0 ? 'off' : 'suspended';
  const of = (from: number, to: number, state: TimelineSegment['state'], cause: TimelineSegment['cause']): TimelineSegment => ({
    from,
    to,
    state,
    source: state === 'unknown' ? 'inference' : number % 3 === 0 ? 'query' : 'event',
    cause,
  });
  const noon = start + 12 * hour;
  const evening = of(sleeps, end, night, 'user');
  if (number % 7 === 3) {
    return [
      of(start, wakes, night, 'user'),
      of(wakes, noon, 'running', 'timer'),
      of(noon, noon + 4 * hour, 'unknown', 'unknown'),
      of(noon + 4 * hour, sleeps, 'running', 'unknown'),
      evening,
    ];
  }
  if (number % 13 === 5) {
    return [
      of(start, wakes, night, 'user'),
      of(wakes, noon, 'running', 'timer'),
      of(noon, noon + 20 * minute, 'crashed', 'unknown'),
      of(noon + 20 * minute, noon + hour, 'paused', 'host'),
      of(noon + hour, sleeps, 'running', 'user'),
      evening,
    ];
  }
  return [of(start, wakes, night, 'user'), of(wakes, sleeps, 'running', 'timer'), evening];
}

/** Whole, without overlaps, cut to the range; up to `now` at most; equal neighbours are one. */
export function pastOf(guest: GuestView, from: number, to: number, now: number): TimelineSegment[] {
  const last = Math.min(to, now);
  const since = Math.max(from, now - 40 * day);
  const days: TimelineSegment[] = [];
  for (let ahead = -1; midnight(since, ahead) < last; ahead += 1) {
    days.push(...dayOf(seedOf(guest.id), midnight(since, ahead), midnight(since, ahead + 1)));
  }
  const turn = Math.min(guest.state.since ?? last, last);
  const seen: TimelineSegment[] = [
    ...days.filter((segment) => segment.from < turn).map((segment) => ({ ...segment, to: Math.min(segment.to, turn) })),
    { from: turn, to: last, state: guest.state.name, source: guest.state.source, cause: guest.state.cause },
  ];
  const merged: TimelineSegment[] = [];
  for (const segment of seen) {
    const cut = { ...segment, from: Math.max(segment.from, since), to: Math.min(segment.to, last) };
    const before = merged.at(-1);
    if (cut.to <= cut.from) continue;
    if (before?.state === cut.state) before.to = cut.to;
    else merged.push(cut);
  }
  return merged;
}

const actorOf: Record<TimelineSegment['cause'], HistoryEntry['actor']> = {
  user: { kind: 'schedule', name: 'Weekdays' },
  timer: { kind: 'alarm', holder: 'guest' },
  guest: { kind: 'guest' },
  host: { kind: 'host' },
  unknown: { kind: 'unknown' },
};

/** What is told of each turn. */
const eventsOf = (segments: readonly TimelineSegment[]): HistoryEntry[] =>
  segments.slice(1).flatMap(({ from, state, cause }) =>
    state === 'unknown'
      ? []
      : [{ at: from, kind: 'state' as const, text: `Now ${state}.`, actor: actorOf[cause], failed: state === 'crashed' }],
  );

export function timelineRow(guest: GuestView, from: number, to: number, now: number, noted: readonly HistoryEntry[] = []): TimelineRow {
  const segments = from < now ? pastOf(guest, from, to, now) : [];
  const events = [...eventsOf(segments), ...noted.filter(({ at }) => at >= from && at < to)].sort((a, b) => a.at - b.at);
  return { id: guest.id, name: guest.name, segments, events };
}

/** Where the fake says that it has written to; null: the user cancelled. */
export interface ExportPlan {
  path: string | null;
}

export function historyCalls(
  { current, takeRefusal, timing }: Pick<CallsPort, 'current' | 'takeRefusal' | 'timing'>,
  noted: (guestId: string) => readonly HistoryEntry[],
  plan: ExportPlan,
): HistoryCalls {
  const wanted = (ids: readonly string[], view: Snapshot) =>
    Object.values(view.guests).filter(({ id }) => ids.length === 0 || ids.includes(id));
  return {
    readTimeline: ({ ids, from, to }) =>
      ok(wanted(ids, current()).map((guest) => timelineRow(guest, from, to, timing.now(), noted(guest.id)))),
    exportHistory({ format }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      return ok({ path: plan.path === null ? null : plan.path.replace(/\.\w+$/, `.${format}`) });
    },
  };
}
