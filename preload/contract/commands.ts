import { z } from 'zod';
import { GroupDraft, Occurrence, ScheduleDraft, Target } from './schedules';
import { Settings } from './settings';
import { HistoryEntry, TimelineRow } from './timeline';
import { Availability, GuestFacts, GuestScreen, GuestStats, MendingView, Snapshot } from './view';
import { ActionName, AlarmHolder, Fix, GuestsFirst, HolderChoice, SleepName } from './vocabulary';

/** Why a command was not done, and what to do next. */
export const Refusal = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
});
export type Refusal = z.infer<typeof Refusal>;

const ok = <T extends z.ZodType>(value: T) =>
  z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), value }), z.object({ ok: z.literal(false), refusal: Refusal })]);

const Nothing = z.object({});
const GuestId = z.string().min(1).max(200);
/** What a user typed; main's one parser reads it. */
const Typed = z.string().max(2000);

/** An added guest: a QMP address, optionally an agent's address and a start command. */
export const ManualGuest = z.object({
  name: z.string().max(200),
  qmp: Typed,
  agent: Typed,
  /** One argument a line: the executable first. Never read by a shell. */
  command: z.string().max(100_000),
  workingDirectory: Typed,
});
export type ManualGuest = z.infer<typeof ManualGuest>;

/**
 * Every call over the bridge: its arguments, checked by main, and its result.
 * `accepted` means that the work has begun; the outcome arrives as a changed view.
 */
