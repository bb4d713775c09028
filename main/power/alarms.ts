import type { SleepAction } from './actions';
import { byNobodyKnown, type Actor } from './actor';
import { validateDuration } from './durations';
import { appWakesAt, isHoldersDoing, type AlarmHolder, type Held } from './held';
import type { Cause, PowerState } from './states';

export type { AlarmHolder };
/** `duration`: "for 8 h" stays 8 h when the wall clock is set back. `instant`: "until 07:00" stays 07:00. */
export type AlarmBasis = 'duration' | 'instant';

export type AlarmPhase =
  /**
   * Kept, but the guest was not seen asleep yet; when it is seen awake at `confirmBy` or later, it never
   * slept.
   */
  | { readonly kind: 'pending'; readonly confirmBy: number }
  /** The guest was seen asleep. */
  | { readonly kind: 'armed' }
  /**
   * A wake is being tried. `failures`: wakes that the guest slept through; `sent`: an earlier wake may have
   * reached it.
   */
  | { readonly kind: 'firing'; readonly attempts: number; readonly failures: number; readonly sent: boolean }
  /** Due, and not awake yet: tried again at `nextTry`. */
  | {
      readonly kind: 'retrying';
      readonly attempts: number;
      readonly failures: number;
      readonly sent: boolean;
      readonly after: 'unreachable' | 'failed' | 'interrupted';
      /** Why it was not woken yet, for the user. */
      readonly reason: string;
      readonly nextTry: number;
    };

/** All instants are wall-clock ms since the epoch. */
export interface Alarm {
  readonly id: string;
  readonly guestId: string;
  readonly holder: AlarmHolder;
  /** What the holder has in hand; never set for `app`, and not yet set while another holder is being asked. */
  readonly held?: Held;
  /** What it wakes the guest from. */
  readonly action: SleepAction;
  readonly due: number;
  readonly basis: AlarmBasis;
  readonly createdAt: number;
  readonly phase: AlarmPhase;
  /** Set while the guest should be awake and is not: when it came due. */
  readonly lateFrom?: number;
}

/**
 * `sleep-failed`: the guest refused to sleep, or was not asked. `never-slept`: it agreed, and was not seen to do so in time.
 * `gone`: its guest is not on its host any more. `by`: whose doing it was; a sleep that fails is nobody's.
 */
export interface Cancellation {
  readonly why: 'asked' | 'replaced' | 'gone' | 'sleep-failed' | 'never-slept';
  readonly by: Actor;
}

/** How an alarm ended. */
export type AlarmEnding =
  /**
   * `late`: ms between the due instant and `at`, when the guest was seen awake. `unwatched`: nobody watched it wake; it
   * was found awake, and its holder's time had passed.
   */
  | {
      readonly kind: 'woken';
      readonly by: AlarmHolder;
      readonly late: number;
      readonly at: number;
      readonly unwatched?: true;
    }
  | ({ readonly kind: 'cancelled' } & Cancellation)
  /** Something else woke the guest first, or it was awake already when the alarm came due. */
  | { readonly kind: 'ended-early'; readonly by: Cause }
  | { readonly kind: 'failed'; readonly reason: string };

/** What came of one wake. */
export type WakeOutcome =
  /** The guest was asleep, and was seen awake after this wake. */
  | { readonly kind: 'woken' }
  | { readonly kind: 'already-awake' }
  /** The guest could not be seen, so nobody knows whether it sleeps. `sent`: a wake may have reached it. */
  | { readonly kind: 'unreachable'; readonly reason: string; readonly sent?: boolean }
  /** The wake was tried, and the guest is still asleep. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** There is no sleeping guest any more: it was shut down, or crashed. */
  | { readonly kind: 'gone'; readonly reason: string };

/**
 * What a transition leaves: the alarm as it goes on (the same object when nothing changed), or its ending.
 */
export type Step =
  | { readonly kind: 'goes-on'; readonly alarm: Alarm }
  | { readonly kind: 'ended'; readonly ending: AlarmEnding };

