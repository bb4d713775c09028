import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginningOf,
  checkTiming,
  lastHalf,
  nextHalf,
  nextOccurrences,
  type Half,
  type ScheduleRule,
  type Timing,
} from '../../../main/power/schedules';
import { ruleInWords } from '../../../main/power/schedule-words';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const utc = (text: string) => Date.parse(`${text}Z`);
const shown = (at: number | null) => at && new Date(at).toISOString().slice(0, 16);
const pairs = (timing: Timing, after: string, count = 3) =>
  nextOccurrences(timing, utc(after), count).map(({ sleep, wake }) => [shown(sleep), shown(wake)]);

const weekly = (days: number[], sleepAt: string | null, wakeAt: string | null): ScheduleRule => ({
  kind: 'weekly',
  days,
  sleepAt,
  wakeAt,
});
const cron = (sleep: string | null, wake: string | null): ScheduleRule => ({ kind: 'cron', sleep, wake });
const weekdays = [1, 2, 3, 4, 5];
const everyDay = [1, 2, 3, 4, 5, 6, 7];

describe('a weekly rule', () => {
  it('sleeps on its days, and wakes at the next time after it', () => {
    // 2026-11-20 is a Friday.
    expect(pairs({ rule: weekly(weekdays, '23:30', '07:00'), timeZone: 'Europe/Berlin' }, '2026-11-20T12:00')).toEqual([
      ['2026-11-20T22:30', '2026-11-21T06:00'],
      ['2026-11-23T22:30', '2026-11-24T06:00'],
      ['2026-11-24T22:30', '2026-11-25T06:00'],
    ]);
  });

  it('wakes the same day where the time to wake comes first', () => {
    expect(pairs({ rule: weekly([6], '09:00', '18:00'), timeZone: 'UTC' }, '2026-11-20T12:00', 2)).toEqual([
      ['2026-11-21T09:00', '2026-11-21T18:00'],
      ['2026-11-28T09:00', '2026-11-28T18:00'],
    ]);
  });

  it('may only sleep, or only wake', () => {
    expect(pairs({ rule: weekly([5, 7], '22:00', null), timeZone: 'UTC' }, '2026-11-20T12:00')).toEqual([
      ['2026-11-20T22:00', null],
      ['2026-11-22T22:00', null],
      ['2026-11-27T22:00', null],
    ]);
    expect(pairs({ rule: weekly([1], null, '06:15'), timeZone: 'Asia/Kolkata' }, '2026-11-20T12:00', 2)).toEqual([
      [null, '2026-11-23T00:45'],
      [null, '2026-11-30T00:45'],
    ]);
  });

  it('begins strictly after the instant that is given', () => {
    const timing = { rule: weekly(everyDay, '23:30', null), timeZone: 'UTC' };
    expect(pairs(timing, '2026-11-20T23:30', 1)).toEqual([['2026-11-21T23:30', null]]);
    expect(pairs(timing, '2026-11-20T23:29:59.999', 1)).toEqual([['2026-11-20T23:30', null]]);
  });
});

describe('a cron rule', () => {
  it('sleeps once between two wakes, and wakes alone where it did not sleep', () => {
    // Of the sleeps at 22:00 and 23:00 the first counts; on Sunday it only wakes.
    expect(pairs({ rule: cron('0 22,23 * * 5', '0 7 * * 6,7'), timeZone: 'UTC' }, '2026-11-20T12:00')).toEqual([
      ['2026-11-20T22:00', '2026-11-21T07:00'],
      [null, '2026-11-22T07:00'],
      ['2026-11-27T22:00', '2026-11-28T07:00'],
    ]);
  });

  it('does not sleep at the very instant of a wake', () => {
    expect(pairs({ rule: cron('0 * * * *', '0 */2 * * *'), timeZone: 'UTC' }, '2026-11-20T12:00', 2)).toEqual([
      ['2026-11-20T13:00', '2026-11-20T14:00'],
      ['2026-11-20T15:00', '2026-11-20T16:00'],
    ]);
  });

  it('reads names of days and months, and a day of the month or a weekday as crontab does', () => {
    expect(pairs({ rule: cron('0 22 13 * FRI', null), timeZone: 'UTC' }, '2026-11-12T12:00')).toEqual([
      ['2026-11-13T22:00', null],
      ['2026-11-20T22:00', null],
      ['2026-11-27T22:00', null],
    ]);
  });

  it('reaches a leap day years away', () => {
    const [next] = nextOccurrences({ rule: cron('0 1 29 2 *', null), timeZone: 'UTC' }, utc('2096-03-01T00:00'), 1);
    expect(shown(next?.sleep ?? null)).toBe('2104-02-29T01:00');
  });
});

