import { actionLabels, type Action, type Refusal } from '../power/actions';
import { stateLabels, type PowerStateName } from '../power/states';

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

/** What the user may want to be told of while no window is open. */
export interface FleetEvent {
  readonly kind: 'woken' | 'late' | 'failed';
  readonly guestId?: string;
  readonly title: string;
  readonly text: string;
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
  discard: 'kept its saved state',
};

/**
 * What the user is told of an accepted action that came to nothing, or to nobody knows what. A guest that won't shut
 * down can be forced off.
 */
export const failureNotice = (
  guest: { id: string; name: string },
  action: Action,
  refusal: Refusal,
): Notice => {
  const unknown = refusal.code === 'outcome-unknown';
  return {
    guestId: guest.id,
    severity: unknown ? 'warning' : 'error',
    title: unknown ? `What came of ${actionLabels[action]} of ${guest.name} is not known` : `${guest.name} ${failures[action]}`,
    message: refusal.message,
    ...(refusal.remedy ? { remedy: refusal.remedy } : {}),
    ...(action === 'shutdown' && !unknown ? { offer: 'poweroff' as const } : {}),
  };
};

/** What became of an action whose outcome was not known: something else than was asked for. */
export const settledNotice = (guest: { id: string; name: string }, action: Action, now: PowerStateName): Notice => ({
  guestId: guest.id,
  severity: 'warning',
  title: `${actionLabels[action]} of ${guest.name}: it is ${stateLabels[now].toLowerCase()} now`,
  message: 'The connection to its host was lost meanwhile. This is what was seen when the host was connected again.',
  remedy: 'Ask again if you still want it.',
});
