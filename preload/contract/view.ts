import { z } from 'zod';
import { GraceView, GroupView, Occurrence, RunView, ScheduleView } from './schedules';
import { SettingsView, UpdateView } from './settings';
import { ActionName, actions, AlarmHolder, Cause, Fix, Manager, PowerStateName, screenTypes, SleepName, Source } from './vocabulary';

/** Milliseconds since the Unix epoch, by the wall clock. */
const Instant = z.number();
/** Text that a guest, a host or a user chose: shown as text, never as markup. */
const Text = z.string();

export const Availability = z.discriminatedUnion('available', [
  z.object({ available: z.literal(true), warning: Text.optional() }),
  z.object({ available: z.literal(false), reason: Text, remedy: Text.optional(), fix: Fix.optional() }),
]);
export type Availability = z.infer<typeof Availability>;

export const StateView = z.object({
  name: PowerStateName,
  /** Since when this state holds; null when it began before the app looked. */
  since: Instant.nullable(),
  source: Source,
  cause: Cause,
  /** Set when the host can't be seen now: the state is the last known one, as of this instant. */
  asOf: Instant.optional(),
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
  /** pending: the sleep is not confirmed yet; retrying: it is late. `reason` says why it is not awake, or not asleep. */
  phase: z.enum(['pending', 'armed', 'firing', 'retrying']),
  reason: Text.optional(),
  /** Who keeps it and what it survives: "The guest’s own clock wakes it, also when Reveille and its host’s network are gone." */
  keeper: Text,
  /** Whether its time can be moved, and whether it can be cancelled. */
  change: Availability,
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
  manager: Manager,
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

/** A host's own sleep, and how it is woken. */
export const HostPowerView = z.object({
  state: z.enum(['awake', 'falling-asleep', 'asleep', 'waking']),
  since: Instant.nullable(),
  /** When it wakes by itself; null: not by itself. */
  wakesAt: Instant.nullable(),
  /** What is being done, or how the state is known: “Concluded: it took the command, and its connection went away.” */
  detail: Text.optional(),
  sleep: Availability,
  wake: Availability,
  /** The MAC address that Wake-on-LAN is sent to, learnt while the host was up. */
  mac: Text.nullable(),
});
export type HostPowerView = z.infer<typeof HostPowerView>;

/** The connection to a host. This computer and the demo are always `ready`. */
export const LinkView = z.discriminatedUnion('kind', [
  /** Switched off by the user, or not tried yet. */
  z.object({ kind: z.literal('offline') }),
  z.object({ kind: z.literal('connecting'), step: Text }),
  z.object({ kind: z.literal('ready') }),
  /** Tried again at `nextTry`. */
  z.object({ kind: z.literal('backoff'), nextTry: Instant, reason: Text, remedy: Text.optional() }),
  /** Not tried again until the user does something: a changed host key, a refused authentication. */
  z.object({ kind: z.literal('blocked'), reason: Text, remedy: Text.optional() }),
]);
export type LinkView = z.infer<typeof LinkView>;

export const HostView = z.object({
  id: z.string(),
  name: Text,
  kind: z.enum(['this-computer', 'demo', 'ssh']),
  /** What the user typed to reach it: "me@nas:2222"; null for this computer and the demo. */
  address: Text.nullable(),
  enabled: z.boolean(),
  link: LinkView,
  /** Options of ~/.ssh/config for this host that are not honoured, each as a sentence. */
  notHonoured: z.array(Text),
  /** What could not be asked there, and what to do about it. */
  remarks: z.array(z.object({ text: Text, remedy: Text })),
  /** The demo host's guests are simulated; the window says so. */
  simulated: z.boolean(),
  status: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('looking') }),
    z.object({ kind: z.literal('ready') }),
    z.object({ kind: z.literal('failed'), message: Text, remedy: Text }),
  ]),
  /** null where it cannot sleep at all: this computer, the demo. */
  power: HostPowerView.nullable(),
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