/** A new due: `by` moves it (negative: sooner), counted from now when it is past; `to` sets it. */
export type DueChange =
  | { readonly kind: 'by'; readonly ms: number }
  | { readonly kind: 'to'; readonly due: number; readonly basis: AlarmBasis };

/** What was seen of a guest. */
export interface Seen extends Pick<PowerState, 'name' | 'cause'> {
  /** As in PowerState; null: it began while nobody looked. */
  readonly since?: number | null;
  /** This app has something under way with it. */
  readonly ours?: boolean;
}

export type Extension =
  { readonly ok: true; readonly alarm: Alarm } | { readonly ok: false; readonly message: string };

/** The waits between two tries in ms; the last one repeats for ever. */
export const RETRY_DELAYS_MS: readonly number[] = [5_000, 10_000, 30_000, 60_000];
/** A guest that sleeps through this many wakes is given up. */
export const MAX_WAKE_TRIES = 3;
/** An alarm that fires later than this is called late. */
export const LATE_AFTER_MS = 5_000;
/** The longest time a guest that agreed to sleep may take to be seen asleep. */
export const MAX_CONFIRM_MS = 10 * 60_000;

const goesOn = (alarm: Alarm): Step => ({ kind: 'goes-on', alarm });
const ended = (ending: AlarmEnding): Step => ({ kind: 'ended', ending });
const dropped = (why: 'sleep-failed' | 'never-slept'): Step => ended({ kind: 'cancelled', why, by: byNobodyKnown });
/** No longer late. */
export const onTime = ({ lateFrom: _, ...alarm }: Alarm): Alarm => alarm;

export interface NewAlarm {
  readonly id: string;
  readonly guestId: string;
  readonly holder: AlarmHolder;
  readonly action: SleepAction;
  readonly due: number;
  readonly basis: AlarmBasis;
  /** How long the sleep may take to be seen, in ms. */
  readonly confirmWithin: number;
}

/**
 * An alarm for a guest that is about to be put to sleep.
 * @throws RangeError when `due` is less than 1 s or more than 365 days away, or `confirmWithin` is not up to
 *   10 min
 */
export function newAlarm({ confirmWithin, ...request }: NewAlarm, now: number): Alarm {
  const wrong = validateDuration(request.due - now);
  if (wrong !== undefined) throw new RangeError(wrong);
  if (!(confirmWithin >= 0 && confirmWithin <= MAX_CONFIRM_MS)) {
    throw new RangeError(`A sleep must be confirmed within 0 to ${MAX_CONFIRM_MS} ms, not ${confirmWithin}`);
  }
  return { ...request, createdAt: now, phase: { kind: 'pending', confirmBy: now + confirmWithin } };
}

/** The guest was seen asleep. Once its own clock has rung, nobody but the app wakes it. */
export function sleepConfirmed(alarm: Alarm, now: number): Alarm {
  if (alarm.phase.kind !== 'pending') return alarm;
  const armed: Alarm = { ...alarm, phase: { kind: 'armed' } };
  return alarm.held?.kind === 'guest' && now >= alarm.held.at ? handedTo(armed, 'app') : armed;
}

/** The guest will not sleep. An alarm whose guest was seen asleep all the same goes on. */
export const sleepFailed = (alarm: Alarm): Step =>
  alarm.phase.kind === 'pending' ? dropped('sleep-failed') : goesOn(alarm);

/** The guest is awake, as it was seen to be before. */
export const stillAwake = (alarm: Alarm, now: number): Step =>
  alarm.phase.kind === 'pending' && now >= alarm.phase.confirmBy ? dropped('never-slept') : goesOn(alarm);

/**
 * Moves the due instant; an alarm that was late starts anew. Refused during a wake and out of 1 s ... 365
 * days.
 */
