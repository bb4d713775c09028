import type { KeyboardEvent } from 'react';
import { actionCommands, actionOrder, entryCommands, matchesShortcut } from '../../commands';
import { tryAction } from '../../intents';
import { selectGuest } from '../../store';

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

function actByShortcut(event: KeyboardEvent, guestId: string): boolean {
  const action = actionOrder.find((name) => {
    const { shortcut } = actionCommands[name];
    return shortcut !== undefined && matchesShortcut(shortcut, event);
  });
  return action !== undefined && tryAction(guestId, action);
}

/** Opens the details and goes there; the pane takes the focus when it is drawn. */
function openDetails(event: KeyboardEvent, row: HTMLElement, guestId: string): boolean {
  const { shortcut } = entryCommands.details;
  if (event.target !== row || shortcut === undefined || !matchesShortcut(shortcut, event)) return false;
  selectGuest(guestId, 'with-focus');
  return true;
}

function onGuestKey(event: KeyboardEvent, row: HTMLElement): boolean {
  const guestId = row.dataset['guestRow'];
  return guestId !== undefined && (openDetails(event, row, guestId) || actByShortcut(event, guestId));
}

/** The grid's keys: rows by arrows, Home, End and Page; a row's buttons by Left and Right; its shortcuts. */
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
