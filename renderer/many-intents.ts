import type { Target } from '../preload/contract/schedules';
import type { ActionName, HolderChoice } from '../preload/contract/vocabulary';
import { call } from './bridge';
import type { GraceCommandName, GroupCommandName, SelectionCommandName } from './commands';
import { actionCommands, graceCommands, groupCommands, isSleep } from './commands';
import { focusActiveRow } from './focus';
import { openDialog, showRefusal, tellBriefly } from './intents';
import { askMany, groupName, offeredToMany, targetGuests, targetWords } from './many';
import { clearMarks, markAll, markedIds, markOnly } from './selection';
import { setSearch, windowStore } from './store';
import { cleanLine } from './text';

/** What the user wants of several guests at once, carried out. What main refuses is a notice. */

const labelFor = (label: string, target: Target): string => {
  const { view } = windowStore.getState();
  return view === null ? label : `${label}: ${targetWords(view, target)}`;
};

/** Sends an action on several guests to main; what comes of it appears as a run, guest by guest. */
export async function sendMany(
  target: Target,
  action: ActionName,
  more: { for?: string; alarm?: HolderChoice } = {},
): Promise<void> {
  const label = labelFor(actionCommands[action].label, target);
  const result = await call('setPowerStates', { target, action, ...more });
  if (!result.ok) showRefusal(label, null, result.refusal);
}

/** Begins an action on several guests: at once, or after the dialog that it asks for. */
export function beginMany(target: Target, action: ActionName): void {
  const ask = askMany(action);
  if (ask === 'when' && isSleep(action)) openDialog({ kind: 'sleep-many', target, action });
  else if (ask === 'confirmation') openDialog({ kind: 'confirm-many', target, action });
  else void sendMany(target, action);
}

/** The selected guests as a target; null when none is. */
export function selectionTarget(): Target | null {
  const guestIds = [...markedIds(windowStore.getState())];
  return guestIds.length === 0 ? null : { kind: 'guests', guestIds };
}

/** For a shortcut: the selection's action where there is a selection. Returns whether the key is used up. */
export function tryMany(action: ActionName): boolean {
  const target = selectionTarget();
  const { view } = windowStore.getState();
  if (target === null || view === null) return false;
  if (offeredToMany(targetGuests(view, target)).some((offered) => offered.action === action)) beginMany(target, action);
  return true;
}

export function runSelectionCommand(command: SelectionCommandName): void {
  switch (command) {
    case 'schedule':
      return openDialog({ kind: 'schedule', scheduleId: null, target: selectionTarget() });
    case 'all':
      return markAll();
    case 'new-group':
      return openDialog({ kind: 'new-group', guestIds: markedIds(windowStore.getState()) });
    case 'clear': {
      // The bar goes, and the focus with it.
      const wasThere = document.activeElement?.closest('[data-selection-bar]') != null;
      clearMarks();
      if (wasThere) focusActiveRow();
      return;
    }
  }
}

export function runGroupCommand(groupId: string, command: GroupCommandName): void {
  switch (command) {
    case 'schedule':
      return openDialog({ kind: 'schedule', scheduleId: null, target: { kind: 'group', groupId } });
    case 'select': {
      const members = windowStore.getState().view?.groups[groupId]?.members ?? [];
      setSearch('');
      const known = windowStore.getState().view?.guests ?? {};
      return markOnly(members.map(({ guestId }) => guestId).filter((id) => known[id] !== undefined));
    }
    case 'edit':
      return openDialog({ kind: 'edit-group', groupId });
    case 'remove':
      return openDialog({ kind: 'remove-group', groupId });
  }
}

/** Forgets a group; the dialog has asked before. */
export async function removeGroup(groupId: string): Promise<void> {
  const group = windowStore.getState().view?.groups[groupId];
  const label = groupCommands.remove.longLabel ?? groupCommands.remove.label;
  const result = await call('removeGroup', { groupId });
  if (!result.ok) showRefusal(group === undefined ? label : `${label}: ${groupName(group.name)}`, null, result.refusal);
}

export async function runGraceCommand(graceId: string, how: GraceCommandName): Promise<void> {
  const title = windowStore.getState().view?.graces[graceId]?.title ?? '';
  const result = await call('endGrace', { graceId, how });
  if (!result.ok) showRefusal(`${graceCommands[how].label}: ${title}`, null, result.refusal);
  else if (how === 'cancel') tellBriefly(`Cancelled: ${cleanLine(title)}`);
}

export async function cancelRun(runId: string): Promise<void> {
  const result = await call('cancelRun', { runId });
  if (!result.ok) showRefusal('Cancel the rest', null, result.refusal);
}

export async function dismissRun(runId: string): Promise<void> {
  const result = await call('dismissRun', { runId });
  if (!result.ok) showRefusal('Dismiss', null, result.refusal);
}
