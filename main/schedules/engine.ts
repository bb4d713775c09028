import { beginningOf, lastHalf, nextHalf, type Half } from '../power/schedules';
import { forgetAwake, moveAlarms } from './armed';
import type { Desk } from './desk';
import { companyOf } from './desk';
import { nameOf, timingOf, timingProblem, type Missed, type Schedule } from './model';
import { LATE_MS, putToSleep } from './sleep';
import { considered, toWake, wakeThem } from './wake';

/** Clock changes and this computer's sleep are noticed after at most this long; wakes are tried again after it. In ms. */
const LONGEST_WAIT_MS = 30_000;
/** What was dealt with later than this from now was dealt with by a clock that was wrong, in ms. */
const WRONG_CLOCK_MS = 24 * 3_600_000;
/** What met a fault of the app's own so many times in a row is given up. */
const MOST_FAULTS = 3;

export interface Engine {
  /** Looks at the schedules from now on. To be called when the guests were looked at. */
  start(): void;
  /** To be called when a schedule was changed, this computer woke up, or its clock was set. */
  look(): void;
  /** To be called when a guest's state or alarm has changed. */
  guestChanged(guestId: string): void;
  /** When something is due next has changed. */
  rearm(): void;
  /** Something is being done for it. */
  isBusy(id: string): boolean;
  /** Does what was missed after all. Resolves when it was begun. */
  catchUp(id: string): Promise<void>;
  stop(): void;
}

export interface EngineOptions extends Desk {
  /** What a schedule shows may have changed with time. */
  readonly onTime: (id: string) => void;
  /** A half was missed and waits for an answer; told once in a run of the app. */
  readonly onMissed: (schedule: Schedule, missed: Missed) => void;
  /** `isTriedAgain`: else it goes on with what is due next. */
  readonly onFault: (schedule: Schedule, error: unknown, isTriedAgain: boolean) => void;
}

