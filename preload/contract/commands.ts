import { z } from 'zod';
import { GuestFacts, GuestScreen, GuestStats, HistoryEntry, MendingView, Snapshot } from './view';
import { ActionName, Fix } from './vocabulary';

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
   * `startAccepted` says that the user has read the start command.
   */
  setPowerState: {
    args: z.object({ guestId: GuestId, action: ActionName, for: Typed.optional(), startAccepted: z.boolean().optional() }),
    result: ok(z.object({ accepted: z.literal(true) })),
  },
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

