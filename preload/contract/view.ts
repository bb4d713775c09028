import { z } from 'zod';
import { ActionName, actions, AlarmHolder, Cause, PowerStateName, SleepName, Source } from './vocabulary';

/** Milliseconds since the Unix epoch, by the wall clock. */
const Instant = z.number();
/** Text that a guest, a host or a user chose: shown as text, never as markup. */
const Text = z.string();

export const Availability = z.discriminatedUnion('available', [
  z.object({ available: z.literal(true), warning: Text.optional() }),
  z.object({ available: z.literal(false), reason: Text, remedy: Text.optional() }),
]);
export type Availability = z.infer<typeof Availability>;

export const StateView = z.object({
  name: PowerStateName,
  /** Since when this state holds; null when it began before the app looked. */
  since: Instant.nullable(),
  source: Source,
  cause: Cause,
  /** More about it: why it is unknown, what a paused guest waits for, what starting a hibernated guest does. */
  detail: Text.optional(),
});
export type StateView = z.infer<typeof StateView>;

export const AlarmView = z.object({
  id: z.string(),
  holder: AlarmHolder,
  /** What it wakes from; a hibernated guest is woken by starting it. */
  action: SleepName,
  due: Instant,
  /** pending: the sleep is not confirmed yet; retrying: it is late, and `reason` says why. */
  phase: z.enum(['pending', 'armed', 'firing', 'retrying']),
  reason: Text.optional(),
});
export type AlarmView = z.infer<typeof AlarmView>;

export const AgentView = z.object({
  status: z.enum(['unknown', 'absent', 'closed', 'unreachable', 'silent', 'answering']),
  /** One sentence for the user. */
  text: Text,
});

/** How a guest would be started, for the user to read before the first start. Never passed through a shell. */
export const StartView = z.object({
  executable: Text,
  args: z.array(Text),
  cwd: Text,
  /** The user has read and accepted this command. */
  accepted: z.boolean(),
});

export const GuestView = z.object({
  id: z.string(),
  hostId: z.string(),
  name: Text,
  state: StateView,
  /** The action under way, with the time it was asked for; more wait behind it. */
  pending: z.object({ action: ActionName, since: Instant, queued: z.number().int() }).nullable(),
  alarm: AlarmView.nullable(),
  agent: AgentView,
  actions: z.object(Object.fromEntries(actions.map((name) => [name, Availability])) as Record<ActionName, typeof Availability>),
  memoryMiB: z.number().nullable(),
  vcpus: z.number().int().nullable(),
  start: StartView.nullable(),
  /** Added by hand, so it can be removed from the list by hand; a guest that is gone can be forgotten too. */
  removable: z.boolean(),
  /** Grows with every history entry of this guest, so that a reader knows when to ask again. */
  historyRevision: z.number().int(),
});
export type GuestView = z.infer<typeof GuestView>;

export const HostView = z.object({
  id: z.string(),
  name: Text,
  kind: z.enum(['this-computer', 'demo']),
  /** The demo host's guests are simulated; the window says so. */
  simulated: z.boolean(),
  status: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('looking') }),
    z.object({ kind: z.literal('ready') }),
    z.object({ kind: z.literal('failed'), message: Text, remedy: Text }),
  ]),
});
export type HostView = z.infer<typeof HostView>;

/** An error or a report that stays until it is dismissed. */
export const NoticeView = z.object({
  id: z.string(),
  at: Instant,
  guestId: z.string().optional(),
  severity: z.enum(['error', 'warning', 'info']),
  title: Text,
  message: Text,
  /** What to do next. */
  remedy: Text.optional(),
  /** An action on the guest that the notice offers as a button (Force off after a shutdown that did not happen). */
  offer: ActionName.optional(),
});
export type NoticeView = z.infer<typeof NoticeView>;

export const AppView = z.object({
  version: z.string(),
  platform: z.enum(['linux', 'darwin', 'win32', 'other']),
  demo: z.enum(['closed', 'opening', 'open']),
});

export type AppView = z.infer<typeof AppView>;

/** Everything the window shows. `epoch` names one run of main, `revision` counts the patches sent since. */
export const Snapshot = z.object({
  epoch: z.string(),
  revision: z.number().int(),
  app: AppView,
  hosts: z.record(z.string(), HostView),
  guests: z.record(z.string(), GuestView),
  notices: z.record(z.string(), NoticeView),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** One step from `revision - 1` to `revision`: whole entities by id, null for one that is gone. */
export const Patch = z.object({
  epoch: z.string(),
  revision: z.number().int(),
  app: AppView.optional(),
  hosts: z.record(z.string(), HostView.nullable()).optional(),
  guests: z.record(z.string(), GuestView.nullable()).optional(),
  notices: z.record(z.string(), NoticeView.nullable()).optional(),
});
export type Patch = z.infer<typeof Patch>;

export const HistoryEntry = z.object({
  at: Instant,
  kind: z.enum(['state', 'action', 'alarm', 'clock', 'error']),
  text: Text,
  cause: Cause,
  failed: z.boolean(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** A fact that could not be had says why. */
const fact = <T extends z.ZodType>(value: T) =>
  z.union([z.object({ value }), z.object({ missing: Text })]);

export const GuestFacts = z.object({
  asked: Instant,
  qemuVersion: fact(Text),
  machine: fact(Text),
  memoryMiB: fact(z.number()),
  vcpus: fact(z.number().int()),
  /** Seconds since the guest booted, by the guest's own count. */
  uptimeSeconds: fact(z.number()),
  os: fact(Text),
  hostName: fact(Text),
  addresses: fact(z.array(Text)),
  uuid: fact(Text),
  pid: fact(z.number().int()),
  monitor: fact(Text),
  agentChannel: fact(Text),
});
export type GuestFacts = z.infer<typeof GuestFacts>;
