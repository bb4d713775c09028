import type { Refusal } from '../preload/contract/commands';
import { guestLink } from '../preload/contract/links';
import type { Settings } from '../preload/contract/settings';
import type { NoticeView } from '../preload/contract/view';
import type { ActionName, Fix, HolderChoice } from '../preload/contract/vocabulary';
import { call } from './bridge';
import { copyText } from './clipboard';
import type { AlarmCommandName, AppCommandName, EntryCommandName } from './commands';
import { actionCommands, alarmCommands, appCommands, entryCommands } from './commands';
import { focusSearch, rememberFocus } from './focus';
import { toggleMark } from './selection';
import type { DialogState } from './store';
import {
  acceptAsked,
  addLocalNotice,
  clearAsked,
  dropLocalNotice,
  guestById,
  markAsked,
  selectGuest,
  showDialog,
  tell,
  windowStore,
} from './store';
import { guestName } from './text';

/** What the user wants, carried out: opens the dialog a command asks for, calls main, shows what it refuses. */

export function openDialog(dialog: DialogState): void {
  rememberFocus();
  showDialog(dialog);
}

/** A refused call, as a notice beside main's own. */
export function showRefusal(label: string, guestId: string | null, refusal: Refusal): void {
  const guest = guestId === null ? undefined : guestById(guestId);
  addLocalNotice({
    at: Date.now(),
    severity: 'error',
    title: guest === undefined ? label : `${label}: ${guestName(guest.name)}`,
    message: refusal.message,
    ...(guest === undefined ? {} : { guestId: guest.id }),
    ...(refusal.remedy === undefined ? {} : { remedy: refusal.remedy }),
  });
}

/** How long what was told is to be seen, in ms. */
const toldMs = 6000;

/** Tells for a moment what came of a command that shows nowhere else. */
export function tellBriefly(text: string): void {
  setTimeout(tell(text), toldMs);
}

/** An accepted action whose view never changes (it was done already) keeps its mark this long, in ms. */
const longestMark = 3000;

/** Sends an action to main. It shows as asked for at once; the view, or a refusal as a notice, replaces that. */
export async function sendAction(
  guestId: string,
  action: ActionName,
  more: { for?: string; startAccepted?: boolean; alarm?: HolderChoice } = {},
): Promise<void> {
  const ticket = markAsked(guestId, action);
  const result = await call('setPowerState', { guestId, action, ...more });
  if (!result.ok) {
    clearAsked(guestId, ticket);
    showRefusal(actionCommands[action].label, guestId, result.refusal);
    return;
  }
  acceptAsked(guestId, ticket);
  setTimeout(() => clearAsked(guestId, ticket), longestMark);
}

/** Begins an action as the table says: at once, or after the dialog that it asks for. */
export function beginAction(guestId: string, action: ActionName): void {
  const { ask } = actionCommands[action];
  switch (ask.kind) {
    case 'nothing':
      void sendAction(guestId, action);
      return;
    case 'when':
      if (action === 'suspend' || action === 'hibernate' || action === 'hybrid') {
        openDialog({ kind: 'sleep', guestId, action });
      }
      return;
    case 'confirmation':
      openDialog({ kind: 'confirm', guestId, action });
      return;
    case 'start-command':
      if (guestById(guestId)?.start?.accepted === false) openDialog({ kind: 'start', guestId });
      else void sendAction(guestId, action);
      return;
  }
}

/** As beginAction, for a shortcut: does nothing while the action can't be done. Returns whether it began. */
export function tryAction(guestId: string, action: ActionName): boolean {
  if (guestById(guestId)?.actions[action].available !== true) return false;
  beginAction(guestId, action);
  return true;
}

/** Shows what a fix would change, to be made from there. */
export const beginFix = (guestId: string, fix: Fix): void => openDialog({ kind: 'mend', guestId, fix });