/** A question of a connection that only the user can answer. It goes away when the answer is no longer of use. */
export const PromptView = z.discriminatedUnion('kind', [
  z.object({
    id: z.string(),
    kind: z.literal('host-key'),
    /** null for a connection test. */
    hostId: z.string().nullable(),
    address: Text,
    keyType: Text,
    /** SHA256:..., as OpenSSH prints it. */
    fingerprint: Text,
    /** Where an accepted key would be saved; null when it can be accepted for this run only. */
    file: Text.nullable(),
    /** The @cert-authority lines that are about this host; keys signed by authorities are not supported. */
    authorities: z.array(z.object({ file: Text, line: z.number().int() })),
  }),
  z.object({
    id: z.string(),
    kind: z.literal('secret'),
    hostId: z.string().nullable(),
    address: Text,
    /** What is asked for: "Password", "Passphrase of ~/.ssh/id_ed25519", or the server's own title. */
    title: Text,
    instruction: Text,
    fields: z.array(z.object({ label: Text, echo: z.boolean() })),
    /** The answer before was wrong. */
    again: z.boolean(),
    /** Whether this computer can keep the answer safely. */
    canKeep: z.boolean(),
  }),
  /** The app is about to end, and alarms or schedules depend on it. */
  z.object({
    id: z.string(),
    kind: z.literal('quit'),
    /** By due instant. */
    alarms: z.array(z.object({ guestId: z.string(), name: Text, due: Instant })),
    /** By their next occurrence. */
    schedules: z.array(z.object({ scheduleId: z.string(), name: Text, next: Occurrence })),
  }),
]);
export type PromptView = z.infer<typeof PromptView>;

/** A connection test: its steps appear as they pass. */
export const HostTestView = z.object({
  id: z.string(),
  address: Text,
  steps: z.array(
    z.object({
      name: z.enum(['address', 'name', 'tcp', 'host-key', 'authentication', 'qemu', 'permissions', 'guests']),
      /** Which computer of a jump chain it is about. */
      via: Text,
      state: z.enum(['passed', 'warning', 'failed']),
      detail: Text,
      remedy: Text.optional(),
    }),
  ),
  done: z.boolean(),
});
export type HostTestView = z.infer<typeof HostTestView>;

export const AppView = z.object({
  version: z.string(),
  platform: z.enum(['linux', 'darwin', 'win32', 'other']),
  demo: z.enum(['closed', 'opening', 'open']),
  settings: SettingsView,
  update: UpdateView,
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
  prompts: z.record(z.string(), PromptView),
  tests: z.record(z.string(), HostTestView),
  schedules: z.record(z.string(), ScheduleView),
  groups: z.record(z.string(), GroupView),
  runs: z.record(z.string(), RunView),
  graces: z.record(z.string(), GraceView),
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
  prompts: z.record(z.string(), PromptView.nullable()).optional(),
  tests: z.record(z.string(), HostTestView.nullable()).optional(),
  schedules: z.record(z.string(), ScheduleView.nullable()).optional(),
  groups: z.record(z.string(), GroupView.nullable()).optional(),
  runs: z.record(z.string(), RunView.nullable()).optional(),
  graces: z.record(z.string(), GraceView.nullable()).optional(),
});
export type Patch = z.infer<typeof Patch>;

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
  /** Who starts it: “Proxmox VE, VM 101”. */
  manager: fact(Text),
  pid: fact(z.number().int()),
  monitor: fact(Text),
  agentChannel: fact(Text),
});
export type GuestFacts = z.infer<typeof GuestFacts>;

/** A fact that could not be had says why. Memory in MiB, rates in bytes per second. */
export const GuestStats = z.object({
  at: Instant,
  /** Of all its vCPUs, in percent of one. */
  cpuPercent: fact(z.number()),
  memoryUsedMiB: fact(z.number()),
  memoryMiB: fact(z.number()),
  diskRead: fact(z.number()),
  diskWritten: fact(z.number()),
  netReceived: fact(z.number()),
  netSent: fact(z.number()),
});
export type GuestStats = z.infer<typeof GuestStats>;

/** `data` is base64, of at most 16 MiB. */
export const GuestScreen = z.union([
  z.object({ at: Instant, mime: z.enum(screenTypes), data: z.string() }),
  z.object({ missing: Text }),
]);
export type GuestScreen = z.infer<typeof GuestScreen>;

export const MendingView = z.object({
  mendingId: z.string(),
  /** The lines that change, with some around them; `skipped` counts those that are left out, which stay as they are. */
  lines: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.enum(['same', 'removed', 'added']), text: Text }),
      z.object({ kind: z.literal('skipped'), count: z.number().int() }),
    ]),
  ),
  effect: z.enum(['next-start', 'now']),
});
export type MendingView = z.infer<typeof MendingView>;
