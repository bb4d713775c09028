import { describe, expect, it } from 'vitest';
import { createTicker } from '../../../../renderer/ui/ticker';

/** Time that the test moves; one timer at most, as the ticker promises. */
function handTime(start: number) {
  let now = start;
  let timer: { at: number; tick: () => void } | null = null;
  return {
    source: {
      now: () => now,
      after: (ms: number, tick: () => void) => {
        const mine = { at: now + ms, tick };
        if (timer !== null) throw new Error('a second timer');
        timer = mine;
        return () => {
          if (timer === mine) timer = null;
        };
      },
    },
    nextAt: () => timer?.at,
    fire: (late = 0) => {
      if (timer === null) throw new Error('no timer');
      const { at, tick } = timer;
      timer = null;
      now = at + late;
      tick();
    },
  };
}

describe('createTicker', () => {
  it('ticks at whole seconds, however late a timer is', () => {
    const time = handTime(10_300);
    const ticker = createTicker(1000, time.source);
    const seen: number[] = [];
    ticker.subscribe(() => seen.push(ticker.now()));
    expect(ticker.now()).toBe(10_000);
    expect(time.nextAt()).toBe(11_000);
    time.fire();
    time.fire(350);
    expect(time.nextAt()).toBe(13_000);
    time.fire();
    expect(seen).toEqual([11_000, 12_000, 13_000]);
  });

  it('does not tick twice for one second when a timer is early', () => {
    const time = handTime(10_300);
    const ticker = createTicker(1000, time.source);
    let ticks = 0;
    ticker.subscribe(() => (ticks += 1));
    time.fire(-1);
    expect(ticks).toBe(0);
    time.fire();
    expect(ticks).toBe(1);
  });

  it('has one timer for all, and none when nobody listens', () => {
    const time = handTime(0);
    const ticker = createTicker(1000, time.source);
    expect(time.nextAt()).toBeUndefined();
    const stops = [1, 2, 3].map(() => ticker.subscribe(() => {}));
    expect(time.nextAt()).toBe(1000);
    stops.forEach((stop) => stop());
    expect(time.nextAt()).toBeUndefined();
    ticker.subscribe(() => {})();
    expect(time.nextAt()).toBeUndefined();
  });
});
