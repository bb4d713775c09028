import type { ScheduleView } from '../preload/contract/schedules';
import type { AlarmView, AppView, Availability, GuestView, HostView } from '../preload/contract/view';
import type { ActionName, Fix, PowerStateName, SleepName } from '../preload/contract/vocabulary';
import type { Shortcut } from './shortcuts';
import type { PageName } from './store';
import type { IconName } from './ui/icon';

/** The one table of commands: row buttons, menus, the detail pane, dialogs, shortcuts and the palette read it. */
export interface CommandWords {
  /** The visible label; it is the accessible name too. */
  label: string;
  icon: IconName;
  shortcut?: Shortcut;
  /** Where the label alone would not say what it is about: in the palette. */
  longLabel?: string;
}

/** What happens between the click and the call. */
export type Ask =
  | { kind: 'nothing' }
  /** The "For" dialog. */
  | { kind: 'when'; hint: string }
  /** The start command, until the user has accepted it once. */
  | { kind: 'start-command' }
  | { kind: 'confirmation'; lost: string };

export interface ActionCommand extends CommandWords {
  /** While it is under way: "Falling asleep…". */
  doing: string;
  ask: Ask;
  destructive: boolean;
  /** Asked for several guests at once it is confirmed first, under this sentence. */
  confirmMany?: string;
}

const nothing: Ask = { kind: 'nothing' };

export const actionCommands: Record<ActionName, ActionCommand> = {
  suspend: {
    label: 'Sleep',
    icon: 'moon',
    shortcut: { key: 's', mod: false },
    doing: 'Falling asleep…',
    ask: { kind: 'when', hint: 'The guest keeps its memory; waking it takes a moment.' },
    destructive: false,
  },
  hibernate: {
    label: 'Hibernate',
    icon: 'snowflake',
    doing: 'Hibernating…',
    ask: { kind: 'when', hint: 'The guest writes its memory to its own disk and switches off. Starting it resumes it.' },
    destructive: false,
  },
  hybrid: {
    label: 'Hybrid sleep',
    icon: 'moon-disk',
    doing: 'Falling asleep…',
    ask: { kind: 'when', hint: 'The guest writes its memory to its own disk, then sleeps. It survives a power cut.' },
    destructive: false,
  },
  wakeup: {
    label: 'Wake',
    icon: 'sun',
    shortcut: { key: 'w', mod: false },
    doing: 'Waking…',
    ask: nothing,
    destructive: false,
  },
  pause: { label: 'Pause', icon: 'pause', doing: 'Pausing…', ask: nothing, destructive: false },
  resume: { label: 'Resume', icon: 'play', doing: 'Resuming…', ask: nothing, destructive: false },
  shutdown: {
    label: 'Shut down',
    icon: 'power',
    doing: 'Shutting down…',
    ask: nothing,
    destructive: false,
    confirmMany: 'Each guest is asked to shut down. One that does not is left as it is, and named.',
  },
  reboot: {
    label: 'Restart',
    icon: 'restart',
    doing: 'Restarting…',
    ask: nothing,
    destructive: false,
    confirmMany: 'Each guest is asked to restart. One that does not is left as it is, and named.',
  },
  poweroff: {
    label: 'Force off',
    icon: 'plug',
    doing: 'Forcing off…',
    ask: {
      kind: 'confirmation',
      lost: 'Like pulling the plug: whatever the guest has not written to its disk is lost, and its file systems may need a check.',
    },
    destructive: true,
  },
  reset: {
    label: 'Reset',
    icon: 'reset',
    doing: 'Resetting…',
    ask: {
      kind: 'confirmation',
      lost: 'Like the reset button: the guest starts over at once, and whatever it has not written to its disk is lost.',
    },
    destructive: true,
  },
  start: { label: 'Start', icon: 'play', doing: 'Starting…', ask: { kind: 'start-command' }, destructive: false },
  save: { label: 'Save', icon: 'save', doing: 'Saving…', ask: nothing, destructive: false },
  discard: {
    label: 'Discard saved state',
    icon: 'trash',
    doing: 'Discarding…',
    ask: {
      kind: 'confirmation',
      lost: 'The memory that was saved is deleted: the next start boots the guest anew, as after a power cut.',
    },
    destructive: true,
  },
};

