import type { FakeClock } from '../fakes/clock';

/** Lets what happens now take its turns of the event loop: messages, their answers, what follows from them. */
async function settle(clock: FakeClock): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await clock.advance(0);
}

/** Lets time pass up to the next timer, but not beyond `end` of the monotonic clock. */
const toNextTimer = (clock: FakeClock, end: number): Promise<void> =>
  clock.advance(Math.max(0, Math.min(clock.untilNextTimer(), end - clock.monotonic())));

/**
 * Lets virtual time pass until `look` returns something that is neither undefined, null nor false.
 * @param ms of virtual time
 * @throws Error when that does not happen in time
 */
export async function untilSeen<T>(
  clock: FakeClock,
  what: string | (() => string),
  look: () => T | undefined | null | false,
  ms = 30_000,
): Promise<T> {
  const end = clock.monotonic() + ms;
  for (;;) {
    for (let turn = 0; turn < 8; turn += 1) {
      const value = look();
      if (value !== undefined && value !== null && value !== false) return value;
      await clock.advance(0);
    }
    if (clock.monotonic() >= end)
      throw new Error(`Not within ${ms} ms: ${typeof what === 'string' ? what : what()}`);
    await toNextTimer(clock, end);
  }
}

/** Lets `ms` of virtual time pass from timer to timer, so that what needs several turns of the event loop keeps up. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  const end = clock.monotonic() + ms;
  await settle(clock);
  while (clock.monotonic() < end) {
    await toNextTimer(clock, end);
    await settle(clock);
  }
}

/** The result of `promise`, which needs up to `ms` of virtual time. @throws what it rejects with, or when it takes longer */
export async function inVirtualTime<T>(clock: FakeClock, promise: Promise<T>, ms = 30_000): Promise<T> {
  let settled = false;
  const done = promise.finally(() => (settled = true));
  done.catch(() => undefined);
  await untilSeen(clock, 'the promise is settled', () => settled, ms);
  return done;
}