export async function runAlarmCommand(guestId: string, command: AlarmCommandName): Promise<void> {
  const alarm = guestById(guestId)?.alarm ?? null;
  if (alarm === null) return;
  const { label } = alarmCommands[command];
  switch (command) {
    case 'wake-now':
      beginAction(guestId, guestById(guestId)?.actions.wakeup.available === true ? 'wakeup' : 'start');
      return;
    case 'extend': {
      const result = await call('moveAlarm', { alarmId: alarm.id, to: '+30 min' });
      if (!result.ok) showRefusal(label, guestId, result.refusal);
      return;
    }
    case 'change':
      openDialog({ kind: 'change-alarm', guestId });
      return;
    case 'cancel': {
      const result = await call('cancelAlarm', { alarmId: alarm.id });
      if (!result.ok) showRefusal(label, guestId, result.refusal);
      return;
    }
  }
}

export async function runEntryCommand(guestId: string, command: EntryCommandName): Promise<void> {
  switch (command) {
    case 'details':
      selectGuest(guestId, 'with-focus');
      return;
    case 'select':
      toggleMark(guestId);
      return;
    case 'schedule':
      openDialog({ kind: 'schedule', scheduleId: null, target: { kind: 'guests', guestIds: [guestId] } });
      return;
    case 'copy-link':
      copyLink(guestId);
      return;
    case 'refresh': {
      const result = await call('refreshGuest', { guestId });
      if (!result.ok) showRefusal(entryCommands.refresh.label, guestId, result.refusal);
      return;
    }
    case 'remove':
      openDialog({ kind: 'remove', guestId });
      return;
  }
}

/** Told when the system took it; a notice shows the link when it did not. */
function copyLink(guestId: string): void {
  const guest = guestById(guestId);
  if (guest === undefined) return;
  const link = guestLink(guestId);
  if (copyText(link)) {
    tellBriefly(`Copied: the link to ${guestName(guest.name)}`);
    return;
  }
  addLocalNotice({
    at: Date.now(),
    guestId,
    severity: 'warning',
    title: `The link to ${guestName(guest.name)} was not copied`,
    message: link,
    remedy: 'Select it here, and copy it.',
  });
}

/** Forgets a guest; the dialog has asked before. */
export async function removeGuest(guestId: string): Promise<void> {
  const result = await call('removeGuest', { guestId });
  if (!result.ok) showRefusal(entryCommands.remove.label, guestId, result.refusal);
}

export async function runAppCommand(command: AppCommandName): Promise<void> {
  switch (command) {
    case 'palette':
      openDialog({ kind: 'palette' });
      return;
    case 'search':
      focusSearch();
      return;
    case 'add-guest':
    case 'add-host':
      openDialog({ kind: command });
      return;
    case 'add-schedule':
      openDialog({ kind: 'schedule', scheduleId: null, target: null });
      return;
    case 'export-history':
      openDialog({ kind: 'export-history', ids: [] });
      return;
    case 'settings':
      openDialog({ kind: 'settings' });
      return;
    case 'open-demo':
    case 'close-demo': {
      const result = await call(command === 'open-demo' ? 'openDemo' : 'closeDemo', {});
      if (!result.ok) showRefusal(appCommands[command].label, null, result.refusal);
      return;
    }
  }
}

/** Changes what the app does, from outside of the settings' own dialog. */
export async function changeSettings(patch: Partial<Settings>): Promise<void> {
  const result = await call('changeSettings', patch);
  if (!result.ok) showRefusal(appCommands.settings.label, null, result.refusal);
}

export async function dismissNotice(notice: NoticeView): Promise<void> {
  if (windowStore.getState().localNotices[notice.id] !== undefined) {
    dropLocalNotice(notice.id);
    return;
  }
  const result = await call('dismissNotice', { noticeId: notice.id });
  if (!result.ok) showRefusal('Dismiss', null, result.refusal);
}

/** An error that nothing in the window handled. */
export function showWindowError(error: unknown): void {
  addLocalNotice({
    at: Date.now(),
    severity: 'error',
    title: 'The window made an error',
    message: error instanceof Error ? error.message : String(error),
    remedy: 'Guests and alarms are not affected. If the window looks wrong, close and open it again.',
  });
}