export const commands = {
  /** The whole view; patches follow from its revision on. */
  getSnapshot: { args: Nothing, result: ok(Snapshot) },
  /**
   * Sets a power state. `until` is free text for a sleep ("8 h", "for 90 min", "until 07:00"; empty: no alarm).
   * `startAccepted` says that the user has read the start command. `alarm`: who keeps the alarm, `auto` unless given.
   */
  setPowerState: {
    args: z.object({
      guestId: GuestId,
      action: ActionName,
      for: Typed.optional(),
      startAccepted: z.boolean().optional(),
      alarm: HolderChoice.optional(),
    }),
    result: ok(z.object({ accepted: z.literal(true) })),
  },
  /** Who could keep this guest's alarm for a sleep, most durable first; `auto` is the first that is available. Looks at guest and host. */
  offerHolders: {
    args: z.object({ guestId: GuestId, action: SleepName }),
    result: ok(
      z.array(
        z.object({
          holder: AlarmHolder,
          /** "its own clock (RTC)", "a systemd timer on nas", "Reveille". */
          name: z.string(),
          /** What it survives and what not, in a sentence. */
          survives: z.string(),
          availability: Availability,
        }),
      ),
    ),
  },
  /** Sets a power state of several guests; what comes of it appears in the view, guest by guest. Wakes and starts keep a group's order. */
  setPowerStates: {
    args: z.object({ target: Target, action: ActionName, for: Typed.optional(), alarm: HolderChoice.optional() }),
    result: ok(z.object({ runId: z.string() })),
  },
  /** Leaves those as they are whose turn has not come. */
  cancelRun: { args: z.object({ runId: z.string() }), result: ok(Nothing) },
  dismissRun: { args: z.object({ runId: z.string() }), result: ok(Nothing) },
  /** `groupId` null: a new one. */
  saveGroup: { args: z.object({ groupId: z.string().nullable(), draft: GroupDraft }), result: ok(z.object({ groupId: z.string() })) },
  removeGroup: { args: z.object({ groupId: z.string() }), result: ok(Nothing) },
  /** Reads a schedule as saveSchedule would: its rule in words, and its next three occurrences. */
  readSchedule: {
    args: z.object({ draft: ScheduleDraft }),
    result: ok(z.object({ text: z.string(), next: z.array(Occurrence).max(3) })),
  },
  /** `scheduleId` null: a new one. */
  saveSchedule: {
    args: z.object({ scheduleId: z.string().nullable(), draft: ScheduleDraft }),
    result: ok(z.object({ scheduleId: z.string() })),
  },
  removeSchedule: { args: z.object({ scheduleId: z.string() }), result: ok(Nothing) },
  pauseSchedule: { args: z.object({ scheduleId: z.string(), paused: z.boolean() }), result: ok(Nothing) },
  skipNext: { args: z.object({ scheduleId: z.string(), skip: z.boolean() }), result: ok(Nothing) },
  /** What to do about the occurrence that was missed. */
  answerMissed: { args: z.object({ scheduleId: z.string(), answer: z.enum(['now', 'skip']) }), result: ok(Nothing) },
  /** What was about to happen does not. `now`: it happens at once. */
  endGrace: { args: z.object({ graceId: z.string(), how: z.enum(['cancel', 'now']) }), result: ok(Nothing) },
  /** Puts a host to sleep; `for` as in setPowerState, empty: until somebody wakes it. */
  sleepHost: { args: z.object({ hostId: z.string(), for: Typed, guests: GuestsFirst }), result: ok(z.object({ accepted: z.literal(true) })) },
  /** Wakes a host by Wake-on-LAN. */
  wakeHost: { args: z.object({ hostId: z.string() }), result: ok(z.object({ accepted: z.literal(true) })) },
  changeSettings: { args: Settings.partial(), result: ok(Nothing) },
  /** Looks for a newer version of the app now, and fetches it where this package can be replaced. */
  lookForUpdate: { args: Nothing, result: ok(Nothing) },
  /** Ends the app, puts the newer version in its place, and starts it. */
  installUpdate: { args: Nothing, result: ok(Nothing) },
  /** State over time. `ids` of guests and hosts; empty: all. */
  readTimeline: {
    args: z.object({ ids: z.array(z.string()).max(2000), from: z.number(), to: z.number() }),
    result: ok(z.array(TimelineRow)),
  },
  /** Asks where to, and writes the history there. `ids` as in readTimeline. `path` null: the user cancelled. */
  exportHistory: {
    args: z.object({ ids: z.array(z.string()).max(2000), format: z.enum(['csv', 'json']) }),
    result: ok(z.object({ path: z.string().nullable() })),
  },
  answerQuit: { args: z.object({ promptId: z.string(), answer: z.enum(['quit', 'stay']) }), result: ok(Nothing) },
  /** Looks at the guest anew and answers when it is done (the view is patched). */
  refreshGuest: { args: z.object({ guestId: GuestId }), result: ok(Nothing) },
  /** Reads the text of a "For" field as setPowerState would, for a preview while typing. */
  readWhen: {
    args: z.object({ text: Typed }),
    result: ok(z.object({ due: z.number().nullable(), ms: z.number().nullable() })),
  },
  /** Moves an alarm: "+30 min", "-10 min", or a new time as in the "For" field, counted from now. */
  moveAlarm: { args: z.object({ alarmId: z.string(), to: Typed }), result: ok(z.object({ due: z.number() })) },
  /** The guest stays asleep; nothing wakes it. */
  cancelAlarm: { args: z.object({ alarmId: z.string() }), result: ok(Nothing) },
  guestFacts: { args: z.object({ guestId: GuestId }), result: ok(GuestFacts) },
  /** What the guest uses now. Rates are over the time since the last call for this guest. */
  guestStats: { args: z.object({ guestId: GuestId }), result: ok(GuestStats) },
  /** Whether a guest is in use: `users` signed in, its load in percent of one vCPU; null where that cannot be known. Takes 3 s. */
  readUse: {
    args: z.object({ guestId: GuestId }),
    result: ok(z.object({ users: z.array(z.string()).nullable(), cpuPercent: z.number().nullable() })),
  },
  /** A picture of the guest's screen as it is now. */
  guestScreen: { args: z.object({ guestId: GuestId }), result: ok(GuestScreen) },
  guestHistory: { args: z.object({ guestId: GuestId }), result: ok(z.array(HistoryEntry)) },
  /** What a fix would change in the guest's definition. Main keeps it until another is read, so that just this is made. */
  readMending: { args: z.object({ guestId: GuestId, fix: Fix }), result: ok(MendingView) },
  /** Makes the change that was read; it can be asked for once. */
  applyMending: { args: z.object({ mendingId: z.string() }), result: ok(Nothing) },
  addGuest: { args: ManualGuest, result: ok(z.object({ guestId: z.string() })) },
  /** Forgets a guest that was added by hand or that no longer runs. */
  removeGuest: { args: z.object({ guestId: GuestId }), result: ok(Nothing) },
  dismissNotice: { args: z.object({ noticeId: z.string() }), result: ok(Nothing) },
  /** The hosts that ~/.ssh/config names, for a picker. */
  listSshHosts: { args: Nothing, result: ok(z.array(z.object({ alias: z.string(), address: z.string() }))) },
  /** Begins a connection test; its steps appear in the view under the id that is returned. */
  testHost: { args: z.object({ address: Typed }), result: ok(z.object({ testId: z.string() })) },
  /** Ends a test and forgets it. */
  endTest: { args: z.object({ testId: z.string() }), result: ok(Nothing) },
  /** `address` as one types it to ssh: "me@nas", "nas", "ssh://me@nas:2222". Empty `name`: the address. */
  addHost: { args: z.object({ address: Typed, name: z.string().max(200) }), result: ok(z.object({ hostId: z.string() })) },
  editHost: { args: z.object({ hostId: z.string(), address: Typed, name: z.string().max(200) }), result: ok(Nothing) },
  /** A switched-off host is not connected to; its guests stay on the list as last seen. */
  setHostEnabled: { args: z.object({ hostId: z.string(), enabled: z.boolean() }), result: ok(Nothing) },
  /** Forgets the host with its guests, their alarms, history and kept secrets. */
  removeHost: { args: z.object({ hostId: z.string() }), result: ok(Nothing) },
  /** Tries to connect now instead of at the end of the wait. */
  connectHost: { args: z.object({ hostId: z.string() }), result: ok(Nothing) },
  answerHostKey: {
    args: z.object({ promptId: z.string(), answer: z.enum(['once', 'save', 'refuse']) }),
    result: ok(Nothing),
  },
  /** null: the user cancelled. `keep` is heeded only where the prompt says that it can be kept. */
  answerSecret: {
    args: z.object({ promptId: z.string(), answers: z.array(z.string().max(10_000)).max(20).nullable(), keep: z.boolean() }),
    result: ok(Nothing),
  },
  openDemo: { args: Nothing, result: ok(Nothing) },
  closeDemo: { args: Nothing, result: ok(Nothing) },
} as const;

export type CommandName = keyof typeof commands;
export type CommandArgs<N extends CommandName> = z.input<(typeof commands)[N]['args']>;
export type CommandResult<N extends CommandName> = z.infer<(typeof commands)[N]['result']>;
export type CommandValue<N extends CommandName> = Extract<CommandResult<N>, { ok: true }>['value'];