/** The order of menus, of the detail pane and of the palette. */
export const actionOrder = Object.keys(actionCommands) as ActionName[];

export const isSleep = (action: ActionName): action is SleepName => actionCommands[action].ask.kind === 'when';

/** Whether a dialog stands between the click and the call. */
export function asksFirst(guest: GuestView, action: ActionName): boolean {
  const { kind } = actionCommands[action].ask;
  return kind === 'start-command' ? guest.start?.accepted === false : kind !== 'nothing';
}

/** An action of one guest as menus and the palette show it: "Force off…", with three dots where a dialog follows. */
export function actionWordsFor(guest: GuestView, action: ActionName): CommandWords {
  const { label, icon, shortcut } = actionCommands[action];
  return { label: asksFirst(guest, action) ? `${label}…` : label, icon, ...(shortcut === undefined ? {} : { shortcut }) };
}

/** What a row offers as buttons, by state: the first that can be done now leads. */
const rowChoices: Record<PowerStateName, readonly ActionName[]> = {
  running: ['suspend', 'shutdown'],
  suspended: ['wakeup'],
  hibernated: ['start'],
  paused: ['resume'],
  saved: ['start'],
  off: ['start'],
  crashed: ['start', 'reset'],
  unknown: [],
};

export const rowActions = (guest: GuestView): readonly ActionName[] =>
  rowChoices[guest.state.name].filter((action) => guest.actions[action].available);

export interface OfferedAction {
  action: ActionName;
  availability: Availability;
}

/** Only libvirt keeps saved states. */
const belongsTo = ({ manager }: GuestView, action: ActionName): boolean =>
  manager === 'libvirt' || (action !== 'save' && action !== 'discard');

/** Every action but `without`: those that can be done first, each with its reason where it can't. */
export function offeredActions(guest: GuestView, without: ActionName | undefined): readonly OfferedAction[] {
  const offered = actionOrder
    .filter((action) => action !== without && belongsTo(guest, action))
    .map((action) => ({ action, availability: guest.actions[action] }));
  return [
    ...offered.filter(({ availability }) => availability.available),
    ...offered.filter(({ availability }) => !availability.available),
  ];
}

export interface FixCommand extends CommandWords {
  /** The dialog that shows what would change. */
  title: string;
  /** What else the user has to do for it to help; empty when nothing. */
  besides: string;
}

/** What Reveille can change in a guest's definition, so that an action becomes possible. */
export const fixCommands: Record<Fix, FixCommand> = {
  'enable-sleep': { label: 'Enable sleep…', title: 'Enable sleep', icon: 'moon', besides: '' },
  'add-agent-channel': {
    label: 'Add agent channel…',
    title: 'Add agent channel',
    icon: 'plug',
    besides: 'Install qemu-guest-agent in the guest, too: the channel alone answers nothing.',
  },
};

/** The fixes that help a guest, each with the first of the unavailable actions that it helps. */
export function offeredFixes(offered: readonly OfferedAction[]): ReadonlyMap<Fix, ActionName> {
  const fixes = new Map<Fix, ActionName>();
  for (const { action, availability } of offered) {
    if (availability.available || availability.fix === undefined || fixes.has(availability.fix)) continue;
    fixes.set(availability.fix, action);
  }
  return fixes;
}

/** The fix to offer beside an unavailable action; each is offered once. */
export const fixBeside = (offered: readonly OfferedAction[], action: ActionName): Fix | undefined =>
  [...offeredFixes(offered)].find(([, first]) => first === action)?.[0];

export type AlarmCommandName = 'wake-now' | 'extend' | 'change' | 'cancel';

export const alarmCommands: Record<AlarmCommandName, CommandWords> = {
  'wake-now': { label: 'Wake now', icon: 'sun' },
  extend: { label: '+30 min', icon: 'plus', longLabel: 'Alarm 30 min later' },
  change: { label: 'Change…', icon: 'clock', longLabel: 'Change alarm…' },
  cancel: { label: 'Cancel alarm', icon: 'bell-off' },
};

export type EntryCommandName = 'details' | 'select' | 'schedule' | 'copy-link' | 'refresh' | 'remove';

