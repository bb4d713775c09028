import type { AlarmRunner } from '../alarms/runner';
import { isSleepAction, type Action, type Refusal } from '../power/actions';
import type { Actor } from '../power/actor';
import type { Alarm, AlarmHolder } from '../power/alarms';
import type { When } from '../power/durations';
import { durationRefusal, refusalOf } from '../power/rules';
import type { Arm } from './arm';
import { newAttempt, superseded, unlessSuperseded, type Attempt } from './attempt';
import { mayStillSleep, type Verdict } from './confirm';
import type { Guest } from './guest';
import { carryOut, freshRefusal } from './operate';
import type { Workplace } from './workplace';

export interface PowerRequest {
  readonly action: Action;
  /** When the guest is to be woken; only with a sleep. */
  readonly when: When;
  /** The user has read the start command. */
  readonly startAccepted: boolean;
  readonly by: Actor;
  /** Who is to keep the alarm. */
  readonly alarm: 'auto' | AlarmHolder;
}

/**
 * Sets a power state. Resolves in the guest's turn: with a refusal when nothing was done, else with null when the
 * action was begun (and its alarm is on disk). Outcomes are observed, and failures told by a notice.
 * `onOutcome` hears what came of an action that was begun.
 */
export type SetPowerState = (
  guest: Guest,
  request: PowerRequest,
  onOutcome?: (verdict: Verdict) => void,
) => Promise<Refusal | null>;

export interface PowerRequestOptions {
  readonly workplace: Workplace;
  readonly runner: AlarmRunner;
  readonly arm: Arm;
  /** `kept`: the alarm of a guest that may still fall asleep. */
  readonly onOutcome: (attempt: Attempt, verdict: Verdict, kept: Alarm | null) => void;
}

export function createPowerRequests({ workplace, runner, arm, onOutcome }: PowerRequestOptions): SetPowerState {
  const { clock } = workplace;

  /** The action is begun: whatever comes of it is told by its outcome. */
  const finish = async (attempt: Attempt, alarm: Alarm | null): Promise<Verdict> => {
    const verdict = await carryOut(attempt, workplace).catch(faulty);
    const isOpen = mayStillSleep(verdict);
    if (alarm && verdict.ok) runner.sleepConfirmed(alarm.id);
    // The alarm of a guest that may sleep yet stays until it is seen to, or its time to fall asleep is over.
    if (alarm && !verdict.ok && !isOpen) runner.sleepFailed(alarm.id);
    const current = runner.ofGuest(attempt.guest.id);
    onOutcome(attempt, verdict, isOpen && current?.phase.kind === 'pending' && current.id === alarm?.id ? current : null);
    return verdict;
  };

  const begin = async (
    attempt: Attempt,
    request: PowerRequest,
    accept: (refusal: Refusal | null) => void,
    tell: ((verdict: Verdict) => void) | undefined,
  ) => {
    const { guest, action } = attempt;
    guest.setPending({ action, since: clock.now(), by: attempt.by });
    try {
      const refusal = await unlessSuperseded(attempt, refusalFor(guest, request));
      if (attempt.superseded()) return accept(superseded.refusal);
      if (refusal) return accept(refusal);
      const alarm = isSleepAction(action) ? await arm(guest, { ...request, action }) : null;
      if (alarm && 'code' in alarm) return accept(alarm);
      accept(null);
      const verdict = await finish(attempt, alarm);
      tell?.(verdict);
    } finally {
      guest.setPending(null);
    }
  };

  return (guest, request, tell) => {
    const { action } = request;
    // What cannot be done now must not end what is under way.
    if (action === 'poweroff' && !refusalOf(action, guest.standing())) guest.supersede();
    const attempt = newAttempt(guest, action, request.by);
    return new Promise((accept, reject) => {
      guest.queue.run(() => begin(attempt, request, accept, tell)).catch(reject);
    });
  };
}

async function refusalFor(
  guest: Guest,
  { action, when, startAccepted }: PowerRequest,
): Promise<Refusal | null> {
  const misplaced = when.kind === 'none' ? null : durationRefusal(action);
  if (misplaced) return misplaced;
  const refusal = await freshRefusal(guest, action);
  if (refusal) return refusal;
  const startsLater = action === 'hibernate' && when.kind !== 'none';
  if (startsLater && guest.standing().start.kind === 'no') {
    return {
      code: 'no-start-command',
      message: 'A hibernated guest is woken by starting it, and Reveille cannot start this one.',
      remedy: 'Hibernate it without a time, or use Sleep.',
    };
  }
  if (guest.remembered.manager === 'qemu' && ((action === 'start' && !guest.machine?.exists) || startsLater)) {
    if (!guest.remembered.startAccepted && !startAccepted) {
      return {
        code: 'start-not-accepted',
        message: 'You have not seen its start command yet.',
        remedy: 'Read the command, then confirm.',
      };
    }
  }
  if (startAccepted && !guest.remembered.startAccepted) guest.remember({ startAccepted: true });
  return null;
}

const faulty = (error: unknown): Verdict => ({
  ok: false,
  refusal: {
    code: 'fault',
    message: `Reveille met a fault of its own: ${error instanceof Error ? error.message : String(error)}`,
    remedy: 'Look at the state that is shown. If it happens again, report it.',
  },
});
