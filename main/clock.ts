/** The only way main reads or waits for time, so that tests own it. */
export interface Clock {
  /** Wall-clock time in ms since the Unix epoch; may jump either way. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never goes back, may stand still while this computer sleeps. */
  monotonic(): number;
  /**
   * Calls `fn` once, after at least `ms` milliseconds. `ms` must be below 2^31 (setTimeout's limit).
   * @returns a function that cancels the call
   * @throws RangeError for a wait that setTimeout would cut short
   */
  setTimer(ms: number, fn: () => void): () => void;
}

/** The longest wait that setTimeout keeps, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, fn) {
    if (!(ms >= 0 && ms <= MAX_TIMER_MS)) throw new RangeError(`A timer of ${ms} ms cannot be set`);
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Resolves with `promise`, or rejects with `onTimeout()` when `ms` milliseconds pass first.
 * The late result of `promise` is dropped; the caller ends the work behind it.
 */
export function withTimeout<T>(clock: Clock, ms: number, promise: Promise<T>, onTimeout: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.setTimer(ms, () => reject(onTimeout()));
    promise.then(resolve, reject).finally(cancel);
  });
}
