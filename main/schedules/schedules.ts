import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import type { Targets } from '../groups/targets';
import type { Notice } from '../guests/notices';
import { RefusedError } from '../power/actions';
import { beginningOf, checkTiming, nextOccurrences, type Occurrence } from '../power/schedules';
import type { Document } from '../storage/document';
import { createEngine } from './engine';
import { createGraces, type Grace } from './graces';
import { createLedger } from './ledger';
import { nameOf, newSchedule, timingOf, timingProblem, type Missed, type Schedule, type ScheduleDraft } from './model';

/** How many occurrences are shown. */
const SHOWN = 3;

/** The schedules, and what they do. What the user changes is on disk when a call has resolved; all throw RefusedError, StorageError. */
export interface Schedules {
  find(id: string): Schedule | undefined;
  ids(): string[];
  grace(id: string): Grace | undefined;
  /** The next three occurrences, those that are left out among them; one whose grace period runs is still the next. */
  next(schedule: Pick<Schedule, 'id' | 'draft'>): Occurrence[];
  /** The same of a draft. @throws RefusedError when its rule is not understood */
  read(draft: ScheduleDraft): Occurrence[];
  /** What is next of those that are not paused, soonest first; what is left out does not count. */
  upcoming(): { readonly schedule: Schedule; readonly name: string; readonly next: Occurrence }[];
  /** `id` null: a new one. */
  save(id: string | null, draft: ScheduleDraft): Promise<string>;
  remove(id: string): Promise<void>;
  pause(id: string, paused: boolean): Promise<void>;
  skipNext(id: string, skip: boolean): Promise<void>;
  answerMissed(id: string, answer: 'now' | 'skip'): Promise<void>;
  endGrace(id: string, how: 'cancel' | 'now'): void;
  /** A guest's state or alarm has changed. */
  guestChanged(guestId: string): void;
  /** Does what the schedules say from now on. To be called when the guests were looked at. */
  start(): void;
  /** This computer woke up, or its clock was set. */
  recheck(): void;
  stop(): Promise<void>;
}

export interface SchedulesOptions {
  readonly clock: Clock;
  readonly document: Document<Schedule[]>;
  readonly targets: Targets;
  readonly onSchedule: (id: string) => void;
  /** It has begun, or ended. */
  readonly onGrace: (id: string) => void;
  /** A half was missed, and waits for an answer. */
  readonly onMissed: (schedule: Schedule, missed: Missed) => void;
  /** @returns a function that takes the notice back */
  readonly onNotice: (notice: Notice) => () => void;
  readonly newId?: () => string;
}

