import type { Action } from '../power/actions';
import type { Actor } from '../power/actor';
import type { Verdict } from './confirm';
import type { Guest } from './guest';

/** One action that was asked for, from the moment it was asked for. */
export interface Attempt {
  readonly guest: Guest;
  readonly action: Action;
  readonly by: Actor;
  /** Something that cannot wait was asked for since: this one is given up. */
  superseded(): boolean;
  /** Its host went out of reach since it was asked for, or since it was begun. */
  lostHost(): boolean;
}

export function newAttempt(guest: Guest, action: Action, by: Actor): Attempt {
  const { generation } = guest;
  return {
    guest,
    action,
    by,
    superseded: () => guest.generation !== generation,
    lostHost: watchLosses(guest),
  };
}

/** The attempt as it is carried out: a loss while it waited for its turn does not concern it. */
export const begun = (attempt: Attempt): Attempt => ({ ...attempt, lostHost: watchLosses(attempt.guest) });

function watchLosses(guest: Guest): () => boolean {
  const { losses } = guest;
  return () => guest.losses !== losses;
}

export const superseded = {
  ok: false,
  refusal: {
    code: 'superseded',
    message: 'Something else was asked for that could not wait.',
    remedy: 'Ask again if you still want it.',
  },
} as const satisfies Verdict;

const underWay: Readonly<Record<Action, string>> = {
  suspend: 'it was falling asleep',
  hibernate: 'it was hibernating',
  hybrid: 'it was falling asleep',
  wakeup: 'it was being woken',
  pause: 'it was being paused',
  resume: 'it was being resumed',
  shutdown: 'it was shutting down',
  reboot: 'it was restarting',
  poweroff: 'it was being forced off',
  reset: 'it was being reset',
  start: 'it was being started',
  save: 'it was being saved',
  discard: 'its saved state was being discarded',
};

/** The host went out of reach under an action that may have been done all the same. */
export const hostLost = (action: Action) =>
  ({
    ok: false,
    refusal: {
      code: 'outcome-unknown',
      message: `The connection to its host was lost while ${underWay[action]}. Its outcome is not known.`,
      remedy: 'Reveille looks at the guest when it is connected again.',
    },
  }) as const satisfies Verdict;

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
