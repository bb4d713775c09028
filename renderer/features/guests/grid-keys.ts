import type { KeyboardEvent } from 'react';
import { actionCommands, actionOrder, entryCommands } from '../../commands';
import { focusRow } from '../../focus';
import { tryAction } from '../../intents';
import { tryMany } from '../../many-intents';
import { markTo, shownIds, toggleMark } from '../../selection';
import { matchesShortcut } from '../../shortcuts';
import { selectGuest, windowStore } from '../../store';

const pageOfRows = 10;

/** How far a key moves among `count` rows from the row at `index`; null for a key that does not move. */
export function rowToGo(key: string, index: number, count: number): number | null {
  const within = (place: number) => Math.max(0, Math.min(count - 1, place));
  switch (key) {
    case 'ArrowDown':
      return within(index + 1);
    case 'ArrowUp':
      return within(index - 1);
    case 'PageDown':
      return within(index + pageOfRows);
    case 'PageUp':
      return within(index - pageOfRows);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

function moveInRow(row: HTMLElement, step: 1 | -1): void {
  const stops = [row, ...row.querySelectorAll<HTMLElement>('button')].filter(
    (stop) => stop.getClientRects().length > 0,
  );
  const at = stops.findIndex((stop) => stop === document.activeElement);
  stops[Math.max(0, Math.min(stops.length - 1, at + step))]?.focus();
}

/** While guests are selected, the keys of actions are about them. */
function actByShortcut(event: KeyboardEvent, guestId: string): boolean {
  const action = actionOrder.find((name) => {
    const { shortcut } = actionCommands[name];
    return shortcut !== undefined && matchesShortcut(shortcut, event);
  });
  if (action === undefined) return false;
  return windowStore.getState().marked.size > 0 ? tryMany(action) : tryAction(guestId, action);
}

/** The keys that a row has while the focus is on the row itself: its details, and selecting it. */
function onRow(event: KeyboardEvent, row: HTMLElement, guestId: string): boolean {
  if (event.target !== row) return false;
  const pressed = (command: 'details' | 'select') => {
    const { shortcut } = entryCommands[command];
    return shortcut !== undefined && matchesShortcut(shortcut, event);
  };
  // The pane takes the focus when it is drawn.
  if (pressed('details')) selectGuest(guestId, 'with-focus');
  else if (pressed('select')) toggleMark(guestId);
  else return false;
  return true;
}

/** Shift and a key that moves: selects up to the guest that it moves to. Hosts' headings are passed over. */
function onShiftMove(event: KeyboardEvent, guestId: string): boolean {
  const ids = shownIds(windowStore.getState());
  const place = rowToGo(event.key, ids.indexOf(guestId), ids.length);
  const to = place === null ? undefined : ids[place];
  if (to === undefined) return false;
  markTo(to, guestId);
  focusRow(to);
  return true;
}

function onGuestKey(event: KeyboardEvent, row: HTMLElement): boolean {
  const guestId = row.dataset['guestRow'];
  if (guestId === undefined) return false;
  const withShift = event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (withShift && onShiftMove(event, guestId)) return true;
  return onRow(event, row, guestId) || actByShortcut(event, guestId);
}

/**
 * The grid's keys: rows by arrows, Home, End and Page, with Shift selecting; a row's buttons by Left and Right; its
 * shortcuts.
 */
export function onGridKey(event: KeyboardEvent<HTMLElement>): void {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
  if (row === null || event.defaultPrevented) return;

  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')];
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  const place = plain ? rowToGo(event.key, rows.indexOf(row), rows.length) : null;
  if (place !== null) rows[place]?.focus();
  else if (plain && event.key === 'ArrowRight') moveInRow(row, 1);
  else if (plain && event.key === 'ArrowLeft') moveInRow(row, -1);
  else if (!onGuestKey(event, row)) return;
  event.preventDefault();
}