describe('a night on which clocks change', () => {
  const night = (timeZone: string, sleepAt: string, wakeAt: string | null, after: string) =>
    pairs({ rule: weekly(everyDay, sleepAt, wakeAt), timeZone }, after, 1)[0];

  it.each([
    // zone, time of day that the night leaves out, after, the instant of the jump
    ['Europe/Berlin', '02:30', '2026-03-28T12:00', '2026-03-29T01:00'],
    ['America/New_York', '02:15', '2026-03-07T20:00', '2026-03-08T07:00'],
    ['Australia/Sydney', '02:59', '2026-10-03T10:00', '2026-10-03T16:00'],
    // By half an hour.
    ['Australia/Lord_Howe', '02:15', '2026-10-03T10:00', '2026-10-03T15:30'],
    // At midnight: the day begins at 01:00.
    ['America/Santiago', '00:30', '2026-09-05T12:00', '2026-09-06T04:00'],
    // By two hours.
    ['Antarctica/Troll', '02:30', '2026-03-28T12:00', '2026-03-29T01:00'],
  ])('(%s, spring) %s does not exist: it is the instant of the jump', (timeZone, time, after, jump) => {
    expect(night(timeZone, time, null, after)).toEqual([jump, null]);
    expect(pairs({ rule: weekly(everyDay, null, time), timeZone }, after, 1)).toEqual([[null, jump]]);
  });

  it.each([
    // zone, time of day that comes twice, after, the first of the two
    ['Europe/Berlin', '02:30', '2026-10-24T12:00', '2026-10-25T00:30'],
    ['America/New_York', '01:15', '2026-10-31T20:00', '2026-11-01T05:15'],
    ['Australia/Sydney', '02:00', '2026-04-04T10:00', '2026-04-04T15:00'],
    ['Australia/Lord_Howe', '01:45', '2026-04-04T10:00', '2026-04-04T14:45'],
    // The evening before comes again.
    ['America/Santiago', '23:30', '2026-04-04T12:00', '2026-04-05T02:30'],
    ['Antarctica/Troll', '01:30', '2026-10-24T12:00', '2026-10-24T23:30'],
  ])('(%s, autumn) %s exists twice: it is the first, and only that', (timeZone, time, after, first) => {
    expect(night(timeZone, time, null, after)).toEqual([first, null]);
    const [, second] = nextOccurrences({ rule: weekly(everyDay, time, null), timeZone }, utc(after), 2);
    expect((second?.sleep ?? 0) - utc(first)).toBeGreaterThan(20 * HOUR);
  });

  it('is shorter or longer by what the clocks move', () => {
    const length = (after: string) => {
      const [one] = nextOccurrences({ rule: weekly(everyDay, '23:30', '07:00'), timeZone: 'Europe/Berlin' }, utc(after), 1);
      return ((one?.wake ?? 0) - (one?.sleep ?? 0)) / HOUR;
    };
    expect([length('2026-03-27T12:00'), length('2026-03-28T12:00'), length('2026-10-24T12:00')]).toEqual([7.5, 6.5, 8.5]);
  });

  it('has no sleep that would begin and end at the jump', () => {
    // 02:15 to 02:45 does not exist that night; it must not become a sleep until the next one.
    expect(pairs({ rule: weekly(everyDay, '02:15', '02:45'), timeZone: 'Europe/Berlin' }, '2026-03-28T00:00', 3)).toEqual([
      ['2026-03-28T01:15', '2026-03-28T01:45'],
      ['2026-03-30T00:15', '2026-03-30T00:45'],
      ['2026-03-31T00:15', '2026-03-31T00:45'],
    ]);
  });

  it('runs a list of times in the gap once, at the jump', () => {
    expect(pairs({ rule: cron('30,45 2 * * *', null), timeZone: 'Europe/Berlin' }, '2026-03-28T12:00', 2)).toEqual([
      ['2026-03-29T01:00', null],
      ['2026-03-30T00:30', null],
    ]);
  });
});

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Chatham',
  'Africa/Cairo',
  'Asia/Beirut',
  'America/Havana',
  'Antarctica/Troll',
  'Africa/Casablanca',
];
const two = (value: number) => String(value).padStart(2, '0');
const timeOfDay = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 1, 15, 30, 45, 59))
  .map(([hour, minute]) => `${two(hour)}:${two(minute)}`);