export function createSchedules(options: SchedulesOptions): Schedules {
  const { clock, document, targets, onSchedule, onNotice, newId = randomUUID } = options;
  let stopped = false;
  const graces = createGraces((id, scheduleId) => {
    options.onGrace(id);
    onSchedule(scheduleId);
    engine.rearm();
  });
  const ledger = createLedger(document, onSchedule, tellOnce(onNotice));
  /** What takes back that a schedule met a fault. */
  const faults = new Map<string, () => void>();
  /** By schedule and guest. */
  const told = new Map<string, () => void>();
  const untell = (scheduleId: string, guestId: string) => {
    const key = `${scheduleId} ${guestId}`;
    told.get(key)?.();
    told.delete(key);
  };

  const engine = createEngine({
    clock,
    ledger,
    targets,
    graces,
    tell(scheduleId, guestId, notice) {
      untell(scheduleId, guestId);
      told.set(`${scheduleId} ${guestId}`, onNotice(notice));
    },
    untell,
    isStopped: () => stopped,
    onTime: onSchedule,
    onMissed: options.onMissed,
    onFault({ id, draft }, error, isTriedAgain) {
      faults.get(id)?.();
      const goesOn = isTriedAgain ? 'It is tried again in half a minute' : 'It goes on with its next occurrence';
      const notice = onNotice({
        severity: 'error',
        title: `The schedule “${nameOf(draft)}” met a fault of Reveille`,
        message: messageOf(error),
        remedy: `Look at its guests. ${goesOn}; if this happens again, report it.`,
      });
      faults.set(id, notice);
    },
  });

  const found = (id: string): Schedule => {
    const schedule = ledger.find(id);
    if (schedule) return schedule;
    throw refused('This schedule was removed meanwhile.', 'Make a new one.');
  };

  const nextFrom = (draft: ScheduleDraft, after: number) =>
    timingProblem(draft) === null ? nextOccurrences(timingOf(draft), after, SHOWN) : [];
  const next: Schedules['next'] = ({ id, draft }) => {
    const beginning = graces.beginning(id);
    return nextFrom(draft, beginning === null ? clock.now() : beginning - 1);
  };

  const change = async (id: string, changed: (schedule: Schedule) => Schedule) => {
    found(id);
    await ledger.propose((all) => all.map((one) => (one.id === id ? changed(one) : one)));
    engine.look();
  };

  return {
    find: (id) => ledger.find(id),
    ids: () => ledger.all().map(({ id }) => id),
    grace: (id) => graces.grace(id),
    next,
    upcoming: () =>
      ledger
        .all()
        .filter(({ paused }) => !paused)
        .flatMap((schedule) => {
          const [first] = next(schedule).filter((one) => !schedule.skips.includes(beginningOf(one)));
          return first ? [{ schedule, name: nameOf(schedule.draft), next: first }] : [];
        })
        .sort((a, b) => beginningOf(a.next) - beginningOf(b.next)),
    read(draft) {
      check(draft, clock.now());
      return nextFrom(draft, clock.now());
    },
    async save(id, draft) {
      const now = clock.now();
      check(draft, now);
      const { problem } = targets.resolve(draft.target);
      if (problem !== null) throw new RefusedError({ code: 'unknown-guest', message: problem, remedy: 'Choose others.' });
      if (id === null) {
        const made = newSchedule(newId(), draft, now);
        await ledger.propose((all) => [...all, made]);
        engine.look();
        return made.id;
      }
      await change(id, (one) => ({
        ...one,
        draft,
        doneUntil: now,
        skips: isDeepStrictEqual(timingOf(one.draft), timingOf(draft)) ? one.skips : [],
        missed: null,
      }));
      graces.drop(id);
      return id;
    },
    async remove(id) {
      found(id);
      await ledger.propose((all) => all.filter((one) => one.id !== id));
      graces.drop(id);
    },
    async pause(id, paused) {
      const now = clock.now();
      await change(id, (one) =>
        one.paused === paused
          ? one
          : // What passes meanwhile is not missed.
            { ...one, paused, doneUntil: Math.max(one.doneUntil, now), missed: null, waking: null },
      );
      if (paused) graces.drop(id);
    },
    async skipNext(id, skip) {
      const [first] = next(found(id));
      if (!first) throw refused('It has no next occurrence.', 'Change its times.');
      const beginning = beginningOf(first);
      const now = clock.now();
      await change(id, (one) => {
        const others = one.skips.filter((at) => at !== beginning && now - at < LONGEST_KEPT_MS);
        return { ...one, skips: skip ? [...others, beginning] : others };
      });
      if (skip && graces.beginning(id) === beginning) graces.drop(id);
    },
    async answerMissed(id, answer) {
      if (!found(id).missed) throw refused('Nothing of it waits for an answer any more.');
      if (answer === 'skip') return change(id, (one) => ({ ...one, missed: null }));
      if (engine.isBusy(id)) {
        throw new RefusedError({
          code: 'busy',
          message: 'It is doing something right now.',
          remedy: 'Answer when that is done.',
        });
      }
      await engine.catchUp(id);
    },
    endGrace(id, how) {
      if (!graces.end(id, how === 'cancel' ? 'cancelled' : 'now')) throw refused('It has happened or was cancelled already.');
    },
    guestChanged: engine.guestChanged,
    start: engine.start,
    recheck: engine.look,
    async stop() {
      stopped = true;
      engine.stop();
      await ledger.flush();
    },
  };
}

/** A skip that is older than this is of an occurrence that is over, in ms. */
const LONGEST_KEPT_MS = 366 * 24 * 3_600_000;

function check({ rule, timeZone, conditions: { graceSeconds } }: ScheduleDraft, now: number): void {
  try {
    checkTiming({ rule, timeZone }, now);
  } catch (error) {
    if (error instanceof RangeError) throw new RefusedError({ code: 'bad-schedule', message: error.message });
    throw error;
  }
  const isTooShort = ({ sleep, wake }: Occurrence) => sleep !== null && wake !== null && wake - sleep <= graceSeconds * 1000;
  if (nextOccurrences({ rule, timeZone }, now, SHOWN).some(isTooShort)) {
    throw new RefusedError({
      code: 'bad-schedule',
      message: 'The guests would be woken before the notice is over, so they would not sleep.',
      remedy: 'Give a shorter notice, or a later time to wake.',
    });
  }
}

const refused = (message: string, remedy?: string) =>
  new RefusedError({ code: 'wrong-state', message, ...(remedy ? { remedy } : {}) });

/** A file that fails again and again is told once, until it works. */
function tellOnce(onNotice: SchedulesOptions['onNotice']) {
  let told = false;
  return (error: unknown) => {
    const failed = error !== undefined;
    if (failed && !told)
      onNotice({ severity: 'error', title: 'The schedules could not be kept on disk', message: messageOf(error) });
    told = failed;
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
