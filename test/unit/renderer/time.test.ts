import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asOfWords,
  clockTime,
  countdown,
  dayAndTime,
  daysAhead,
  exactTime,
  nextTryText,
  previewText,
  sinceWords,
  spanWords,
  wakesText,
} from '../../../renderer/time';

const at = (...parts: [number, number, number, number?, number?, number?]): number => {
  const [year, month, date, hours = 0, minutes = 0, seconds = 0] = parts;
  return new Date(year, month - 1, date, hours, minutes, seconds).getTime();
};
const hour = 3_600_000;
const now = at(2026, 11, 18, 23, 0, 0);

describe('countdown', () => {
  it.each([
    [0, '0:00'],
    [-5000, '0:00'],
    [42_000, '0:42'],
    [59_999, '0:59'],
    [3_598_000, '59:58'],
    [3_600_000, '1:00:00'],
    [28_798_000, '7:59:58'],
    [86_399_000, '23:59:59'],
    [86_400_000, '1 d 0:00:00'],
    [3 * 86_400_000 + 28_798_000, '3 d 7:59:58'],
  ])('%d ms is %s', (left, text) => {
    expect(countdown(left)).toBe(text);
  });

  it('says every whole second there is, and no second twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000_000 }), (second) => {
        expect(countdown(second * 1000)).not.toBe(countdown((second + 1) * 1000));
        expect(countdown(second * 1000 + 999)).toBe(countdown(second * 1000));
      }),
    );
  });
});

describe('wakesText', () => {
  it.each([
    [at(2026, 11, 18, 23, 30), 'Wakes 23:30 · in 30:00'],
    [at(2026, 11, 19, 7), 'Wakes tomorrow 07:00 · in 8:00:00'],
    [at(2026, 11, 20, 7), 'Wakes Fri 07:00 · in 1 d 8:00:00'],
    [at(2026, 11, 24, 7), 'Wakes Tue 07:00 · in 5 d 8:00:00'],
    [at(2026, 11, 25, 7), 'Wakes Wed 25 Nov 07:00 · in 6 d 8:00:00'],
    [at(2026, 11, 30, 7), 'Wakes Mon 30 Nov 07:00 · in 11 d 8:00:00'],
    [at(2027, 2, 1, 7), 'Wakes Mon 1 Feb 2027 07:00 · in 74 d 8:00:00'],
    [now, 'Wakes now'],
    [now - 1, 'Wakes now'],
  ])('%d', (due, text) => {
    expect(wakesText(due, now)).toBe(text);
  });
});

describe('days', () => {
  it('are those of the calendar, not spans of 24 hours', () => {
    expect(daysAhead(at(2026, 11, 19, 0, 1), at(2026, 11, 18, 23, 59))).toBe(1);
    expect(daysAhead(at(2026, 11, 18, 23, 59), at(2026, 11, 18, 0, 1))).toBe(0);
    expect(daysAhead(at(2027, 1, 1), at(2026, 12, 31, 23, 59))).toBe(1);
  });

  it('count one for one through every night of a year, the clock changes too', () => {
    for (let day = 1; day < 366; day += 1) {
      expect(daysAhead(at(2026, 1, 1 + day, 2, 30), at(2026, 1, day, 23, 30))).toBe(1);
    }
  });

  it('have names near the present', () => {
    expect(dayAndTime(at(2026, 11, 18, 7), now)).toBe('07:00');
    expect(dayAndTime(at(2026, 11, 17, 7), now)).toBe('yesterday 07:00');
    expect(dayAndTime(at(2026, 11, 10, 7), now)).toBe('Tue 10 Nov 07:00');
    expect(dayAndTime(at(2025, 11, 10, 7), now)).toBe('Mon 10 Nov 2025 07:00');
  });
});

describe('other words', () => {
  it('write times', () => {
    expect(clockTime(at(2026, 11, 18, 7, 5))).toBe('07:05');
    expect(exactTime(at(2026, 11, 18, 14, 2, 11))).toBe('Wed 18 Nov 2026, 14:02:11');
  });

  it.each([
    [8 * hour, '8 h'],
    [1.5 * hour, '1 h 30 min'],
    [45_000, '45 s'],
    [59_600, '1 min'],
    [90 * 60_000 + 1000, '1 h 30 min'],
    [50 * hour, '2 d 2 h'],
    [0, '0 s'],
  ])('a span of %d ms is %s', (ms, text) => {
    expect(spanWords(ms)).toBe(text);
  });

  it.each([
    [-1000, 'just now'],
    [59_999, 'just now'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [86_400_000, '1 d'],
  ])('%d ms ago is %s', (elapsed, text) => {
    expect(sinceWords(elapsed)).toBe(text);
  });

  it('say how old a last known state is', () => {
    expect(asOfWords(59_999)).toBe('as of just now');
    expect(asOfWords(5 * 60_000)).toBe('as of 5 min ago');
    expect(asOfWords(26 * hour)).toBe('as of 1 d ago');
  });

  it('count down to the next try', () => {
    expect(nextTryText(now + 12_000, now)).toBe('Next try in 0:12');
    expect(nextTryText(now, now)).toBe('Next try now');
    expect(nextTryText(now - 1, now)).toBe('Next try now');
  });

  it('preview what a "For" field means', () => {
    expect(previewText(now + 10 * 60_000, 600_000, now)).toBe('Wakes today 23:10, in 10 min');
    expect(previewText(now + 8 * hour, 8 * hour, now)).toBe('Wakes tomorrow 07:00, in 8 h');
    expect(previewText(now + 8 * hour, null, now)).toBe('Wakes tomorrow 07:00, in 8 h');
  });
});
