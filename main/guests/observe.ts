import type { Clock } from '../clock';

/**
 * Waits until `check` returns something, asking it at once and after every change.
 * @returns what it returned, or null when `ms` milliseconds passed first
 */
export function observed<T>(
  options: {
    readonly clock: Clock;
    readonly ms: number;
    readonly subscribe: (onChange: () => void) => () => void;
  },
  check: () => T | null,
): Promise<T | null> {
  const first = check();
  if (first !== null) return Promise.resolve(first);
  return new Promise((resolve) => {
    const finish = (value: T | null) => {
      unsubscribe();
      cancel();
      resolve(value);
    };
    const cancel = options.clock.setTimer(options.ms, () => finish(null));
    const unsubscribe = options.subscribe(() => {
      const value = check();
      if (value !== null) finish(value);
    });
  });
}
