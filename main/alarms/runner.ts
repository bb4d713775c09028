import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { SleepAction } from '../power/actions';
import { byNobodyKnown, type Actor } from '../power/actor';
import { clockStepped, restored } from '../power/alarm-clock';
import {
  beingWoken,
  endedAlready,
  extend,
  fireResult,
  guestObserved,
  handedTo,
  isDue,
  newAlarm,
  moved,
  nextLook,
  reachedAgain,
  sleepConfirmed,
  sleepFailed,
  startFiring,
  stillAwake,
  type Alarm,
  type AlarmEnding,
  type AlarmHolder,
  type Cancellation,
  type DueChange,
  type Seen,
  type Step,
  type WakeOutcome,
} from '../power/alarms';
import type { When } from '../power/durations';
import type { Held } from '../power/held';
import { atMost, attempt } from './attempts';
import { watchClock } from './clock-watch';
import { createLedger } from './ledger';
import type { AlarmStore } from './store';

export interface AlarmRequest {
  readonly guestId: string;
  /** Who is to keep it; nobody but the app has it until `hold`. */
  readonly holder: AlarmHolder;
  readonly action: SleepAction;
  /** "for" counts from now. */
  readonly when: Exclude<When, { kind: 'none' }>;
  /** How long the sleep may take to be confirmed, in ms (up to 10 min). */
  readonly confirmWithin: number;
  readonly by: Actor;
}

export interface AlarmRunnerOptions {
  readonly clock: Clock;
  readonly store: AlarmStore;
  /**
   * Wakes the alarm's guest. It has to settle (with time-outs of its own). `wanted()` turns false when the
   * alarm was replaced or the runner stopped meanwhile: a wake that waited in a queue must check it before it
   * touches the guest, and leave the guest alone; its outcome does not count then. A rejection counts as
   * unreachable.
   */
  readonly wake: (alarm: Alarm, wanted: () => boolean) => Promise<WakeOutcome>;
  /** The clock was set, or this computer slept: the alarms are moved as they have to be, their holders know nothing of it. */
  readonly onClockStep: () => void;
  /** The list of alarms changed. */
  readonly onChange: (alarms: readonly Alarm[]) => void;
  /** Called once for each alarm that ended; after a crash at this very moment, once more. */
  readonly onEnded: (alarm: Alarm, ending: AlarmEnding) => void;
  /**
   * Changes could not be kept; they are in force all the same, and saved again until it works (then:
   * undefined).
   */
  readonly onStoreProblem: (error: Error | undefined) => void;
  readonly newId?: () => string;
}

/** Why an alarm could not be changed, for the user. */
export class AlarmRefusedError extends Error {
  override readonly name = 'AlarmRefusedError';
}

export interface AlarmRunner {
  /** Looks at the stored alarms; those that came due meanwhile fire at once. */
  start(): void;
  /**
   * Resolves once the alarm is durably kept, as `pending`. Replaces the guest's alarm, which ends as
   * cancelled.
   * @throws StorageError when it cannot be kept, RangeError for a due out of 1 s ... 365 days: then nothing
   *   is armed
   */
  arm(request: AlarmRequest): Promise<Alarm>;
  /**
   * The alarm is in another holder's hands. Resolves once durably kept.
   * @throws AlarmRefusedError (it ended), StorageError: then nothing has changed
   */
  hold(id: string, holder: AlarmHolder, held?: Held): Promise<Alarm>;
  /** The guest was seen asleep. Unknown ids (the alarm ended meanwhile) are left alone, here and below. */
  sleepConfirmed(id: string): void;
  sleepFailed(id: string): void;
  /**
   * Resolves once durably kept. `rehold` is given the alarm as it will be, and has its holder take it before it is kept.
   * @throws AlarmRefusedError (being woken, ended, out of range), StorageError, what `rehold` throws: nothing has changed
   */
  extend(id: string, change: DueChange, rehold?: (moved: Alarm) => Promise<Held>): Promise<Alarm>;
  /**
   * Resolves once the alarm's end is durably kept. `release` is called when it is, and has its holder give it up.
   * @throws AlarmRefusedError (being woken, ended), StorageError, what `release` throws: the alarm is still set
   */
  cancel(id: string, cancellation: Cancellation, release?: () => Promise<void>): Promise<void>;
  /** The alarm's guest is not on its host any more: ends it at once, and in the file as soon as it can be written. */
  drop(id: string): void;
  /** What was seen of a guest, in the order it happened; `unknown` as soon as it can't be seen. */
  guestObserved(guestId: string, state: Seen): void;
  /** To be called when this computer woke up or its clock was set. */
  recheck(): void;
  /** By due instant. */
  list(): readonly Alarm[];
  ofGuest(guestId: string): Alarm | undefined;
  /** No alarm fires any more. Resolves once what is known is kept, or could not be. */
  stop(): Promise<void>;
}