/** Does what schedules say: one armed wait, what is done is kept before it is begun, each half once. */
export function createEngine(desk: EngineOptions): Engine {
  const { clock, ledger, graces } = desk;
  const busy = new Set<string>();
  const tryAgain = new Map<string, number>();
  const failures = new Map<string, Map<string, number>>();
  /** How often in a row a schedule met a fault, and until when it is left alone for that. */
  const faults = new Map<string, { readonly count: number; readonly until: number }>();
  /** The missed halves that were told of. */
  const toldMissed = new Map<string, number>();
  /** The stretch of time in which nothing of a schedule is due, up to its next half. */
  const quiet = new Map<string, Pick<Schedule, 'draft' | 'doneUntil'> & { readonly from: number; readonly next: Half | null }>();
  let cancelWait = () => {};
  let life: 'new' | 'running' | 'stopped' = 'new';

  const wait = () => {
    cancelWait();
    cancelWait = () => {};
    const all = ledger.all();
    if (life !== 'running' || all.length === 0) return;
    const now = clock.now();
    const halves = all.flatMap((one) => (rests(one) || busy.has(one.id) ? [] : [next(one, now)?.at ?? Infinity]));
    const ms = Math.min(LONGEST_WAIT_MS, ...[graces.next(), ...halves].map((at) => at - now));
    cancelWait = clock.setTimer(Math.max(0, Math.ceil(ms)), look);
  };

  const rests = ({ id, paused, draft }: Schedule) =>
    paused || timingProblem(draft) !== null || (faults.get(id)?.until ?? 0) > clock.monotonic();

  const quietNow = ({ id, draft, doneUntil }: Schedule, now: number) => {
    const known = quiet.get(id);
    if (known?.draft !== draft || known.doneUntil !== doneUntil || known.from > now) return undefined;
    return known.next && known.next.at <= now ? undefined : known;
  };

  /** The half that is due, else the next one; null without any. Reckoned anew when that has come, or the schedule was changed. */
  const next = (schedule: Schedule, now: number): Half | null => {
    const known = quietNow(schedule, now);
    if (known) return known.next;
    const due = dueHalf(schedule, now);
    if (due) return due;
    const { id, draft, doneUntil } = schedule;
    const half = nextHalf(timingOf(draft), Math.max(doneUntil, now));
    quiet.set(id, { draft, doneUntil, from: now, next: half });
    // What it shows has changed with time.
    desk.onTime(id);
    return half;
  };

  /** The last half, if it is not dealt with. */
  const dueHalf = (schedule: Schedule, now: number): Half | null => {
    if (quietNow(schedule, now)) return null;
    const { draft, doneUntil } = schedule;
    const half = lastHalf(timingOf(draft), now);
    return half && half.at > doneUntil ? half : null;
  };

  const look = () => {
    if (life !== 'running') return;
    const now = clock.now();
    graces.look(now);
    for (const schedule of ledger.all()) {
      if (busy.has(schedule.id)) continue;
      forgetAwake(desk, schedule);
      consider(schedule, now);
    }
    wait();
  };

  const consider = (schedule: Schedule, now: number) => {
    const { id, doneUntil, armed, waking, missed } = schedule;
    if (rests(schedule)) return;
    if (doneUntil - now > WRONG_CLOCK_MS) return void ledger.keep(id, (one) => ({ ...one, doneUntil: now }));
    const half = dueHalf(schedule, now);
    if (half) return void turn(schedule, () => due(schedule, half, now));
    const wake = next(schedule, now);
    // It was edited, and its guests sleep in a night of the new rule, too.
    if (armed && armed.at > now && wake?.what === 'wake' && wake.at !== armed.at)
      return void turn(schedule, () => moveAlarms(desk, id, wake.at));
    if (waking && (tryAgain.get(id) ?? 0) <= clock.monotonic()) return void turn(schedule, () => wakeOnce(id));
    if (!missed) return;
    if (!isStillWanted(schedule, missed)) return void ledger.keep(id, (one) => ({ ...one, missed: null }));
    if (toldMissed.get(id) === missed.at) return;
    toldMissed.set(id, missed.at);
    desk.onMissed(schedule, missed);
  };

  /** One thing at a time for each schedule. */
  const turn = async (schedule: Schedule, work: () => Promise<void>) => {
    busy.add(schedule.id);
    try {
      await work();
      faults.delete(schedule.id);
    } catch (error) {
      await faulted(schedule, error);
    }
    busy.delete(schedule.id);
    look();
  };

  /** Tried again after a while, as nothing is lost before that, but not for ever. */
  const faulted = async (schedule: Schedule, error: unknown) => {
    const { id } = schedule;
    const count = (faults.get(id)?.count ?? 0) + 1;
    const isTriedAgain = count < MOST_FAULTS;
    if (isTriedAgain) {
      faults.set(id, { count, until: clock.monotonic() + LONGEST_WAIT_MS });
    } else {
      faults.delete(id);
      const now = clock.now();
      await ledger.keep(id, (one) => ({ ...one, doneUntil: Math.max(one.doneUntil, now), waking: null }));
    }
    desk.onFault(schedule, error, isTriedAgain);
  };

  const due = async (schedule: Schedule, half: Half, now: number) => {
    const { id, draft } = schedule;
    const beginning = beginningOf(half.of);
    if (schedule.skips.includes(beginning)) return dealtWith(id, half, null);
    const missed = { what: half.what, at: half.at };
    if (now - half.at <= LATE_MS || draft.missed === 'late') return begin(schedule, half, true);
    if (draft.missed === 'ask') return dealtWith(id, half, isStillWanted(schedule, missed) ? missed : null);
    for (const { member } of companyOf(desk, schedule).members) {
      member.note(`The ${half.what} was missed, and skipped.`, { kind: 'schedule', name: nameOf(draft) });
    }
    return dealtWith(id, half, null);
  };

  const dealtWith = async (id: string, half: Half, missed: Schedule['missed']) => {
    const beginning = beginningOf(half.of);
    await ledger.keep(id, (one) => ({
      ...one,
      doneUntil: Math.max(one.doneUntil, half.at),
      skips: one.skips.filter((at) => at >= beginning),
      missed,
    }));
  };

  const begin = async (schedule: Schedule, half: Half, gently: boolean) => {
    const { id } = schedule;
    if (half.what === 'sleep') {
      // Who was still to be woken since the last wake is to sleep now.
      if (schedule.waking) await ledger.keep(id, (one) => ({ ...one, waking: null }));
      return putToSleep(desk, id, half, gently);
    }
    failures.delete(id);
    const guestIds = toWake(desk, schedule, half.at).map((member) => member.id);
    await ledger.keep(id, (one) => ({
      ...one,
      doneUntil: Math.max(one.doneUntil, half.at),
      missed: null,
      waking: guestIds.length > 0 ? { at: half.at, guestIds } : null,
    }));
    return wakeOnce(id);
  };

  const wakeOnce = async (id: string) => {
    const counts = failures.get(id) ?? new Map<string, number>();
    failures.set(id, counts);
    await wakeThem(desk, id, counts);
    tryAgain.set(id, clock.monotonic() + LONGEST_WAIT_MS);
  };

  const isStillWanted = (schedule: Schedule, { what, at }: Missed): boolean => {
    if (what === 'wake') return toWake(desk, schedule, at).some((member) => considered(schedule, member, at) !== 'leave');
    const wake = lastHalf(timingOf(schedule.draft), at)?.of.wake ?? null;
    if (wake !== null && wake <= clock.now()) return false;
    return companyOf(desk, schedule).members.some(({ member }) => ['running', 'unknown'].includes(member.state().name));
  };

  /** A crash cut off a sleep: who was asked is not known, and none is asked twice. */
  const tellCutOff = (schedule: Schedule) => {
    const { id, sleeping } = schedule;
    if (!sleeping) return;
    for (const { member } of companyOf(desk, schedule).members) {
      if (!sleeping.guestIds.includes(member.id)) continue;
      desk.tell(id, member.id, {
        guestId: member.id,
        severity: 'warning',
        title: `${member.name()} may not have been put to sleep`,
        message: `Reveille ended while the schedule “${nameOf(schedule.draft)}” was putting it to sleep.`,
        remedy: 'Look at its state, and put it to sleep yourself if it should.',
      });
    }
    void ledger.keep(id, (one) => ({ ...one, sleeping: null }));
  };

  return {
    start() {
      if (life !== 'new') return;
      life = 'running';
      ledger.all().forEach(tellCutOff);
      look();
    },
    look,
    guestChanged(guestId) {
      for (const schedule of ledger.all()) {
        if (schedule.armed?.guests.some((guest) => guest.guestId === guestId)) forgetAwake(desk, schedule);
      }
    },
    rearm: wait,
    isBusy: (id) => busy.has(id),
    async catchUp(id) {
      const schedule = ledger.find(id);
      const half = schedule?.missed && lastHalf(timingOf(schedule.draft), schedule.missed.at);
      if (!schedule || !half) return;
      await ledger.keep(id, (one) => ({ ...one, missed: null }));
      void turn(schedule, () => begin(schedule, half, false));
    },
    stop() {
      life = 'stopped';
      cancelWait();
      graces.drop();
    },
  };
}
