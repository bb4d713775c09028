import { windowStore } from './store';

/** Where the keyboard is, and where it goes back to. */

let origin: Element | null = null;

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-guest-row]')];

export const rowElement = (guestId: string): HTMLElement | undefined =>
  rows().find((row) => row.dataset['guestRow'] === guestId);

export const focusRow = (guestId: string): void => rowElement(guestId)?.focus();

export const searchElement = (): HTMLInputElement | null => document.querySelector('input[data-guest-search]');

export function focusSearch(): void {
  searchElement()?.focus();
  searchElement()?.select();
}

/** To be called before a dialog opens: it will give the focus back to what has it now (a menu: to the menu's button). */
export function rememberFocus(): void {
  const active = document.activeElement;
  origin = active?.closest('[role="menu"]') ? (windowStore.getState().menu?.anchor ?? null) : active;
}

const canTakeFocus = (element: Element | null): element is HTMLElement =>
  element instanceof HTMLElement && element.isConnected && element !== document.body;

/** Where the focus belongs once a dialog is gone: where it came from, else the list's row, else the search box. */
export function focusHome(): HTMLElement | null {
  if (canTakeFocus(origin)) return origin;
  const { activeRowId } = windowStore.getState();
  return (activeRowId === null ? undefined : rowElement(activeRowId)) ?? searchElement();
}
