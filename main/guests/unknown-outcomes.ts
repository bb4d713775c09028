import type { Clock } from '../clock';
import { actionLabels, goalOf, type Action } from '../power/actions';
import { stateLabels } from '../power/states';
import type { Attempt } from './attempt';
import type { Limits } from './confirm';
import type { Guest } from './guest';
import { settledNotice, type Notice } from './notices';

/** Actions under which their guest's host went out of reach: what they came to shows when the guest is seen again. */
export interface UnknownOutcomes {
  /** `withdraw` takes back what the user was told. */
  add(attempt: Attempt, withdraw: () => void): void;
  /** The guest shows another state. */
  seen(guest: Guest): void;
  /** The guest is gone, and with it all questions about it. */
  forget(guestId: string): void;
  stop(): void;
}

export interface UnknownOutcomesOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly onNotice: (notice: Notice) => void;
}

interface Open {
  readonly guest: Guest;
  readonly action: Action;
  readonly by: Attempt['by'];
  readonly withdraw: () => void;
  /** Until when it may still come about, on the monotonic clock. */
  readonly until: number;
  cancelTimer: () => void;
}

/** QEMU does these while it is asked; of the others, what was begun may go on for a while. */
const isImmediate = (action: Action): boolean => action === 'pause' || action === 'resume';

/** What a guest is now does not tell whether it was restarted. */
const leavesNoTrace = (action: Action): boolean => action === 'reboot' || action === 'reset';

export function createUnknownOutcomes({ clock, limits, onNotice }: UnknownOutcomesOptions): UnknownOutcomes {
  let open: readonly Open[] = [];

  const close = (one: Open) => {
    one.cancelTimer();
    open = open.filter((other) => other !== one);
    one.withdraw();
  };

  const look = (one: Open) => {
    const { guest, action, by } = one;
    const { name } = guest.state;
    if (name === 'unknown') return;
    one.cancelTimer();
    const isDone = goalOf[action] === name;
    if (isDone) {
      close(one);
      const text = `${actionLabels[action]}: it is ${stateLabels[name].toLowerCase()}, as was seen when its host was connected again.`;
      return guest.note({ kind: 'action', text, actor: by, failed: false });
    }
    const left = one.until - clock.monotonic();
    if (left > 0) {
      one.cancelTimer = clock.setTimer(left, () => look(one));
      return;
    }
    close(one);
    onNotice(settledNotice({ id: guest.id, name: guest.remembered.name }, action, name));
  };

  return {
    add({ guest, action, by }, withdraw) {
      if (leavesNoTrace(action)) return;
      const until = clock.monotonic() + (isImmediate(action) ? 0 : limits.confirm[action]);
      const one: Open = { guest, action, by, withdraw, until, cancelTimer: () => {} };
      open = [...open, one];
      look(one);
    },
    seen(guest) {
      for (const one of open) if (one.guest === guest) look(one);
    },
    forget(guestId) {
      for (const one of open) if (one.guest.id === guestId) close(one);
    },
    stop() {
      for (const { cancelTimer } of open) cancelTimer();
      open = [];
    },
  };
}
