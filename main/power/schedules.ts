import { Cron } from 'croner';

/** ISO weekdays: 1 is Monday, 7 Sunday. Times of day as "23:30". */
export type ScheduleRule =
  | {
      readonly kind: 'weekly';
      /** On which it sleeps; without a sleep, on which it wakes. */
      readonly days: readonly number[];
      readonly sleepAt: string | null;
      readonly wakeAt: string | null;
    }
  /** Five fields each, as crontab(5). */
  | { readonly kind: 'cron'; readonly sleep: string | null; readonly wake: string | null };

/** A rule in an IANA time zone. */
export interface Timing {
  readonly rule: ScheduleRule;
  readonly timeZone: string;
}

/** Instants in ms since the epoch; the sleep is before the wake, and either may be missing. */
export interface Occurrence {
  readonly sleep: number | null;
  readonly wake: number | null;
}

/** What is to be done at one instant. */
export interface Half {
  readonly what: 'sleep' | 'wake';
  readonly at: number;
  readonly of: Occurrence;
}

/**
 * The sleeps and the wakes of a rule, each strictly increasing. A time that daylight saving leaves out that night is the
 * instant of the jump; of one that comes twice, the first. (Fields with a wildcard or a step in them run on both.)
 */
interface Sequences {
  readonly sleeps: Cron | null;
  readonly wakes: Cron | null;
  /** Wakes without a sleep before them count, too. */
  readonly loneWakes: boolean;
}

/** Of one length: a rule that nothing comes of for so long never comes, in ms. A leap day can be 8 years away. */
const NEVER_MS = 9 * 366 * 24 * 3_600_000;
const SLEEPS_LOOKED_AT = 100;
/** What was read, as reading takes longer than looking for the next time. */
const read = new Map<string, Cron>();
const MOST_READ = 500;

