import type { Action } from '../power/actions';
import type { Cause } from '../power/states';
import type { Verdict } from './confirm';
import type { Guest } from './guest';

/** One action that was asked for, from the moment it was asked for. */
export interface Attempt {
  readonly guest: Guest;
  readonly action: Action;
  readonly by: Cause;
  /** Something that cannot wait was asked for since: this one is given up. */
  superseded(): boolean;
}

export function newAttempt(guest: Guest, action: Action, by: Cause): Attempt {
  const { generation } = guest;
  return { guest, action, by, superseded: () => guest.generation !== generation };
}

export const superseded = {
  ok: false,
  refusal: {
    code: 'superseded',
    message: 'Something else was asked for that could not wait.',
    remedy: 'Ask again if you still want it.',
  },
} as const satisfies Verdict;

/**
 * Waits for `work`, which only looks at the guest, unless the attempt is superseded first.
 * @returns null when it was; `work` goes on, and nobody waits for it
 */
export function unlessSuperseded<T>(
  { guest, superseded: isSuperseded }: Attempt,
  work: Promise<T>,
): Promise<T | null> {
  if (isSuperseded()) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const unsubscribe = guest.subscribe(() => {
      if (!isSuperseded()) return;
      unsubscribe();
      resolve(null);
    });
    work.then(resolve, reject).finally(unsubscribe);
  });
}
