import { z } from 'zod';
import { ActionName, HolderChoice, SleepName } from './vocabulary';

/** Milliseconds since the Unix epoch, by the wall clock. */
const Instant = z.number();
const Text = z.string();
const GuestId = z.string().min(1).max(200);

/** Whom something is done to. A group keeps its order; a host means all of its guests. */
export const Target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('guests'), guestIds: z.array(GuestId).min(1).max(1000) }),
  z.object({ kind: z.literal('group'), groupId: z.string() }),
  z.object({ kind: z.literal('host'), hostId: z.string() }),
]);
export type Target = z.infer<typeof Target>;

/** "23:30", by the schedule's time zone. */
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
/** Five fields, as crontab(5). */
const Cron = z.string().min(1).max(200);

/** When. At least one of the two is set; a sleep with a wake is woken at the next wake after it. */
export const ScheduleRule = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('weekly'),
    /** ISO weekdays on which it sleeps (or, without a sleep, wakes): 1 is Monday. */
    days: z.array(z.int().min(1).max(7)).min(1).max(7),
    sleepAt: TimeOfDay.nullable(),
    wakeAt: TimeOfDay.nullable(),
  }),
  z.object({ kind: z.literal('cron'), sleep: Cron.nullable(), wake: Cron.nullable() }),
]);
export type ScheduleRule = z.infer<typeof ScheduleRule>;

/** What to do about a sleep or a wake whose time passed while nobody could do it. A wake that is still wanted is never skipped by `ask` alone. */
export const MissedPolicy = z.enum(['late', 'skip', 'ask']);
export type MissedPolicy = z.infer<typeof MissedPolicy>;

export const Conditions = z.object({
  /** Not while somebody is signed in, where the agent tells. */
  nobodySignedIn: z.boolean(),
  /** Not while it uses more than this, in percent of one vCPU; null: does not matter. */
  cpuBelowPercent: z.number().min(1).max(100_000).nullable(),
  /** A notice that can be cancelled stands for so long before the sleep; 0: none. In seconds. */
  graceSeconds: z.int().min(0).max(3600),
});
export type Conditions = z.infer<typeof Conditions>;

export const ScheduleDraft = z.object({
  /** Empty: its rule in words. */
  name: z.string().max(200),
  target: Target,
  action: SleepName,
  rule: ScheduleRule,
  /** IANA name: "Europe/Berlin". */
  timeZone: z.string().min(1).max(100),
  missed: MissedPolicy,
  conditions: Conditions,
  holder: HolderChoice,
});
export type ScheduleDraft = z.infer<typeof ScheduleDraft>;

/** One occurrence; either half may be missing. */
export const Occurrence = z.object({ sleep: Instant.nullable(), wake: Instant.nullable() });
export type Occurrence = z.infer<typeof Occurrence>;

export const ScheduleView = z.object({
  id: z.string(),
  draft: ScheduleDraft,
  /** "Weekdays 23:30 to 07:00". */
  text: Text,
  paused: z.boolean(),
  /** The next occurrence is left out. */
  skipsNext: z.boolean(),
  /** Up to three, the skipped one among them. */
  next: z.array(Occurrence).max(3),
  /** An occurrence that was missed and waits for an answer. */
  missed: z.object({ what: z.enum(['sleep', 'wake']), at: Instant }).nullable(),
  /** Why it can do nothing: its guests are gone. */
  problem: Text.optional(),
});
export type ScheduleView = z.infer<typeof ScheduleView>;

const GroupMember = z.object({
  guestId: GuestId,
  /** Waited after this guest runs, before the next is woken. In seconds. */
  delaySeconds: z.int().min(0).max(3600),
});

/** Guests that are acted on together. They are woken in this order. */
export const GroupDraft = z.object({
  name: z.string().min(1).max(200),
  members: z.array(GroupMember).min(1).max(1000),
});
export type GroupDraft = z.infer<typeof GroupDraft>;
export const GroupView = z.object({
  id: z.string(),
  name: Text,
  /** Those that are on the list now; none when all are gone. */
  members: z.array(GroupMember),
  /** How many of its guests are gone: "2 of its 3 guests are no longer on the list." */
  problem: Text.optional(),
});
export type GroupView = z.infer<typeof GroupView>;

/** An action on several guests, guest by guest. It stays until it is dismissed. */
export const RunView = z.object({
  id: z.string(),
  at: Instant,
  /** "Sleep: Storage", "Wake: 3 guests". */
  title: Text,
  steps: z.array(
    z.object({
      guestId: z.string(),
      name: Text,
      /** `cancelled`: by the user, before its turn came. */
      state: z.enum(['waiting', 'running', 'done', 'skipped', 'cancelled', 'failed']),
      /** Why it was skipped or failed, and what to do next. */
      text: Text.optional(),
      /** An action on this guest alone with which the user goes on: a start shows the command that was not read yet. */
      offer: ActionName.optional(),
    }),
  ),
  done: z.boolean(),
});
export type RunView = z.infer<typeof RunView>;

/** Something is about to happen, and can still be cancelled. */
export const GraceView = z.object({
  id: z.string(),
  /** "nas goes to sleep", "Storage: 3 guests go to sleep". */
  title: Text,
  /** Why: the schedule's name. */
  reason: Text,
  at: Instant,
});
export type GraceView = z.infer<typeof GraceView>;