/** What can be done with a guest's place in the list. */
export const entryCommands: Record<EntryCommandName, CommandWords> = {
  details: { label: 'Details', icon: 'info', shortcut: { key: 'Enter', mod: false } },
  select: { label: 'Select', icon: 'check', shortcut: { key: ' ', mod: false } },
  schedule: { label: 'Schedule…', icon: 'calendar' },
  'copy-link': { label: 'Copy link', icon: 'copy' },
  refresh: { label: 'Look again', icon: 'search' },
  remove: { label: 'Remove from list', icon: 'trash' },
};

/** The commands of a guest's place in the list, in the order of menus. */
export const offeredEntryCommands = ({ removable }: GuestView): readonly EntryCommandName[] =>
  (Object.keys(entryCommands) as EntryCommandName[]).filter((command) => command !== 'remove' || removable);

export type HostCommandName = 'connect' | 'sleep' | 'wake' | 'edit' | 'disable' | 'enable' | 'remove';

/** What can be done with a host that was added. */
export const hostCommands: Record<HostCommandName, CommandWords> = {
  connect: { label: 'Connect now', icon: 'plug' },
  sleep: { label: 'Sleep host…', icon: 'moon' },
  wake: { label: 'Wake host', icon: 'sun' },
  edit: { label: 'Edit…', icon: 'pencil', longLabel: 'Edit host' },
  disable: { label: 'Disable', icon: 'power', longLabel: 'Disable host' },
  enable: { label: 'Enable', icon: 'power', longLabel: 'Enable host' },
  remove: { label: 'Remove…', icon: 'trash', longLabel: 'Remove host' },
};

export interface OfferedHostCommand {
  command: HostCommandName;
  /** Why it can't be done now; undefined when it can. */
  whyNot: string | undefined;
}

function whyNotConnect({ enabled, link }: HostView): string | undefined {
  if (!enabled) return 'The host is disabled.';
  if (link.kind === 'ready') return 'The host is connected.';
  return link.kind === 'connecting' ? 'It is being connected.' : undefined;
}

/** Reason and remedy of what can't be done; undefined of what can. */
export function whyNot(availability: Availability): string | undefined {
  if (availability.available) return undefined;
  return availability.remedy === undefined ? availability.reason : `${availability.reason} ${availability.remedy}`;
}

/** A host that is awake can be put to sleep; one that is not, or that Wake-on-LAN may reach, can be woken. */
function sleepAndWake({ power }: HostView): readonly OfferedHostCommand[] {
  if (power === null) return [];
  const awake = power.state === 'awake';
  return [
    ...(awake ? [{ command: 'sleep', whyNot: whyNot(power.sleep) } as const] : []),
    ...(awake && !power.wake.available ? [] : [{ command: 'wake', whyNot: whyNot(power.wake) } as const]),
  ];
}

/** The alarm itself may be out of reach; waking the guest is another matter. */
export const whyNotAlarm = (alarm: AlarmView, command: AlarmCommandName): string | undefined =>
  command === 'wake-now' ? undefined : whyNot(alarm.change);

/** The commands of a host's menu. This computer and the demo have none. */
export function offeredHostCommands(host: HostView): readonly OfferedHostCommand[] {
  if (host.kind !== 'ssh') return [];
  const can = (command: HostCommandName): OfferedHostCommand => ({ command, whyNot: undefined });
  return [
    { command: 'connect', whyNot: whyNotConnect(host) },
    ...sleepAndWake(host),
    can('edit'),
    can(host.enabled ? 'disable' : 'enable'),
    can('remove'),
  ];
}

export type SelectionCommandName = 'schedule' | 'new-group' | 'all' | 'clear';

/** What can be done with the selection itself; its guests' actions are the table's first. */
export const selectionCommands: Record<SelectionCommandName, CommandWords> = {
  schedule: { label: 'Schedule…', icon: 'calendar' },
  'new-group': { label: 'New group…', icon: 'group' },
  all: { label: 'Select all guests', icon: 'check', shortcut: { key: 'a', mod: true } },
  clear: { label: 'Clear selection', icon: 'close' },
};

export type GroupCommandName = 'schedule' | 'select' | 'edit' | 'remove';

