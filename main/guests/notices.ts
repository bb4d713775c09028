import type { Action, Refusal } from '../power/actions';

/** An error or a report that stays until the user dismisses it. */
export interface Notice {
  readonly guestId?: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly title: string;
  readonly message: string;
  readonly remedy?: string;
  /** An action that the notice offers. */
  readonly offer?: Action;
}

const failures: Readonly<Record<Action, string>> = {
  suspend: 'did not fall asleep',
  hibernate: 'did not hibernate',
  hybrid: 'did not fall asleep',
  wakeup: 'did not wake properly',
  pause: 'was not paused',
  resume: 'was not resumed',
  shutdown: 'did not shut down',
  reboot: 'did not restart',
  poweroff: 'was not forced off',
  reset: 'was not reset',
  start: 'did not start properly',
  save: 'was not saved',
};

/** What the user is told of an accepted action that came to nothing. A guest that won't shut down can be forced off. */
export const failureNotice = (
  guest: { id: string; name: string },
  action: Action,
  refusal: Refusal,
): Notice => ({
  guestId: guest.id,
  severity: 'error',
  title: `${guest.name} ${failures[action]}`,
  message: refusal.message,
  ...(refusal.remedy ? { remedy: refusal.remedy } : {}),
  ...(action === 'shutdown' ? { offer: 'poweroff' as const } : {}),
});
