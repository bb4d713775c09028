import { AlarmRefusedError, type AlarmRunner } from '../alarms/runner';
import { isSleepAction, type Action, type Refusal } from '../power/actions';
import type { Alarm } from '../power/alarms';
import type { When } from '../power/durations';
import { durationRefusal, refusalOf } from '../power/rules';
import { StorageError } from '../storage/errors';
import { newAttempt, superseded, unlessSuperseded, type Attempt } from './attempt';
import type { Verdict } from './confirm';
import type { Guest } from './guest';
import { carryOut, freshRefusal } from './operate';
import type { Workplace } from './workplace';

export interface PowerRequest {
  readonly action: Action;
  /** When the guest is to be woken; only with a sleep. */
  readonly when: When;
  /** The user has read the start command. */
  readonly startAccepted: boolean;
}

/**
 * Sets a power state. Resolves in the guest's turn: with a refusal when nothing was done, else with null when the
 * action was begun (and its alarm is on disk). Outcomes are observed, and failures told by a notice.
 */
export type SetPowerState = (guest: Guest, request: PowerRequest) => Promise<Refusal | null>;

export interface PowerRequestOptions {
  readonly workplace: Workplace;
  readonly runner: AlarmRunner;
  readonly onOutcome: (attempt: Attempt, verdict: Verdict) => void;
}

/** What an action may take beside its limit until its outcome is known, in ms: being asked for, and the last look. */
const AROUND_CONFIRM_MS = 60_000;

export function createPowerRequests({ workplace, runner, onOutcome }: PowerRequestOptions): SetPowerState {
  const { clock, limits } = workplace;

  const armFor = async (guest: Guest, action: Action, when: When): Promise<Alarm | Refusal | null> => {
    if (when.kind === 'none' || !isSleepAction(action)) return null;
    try {
      const confirmWithin = limits.confirm[action] + AROUND_CONFIRM_MS;
      return await runner.arm({ guestId: guest.id, action, when, confirmWithin });
    } catch (error) {
      if (error instanceof StorageError) {
        return {
          code: 'storage',
          message: 'Its alarm could not be kept, so it was not put to sleep.',
          remedy: error.message,
        };
      }
      if (error instanceof AlarmRefusedError)
        return { code: 'busy', message: error.message, remedy: 'Try again in a moment.' };
      if (error instanceof RangeError) return { code: 'bad-duration', message: error.message };
      throw error;
    }
  };

  /** The action is begun: whatever comes of it is told by its outcome. */
  const finish = async (attempt: Attempt, alarm: Alarm | null): Promise<void> => {
    const verdict = await carryOut(attempt, workplace).catch(faulty);
    if (alarm && verdict.ok) runner.sleepConfirmed(alarm.id);
    // A guest that nobody can see may sleep: its alarm stays until it is seen.
    if (alarm && !verdict.ok && verdict.refusal.code !== 'outcome-unknown') runner.sleepFailed(alarm.id);
    onOutcome(attempt, verdict);
  };

  const begin = async (
    attempt: Attempt,
    request: PowerRequest,
    accept: (refusal: Refusal | null) => void,
  ) => {
    const { guest, action } = attempt;
    guest.setPending({ action, since: clock.now(), by: attempt.by });
    try {
      const refusal = await unlessSuperseded(attempt, refusalFor(guest, request));
      if (attempt.superseded()) return accept(superseded.refusal);
      if (refusal) return accept(refusal);
      const alarm = await armFor(guest, action, request.when);
      if (alarm && 'code' in alarm) return accept(alarm);
      accept(null);
      await finish(attempt, alarm);
    } finally {
      guest.setPending(null);
    }
  };

  return (guest, request) => {
    const { action } = request;
    // What cannot be done now must not end what is under way.
    if (action === 'poweroff' && !refusalOf(action, guest.standing())) guest.supersede();
    const attempt = newAttempt(guest, action, 'user');
    return new Promise((accept, reject) => {
      guest.queue.run(() => begin(attempt, request, accept)).catch(reject);
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
    if (!guest.remembered.startAccepted) guest.remember({ startAccepted: true });
  }
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
