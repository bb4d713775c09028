import type { Clock } from '../clock';
import type { WakeOutcome } from '../power/alarms';

/** Nobody knows what a wake that threw has done: the guest is looked at again. */
export async function attempt(wake: () => Promise<WakeOutcome>): Promise<WakeOutcome> {
  try {
    return await wake();
  } catch (error) {
    return { kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Waits for `promise`, which never rejects, but not longer than `ms`. */
export function atMost(clock: Clock, ms: number, promise: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(ms, resolve);
    void promise.then(() => {
      cancel();
      resolve();
    });
  });
}