/** Clock changes and this computer's sleep are noticed after at most this long. */
const LONGEST_WAIT_MS = 30_000;
const SAVE_AGAIN_MS = 5_000;
/** Waking twice does no harm, sleeping on does: neither a full nor a hanging disk keeps a guest asleep. */
const SAVE_PATIENCE_MS = 5_000;

/**
 * Keeps the app's alarms: one armed wait, on disk before it is acknowledged, each fired once and none lost.
 */
export function createAlarmRunner(options: AlarmRunnerOptions): AlarmRunner {
  const { clock, wake, newId = randomUUID } = options;
  const ledger = createLedger(options.store, (error) => {
    wait();
    options.onStoreProblem(error);
  });
  const clockStep = watchClock(clock);
  const seen = new Map<string, Seen>();
  let life: 'new' | 'running' | 'stopped' = 'new';
  let cancelWait = () => {};
  const extending = new Map<string, Promise<unknown>>();
  ledger.revise((alarm) => restored(alarm, clock.now()));

  const list = () => [...ledger.all()].sort((a, b) => a.due - b.due);
  const seenAwake = (alarm: Alarm) => seen.get(alarm.guestId)?.name === 'running';

  /** Reads the clock, having moved the alarms with it when it was set. */
  function now(): number {
    const step = clockStep();
    const at = clock.now();
    if (step === 0) return at;
    if (ledger.revise((alarm) => clockStepped(alarm, step, at))) changed();
    options.onClockStep();
    return at;
  }

  function changed(): void {
    void ledger.keep();
    wait();
    options.onChange(list());
  }

  function ended(alarm: Alarm, ending: AlarmEnding): void {
    ledger.replace(alarm.id, undefined);
    changed();
    options.onEnded(alarm, ending);
  }

  function take(alarm: Alarm, step: Step): void {
    if (step.kind === 'ended') return ended(alarm, step.ending);
    if (step.alarm === alarm) return;
    ledger.replace(alarm.id, step.alarm);
    changed();
  }

  function wait(): void {
    cancelWait();
    cancelWait = () => {};
    const alarms = ledger.all();
    if (life !== 'running' || (alarms.length === 0 && !ledger.isUnsaved())) return;
    const next = Math.min(...alarms.map((alarm) => nextLook(alarm, seenAwake(alarm)))) - clock.now();
    const longest = ledger.isUnsaved() ? SAVE_AGAIN_MS : LONGEST_WAIT_MS;
    cancelWait = clock.setTimer(Math.max(0, Math.min(Math.ceil(next), longest)), look);
  }

  function look(): void {
    if (life !== 'running') return;
    const at = now();
    for (const alarm of ledger.all()) {
      if (seenAwake(alarm)) take(alarm, stillAwake(alarm, at));
    }
    const due = ledger.all().filter((alarm) => isDue(alarm, at));
    if (due.length > 0) void fire(due.map((alarm) => startFiring(alarm, at)));
    else if (ledger.isUnsaved()) void ledger.keep();
    wait();
  }

  async function fire(alarms: readonly Alarm[]): Promise<void> {
    for (const alarm of alarms) ledger.replace(alarm.id, alarm);
    const kept = ledger.keep();
    wait();
    options.onChange(list());
    await atMost(clock, SAVE_PATIENCE_MS, kept);
    await Promise.all(alarms.map(wakeGuest));
  }

  async function wakeGuest({ id, guestId }: Alarm): Promise<void> {
    const told = { leaveAlone: false };
    const wanted = () => {
      told.leaveAlone ||= life !== 'running' || ledger.find(id) === undefined;
      return !told.leaveAlone;
    };
    const alarm = ledger.find(id);
    if (!alarm || !wanted()) return;
    const before = seen.get(guestId);
    const outcome = await attempt(() => wake(alarm, wanted));
    const at = now();
    const firing = ledger.find(id);
    if (!firing || told.leaveAlone) return;
    const step = fireResult(firing, outcome, at);
    const after = seen.get(guestId);
    // What was seen during the wake was left to its outcome; where the alarm goes on after it, it counts now.
    take(
      firing,
      step.kind === 'goes-on' && after && after !== before ? guestObserved(step.alarm, after, at) : step,
    );
  }

  async function arm({ guestId, holder, action, when, confirmWithin, by }: AlarmRequest): Promise<Alarm> {
    const at = now();
    refuseIf(life === 'stopped', closing);
    refuseIf(ledger.isDrafting(guestId), 'The alarm of this guest is just being set or cancelled.');
    const [due, basis] =
      when.kind === 'for' ? [at + when.ms, 'duration' as const] : [when.at, 'instant' as const];
    const draft = newAlarm({ id: newId(), guestId, holder, action, due, basis, confirmWithin }, at);
    const others = (alarms: readonly Alarm[]) => alarms.filter((alarm) => alarm.guestId !== guestId);
    const { before, alarm } = await ledger.propose(draft, (alarms, armed) => [...others(alarms), armed]);
    wait();
    options.onChange(list());
    const replaced = before.find((other) => other.guestId === guestId);
    if (replaced) options.onEnded(replaced, { kind: 'cancelled', why: 'replaced', by });
    return alarm;
  }

  async function move(id: string, change: DueChange, rehold?: (moved: Alarm) => Promise<Held>): Promise<Alarm> {
    const asked = movedBy(id, change);
    const held = await rehold?.(asked);
    // It may have ended or become due meanwhile.
    const draft = held ? moved(found(id), { ...movedBy(id, change), held }) : asked;
    await ledger.propose(draft, (alarms, next) => alarms.map((alarm) => (alarm.id === id ? moved(alarm, next) : alarm)));
    const alarm = found(id);
    refuseIf(alarm.phase.kind === 'firing', beingWoken);
    wait();
    options.onChange(list());
    return alarm;
  }

  function movedBy(id: string, change: DueChange): Alarm {
    const at = now();
    refuseIf(life === 'stopped', closing);
    const extension = extend(found(id), change, at);
    if (!extension.ok) throw new AlarmRefusedError(extension.message);
    return extension.alarm;
  }

  async function hold(id: string, holder: AlarmHolder, held?: Held): Promise<Alarm> {
    await ledger.propose(handedTo(found(id), holder, held), (alarms, next) =>
      alarms.map((alarm) => (alarm.id === id ? handedTo(alarm, holder, next.held) : alarm)),
    );
    const alarm = found(id);
    wait();
    options.onChange(list());
    return alarm;
  }

  async function cancel(id: string, cancellation: Cancellation, release?: () => Promise<void>): Promise<void> {
    now();
    const isOver = (alarm: Alarm) => alarm.id === id && alarm.phase.kind !== 'firing';
    const asked = found(id);
    refuseIf(!isOver(asked), beingWoken);
    const { before } = await ledger.propose(asked, (alarms) => alarms.filter((alarm) => !isOver(alarm)), release);
    const alarm = before.find((one) => one.id === id);
    if (!alarm) return;
    if (!isOver(alarm)) {
      // It fired meanwhile, and its end may be on disk.
      void ledger.keep();
      throw new AlarmRefusedError(beingWoken);
    }
    wait();
    options.onChange(list());
    options.onEnded(alarm, { kind: 'cancelled', ...cancellation });
  }

  function found(id: string): Alarm {
    const alarm = ledger.find(id);
    if (!alarm) throw new AlarmRefusedError(endedAlready);
    return alarm;
  }

  return {
    start() {
      if (life !== 'new') throw new Error(`The alarms are ${life} already`);
      life = 'running';
      options.onChange(list());
      look();
    },
    arm,
    sleepConfirmed(id) {
      const at = now();
      const alarm = ledger.find(id);
      if (alarm) take(alarm, { kind: 'goes-on', alarm: sleepConfirmed(alarm, at) });
    },
    sleepFailed(id) {
      now();
      const alarm = ledger.find(id);
      if (alarm) take(alarm, sleepFailed(alarm));
    },
    hold,
    extend(id, change, rehold) {
      // One after the other, so that two "1 h more" are 2 h.
      const extended = (extending.get(id) ?? Promise.resolve()).then(() => move(id, change, rehold));
      const settled = extended.then(
        () => undefined,
        () => undefined,
      );
      extending.set(id, settled);
      void settled.then(() => extending.get(id) === settled && extending.delete(id));
      return extended;
    },
    cancel,
    drop(id) {
      const alarm = ledger.find(id);
      if (alarm) ended(alarm, { kind: 'cancelled', why: 'gone', by: byNobodyKnown });
    },
    guestObserved(guestId, state) {
      const at = now();
      const before = seen.get(guestId)?.name;
      seen.set(guestId, state);
      const alarm = ledger.ofGuest(guestId);
      if (!alarm) return;
      const step = guestObserved(alarm, state, at);
      const news = state.name !== 'unknown' && state.name !== before;
      take(alarm, step.kind === 'goes-on' && news ? { ...step, alarm: reachedAgain(step.alarm, at) } : step);
      wait();
    },
    recheck: look,
    list,
    ofGuest: ledger.ofGuest,
    async stop() {
      life = 'stopped';
      cancelWait();
      await ledger.keep();
    },
  };
}

const closing = 'Reveille is closing.';

function refuseIf(refused: boolean, message: string): void {
  if (refused) throw new AlarmRefusedError(message);
}
