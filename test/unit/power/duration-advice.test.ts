import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWhen } from '../../../main/power/durations';

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const noon = Date.UTC(2026, 10, 22, 12);
const messageOf = (text: string, now = noon): string => {
  const parsed = parseWhen(text, now);
  if (parsed.ok) throw new Error(`It was accepted: ${text}`);
  return parsed.message;
};

describe('what an error suggests is accepted', () => {
  it('of two numbers with a colon: two ways to write what may be meant', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 59 }), (first, second) => {
        fc.pre(first + second > 0);
        const text = `${first}:${String(second).padStart(2, '0')}`;
        const [, one = '', other = ''] = /^“[\d:]+” can be read in two ways\. Write (.*) or (.*)\.$/.exec(messageOf(text)) ?? [];
        expect(parseWhen(one, noon)).toMatchObject({ when: { kind: 'for', ms: first * H + second * MIN } });
        expect(parseWhen(other, noon)).toMatchObject({
          when: first < 24 ? { kind: 'until', text: `until ${text.padStart(5, '0')}` } : { kind: 'for', ms: first * MIN + second * S },
        });
      }),
    );
  });

  it.each([
    ['25:00', '1 day 1 h or 25 min'],
    ['30:10', '1 day 6 h 10 min or 30 min 10 s'],
    ['7:00', '7 h or until 07:00'],
  ])('%s: %s', (text, ways) => {
    expect(messageOf(text)).toBe(`“${text}” can be read in two ways. Write ${ways}.`);
  });

  it.each([
    ['0:00', 'until 0:00'],
    ['00:00', 'until 00:00'],
    ['7 am', 'until 7 am'],
    ['tomorrow', 'until tomorrow 07:00'],
    ['tomorrow 8:30', 'until tomorrow 8:30'],
    ['tomorrow morning', 'until 07:00'],
    ['Mon', 'until mon 07:00'],
    ['monday 07:00', 'until monday 07:00'],
    ['tues', 'until 07:00'],
    ['2026-12-24', 'until 2026-12-24 07:00'],
    ['2026-11-01', 'until 07:00'],
    ['2028-01-01', 'until 07:00'],
    [`tomorrow ${'x'.repeat(80)}`, 'until 07:00'],
  ])('%s is a time: %s', (text, example) => {
    expect(messageOf(text)).toBe(`A time starts with until, for example: ${example}.`);
    expect(parseWhen(example, noon)).toMatchObject({ ok: true, when: { kind: 'until' } });
  });
});
