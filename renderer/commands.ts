import type { AppView, Availability, GuestView, HostView } from '../preload/contract/view';
import type { ActionName, Fix, PowerStateName, SleepName } from '../preload/contract/vocabulary';
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

/** `mod`: with Ctrl, or Cmd on a Mac. Without it the key works when no text is being typed. */
export interface Shortcut {
  key: string;
  mod: boolean;
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
  shutdown: { label: 'Shut down', icon: 'power', doing: 'Shutting down…', ask: nothing, destructive: false },
  reboot: { label: 'Restart', icon: 'restart', doing: 'Restarting…', ask: nothing, destructive: false },
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
  change: { label: 'Change…', icon: 'clock', longLabel: 'Change alarm' },
  cancel: { label: 'Cancel alarm', icon: 'bell-off' },
};

export type EntryCommandName = 'details' | 'refresh' | 'remove';

/** What can be done with a guest's place in the list. */
export const entryCommands: Record<EntryCommandName, CommandWords> = {
  details: { label: 'Details', icon: 'info', shortcut: { key: 'Enter', mod: false } },
  refresh: { label: 'Look again', icon: 'search' },
  remove: { label: 'Remove from list', icon: 'trash' },
};

export type HostCommandName = 'connect' | 'edit' | 'disable' | 'enable' | 'remove';

/** What can be done with a host that was added. */
export const hostCommands: Record<HostCommandName, CommandWords> = {
  connect: { label: 'Connect now', icon: 'plug' },
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

/** The commands of a host's menu. This computer and the demo have none. */
export function offeredHostCommands(host: HostView): readonly OfferedHostCommand[] {
  if (host.kind !== 'ssh') return [];
  const can = (command: HostCommandName): OfferedHostCommand => ({ command, whyNot: undefined });
  return [
    { command: 'connect', whyNot: whyNotConnect(host) },
    can('edit'),
    can(host.enabled ? 'disable' : 'enable'),
    can('remove'),
  ];
}

export type AppCommandName = 'palette' | 'search' | 'add-guest' | 'add-host' | 'open-demo' | 'close-demo';

export const appCommands: Record<AppCommandName, CommandWords> = {
  palette: { label: 'Commands', icon: 'command', shortcut: { key: 'k', mod: true } },
  search: { label: 'Search guests', icon: 'search', shortcut: { key: '/', mod: false } },
  'add-guest': { label: 'Add guest', icon: 'plus' },
  'add-host': { label: 'Add host', icon: 'server' },
  'open-demo': { label: 'Try the demo', icon: 'flask' },
  'close-demo': { label: 'Close the demo', icon: 'flask' },
};

/** The app's commands that make sense now. */
export function offeredAppCommands(app: AppView): readonly AppCommandName[] {
  const demo: readonly AppCommandName[] =
    app.demo === 'closed' ? ['open-demo'] : app.demo === 'open' ? ['close-demo'] : [];
  return ['search', 'add-guest', 'add-host', ...demo];
}

/** As a key cap: "S", "⌘K", "Ctrl K". */
export function shortcutText(shortcut: Shortcut, platform: AppView['platform']): string {
  const key = shortcut.key.length === 1 ? shortcut.key.toUpperCase() : shortcut.key;
  if (!shortcut.mod) return key;
  return platform === 'darwin' ? `⌘${key}` : `Ctrl ${key}`;
}

/** Whether a key press is this shortcut. A shortcut without `mod` needs every modifier up (Shift makes some keys). */
export function matchesShortcut(
  shortcut: Shortcut,
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): boolean {
  if (event.altKey || event.key.toLowerCase() !== shortcut.key.toLowerCase()) return false;
  const mod = event.ctrlKey || event.metaKey;
  if (mod !== shortcut.mod) return false;
  return !event.shiftKey || (!shortcut.mod && !/^[a-z]$/i.test(shortcut.key));
}
