import type { Clock } from '../clock';
import { goalOf, type Action, type Refusal } from '../power/actions';
import { byNobodyKnown, type Actor } from '../power/actor';
import type { Alarm } from '../power/alarms';
import { clockText } from '../power/local-time';
import type { PowerStateName } from '../power/states';
import type { Attempt } from './attempt';
import { failureNotice, type Notice } from './notices';

/** Sleeps that a guest agreed to and was not seen to begin in time: their alarms are kept meanwhile. */
export interface LateSleeps {
  /** Tells that the sleep failed, and that its alarm is kept. */
  tell(attempt: Attempt, refusal: Refusal, kept: Alarm): void;
  /** Who asked the guest for the state that it shows now, late; null where nobody did. */
  askedBy(guestId: string, state: PowerStateName): Actor | null;
  /** The alarms as they are now: what was told holds no longer than its alarm waits for the sleep. */
  changed(alarms: readonly Alarm[]): void;
}

export interface LateSleepsOptions {
  readonly clock: Clock;
  /** @returns a function that takes the notice back */
  readonly onNotice: (notice: Notice) => () => void;
}

interface Open {
  readonly guestId: string;
  readonly action: Action;
  readonly by: Actor;
  readonly withdraw: () => void;
}

export function createLateSleeps({ clock, onNotice }: LateSleepsOptions): LateSleeps {
  /** By their alarms' ids. */
  const open = new Map<string, Open>();

  return {
    tell({ guest, action, by }, refusal, { id, phase }) {
      const until = phase.kind === 'pending' ? ` until ${clockText(phase.confirmBy, clock.now())}` : '';
      const text = `Its alarm is kept${until}, as it may still ${action === 'hibernate' ? 'hibernate' : 'fall asleep'}.`;
      guest.note({ kind: 'alarm', text, actor: byNobodyKnown, failed: false });
      const message = `${refusal.message} ${text}`;
      const withdraw = onNotice(failureNotice({ id: guest.id, name: guest.remembered.name }, action, { ...refusal, message }));
      open.set(id, { guestId: guest.id, action, by, withdraw });
    },
    askedBy(guestId, state) {
      for (const one of open.values()) if (one.guestId === guestId && goalOf[one.action] === state) return one.by;
      return null;
    },
    changed(alarms) {
      for (const [id, { withdraw }] of open) {
        if (alarms.find((alarm) => alarm.id === id)?.phase.kind === 'pending') continue;
        open.delete(id);
        withdraw();
      }
    },
  };
}