const days = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
const field = fc.constantFrom('0', '30', '*/20', '5,35', '0-10/5');
const hours = fc.constantFrom('*', '2', '23', '*/3', '1-4', '0,2,7', '22-23');
const expression = fc
  .tuple(field, hours, fc.constantFrom('*', '1', '*/10'), fc.constantFrom('*', '3,10'), fc.constantFrom('*', '1-5', 'SUN'))
  .map((fields) => fields.join(' '));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 3 });
const rule: fc.Arbitrary<ScheduleRule> = fc
  .oneof(
    fc.record({ kind: fc.constant('weekly' as const), days, sleepAt: maybe(timeOfDay), wakeAt: maybe(timeOfDay) }),
    fc.record({ kind: fc.constant('cron' as const), sleep: maybe(expression), wake: maybe(expression) }),
  )
  .filter((one) => (one.kind === 'weekly' ? one.sleepAt !== one.wakeAt : one.sleep !== null || one.wake !== null));
const timing: fc.Arbitrary<Timing> = fc.record({ rule, timeZone: fc.constantFrom(...zones) });
/** Around the changes of clocks in 2026 as often as anywhere. */
const changes = ['2026-03-08', '2026-03-29', '2026-04-05', '2026-04-24', '2026-09-06', '2026-10-04', '2026-10-25', '2026-11-01'];
const instant = fc.oneof(
  fc.integer({ min: utc('2025-01-01T00:00'), max: utc('2028-01-01T00:00') }),
  fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -36 * HOUR, max: 36 * HOUR }))
    .map(([day, offset]) => utc(`${day}T00:00`) + offset),
);

/** Up to `count` halves after `after`. */
function halves(of: Timing, after: number, count: number): Half[] {
  const found: Half[] = [];
  for (let half = nextHalf(of, after); half && found.length < count; half = nextHalf(of, half.at)) found.push(half);
  return found;
}

describe('any rule', () => {
  it('has halves that strictly increase, and pairs that never overlap', () => {
    fc.assert(
      fc.property(timing, instant, (one, after) => {
        let last = after;
        for (const half of halves(one, after, 30)) {
          expect(half.at).toBeGreaterThan(last);
          last = half.at;
          const { sleep, wake } = half.of;
          expect(half.what === 'sleep' ? sleep : wake).toBe(half.at);
          if (sleep !== null && wake !== null) expect(sleep).toBeLessThan(wake);
        }
        const found = nextOccurrences(one, after, 10);
        for (const [index, next] of found.entries()) {
          expect(beginningOf(next)).toBeGreaterThan(after);
          const before = found[index - 1];
          if (before) expect(beginningOf(next)).toBeGreaterThanOrEqual(before.wake ?? beginningOf(before) + 1);
        }
      }),
      { numRuns: 120 },
    );
  });

  it('has the same halves from wherever it is looked at', () => {
    fc.assert(
      fc.property(timing, instant, fc.integer({ min: 0, max: 40 * DAY }), (one, from, ahead) => {
        const all = halves(one, from, 60);
        const last = all.at(-1);
        const at = Math.min(from + ahead, (last?.at ?? Infinity) - 1);
        expect(nextHalf(one, at)).toEqual(all.find((half) => half.at > at) ?? nextHalf(one, at));
        const before = all.filter((half) => half.at <= at).at(-1);
        if (before) expect(lastHalf(one, at)).toEqual(before);
        for (const half of all) expect(lastHalf(one, half.at)).toEqual(half);
      }),
      { numRuns: 120 },
    );
  });

  it('sleeps each chosen day at that time of the zone’s clocks, or at the jump over it', () => {
    fc.assert(
      fc.property(days, timeOfDay, fc.constantFrom(...zones), instant, (on, sleepAt, timeZone, after) => {
        const [next] = nextOccurrences({ rule: weekly(on, sleepAt, null), timeZone }, after, 1);
        expect(next?.sleep).toBe(slowly(on, sleepAt, timeZone, after));
      }),
      { numRuns: 60 },
    );
  });
});

const readers = new Map<string, Intl.DateTimeFormat>();
function wallOf(at: number, timeZone: string): { day: number; minutes: number; date: string } {
  const reader =
    readers.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' });
  readers.set(timeZone, reader);
  const part = Object.fromEntries(reader.formatToParts(at).map(({ type, value }) => [type, value]));
  const date = `${part.year}-${part.month}-${part.day}`;
  return { date, day: new Date(`${date}T00:00Z`).getUTCDay() || 7, minutes: Number(part.hour) * 60 + Number(part.minute) };
}

