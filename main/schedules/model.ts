import { z } from 'zod';
import type { Clock } from '../clock';
import { ruleInWords } from '../power/schedule-words';
import { isTimeZone, nextHalf, type Timing } from '../power/schedules';
import { openDocument, type Document } from '../storage/document';
import type { FileSystem } from '../storage/file-system';

/** Wall-clock ms since the epoch. */
const Instant = z.number();
const Id = z.string().min(1);
const Ids = z.array(Id);
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

const Target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('guests'), guestIds: Ids }),
  z.object({ kind: z.literal('group'), groupId: Id }),
  z.object({ kind: z.literal('host'), hostId: Id }),
]);

const Rule = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('weekly'),
    days: z.array(z.int().min(1).max(7)).min(1),
    sleepAt: TimeOfDay.nullable(),
    wakeAt: TimeOfDay.nullable(),
  }),
  z.object({ kind: z.literal('cron'), sleep: z.string().nullable(), wake: z.string().nullable() }),
]);

const Draft = z.object({
  name: z.string(),
  target: Target,
  action: z.enum(['suspend', 'hibernate', 'hybrid']),
  rule: Rule,
  timeZone: z.string(),
  /** What to do about a sleep or a wake whose time passed while nobody could do it. */
  missed: z.enum(['late', 'skip', 'ask']),
  conditions: z.object({
    nobodySignedIn: z.boolean(),
    /** In percent of one vCPU; null: does not matter. */
    cpuBelowPercent: z.number().nullable(),
    graceSeconds: z.int().min(0),
  }),
  /** Who is to keep the alarm that wakes its guests. */
  holder: z.enum(['auto', 'guest', 'host', 'app']),
});
/** What the user chose. */
export type ScheduleDraft = z.infer<typeof Draft>;
export type Conditions = ScheduleDraft['conditions'];

const What = z.enum(['sleep', 'wake']);
const Missed = z.object({ what: What, at: Instant });
export type Missed = z.infer<typeof Missed>;
const Company = z.object({ at: Instant, guestIds: Ids });
const Armed = z.object({ at: Instant, guests: z.array(z.object({ guestId: Id, due: Instant })) });
export type Armed = z.infer<typeof Armed>;

const Schedule = z.object({
  id: Id,
  draft: Draft,
  paused: z.boolean(),
  /** The halves up to this instant, and with it, are dealt with. Kept before anything is done. */
  doneUntil: Instant,
  /** When the occurrences that are left out begin. */
  skips: z.array(Instant),
  /** A half that nobody could do in time, and that waits for an answer. */
  missed: Missed.nullable(),
  /**
   * The guests whose sleep was accepted with an alarm for the wake at `at`, and that were not seen awake since: the alarm,
   * set for `due`, wakes them, unless the user takes it away.
   */
  armed: Armed.nullable(),
  /** The guests that were being put to sleep, for the sleep at `at`; left behind by a crash. */
  sleeping: Company.nullable(),
  /** The guests that are to be woken since `at`, and were not seen awake yet. */
  waking: Company.nullable(),
});
export type Schedule = z.infer<typeof Schedule>;

export const SCHEDULES_VERSION = 2;
/** @throws z.ZodError with the path to the field */
export const parseSchedules = (value: unknown): Schedule[] => z.array(Schedule).parse(value);

/** Version 1 did not keep for when each guest's alarm was set. @throws Error */
export function migrateSchedules(value: unknown, from: number): unknown {
  if (from !== 1) throw new Error(`Schedules of version ${from} are not known`);
  return z.array(z.looseObject({ armed: Company.nullable() })).parse(value).map((schedule) => {
    const { armed } = schedule;
    const guests = armed?.guestIds.map((guestId) => ({ guestId, due: armed.at }));
    return { ...schedule, armed: armed && { at: armed.at, guests } };
  });
}

/** Opens `dir`/schedules.json. @throws StorageError as openDocument does */
export const openSchedules = (options: {
  readonly dir: string;
  readonly fs?: FileSystem;
  readonly clock?: Pick<Clock, 'now'>;
}): Promise<Document<Schedule[]>> =>
  openDocument({
    ...options,
    name: 'schedules',
    version: SCHEDULES_VERSION,
    parse: parseSchedules,
    migrate: migrateSchedules,
    empty: [],
  });

/** A schedule that begins at `now`: what its rule named before does not count. */
export const newSchedule = (id: string, draft: ScheduleDraft, now: number): Schedule => ({
  id,
  draft,
  paused: false,
  doneUntil: now,
  skips: [],
  missed: null,
  armed: null,
  sleeping: null,
  waking: null,
});

export const timingOf = ({ rule, timeZone }: Pick<ScheduleDraft, 'rule' | 'timeZone'>): Timing => ({ rule, timeZone });

/** What the user called it, or its rule in words. */
export const nameOf = ({ name, rule }: Pick<ScheduleDraft, 'name' | 'rule'>): string => name.trim() || ruleInWords(rule);

const problems = new WeakMap<ScheduleDraft, string | null>();

/** Why nothing can be reckoned here with what was understood when it was saved; null when all is well. */
export function timingProblem(draft: ScheduleDraft): string | null {
  let problem = problems.get(draft);
  if (problem === undefined) problems.set(draft, (problem = findProblem(draft)));
  return problem;
}

function findProblem(draft: ScheduleDraft): string | null {
  if (!isTimeZone(draft.timeZone)) return `This computer does not know the time zone ${draft.timeZone}. Choose another.`;
  try {
    nextHalf(timingOf(draft), 0);
    return null;
  } catch (error) {
    return `Its times are not understood: ${error instanceof Error ? error.message : String(error)}. Write them anew.`;
  }
}
