import { useCallback, useSyncExternalStore } from 'react';

export interface TimeSource {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `tick` after `ms` milliseconds; returns what cancels it. */
  after(ms: number, tick: () => void): () => void;
}

/** One timer for everything that counts, aligned to whole periods of the wall clock; it runs only while someone listens. */
export interface Ticker {
  subscribe(listener: () => void): () => void;
  /** The last whole period; the same value until the next tick, so that one tick shows one time everywhere. */
  now(): number;
}

export function createTicker(period: number, time: TimeSource): Ticker {
  const listeners = new Set<() => void>();
  const whole = () => Math.floor(time.now() / period) * period;
  let current = 0;
  let cancel: (() => void) | null = null;

  const arm = (): void => {
    cancel = time.after(period - (time.now() % period), () => {
      arm();
      const next = whole();
      if (next === current) return;
      current = next;
      for (const listener of [...listeners]) listener();
    });
  };
  return {
    now: () => (cancel === null ? whole() : current),
    subscribe(listener) {
      if (cancel === null) {
        current = whole();
        arm();
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || cancel === null) return;
        cancel();
        cancel = null;
      };
    },
  };
}

const wallClock: TimeSource = {
  now: () => Date.now(),
  after(ms, tick) {
    const timer = setTimeout(tick, ms);
    return () => clearTimeout(timer);
  },
};

/** For countdowns. */
export const seconds = createTicker(1000, wallClock);
/** For "2 min" and the like. */
export const tenSeconds = createTicker(10_000, wallClock);

/** Text made from the time; the component is drawn again only when the text changes. */
export function useTicked(ticker: Ticker, write: (now: number) => string): string {
  const subscribe = useCallback((listener: () => void) => ticker.subscribe(listener), [ticker]);
  return useSyncExternalStore(subscribe, () => write(ticker.now()));
}
