import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HistoryEntry, TimelineSegment } from '../../../preload/contract/timeline';
import { rangeWith } from '../../../renderer/features/timeline/controls';
import { drawnNow } from '../../../renderer/features/timeline/use-timeline';
import { stopToGo } from '../../../renderer/features/timeline/walk';
import type { Range } from '../../../renderer/timeline';
import {
  after,
  barPaths,
  barWords,
  before,
  placeOf,
  rangeAt,
  rangeWords,
  spans,
  stopAt,
  stopsOf,
  ticksOf,
  timesIn,
  wholeSegments,
} from '../../../renderer/timeline';

const at = (month: number, day: number, hour = 0, minute = 0) => new Date(2025, month - 1, day, hour, minute).getTime();
const hour = 3_600_000;
const segment = (from: number, to: number, state: TimelineSegment['state'] = 'running'): TimelineSegment => ({
  from,
  to,
  state,
  source: 'event',
  cause: 'user',
});
const event = (when: number, failed = false): HistoryEntry => ({ at: when, kind: 'state', text: 'x', actor: { kind: 'user' }, failed });
const hundred: Range = { span: 'day', from: 0, to: 100 };

describe('ranges', () => {
  it('are the day, the week from Monday and the month that holds the instant', () => {
    expect(rangeAt('day', at(11, 14, 13))).toEqual({ span: 'day', from: at(11, 14), to: at(11, 15) });
    expect(rangeAt('week', at(11, 14, 13))).toEqual({ span: 'week', from: at(11, 10), to: at(11, 17) });
    expect(rangeAt('week', at(11, 16, 23))).toEqual({ span: 'week', from: at(11, 10), to: at(11, 17) });
    expect(rangeAt('month', at(12, 31, 23))).toEqual({ span: 'month', from: at(12, 1), to: at(13, 1) });
  });

  it('follow each other without a gap, over years and daylight saving', () => {
    const instant = fc.integer({ min: at(1, 1), max: at(1, 1) + 400 * 24 * hour });
    fc.assert(
      fc.property(instant, fc.constantFrom(...spans), (when, span) => {
        const range = rangeAt(span, when);
        expect(range.from).toBeLessThanOrEqual(when);
        expect(range.to).toBeGreaterThan(when);
        expect(after(range).from).toBe(range.to);
        expect(before(range).to).toBe(range.from);
        expect(after(before(range))).toEqual(range);
      }),
    );
  });

  it('are named', () => {
    const now = at(11, 14, 12);
    expect(rangeWords(rangeAt('day', now), now)).toBe('Today 14 Nov');
    expect(rangeWords(rangeAt('day', at(11, 13)), now)).toBe('Yesterday 13 Nov');
    expect(rangeWords(rangeAt('day', at(11, 3)), now)).toBe('Mon 3 Nov');
    expect(rangeWords(rangeAt('week', now), now)).toBe('10 to 16 Nov');
    expect(rangeWords(rangeAt('week', at(10, 1)), now)).toBe('29 Sep to 5 Oct');
    expect(rangeWords(rangeAt('week', now), at(20, 1))).toBe('10 to 16 Nov 2025');
    expect(rangeWords(rangeAt('month', now), now)).toBe('November 2025');
  });

  it('keep the present when the span changes, else where they begin', () => {
    const now = at(11, 14, 12);
    expect(rangeWith(rangeAt('month', now), 'day', now)).toEqual(rangeAt('day', now));
    expect(rangeWith(rangeAt('month', at(3, 9)), 'day', now)).toEqual(rangeAt('day', at(3, 1)));
  });

  it('have lines for hours or days, with labels where there is room', () => {
    const labels = (span: (typeof spans)[number], width: number) => ticksOf(rangeAt(span, at(11, 14)), width).map(({ label }) => label);
    expect(labels('day', 300)).toEqual(['00:00', '06:00', '12:00', '18:00']);
    expect(labels('day', 900)).toHaveLength(8);
    expect(labels('week', 900)[0]).toBe('Mon 10');
    expect(labels('week', 300)[6]).toBe('Sun');
    expect(labels('month', 900)).toHaveLength(30);
    expect(labels('month', 300).filter(Boolean)).toEqual(['1', '6', '11', '16', '21', '26']);
  });
});

