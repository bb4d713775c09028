import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  formatDuration,
  MAX_DURATION_MS,
  parseWhen,
  validateDuration,
} from '../../../main/power/durations';
import { sleepPresets } from '../../../renderer/features/dialogs/use-when';

const zoneBefore = process.env.TZ;
/** Node reads TZ again when it is set; a zone that did not take would make these tests empty. */
function useZone(zone: string) {
  process.env.TZ = zone;
  expect(Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone);
}
afterEach(() => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
});

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;
const noon = Date.UTC(2026, 10, 22, 12);
const messageOf = (text: string, now = noon) => {
  const parsed = parseWhen(text, now);
  return parsed.ok ? `accepted: ${JSON.stringify(parsed.when)}` : parsed.message;
};

describe('a length of time', () => {
  it.each([
    ['8 h', 8 * H],
    ['8h', 8 * H],
    ['8 H', 8 * H],
    ['for 8 h', 8 * H],
    ['For 8 hours', 8 * H],
    ['for8h', 8 * H],
    ['  8   h ', 8 * H],
    ['\t8 h', 8 * H],
    ['08 h', 8 * H],
    ['90 min', 90 * MIN],
    ['90m', 90 * MIN],
    ['90 minutes', 90 * MIN],
    ['1 h 30 min', 90 * MIN],
    ['1h30', 90 * MIN],
    ['1 h30', 90 * MIN],
    ['1h05', 65 * MIN],
    ['1h30m', 90 * MIN],
    ['0 h 30 min', 30 * MIN],
    ['1.5 h', 90 * MIN],
    ['1,5 h', 90 * MIN],
    ['1.25h', 75 * MIN],
    ['0.125 d', 3 * H],
    ['0.1 h', 6 * MIN],
    ['1 h 1.5 min', 61 * MIN + 30 * S],
    ['2 days', 2 * D],
    ['1 day', D],
    ['1d 4h', 28 * H],
    ['1d4h', 28 * H],
    ['1 d 2 h 3 min 4 s', D + 2 * H + 3 * MIN + 4 * S],
    ['45 s', 45 * S],
    ['45 seconds', 45 * S],
    ['1 s', S],
    ['1.1 s', 1_100],
    ['0.3333 h', 1_199_880],
    ['365 d', 365 * D],
    ['8760 h', 365 * D],
  ])('%j', (text, ms) => {
    expect(parseWhen(text, noon)).toEqual({ ok: true, when: { kind: 'for', ms }, due: noon + ms });
  });

  it.each(['', ' ', '\t  '])('%j asks for no alarm', (text) => {
    expect(parseWhen(text, noon)).toEqual({ ok: true, when: { kind: 'none' }, due: undefined });
  });

  it.each<[string, RegExp]>([
    ['8', /^8 what\? Write 8 h, 8 min/],
    ['1.5', /^1.5 what\?/],
    ['1 h 30', /^30 what\?/],
    ['1h5', /^5 what\?/],
    ['1h60', /^60 what\?/],
    ['1 d 30', /^30 what\?/],
    ['1h30.5', /^30.5 what\?/],
    ['1:30', /two ways.*1 h 30 min or until 01:30/],
    ['0:45', /two ways.*45 min or until 00:45/],
    ['30:00', /two ways. Write 1 day 6 h or 30 min\.$/],
    ['for 1:30', /1 h 30 min or until 01:30/],
    ['1,000 h', /two ways/],
    ['1.500 h', /two ways/],
    ['-8 h', /negative/],
    ['for -8 h', /negative/],
    ['1 h -5 min', /not understood/],
    ['+8 h', /not understood/],
    ['8 h 8 h', /“h” is there twice/],
    ['8 h 8 hours', /twice/],
    ['30 min 1 h', /longest unit goes first/],
    ['1.5 h 30 min', /Only the last number/],
    ['1e3 s', /“e” is no unit/],
    ['0x10 h', /“x” is no unit/],
    ['3 months', /“months” is no unit/],
    ['1 mo', /“mo” is no unit/],
    ['1 year', /no unit/],
    ['2 weeks', /no unit/],
    ['8 h.', /not understood/],
    ['1 h, 30 min', /not understood/],
    ['.5 h', /not understood/],
    ['1. h', /1 what/],
    ['NaN', /not understood/],
    ['Infinity h', /not understood/],
    ['h', /not understood/],
    ['for', /For how long\?/],
    ['for ever', /not understood/],
    ['forever', /not understood/],
    ['for for 8 h', /not understood/],
    ['for until 07:00', /either for or until/],
    ['8 h until 07:00', /not understood|no unit/],
    ['٨ h', /Only plain letters and digits/],
    ['８ h', /Only plain/],
    ['8\u00a0h', /Only plain/],
    ['8\nh', /Only plain/],
    ['8 h\u0000', /Only plain/],
    ['0 s', /at least 1 second/],
    ['0.9 s', /at least 1 second/],
    ['366 d', /at most 1 year/],
    ['365 d 1 s', /at most 1 year/],
    ['9'.repeat(90) + ' h', /at most 1 year/],
    ['1'.repeat(101), /too long/],
    [' '.repeat(101), /too long/],
    ['7 am', /until 7 am/],
    ['tomorrow 07:00', /until tomorrow 07:00/],
    ['monday 07:00', /until monday 07:00/],
    ['2026-11-23 07:00', /until 2026-11-23 07:00/],
    ['constructor', /not understood/],
    ['1 __proto__', /1 what|not understood/],
  ])('%j is refused', (text, message) => {
    expect(messageOf(text)).toMatch(message);
    expect(messageOf(text).length).toBeLessThan(400);
  });

  it('the window’s presets are accepted', () => {
    for (const preset of sleepPresets) expect(parseWhen(preset, noon).ok).toBe(true);
  });

  it('any text gives a result in range or a message, and never throws', () => {
    const words = fc.constantFrom(
      'for',
      'until',
      '8',
      '1.5',
      '30',
      'h',
      'min',
      'd',
      's',
      ':',
      '07:00',
      'am',
      'monday',
      '-',
      ' ',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 120 }),
      fc.array(words, { maxLength: 8 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (input, spaced) => {
        const parsed = parseWhen(spaced ? input.split('').join(' ') : input, noon);
        if (!parsed.ok) expect(parsed.message).not.toBe('');
        else if (parsed.due === undefined) expect(parsed.when.kind).toBe('none');
        else expect(validateDuration(parsed.due - noon)).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('writing a length of time', () => {
  it.each([
    [8 * H, '8 h'],
    [90 * MIN, '1 h 30 min'],
    [52 * H, '2 days 4 h'],
    [D, '1 day'],
    [D + S, '1 day 1 s'],
    [45 * S, '45 s'],
    [44_600, '45 s'],
    [59_999, '1 min'],
    [0, '0 s'],
    [499, '0 s'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([-1, NaN, Infinity])('refuses %s', (ms) => {
    expect(() => formatDuration(ms)).toThrow(RangeError);
  });

  it('is read back as the same length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_DURATION_MS / S }), (seconds) => {
        expect(parseWhen(formatDuration(seconds * S), noon)).toMatchObject({
          when: { kind: 'for', ms: seconds * S },
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('validates 1 s to 365 days', () => {
    expect(validateDuration(S)).toBeUndefined();
    expect(validateDuration(365 * D)).toBeUndefined();
    for (const ms of [0, S - 1, -S]) expect(validateDuration(ms)).toMatch(/at least 1 second/);
    expect(validateDuration(365 * D + 1)).toMatch(/at most 1 year/);
    for (const ms of [NaN, Infinity, -Infinity]) expect(validateDuration(ms)).toMatch(/no length of time/);
  });
});

describe('a local time', () => {
  const dueOf = (text: string, now: string) => {
    const parsed = parseWhen(text, Date.parse(now));
    if (!parsed.ok) throw new Error(parsed.message);
    return new Date(parsed.due ?? NaN).toISOString().replace(':00.000Z', 'Z');
  };

  it('keeps the text and the instant', () => {
    useZone('Europe/Berlin');
    const now = Date.parse('2026-11-22T12:00Z');
    const at = Date.parse('2026-11-23T06:00Z');
    expect(parseWhen(' Until  07:00 ', now)).toEqual({
      ok: true,
      when: { kind: 'until', at, text: 'until 07:00' },
      due: at,
    });
  });

  // 2026-11-22 is a Sunday; Berlin is at UTC+1 then.
  it.each([
    ['until 07:00', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['until 7:00', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['until 7 am', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['until 7am', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['UNTIL 7:30 PM', '2026-11-22T12:00Z', '2026-11-22T18:30Z'],
    ['until 12 am', '2026-11-22T12:00Z', '2026-11-22T23:00Z'],
    ['until 12 pm', '2026-11-22T12:00Z', '2026-11-23T11:00Z'],
    ['until 00:00', '2026-11-22T12:00Z', '2026-11-22T23:00Z'],
    ['until 13:00', '2026-11-22T12:00Z', '2026-11-23T12:00Z'],
    ['until 13:01', '2026-11-22T12:00Z', '2026-11-22T12:01Z'],
    ['until tomorrow 07:00', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['until tomorrow 23:59', '2026-11-22T12:00Z', '2026-11-23T22:59Z'],
    ['until tomorrow 07:00', '2026-11-22T23:30Z', '2026-11-24T06:00Z'],
    ['until tomorrow 7 am', '2026-12-31T12:00Z', '2027-01-01T06:00Z'],
    ['until 2026-11-23 07:00', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['until 2027-02-28 7:30 pm', '2026-11-22T12:00Z', '2027-02-28T18:30Z'],
    ['until 2028-02-29 12:00', '2027-11-22T12:00Z', '2028-02-29T11:00Z'],
    ['until monday 07:00', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['until mon 07:00', '2026-11-22T12:00Z', '2026-11-23T06:00Z'],
    ['until sunday 07:00', '2026-11-22T12:00Z', '2026-11-29T06:00Z'],
    ['until sunday 13:00', '2026-11-22T12:00Z', '2026-11-29T12:00Z'],
    ['until sunday 14:00', '2026-11-22T12:00Z', '2026-11-22T13:00Z'],
    ['until saturday 07:00', '2026-11-22T12:00Z', '2026-11-28T06:00Z'],
  ])('%s, asked in Berlin at %s: %s', (text, now, due) => {
    useZone('Europe/Berlin');
    expect(dueOf(text, now)).toBe(due);
  });

  it.each<[string, RegExp]>([
    ['until', /At what time\?/],
    ['until tomorrow', /At what time\?/],
    ['until monday', /At what time\?/],
    ['until 7', /7 what\? Write until 07:00/],
    ['until 24:00', /no time of day/],
    ['until 07:60', /no time of day/],
    ['until 25', /no time of day/],
    ['until 13 pm', /13 pm is no time of day/],
    ['until 0 am', /no time of day/],
    ['until 19:30 pm', /no time of day/],
    ['until 07:00:00', /not understood/],
    ['until 7:5', /not understood/],
    ['until 8 h', /not understood/],
    ['until noon', /“noon” is no day/],
    ['until mo 07:00', /“mo” is no day/],
    ['until 2026-02-30 07:00', /There is no day 2026-02-30/],
    ['until 2026-13-01 07:00', /There is no day/],
    ['until 2027-02-29 07:00', /There is no day/],
    ['until 2026-11-22 07:00', /passed already/],
    ['until 2026-11-22 12:00', /passed already/],
    ['until 1999-01-01 00:00', /passed already/],
    ['until 2027-11-23 07:00', /at most 1 year/],
    ['until 9999-12-31 23:59', /at most 1 year/],
    ['until 26-11-23 07:00', /not understood/],
    ['until07:00', /not understood|until0/],
    ['until until 07:00', /not understood|no day/],
  ])('%j is refused', (text, message) => {
    useZone('UTC');
    expect(messageOf(text)).toMatch(message);
  });

  it('less than a second away is refused', () => {
    useZone('UTC');
    expect(messageOf('until 07:00', Date.parse('2026-11-22T06:59:59.001Z'))).toMatch(/at least 1 second/);
    expect(messageOf('until 07:00', Date.parse('2026-11-22T06:59:59.000Z'))).toMatch(/^accepted/);
  });

  describe('where clocks are changed', () => {
    // Left out: the jump itself. Berlin jumps at 2026-03-29 02:00 (01:00Z), New York at 2027-03-14 02:00
    // (07:00Z).
    it.each([
      ['Europe/Berlin', 'until 02:30', '2026-03-28T20:00Z', '2026-03-29T01:00Z'],
      ['Europe/Berlin', 'until 02:00', '2026-03-28T20:00Z', '2026-03-29T01:00Z'],
      ['Europe/Berlin', 'until 03:00', '2026-03-28T20:00Z', '2026-03-29T01:00Z'],
      ['Europe/Berlin', 'until 01:59', '2026-03-28T20:00Z', '2026-03-29T00:59Z'],
      ['Europe/Berlin', 'until 02:30', '2026-03-29T01:00Z', '2026-03-30T00:30Z'],
      ['Europe/Berlin', 'until 2026-03-29 02:30', '2026-03-28T20:00Z', '2026-03-29T01:00Z'],
      ['Europe/Berlin', 'until 07:00', '2026-03-28T20:00Z', '2026-03-29T05:00Z'],
      ['America/New_York', 'until 2:30 am', '2027-03-14T01:00Z', '2027-03-14T07:00Z'],
      ['America/New_York', 'until sunday 02:30', '2027-03-12T12:00Z', '2027-03-14T07:00Z'],
      // Twice: the first, while it is to come. Berlin: 2026-10-25 03:00 -> 02:00 (01:00Z). New York:
      // 2026-11-01 (06:00Z).
      ['Europe/Berlin', 'until 02:30', '2026-10-24T20:00Z', '2026-10-25T00:30Z'],
      ['Europe/Berlin', 'until 02:30', '2026-10-25T00:30Z', '2026-10-25T01:30Z'],
      ['Europe/Berlin', 'until 02:30', '2026-10-25T01:30Z', '2026-10-26T01:30Z'],
      ['Europe/Berlin', 'until 07:00', '2026-10-24T20:00Z', '2026-10-25T06:00Z'],
      ['America/New_York', 'until 1:30 am', '2026-11-01T01:00Z', '2026-11-01T05:30Z'],
      ['America/New_York', 'until 1:30 am', '2026-11-01T05:45Z', '2026-11-01T06:30Z'],
      ['America/New_York', 'until tomorrow 01:30', '2026-10-31T12:00Z', '2026-11-01T05:30Z'],
      // Half an hour, and a midnight that does not exist.
      ['Australia/Lord_Howe', 'until 02:15', '2026-10-03T12:00Z', '2026-10-03T15:30Z'],
      ['Africa/Cairo', 'until 00:30', '2026-04-23T12:00Z', '2026-04-23T22:00Z'],
    ])('%s, %s, asked at %s: %s', (zone, text, now, due) => {
      useZone(zone);
      expect(dueOf(text, now)).toBe(due);
    });

    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Australia/Eucla',
      'America/St_Johns',
      'UTC',
    ];
    const changes: Record<string, string[]> = {
      'Europe/Berlin': ['2026-03-29', '2026-10-25', '2027-03-28', '2027-10-31'],
      'America/New_York': ['2026-03-08', '2026-11-01', '2027-03-14', '2027-11-07'],
      'Australia/Lord_Howe': ['2026-04-05', '2026-10-04'],
      'America/St_Johns': ['2026-03-08', '2026-11-01'],
    };

    it.each(zones)('in %s the next minute that reads so is found, counted minute by minute', (zone) => {
      useZone(zone);
      const clockFace = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      });
      const reads = (at: number) => clockFace.format(at);
      const around = fc
        .constantFrom(...(changes[zone] ?? []), '2026-07-01', '2026-12-31')
        .map((day) => Date.parse(day));
      const start = fc
        .tuple(around, fc.integer({ min: -1_440, max: 2_880 }))
        .map(([day, minutes]) => day + minutes * MIN);
      const time = fc.tuple(
        fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 23 })),
        fc.integer({ min: 0, max: 59 }),
      );
      fc.assert(
        fc.property(start, time, (now, [hour, minute]) => {
          const wanted = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
          let expected = now + MIN;
          // A minute at which clocks jump over the wanted time counts, too.
          const jumpsOver = (at: number) => {
            const [from, to] = [reads(at - MIN), reads(at)];
            return from < wanted && wanted < to && to.slice(0, 2) <= '04';
          };
          while (reads(expected) !== wanted && !jumpsOver(expected)) expected += MIN;
          expect(parseWhen(`until ${wanted}`, now)).toMatchObject({ due: expected });
        }),
        { numRuns: 150 },
      );
    });
  });
});
