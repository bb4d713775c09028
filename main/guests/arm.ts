import type { AlarmJobs } from '../alarms/jobs';
import { AlarmRefusedError, type AlarmRunner } from '../alarms/runner';
import { HostError } from '../hosts/host';
import type { Refusal, SleepAction } from '../power/actions';
import { byNobodyKnown, type Actor } from '../power/actor';
import { MAX_CONFIRM_MS, type Alarm, type AlarmHolder } from '../power/alarms';
import type { When } from '../power/durations';
import { StorageError } from '../storage/errors';
import type { Guest } from './guest';
import { appOffer, guestOffer, hostOffer, type HolderOffer } from './holders';
import { SHORTEST_BY_GUEST_MS, type WakeClocks } from './wake-clock';
import type { Workplace } from './workplace';

export interface SleepRequest {
  readonly action: SleepAction;
  readonly when: When;
  readonly alarm: 'auto' | AlarmHolder;
  readonly by: Actor;
}

/**
 * Sees to it that a guest that is about to sleep is woken by whom it should be, and by nobody else. Nothing of the guest
 * but its clock's alarm is touched.
 * @returns its alarm, durably kept and in its holder's hands; null where none was asked for; or why it must not sleep
 */
export type Arm = (guest: Guest, request: SleepRequest) => Promise<Alarm | Refusal | null>;

export interface ArmOptions {
  readonly workplace: Workplace;
  readonly runner: AlarmRunner;
  readonly jobs: AlarmJobs;
  readonly clocks: WakeClocks;
  /** An alarm is in its holder's hands. */
  readonly onSet: (alarm: Alarm, by: Actor) => void;
}

export function createArm({ workplace, runner, jobs, clocks, onSet }: ArmOptions): Arm {
  const { clock } = workplace;

  /** Who may keep it, in the order they are tried. */
  const candidates = async function* (guest: Guest, { action, when, alarm }: SleepRequest): AsyncGenerator<HolderOffer> {
    const tooShort = when.kind !== 'none' && msOf(when, clock.now()) < SHORTEST_BY_GUEST_MS;
    if (alarm === 'guest' || (alarm === 'auto' && !tooShort)) {
      const offer = await guestOffer(guest, action);
      yield tooShort ? { ...offer, missing: offer.missing ?? ringsTooSoon } : offer;
    }
    if (alarm === 'auto' || alarm === 'host') yield await hostOffer(guest, workplace.host(guest.hostId), action);
    if (alarm === 'auto' || alarm === 'app') yield appOffer;
  };

  /** The holder takes the alarm, and has it when this resolves. @throws Error in words for the user */
  const give = async (guest: Guest, alarm: Alarm, offer: HolderOffer): Promise<void> => {
    switch (offer.holder) {
      case 'guest':
        await runner.hold(alarm.id, 'guest', await clocks.set(guest, alarm));
        return;
      case 'host':
        if (!offer.place) throw new Error('This host offers no jobs.');
        if (alarm.holder !== 'host') await runner.hold(alarm.id, 'host');
        return jobs.place(alarm, offer.place);
      case 'app':
        if (alarm.holder !== 'app') await runner.hold(alarm.id, 'app');
        return;
    }
  };

  const armWith = async (
    guest: Guest,
    request: SleepRequest & { readonly when: Exclude<When, { kind: 'none' }> },
  ): Promise<Alarm | Refusal> => {
    let alarm: Alarm | null = null;
    let passedOver: { readonly offer: HolderOffer; readonly reason: string } | null = null;
    /** A job may have been made that nobody owns. */
    const dropped = new Set<string>();
    try {
      for await (const offer of candidates(guest, request)) {
        if (offer.missing) {
          if (request.alarm !== 'auto') return missing(offer, offer.missing);
          continue;
        }
        if (offer.holder !== 'guest') {
          try {
            await clocks.clear(guest);
          } catch (error) {
            if (alarm) runner.sleepFailed(alarm.id);
            return leftBehind(error);
          }
        }
        try {
          alarm ??= await runner.arm({
            guestId: guest.id,
            holder: offer.holder,
            action: request.action,
            when: request.when,
            confirmWithin: MAX_CONFIRM_MS,
            by: request.by,
          });
          await give(guest, alarm, offer);
        } catch (error) {
          if (offer.place) dropped.add(offer.place.hostId);
          if (alarm === null || error instanceof StorageError || error instanceof AlarmRefusedError) throw error;
          const reason = error instanceof Error ? error.message : String(error);
          if (request.alarm !== 'auto') {
            runner.sleepFailed(alarm.id);
            return refused(offer, reason, error);
          }
          passedOver = { offer, reason };
          alarm = runner.ofGuest(guest.id) ?? alarm;
          continue;
        }
        if (passedOver) noteFallback(guest, passedOver, offer);
        const set = runner.ofGuest(guest.id) ?? alarm;
        onSet(set, request.by);
        return set;
      }
      throw new Error('Reveille itself can always keep an alarm');
    } catch (error) {
      if (alarm) runner.sleepFailed(alarm.id);
      return refusalFor(error);
    } finally {
      for (const hostId of dropped) void jobs.reconcile(hostId);
    }
  };

  return async (guest, { action, when, alarm, by }) => {
    if (when.kind !== 'none') return armWith(guest, { action, when, alarm, by });
    try {
      await clocks.clear(guest);
    } catch (error) {
      return leftBehind(error);
    }
    const former = runner.ofGuest(guest.id);
    if (!former) return null;
    try {
      await runner.cancel(former.id, { why: 'asked', by });
      return null;
    } catch (error) {
      return refusalFor(error, 'cancelled');
    }
  };
}