export function extend(alarm: Alarm, change: DueChange, now: number): Extension {
  if (alarm.phase.kind === 'firing') return { ok: false, message: beingWoken };
  const due = change.kind === 'to' ? change.due : Math.max(alarm.due, now) + change.ms;
  const wrong = validateDuration(due - now);
  if (wrong !== undefined) return { ok: false, message: wrong };
  const basis = change.kind === 'to' ? change.basis : alarm.basis;
  return { ok: true, alarm: moved(alarm, { due, basis }) };
}

/** The alarm with another due instant, and what its holder has in hand for it, where it can still be moved. */
export function moved(alarm: Alarm, { due, basis, held }: Pick<Alarm, 'due' | 'basis' | 'held'>): Alarm {
  if (alarm.phase.kind === 'firing') return alarm;
  return onTime({
    ...alarm,
    due,
    basis,
    ...(held ? { held } : {}),
    phase: alarm.phase.kind === 'retrying' ? { kind: 'armed' } : alarm.phase,
  });
}

/** The alarm in another holder's hands; `held` is left out until the holder has it. */
export function handedTo({ held: _, ...alarm }: Alarm, holder: AlarmHolder, held?: Held): Alarm {
  return { ...alarm, holder, ...(held ? { held } : {}) };
}

export const endedAlready = 'This alarm has ended already.';
export const beingWoken = 'The guest is being woken right now, so its alarm can no longer be changed.';

/**
 * When the alarm needs to be looked at next (Infinity: not before its wake has ended).
 * A pending alarm waits for its confirmation even when it is due: a wake before the sleep would be lost.
 */
export function nextLook(alarm: Alarm, seenAwake: boolean): number {
  switch (alarm.phase.kind) {
    case 'pending':
      return seenAwake ? alarm.phase.confirmBy : Math.max(appWakesAt(alarm), alarm.phase.confirmBy);
    case 'armed':
      return appWakesAt(alarm);
    case 'firing':
      return Infinity;
    case 'retrying':
      return Math.max(alarm.due, alarm.phase.nextTry);
  }
}

/** Whether the guest is to be woken now. */
export const isDue = (alarm: Alarm, now: number): boolean => nextLook(alarm, false) <= now;

/** To be kept before the wake is tried. */
export function startFiring(alarm: Alarm, now: number): Alarm {
  const before = alarm.phase.kind === 'retrying' ? alarm.phase : { attempts: 0, failures: 0, sent: false };
  const phase: AlarmPhase = {
    kind: 'firing',
    attempts: before.attempts + 1,
    failures: before.failures,
    sent: before.sent,
  };
  return { ...alarm, phase, ...(now - alarm.due > LATE_AFTER_MS ? { lateFrom: alarm.due } : {}) };
}

/**
 * What a wake came to. A guest that cannot be seen is tried for ever; one that sleeps through three wakes is
 * given up.
 * @throws Error when the alarm was not firing
 */
export function fireResult(alarm: Alarm, outcome: WakeOutcome, now: number): Step {
  const { phase } = alarm;
  if (phase.kind !== 'firing') throw new Error(`A wake ended for an alarm that is ${phase.kind}`);
  switch (outcome.kind) {
    case 'woken':
      return ended(woken(alarm, 'app', now));
    case 'already-awake':
      return ended(awakeAlready(alarm, phase.sent, 'unknown', now));
    case 'gone':
      return ended({ kind: 'failed', reason: outcome.reason });
    case 'failed': {
      const failures = phase.failures + 1;
      if (failures >= MAX_WAKE_TRIES) return ended({ kind: 'failed', reason: outcome.reason });
      return goesOn(
        retry(alarm, { ...phase, failures, sent: true, after: 'failed', reason: outcome.reason }, now),
      );
    }
    case 'unreachable':
      return goesOn(
        retry(
          alarm,
          {
            ...phase,
            sent: phase.sent || outcome.sent === true,
            after: 'unreachable',
            reason: outcome.reason,
          },
          now,
        ),
      );
  }
}

