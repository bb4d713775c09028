import type { FakeClock } from '../fakes/clock';

/**
 * Lets virtual time pass until `look` returns something that is neither undefined, null nor false.
 * @param ms of virtual time
 * @throws Error when that does not happen in time
 */
export async function untilSeen<T>(
  clock: FakeClock,
  what: string,
  look: () => T | undefined | null | false,
  ms = 30_000,
): Promise<T> {
  const deadline = clock.monotonic() + ms;
  for (;;) {
    await clock.advance(0);
    const value = look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (clock.monotonic() >= deadline) throw new Error(`Not within ${ms} ms: ${what}`);
    await clock.advance(10);
  }
}

/** Lets `ms` of virtual time pass in small steps, so that what needs several turns of the event loop keeps up. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) await clock.advance(Math.min(left, 10));
  await clock.advance(0);
}

/** The result of `promise`, which needs up to `ms` of virtual time. @throws what it rejects with, or when it takes longer */
export async function inVirtualTime<T>(clock: FakeClock, promise: Promise<T>, ms = 30_000): Promise<T> {
  let settled = false;
  const done = promise.finally(() => (settled = true));
  done.catch(() => undefined);
  await untilSeen(clock, 'the promise is settled', () => settled, ms);
  return done;
}
