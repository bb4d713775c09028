import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistory, type History } from '../../../main/history/history';
import { STATES_PER_SUBJECT } from '../../../main/history/subject';
import type { PowerStateName } from '../../../main/power/states';
import { memoryLog } from '../../../main/storage/log';
import { fakeClock } from '../../fakes/clock';
import { memoryFs } from '../../fakes/memory-fs';
import { open, seen } from './open-history';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** [state, minutes since `origin` from, to] */
const drawn = (history: History, id: string, origin: number, from: number, to: number) =>
  history
    .timeline(id, origin + from * MINUTE, origin + to * MINUTE)
    .stretches.map(({ state, from: a, to: b }) => [state, (a - origin) / MINUTE, (b - origin) / MINUTE]);

describe('the timeline', () => {
  it('has each state from when it was seen, and is unknown before; clipped to the range and to now', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const history = await open(memoryFs(), clock);
    history.start();
    await clock.advance(2 * MINUTE);
    history.state('a', seen('running'));
    await clock.advance(3 * MINUTE);
    history.state('a', seen('suspended'));
    history.state('a', seen('suspended'));
    await clock.advance(5 * MINUTE);
    expect(drawn(history, 'a', origin, 0, 60)).toEqual([['unknown', 0, 2], ['running', 2, 5], ['suspended', 5, 10]]);
    expect(drawn(history, 'a', origin, 3, 6)).toEqual([['running', 3, 5], ['suspended', 5, 6]]);
    expect(drawn(history, 'a', origin, -20, -10)).toEqual([['unknown', -20, -10]]);
    expect(drawn(history, 'a', origin, 11, 20)).toEqual([]);
    expect(drawn(history, 'never seen', origin, 0, 5)).toEqual([['unknown', 0, 5]]);
    await history.stop();
  });

  it('is unknown while the app did not run', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const fs = memoryFs();
    const first = await open(fs, clock);
    first.start();
    first.state('a', seen('running'));
    await clock.advance(12 * MINUTE);
    await first.stop();
    clock.step(48 * MINUTE);
    const second = await open(fs, clock);
    second.start();
    await clock.advance(MINUTE);
    second.state('a', seen('running'));
    await clock.advance(MINUTE);
    expect(drawn(second, 'a', origin, 0, 90)).toEqual([['running', 0, 12], ['unknown', 12, 61], ['running', 61, 62]]);
    await second.stop();
  });

  it('after a crash is unknown from the last that is on disk, and that is five minutes old at most', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const fs = memoryFs();
    const first = await open(fs, clock);
    first.start();
    first.state('a', seen('running'));
    await clock.advance(33 * MINUTE);
    const crashed = fs.afterPowerLoss(0);
    const second = await open(crashed, clock);
    second.start();
    expect(drawn(second, 'a', origin, 0, 33)).toEqual([['running', 0, 30], ['unknown', 30, 33]]);
    await first.stop();
    await second.stop();
  });

  it('what was seen last before a crash lengthens what is known', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const fs = memoryFs();
    const first = await open(fs, clock);
    first.start();
    first.state('a', seen('running'));
    await clock.advance(3 * MINUTE);
    first.state('b', seen('running'));
    await first.flush();
    await clock.advance(MINUTE);
    const second = await open(fs.afterPowerLoss(0), clock);
    expect(drawn(second, 'a', origin, 0, 4)).toEqual([['running', 0, 3], ['unknown', 3, 4]]);
    await first.stop();
  });

  it('is unknown while this computer slept, and goes on as before when it wakes', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const fs = memoryFs();
    const history = await open(fs, clock);
    history.start();
    history.state('a', seen('suspended'));
    await clock.advance(7 * MINUTE);
    expect(drawn(history, 'a', origin, 0, 600)).toEqual([['suspended', 0, 7]]);
    clock.sleep(8 * HOUR);
    history.mark();
    await clock.advance(MINUTE);
    const expected = [['suspended', 0, 7], ['unknown', 7, 487], ['suspended', 487, 488]];
    expect(drawn(history, 'a', origin, 0, 600)).toEqual(expected);
    await history.stop();
    expect(drawn(await open(fs, clock), 'a', origin, 0, 600)).toEqual(expected);
  });

  it('a clock that was set back is believed as it is now, without a stretch that ends before it begins', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const history = await open(memoryFs(), clock);
    history.start();
    history.state('a', seen('running'));
    await clock.advance(30 * MINUTE);
    clock.step(-20 * MINUTE);
    history.state('a', seen('suspended'));
    await clock.advance(5 * MINUTE);
    expect(drawn(history, 'a', origin, 0, 60)).toEqual([['running', 0, 10], ['suspended', 10, 15]]);
    // Until the clock has caught up, what it once showed as later is not claimed.
    clock.step(40 * MINUTE);
    expect(drawn(history, 'a', origin, 0, 55)).toEqual([
      ['running', 0, 10],
      ['suspended', 10, 15],
      ['running', 15, 30],
      ['unknown', 30, 55],
    ]);
    await history.stop();
  });

  it('a clock that was wrong by years for a moment spoils nothing', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const history = await open(memoryFs(), clock);
    history.start();
    history.state('a', seen('running'));
    await clock.advance(10 * MINUTE);
    clock.step(-origin);
    history.state('a', seen('suspended'));
    clock.step(origin);
    history.state('a', seen('running'));
    await clock.advance(10 * MINUTE);
    expect(drawn(history, 'a', origin, 0, 20)).toEqual([['running', 0, 20]]);
    await history.stop();
  });

  it('what is told for an earlier time takes the place of what was told for later, but unknown takes nothing back', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const history = await open(memoryFs(), clock);
    history.start();
    history.state('host', seen('running'));
    await clock.advance(10 * MINUTE);
    history.state('host', seen('unknown'));
    await clock.advance(MINUTE);
    history.state('host', seen('suspended'), origin + 9 * MINUTE);
    await clock.advance(MINUTE);
    expect(drawn(history, 'host', origin, 0, 12)).toEqual([['running', 0, 9], ['suspended', 9, 12]]);
    history.state('guest', seen('suspended'));
    await clock.advance(MINUTE);
    history.state('guest', seen('unknown'), origin);
    await clock.advance(MINUTE);
    const [before, state] = history.timeline('guest', origin, origin + 14 * MINUTE).stretches;
    expect([before?.to, state?.state]).toEqual([origin + 12 * MINUTE, 'suspended']);
    await history.stop();
  });

  it('a connection that comes and goes leaves one stretch of unknown, over a restart too', async () => {
    const clock = fakeClock();
    const origin = clock.now();
    const fs = memoryFs();
    const history = await open(fs, clock);
    history.start();
    history.state('a', seen('running'));
    await clock.advance(MINUTE);
    for (let n = 0; n < 20; n += 1) {
      history.state('a', seen('unknown'));
      await clock.advance(30_000);
      history.state('a', seen('running'));
      await clock.advance(30_000);
    }
    const expected = [['running', 0, 1], ['unknown', 1, 20.5], ['running', 20.5, 21]];
    expect(drawn(history, 'a', origin, 0, 21)).toEqual(expected);
    await history.stop();
    expect(drawn(await open(fs, clock), 'a', origin, 0, 21)).toEqual(expected);
  });

  it('of states long gone is unknown instead of what came later', async () => {
    const clock = fakeClock();
    const log = memoryLog<never>();
    const history = createHistory({ clock, log, onProblem: () => undefined });
    history.start();
    const origin = clock.now();
    for (let n = 0; n < STATES_PER_SUBJECT + 10; n += 1) {
      history.state('a', seen(n % 2 === 0 ? 'running' : 'suspended'));
      await clock.advance(1000);
    }
    const [first, second] = history.timeline('a', origin, clock.now()).stretches;
    expect(first).toMatchObject({ state: 'unknown', from: origin, to: origin + 10_000 });
    expect(second).toMatchObject({ state: 'running' });
    await history.stop();
  }, 30_000);

  it('keeps its promises whatever happens: no gaps, no overlaps, nothing claimed of a time when nobody looked', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('state' as const), name: fc.constantFrom<PowerStateName>('running', 'suspended', 'unknown', 'off') }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20 * MINUTE }) }),
      fc.record({ kind: fc.constant('sleep' as const), ms: fc.integer({ min: 2 * MINUTE, max: 100 * HOUR }) }),
      fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: -50 * HOUR, max: 50 * HOUR }) }),
      fc.record({ kind: fc.constantFrom('restart' as const, 'crash' as const), ms: fc.integer({ min: 0, max: 30 * HOUR }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const clock = fakeClock();
        let fs = memoryFs();
        let history = await open(fs, clock);
        history.start();
        /** By this computer's clock, when somebody looked. */
        const looked: [number, number][] = [];
        let began = clock.now();
        const lookedUntilNow = () => looked.push([began, clock.now()]);
        for (const one of steps) {
          if (one.kind === 'state') history.state('a', seen(one.name));
          else if (one.kind === 'pass') await clock.advance(one.ms);
          else {
            lookedUntilNow();
            if (one.kind === 'sleep') clock.sleep(one.ms);
            if (one.kind === 'set') clock.step(one.ms);
            if (one.kind === 'restart' || one.kind === 'crash') {
              if (one.kind === 'restart') await history.stop();
              fs = one.kind === 'crash' ? fs.afterPowerLoss(0) : fs.afterProcessEnd();
              clock.step(one.ms);
              history = await open(fs, clock);
              history.start();
            }
            began = clock.now();
          }
        }
        lookedUntilNow();
        const from = Math.min(...looked.map(([a]) => a)) - HOUR;
        const to = clock.now();
        const { stretches } = history.timeline('a', from, to + HOUR);
        await history.stop();
        expect(stretches[0]?.from).toBe(from);
        expect(stretches.at(-1)?.to).toBe(to);
        for (const [index, { from: a, to: b }] of stretches.entries()) {
          expect(a).toBeLessThan(b);
          expect(stretches[index + 1]?.from ?? to).toBe(b);
        }
        // A change of the clock of less than a minute is not noticed.
        const wasLookedAt = (at: number) => looked.some(([a, b]) => at >= a - MINUTE && at <= b + MINUTE);
        for (const { state, from: a, to: b } of stretches) {
          if (state === 'unknown') continue;
          for (const at of [a, (a + b) / 2, b - 1]) expect(wasLookedAt(at)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