const woken = (alarm: Alarm, by: AlarmHolder, at: number): Extract<AlarmEnding, { kind: 'woken' }> => ({
  kind: 'woken',
  by,
  late: Math.max(0, at - alarm.due),
  at,
});

/** It was found awake, and when it woke was not seen. */
const wokenUnwatched = (alarm: Alarm, at: number): AlarmEnding => ({
  ...woken(alarm, alarm.holder, at),
  late: 0,
  unwatched: true,
});

/** Awake at or after its time, without a wake of the app's that is known to have done it. */
function awakeAlready(alarm: Alarm, sent: boolean, by: Cause, now: number): AlarmEnding {
  if (sent) return woken(alarm, 'app', now);
  return isHoldersDoing(alarm, now) ? wokenUnwatched(alarm, now) : { kind: 'ended-early', by };
}

type Retrying = Extract<AlarmPhase, { kind: 'retrying' }>;

function retry(alarm: Alarm, tried: Omit<Retrying, 'kind' | 'nextTry'>, now: number): Alarm {
  const delay = RETRY_DELAYS_MS[Math.min(tried.attempts, RETRY_DELAYS_MS.length) - 1] ?? 0;
  return { ...alarm, phase: { ...tried, kind: 'retrying', nextTry: now + delay }, lateFrom: alarm.due };
}

/** A guest that could not be reached was seen again: its late wake need not wait any longer. */
export const reachedAgain = (alarm: Alarm, now: number): Alarm =>
  alarm.phase.kind === 'retrying' && alarm.phase.after === 'unreachable' && alarm.phase.nextTry > now
    ? { ...alarm, phase: { ...alarm.phase, nextTry: now } }
    : alarm;

/**
 * What an observation of the guest means to its alarm. Observations during a wake are left to the wake's
 * outcome.
 *
 * `paused` tells nothing of a guest in S3: QEMU 9 and later can stop a sleeping guest, which sleeps on when
 * resumed, and a guest stopped on its way to sleep gets there later. A machine that exists is no longer
 * hibernated, though.
 */
export function guestObserved(alarm: Alarm, state: Seen, now: number): Step {
  if (alarm.phase.kind === 'firing') return goesOn(alarm);
  switch (state.name) {
    case 'running':
      return seenAwake(alarm, state, now);
    case 'paused':
      return alarm.action === 'hibernate' && alarm.phase.kind !== 'pending'
        ? seenAwake(alarm, state, now)
        : goesOn(alarm);
    case 'suspended':
    case 'hibernated':
      return goesOn(sleepConfirmed(alarm, now));
    case 'off':
    case 'crashed':
      return alarm.action === 'suspend' ? ended({ kind: 'failed', reason: noLongerRuns }) : goesOn(alarm);
    case 'saved':
    case 'unknown':
      return goesOn(alarm);
  }
}

const noLongerRuns = 'The guest no longer runs: it was shut down or crashed while it slept.';

function seenAwake(alarm: Alarm, seen: Seen, now: number): Step {
  const { phase } = alarm;
  const byHolder = seen.ours !== true && isHoldersDoing(alarm, now);
  const unwatched = seen.since === null;
  switch (phase.kind) {
    case 'pending':
      // It may have slept and woken while nobody looked.
      if (byHolder && unwatched) return ended(wokenUnwatched(alarm, now));
      return stillAwake(alarm, now);
    case 'armed':
    case 'firing':
      if (!byHolder) return ended({ kind: 'ended-early', by: seen.cause });
      return ended(unwatched ? wokenUnwatched(alarm, now) : woken(alarm, alarm.holder, now));
    case 'retrying':
      if (byHolder && !phase.sent) return ended(unwatched ? wokenUnwatched(alarm, now) : woken(alarm, alarm.holder, now));
      return ended(
        phase.sent || seen.cause === 'timer' ? woken(alarm, 'app', now) : { kind: 'ended-early', by: seen.cause },
      );
  }
}