const msOf = (when: Exclude<When, { kind: 'none' }>, now: number): number => (when.kind === 'for' ? when.ms : when.at - now);

const ringsTooSoon = {
  reason: `It would ring before the guest sleeps: that may take ${SHORTEST_BY_GUEST_MS / 1000} s.`,
  remedy: `Give it ${SHORTEST_BY_GUEST_MS / 1000} s or more.`,
};

const missing = (offer: HolderOffer, { reason, remedy }: NonNullable<HolderOffer['missing']>): Refusal => ({
  code: 'no-holder',
  message: `Its alarm cannot be kept by ${offer.name}, so it was not put to sleep: ${reason}`,
  remedy: [remedy, 'Or choose another holder.'].filter(Boolean).join(' '),
});

const refused = (offer: HolderOffer, reason: string, error: unknown): Refusal => ({
  code: 'no-holder',
  message: `Its alarm could not be given to ${offer.name}, so it was not put to sleep: ${reason}`,
  remedy: `${error instanceof HostError ? `${error.remedy} ` : ''}Or choose another holder.`,
});

const leftBehind = (error: unknown): Refusal => ({
  code: 'no-holder',
  message: `Its own clock still has an alarm from before, which would wake it: ${error instanceof Error ? error.message : String(error)}`,
  remedy: 'See to it that its guest agent answers and may write files, then try again.',
});

function noteFallback(guest: Guest, { offer, reason }: { offer: HolderOffer; reason: string }, taken: HolderOffer): void {
  guest.note({
    kind: 'alarm',
    text: `Its alarm could not be given to ${offer.name} (${reason}), so ${taken.name} keeps it.`,
    actor: byNobodyKnown,
    failed: true,
  });
}

function refusalFor(error: unknown, done: 'kept' | 'cancelled' = 'kept'): Refusal {
  if (error instanceof StorageError) {
    return {
      code: 'storage',
      message: `Its alarm could not be ${done}, so it was not put to sleep.`,
      remedy: error.message,
    };
  }
  if (error instanceof AlarmRefusedError) return { code: 'busy', message: error.message, remedy: 'Try again in a moment.' };
  if (error instanceof RangeError) return { code: 'bad-duration', message: error.message };
  throw error;
}