/** @throws RangeError in words for the user when the rule or its time zone is not understood, or it never comes */
export function checkTiming({ rule, timeZone }: Timing, now: number): void {
  if (!isTimeZone(timeZone)) {
    throw new RangeError(`“${timeZone}” is no time zone. Write it like Europe/Berlin.`);
  }
  if (rule.kind === 'weekly') {
    if (rule.sleepAt === null && rule.wakeAt === null) throw new RangeError('When? Give a time to sleep, to wake, or both.');
    if (rule.days.length === 0) throw new RangeError('On which days? Choose at least one.');
    if (rule.sleepAt === rule.wakeAt) throw new RangeError('It would sleep and wake at the same time. Give another time to wake.');
  } else {
    if (rule.sleep === null && rule.wake === null)
      throw new RangeError('When? Give an expression for the sleep, for the wake, or both.');
    checkExpression(rule.sleep, timeZone, now);
    checkExpression(rule.wake, timeZone, now);
  }
  const asksForSleep = rule.kind === 'weekly' ? rule.sleepAt !== null : rule.sleep !== null;
  if (asksForSleep && !hasSleep({ rule, timeZone }, now)) {
    throw new RangeError('Every sleep would end as it begins: the wakes are at the same times. Give other times to wake.');
  }
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function checkExpression(expression: string | null, timeZone: string, now: number): void {
  if (expression === null) return;
  const written = `“${expression}”`;
  const like = 'Write five fields: minute, hour, day of the month, month, weekday. For example 30 23 * * 1-5.';
  // croner would read "?" as the time at which the expression was read, and names such as @reboot are not all times.
  if (expression.trim().split(/\s+/).length !== 5 || expression.includes('?'))
    throw new RangeError(`${written} is not understood. ${like}`);
  let next: number | null;
  try {
    next = nextOf(cronOf(expression, timeZone), now);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new RangeError(`${written} is not understood${wrongPart(expression, timeZone)}. ${like}`, { cause: error });
  }
  if (next === null) throw new RangeError(`${written} names a day that never comes.`);
}

const fieldNames = ['minute', 'hour', 'day of the month', 'month', 'weekday'];

/** Which of its five fields is wrong by itself: “: “8” is no weekday”; empty when none is. */
function wrongPart(expression: string, timeZone: string): string {
  const fields = expression.trim().split(/\s+/);
  const place = fields.findIndex((field, at) => !isUnderstood(fields.map((_, other) => (other === at ? field : '*')).join(' '), timeZone));
  return place === -1 ? '' : `: “${fields[place] ?? ''}” is no ${fieldNames[place] ?? ''}`;
}

function isUnderstood(expression: string, timeZone: string): boolean {
  try {
    cronOf(expression, timeZone);
    return true;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether any of the sleeps to come is at another instant than a wake. */
function hasSleep(timing: Timing, now: number): boolean {
  const { sleeps, wakes } = sequencesOf(timing);
  let sleep = sleeps && nextOf(sleeps, now);
  for (let count = 0; sleeps && sleep !== null && count < SLEEPS_LOOKED_AT; count += 1) {
    if (!wakes || previousOf(wakes, sleep + 1) !== sleep) return true;
    sleep = nextOf(sleeps, sleep);
  }
  return false;
}

/** The first half strictly after `after` (ms since the epoch); null when there is none. */
export function nextHalf(timing: Timing, after: number): Half | null {
  const { sleeps, wakes, loneWakes } = sequencesOf(timing);
  if (!wakes) return sleepHalf(sleeps && nextOf(sleeps, after), null);
  for (let from = after; ; ) {
    const wake = nextOf(wakes, from);
    if (!sleeps) return wakeHalf(wake, null);
    const sleep = firstSleepAfter(sleeps, previousOf(wakes, from + 1));
    if (sleep !== null && (wake === null || sleep < wake)) {
      if (sleep > after) return sleepHalf(sleep, wake);
      return wakeHalf(wake, sleep);
    }
    if (wake === null || wake - after > NEVER_MS) return null;
    if (loneWakes) return wakeHalf(wake, null);
    from = wake;
  }
}

/** The last half at or before `at`; null when there is none. */
export function lastHalf(timing: Timing, at: number): Half | null {
  const { sleeps, wakes, loneWakes } = sequencesOf(timing);
  if (!wakes) return sleepHalf(sleeps && previousOf(sleeps, at + 1), null);
  for (let until = at; ; ) {
    const wake = previousOf(wakes, until + 1);
    if (!sleeps) return wakeHalf(wake, null);
    const sleep = firstSleepAfter(sleeps, wake);
    const next = nextOf(wakes, until);
    if (until === at && sleep !== null && sleep <= at && (next === null || sleep < next)) return sleepHalf(sleep, next);
    if (wake === null || at - wake > NEVER_MS) return null;
    const before = firstSleepAfter(sleeps, previousOf(wakes, wake));
    if (before !== null && before < wake) return wakeHalf(wake, before);
    if (loneWakes) return wakeHalf(wake, null);
    until = wake - 1;
  }
}

/** The next occurrences that begin strictly after `after`, up to `count`. */
export function nextOccurrences(timing: Timing, after: number, count: number): Occurrence[] {
  const found: Occurrence[] = [];
  for (let from = after; found.length < count; ) {
    const half = nextHalf(timing, from);
    if (!half) break;
    if (half.what === 'sleep' || half.of.sleep === null) found.push(half.of);
    from = half.what === 'sleep' ? (half.of.wake ?? half.at) : half.at;
  }
  return found;
}

/** When the occurrence begins. */
export const beginningOf = ({ sleep, wake }: Occurrence): number => {
  const at = sleep ?? wake;
  if (at === null) throw new Error('An occurrence without an instant');
  return at;
};

const sleepHalf = (at: number | null, wake: number | null): Half | null =>
  at === null ? null : { what: 'sleep', at, of: { sleep: at, wake } };
const wakeHalf = (at: number | null, sleep: number | null): Half | null =>
  at === null ? null : { what: 'wake', at, of: { sleep, wake: at } };

/**
 * A sleep lasts to the next wake, so that of the sleeps between two wakes only the first counts. One at the very instant
 * of a wake is over as it begins.
 */
const firstSleepAfter = (sleeps: Cron, wake: number | null): number | null =>
  wake === null ? null : nextOf(sleeps, wake);

function sequencesOf({ rule, timeZone }: Timing): Sequences {
  const of = (expression: string | null) => (expression === null ? null : cronOf(expression, timeZone));
  if (rule.kind === 'cron') return { sleeps: of(rule.sleep), wakes: of(rule.wake), loneWakes: true };
  const days = [...new Set(rule.days)].join(',');
  const daily = (time: string | null, on: string) => of(time && `${time.slice(3)} ${time.slice(0, 2)} * * ${on}`);
  return {
    sleeps: daily(rule.sleepAt, days),
    wakes: daily(rule.wakeAt, rule.sleepAt === null ? days : '*'),
    loneWakes: false,
  };
}

/** @throws TypeError when the expression is not understood */
function cronOf(expression: string, timeZone: string): Cron {
  const key = `${timeZone}\0${expression}`;
  const known = read.get(key);
  if (known) return known;
  if (read.size >= MOST_READ) read.clear();
  // Without a function to call, croner sets no timer.
  const cron = new Cron(expression, { timezone: timeZone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true });
  read.set(key, cron);
  return cron;
}

/** The first instant strictly after `after`. */
function nextOf(cron: Cron, after: number): number | null {
  const next = cron.nextRun(new Date(after))?.getTime() ?? null;
  if (next !== null && next <= after) throw new Error('croner went back in time');
  return next;
}

/** The last instant strictly before `before`. */
function previousOf(cron: Cron, before: number): number | null {
  const [previous] = cron.previousRuns(1, new Date(before));
  return previous?.getTime() ?? null;
}