export const groupCommands: Record<GroupCommandName, CommandWords> = {
  schedule: { label: 'Schedule…', icon: 'calendar' },
  select: { label: 'Select its guests', icon: 'check' },
  edit: { label: 'Edit…', icon: 'pencil', longLabel: 'Edit group' },
  remove: { label: 'Remove…', icon: 'trash', longLabel: 'Remove group' },
};

export type GraceCommandName = 'cancel' | 'now';

/** What can be done while something is about to happen. */
export const graceCommands: Record<GraceCommandName, CommandWords> = {
  cancel: { label: 'Cancel', icon: 'close', longLabel: 'Cancel this sleep' },
  now: { label: 'Sleep now', icon: 'moon' },
};

export type ScheduleCommandName = 'edit' | 'skip' | 'unskip' | 'pause' | 'resume' | 'remove';

export const scheduleCommands: Record<ScheduleCommandName, CommandWords> = {
  edit: { label: 'Edit…', icon: 'pencil', longLabel: 'Edit schedule' },
  skip: { label: 'Skip next', icon: 'skip', longLabel: 'Skip the next time of schedule' },
  unskip: { label: 'Don’t skip', icon: 'restart', longLabel: 'Don’t skip the next time of schedule' },
  pause: { label: 'Pause', icon: 'pause', longLabel: 'Pause schedule' },
  resume: { label: 'Resume', icon: 'play', longLabel: 'Resume schedule' },
  remove: { label: 'Remove…', icon: 'trash', longLabel: 'Remove schedule' },
};

/** The commands of a schedule that make sense now; a paused one has nothing to skip. */
export function offeredScheduleCommands({ paused, skipsNext, next }: ScheduleView): readonly ScheduleCommandName[] {
  if (paused) return ['resume', 'edit', 'remove'];
  return [...(skipsNext ? ['unskip' as const] : next.length === 0 ? [] : ['skip' as const]), 'pause', 'edit', 'remove'];
}

export type PageCommandName = 'earlier' | 'later' | 'now';

/** Moving through time on the timeline. */
export const timelineCommands: Record<PageCommandName, CommandWords & { shortcut: Shortcut }> = {
  earlier: { label: 'Earlier', icon: 'left', shortcut: { key: 'b', mod: false } },
  later: { label: 'Later', icon: 'right', shortcut: { key: 'f', mod: false } },
  now: { label: 'Now', icon: 'clock', shortcut: { key: 'n', mod: false } },
};

/** The pages of the window, in the header's order. */
export const pageCommands: Record<PageName, CommandWords & { shortcut: Shortcut }> = {
  guests: { label: 'Guests', icon: 'running', longLabel: 'Show guests', shortcut: { key: '1', mod: true } },
  schedules: { label: 'Schedules', icon: 'calendar', longLabel: 'Show schedules', shortcut: { key: '2', mod: true } },
  timeline: { label: 'Timeline', icon: 'timeline', longLabel: 'Show timeline', shortcut: { key: '3', mod: true } },
};

export type AppCommandName = 'add-schedule' | 'export-history' | 'palette' | 'search' | 'add-guest' | 'add-host' | 'settings' | 'open-demo' | 'close-demo';

export const appCommands: Record<AppCommandName, CommandWords> = {
  palette: { label: 'Commands', icon: 'command', shortcut: { key: 'k', mod: true } },
  search: { label: 'Search guests', icon: 'search', shortcut: { key: '/', mod: false } },
  'add-guest': { label: 'Add guest', icon: 'plus' },
  'add-host': { label: 'Add host', icon: 'server' },
  'add-schedule': { label: 'New schedule', icon: 'plus' },
  'export-history': { label: 'Export history…', icon: 'save' },
  settings: { label: 'Settings', icon: 'gear', shortcut: { key: ',', mod: true } },
  'open-demo': { label: 'Try the demo', icon: 'flask' },
  'close-demo': { label: 'Close the demo', icon: 'flask' },
};

/** The app's commands that make sense now. */
export function offeredAppCommands(app: AppView): readonly AppCommandName[] {
  const demo: readonly AppCommandName[] =
    app.demo === 'closed' ? ['open-demo'] : app.demo === 'open' ? ['close-demo'] : [];
  return ['search', 'add-guest', 'add-host', 'add-schedule', 'export-history', 'settings', ...demo];
}