describe('wholeSegments', () => {
  it('is unknown where nothing was told, up to the present', () => {
    const whole = wholeSegments([segment(10, 30), segment(50, 60, 'off')], hundred, 10_000, 80);
    expect(whole.map(({ from, to, state }) => [from, to, state])).toEqual([
      [0, 10, 'unknown'],
      [10, 30, 'running'],
      [30, 50, 'unknown'],
      [50, 60, 'off'],
      [60, 100, 'unknown'],
    ]);
  });

  it('goes on with what went on when it was told, but not with what had ended', () => {
    const told = 1_000_000;
    const range: Range = { span: 'day', from: 0, to: 10_000_000 };
    const until = (to: number) => wholeSegments([segment(0, to)], range, told, told + 500_000).map((one) => [one.to, one.state]);
    expect(until(told)).toEqual([[told + 500_000, 'running']]);
    expect(until(told - 60_000)).toEqual([
      [told - 60_000, 'running'],
      [told + 500_000, 'unknown'],
    ]);
    const turned = wholeSegments([segment(0, told - 500, 'off'), segment(told - 500, told)], range, told, told + 1000);
    expect(turned.map(({ to, state }) => [to, state])).toEqual([
      [told - 500, 'off'],
      [told + 1000, 'running'],
    ]);
  });

  it('covers the range without gaps or overlaps, whatever was told', () => {
    const pair = fc.tuple(fc.integer({ min: -20, max: 120 }), fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(fc.array(pair), fc.integer({ min: -10, max: 130 }), fc.integer({ min: -10, max: 10_000 }), (pairs, now, asked) => {
        const told = pairs.map(([from, length]) => segment(from, from + length)).sort((a, b) => a.from - b.from);
        const whole = wholeSegments(told, hundred, asked, now);
        const end = Math.max(0, Math.min(100, Math.max(now, asked)));
        expect(whole.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(end);
        whole.forEach(({ from, to }, place) => {
          expect(from).toBe(whole[place - 1]?.to ?? 0);
          expect(to).toBeGreaterThan(from);
        });
      }),
    );
  });
});

describe('bars', () => {
  it('are one path for each state, and never too narrow to be seen', () => {
    const paths = barPaths([segment(0, 50), segment(50, 50.1, 'crashed'), segment(60, 100)], hundred, 200);
    expect([...paths.keys()]).toEqual(['running', 'crashed']);
    expect(paths.get('running')).toBe('M0 0h100V16h-100zM120 0h80V16h-80z');
    expect(paths.get('crashed')).toBe('M100 0h1.5V16h-1.5z');
  });

  it('are said in words, the longest first', () => {
    const segments = [segment(0, hour), segment(hour, 9 * hour, 'suspended'), segment(9 * hour, 9.5 * hour)];
    expect(timesIn(segments)).toEqual([
      { state: 'suspended', ms: 8 * hour },
      { state: 'running', ms: 1.5 * hour },
    ]);
    expect(barWords(segments)).toBe('Sleeping 8 h, Running 1 h 30 min');
    expect(barWords([])).toBe('Nothing yet');
  });

  it('are not drawn anew before that would be seen', () => {
    const range = rangeAt('day', at(11, 14));
    const later = range.from + 5 * hour;
    expect(drawnNow(range, later + 10_000)).toBe(drawnNow(range, later));
    expect(drawnNow(range, later + 60_000)).toBeGreaterThan(drawnNow(range, later));
    expect(later - drawnNow(range, later)).toBeLessThan(60_000);
  });
});

describe('walking', () => {
  const stops = stopsOf([segment(0, 40), segment(40, 90, 'off')], [event(40), event(42), event(70, true)]);

  it('goes through states and events by time, the state before what came with it', () => {
    expect(stops.map(({ kind, at: when }) => `${kind} ${when}`)).toEqual(['segment 0', 'segment 40', 'event 40', 'event 42', 'event 70']);
  });

  it('finds the nearest event within reach, else the state', () => {
    expect(stops[stopAt(stops, 41.4, 2)]).toMatchObject({ kind: 'event', at: 42 });
    expect(stops[stopAt(stops, 55, 2)]).toMatchObject({ kind: 'segment', at: 40 });
    expect(stops[stopAt(stops, 39.9, 0)]).toMatchObject({ kind: 'segment', at: 0 });
    expect(stopAt(stops, 95, 2)).toBe(-1);
  });

  it('begins at the newest, and stays within', () => {
    expect(stopToGo('ArrowLeft', -1, 5)).toBe(4);
    expect(stopToGo('ArrowLeft', 0, 5)).toBe(0);
    expect(stopToGo('ArrowRight', 4, 5)).toBe(4);
    expect(stopToGo('Home', 3, 5)).toBe(0);
    expect(stopToGo('End', 0, 5)).toBe(4);
    expect(stopToGo('x', 0, 5)).toBeNull();
  });
});

it('places an instant by its share of the range', () => expect(placeOf(25, hundred, 400)).toBe(100));
