/**
 * A day of the calendar; month 1 to 12. `day` may run over the month's end, which leads into the next one.
 */
export interface LocalDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const DAY_MS = 24 * 3_600_000;

/** The day on which the instant `at` falls in the local time zone. */
export function localDayOf(at: number): LocalDay {
  const date = new Date(at);
  return { year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate() };
}

/** "07:05", with the date where that is another day than `now`'s; both in ms since the epoch. */
export function clockText(at: number, now: number): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const { year, month, day } = localDayOf(at);
  return JSON.stringify(localDayOf(now)) === JSON.stringify({ year, month, day }) ? time : `${year}-${two(month)}-${two(day)} ${time}`;
}

/** 0 is Sunday. */
export const weekdayOf = ({ year, month, day }: LocalDay): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay();

/** The month has this day. */
export function dayExists({ year, month, day }: LocalDay): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/**
 * The instants (ms since the epoch) at which local clocks read this time, in order: two where clocks are set
 * back over it. Where clocks are set forward over it, the instant of the jump: the first one that reads
 * later.
 */
export function instantsOf(
  { year, month, day }: LocalDay,
  hour: number,
  minute: number,
): readonly [number, ...number[]] {
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  // No zone changes its offset twice in four days, and none is more than a day from UTC.
  const before = offsetAt(wall - 2 * DAY_MS);
  const after = offsetAt(wall + 2 * DAY_MS);
  const [first, ...others] = [...new Set([before, after])]
    .map((offset) => ({ at: wall - offset, offset }))
    .filter(({ at, offset }) => offsetAt(at) === offset)
    .map(({ at }) => at)
    .sort((a, b) => a - b);
  return first === undefined ? [jumpBetween(wall - after, wall - before, before)] : [first, ...others];
}

/** Local time minus UTC in ms. */
const offsetAt = (at: number): number => -new Date(at).getTimezoneOffset() * 60_000;

function jumpBetween(from: number, to: number, before: number): number {
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