/** The same by looking at the zone's clocks minute by minute. */
function slowly(on: readonly number[], time: string, timeZone: string, after: number): number {
  const wanted = Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  const done = new Set<string>();
  // From the beginning of the day before, so that the first of two times is known.
  const begin = Math.ceil((after - 2 * DAY) / MINUTE) * MINUTE;
  let before = wallOf(begin - MINUTE, timeZone);
  for (let at = begin; ; at += MINUTE) {
    const now = wallOf(at, timeZone);
    const from = now.date === before.date ? before.minutes : -1;
    const isJump = now.minutes > from + 1;
    const reached = now.minutes === wanted || (isJump && from < wanted && wanted < now.minutes);
    // A jump to midnight's other side leaves the times before midnight out, too.
    if (reached && on.includes(now.day) && !done.has(now.date)) {
      done.add(now.date);
      if (at > after) return at;
    }
    before = now;
  }
}

describe('a rule that is refused', () => {
  const refusal = (refused: ScheduleRule, timeZone = 'UTC') => {
    try {
      checkTiming({ rule: refused, timeZone }, utc('2026-11-20T12:00'));
      return null;
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return (error as Error).message;
    }
  };

  it.each<[string, ScheduleRule, RegExp]>([
    ['nothing', weekly(weekdays, null, null), /time to sleep, to wake, or both/],
    ['no day', weekly([], '23:30', null), /On which days/],
    ['equal times', weekly(weekdays, '07:00', '07:00'), /same time/],
    ['no expression', cron(null, null), /expression for the sleep/],
    ['seconds', cron('0 30 23 * * 1-5', null), /Write five fields/],
    ['four fields', cron('30 23 * *', null), /Write five fields/],
    ['a name', cron('@reboot', null), /Write five fields/],
    ['the time now', cron('0 7 ? * *', null), /Write five fields/],
    ['minute 99', cron(null, '99 7 * * *'), /^“99 7 \* \* \*” is not understood: “99” is no minute\. Write/],
    ['weekday 8', cron('0 7 * * 8', null), /^“0 7 \* \* 8” is not understood: “8” is no weekday\. Write/],
    ['words', cron('sleep at eleven each day', null), /not understood/],
    ['a day that never comes', cron('0 7 31 2 *', null), /never comes/],
    ['sleeps that coincide with wakes', cron('0 7 * * *', '0 7 * * *'), /end as it begins/],
    ['sleeps among more wakes', cron('30 23 1 1 *', '*/5 * * * *'), /end as it begins/],
  ])('(%s) says what is wrong', (_, refused, message) => {
    expect(refusal(refused)).toMatch(message);
  });

  it('says so of a time zone that does not exist', () => {
    expect(refusal(weekly(weekdays, '23:30', null), 'Mars/Phobos')).toMatch(/“Mars\/Phobos” is no time zone/);
  });

  it('is none where a sleep lies between many wakes', () => {
    expect(refusal(cron('31 23 1 1 *', '*/5 * * * *'))).toBeNull();
    expect(refusal(weekly(weekdays, '23:30', '07:00'), 'Europe/Berlin')).toBeNull();
    expect(refusal(cron('0 22 L * *', '0 7 * * MON-FRI'))).toBeNull();
  });
});

describe('a rule in words', () => {
  it.each<[ScheduleRule, string]>([
    [weekly(weekdays, '23:30', '07:00'), 'Weekdays 23:30 to 07:00'],
    [weekly([7, 6], '22:00', null), 'Weekends: sleep at 22:00'],
    [weekly(everyDay, null, '06:15'), 'Every day: wake at 06:15'],
    [weekly([3], '23:30', '07:00'), 'Wednesdays 23:30 to 07:00'],
    [weekly([1, 3, 4, 5, 7], '23:30', '07:00'), 'Mon, Wed to Fri, Sun 23:30 to 07:00'],
    [weekly([1, 2], '23:30', '07:00'), 'Mon, Tue 23:30 to 07:00'],
    [cron('30 23 * * 1-5', ' 0 7 * * * '), 'Cron: sleep “30 23 * * 1-5”, wake “0 7 * * *”'],
    [cron(null, '0 7 * * *'), 'Cron: wake “0 7 * * *”'],
  ])('%j', (one, text) => {
    expect(ruleInWords(one)).toBe(text);
  });
});
