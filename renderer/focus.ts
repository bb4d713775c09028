import type { MenuState } from './store';
import { windowStore } from './store';

/** Where the keyboard is, and where it goes back to. */

let origin: Element | null = null;
let behindQuestion: Element | null = null;

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-row]')];

/** A guest's row by the guest's id, a host's by hostRowId (groups.ts). */
const rowElement = (rowId: string): HTMLElement | undefined => rows().find((row) => row.dataset['row'] === rowId);

export const focusRow = (rowId: string): void => rowElement(rowId)?.focus();

/** Back to the list, to the row that Tab reaches. */
export function focusActiveRow(): void {
  const { activeRowId } = windowStore.getState();
  if (activeRowId !== null) focusRow(activeRowId);
}

export const searchElement = (): HTMLInputElement | null => document.querySelector('input[data-guest-search]');

export function focusSearch(): void {
  searchElement()?.focus();
  searchElement()?.select();
}

/** What has the focus; in a menu, the menu's button instead. */
function focused(menu: MenuState | null): Element | null {
  const active = document.activeElement;
  return active?.closest('[role="menu"]') ? (menu?.anchor ?? null) : active;
}

/** To be called before a dialog opens: it will give the focus back to what has it now. */
export function rememberFocus(): void {
  origin = focused(windowStore.getState().menu);
}

/** The same for questions, which come by themselves, over a dialog too. `menu` is the one that was open till now. */
export function rememberFocusBehindQuestion(menu: MenuState | null): void {
  behindQuestion = focused(menu);
}

const canTakeFocus = (element: Element | null): element is HTMLElement =>
  element instanceof HTMLElement && element.isConnected && element !== document.body;

/** Where the focus belongs once a dialog is gone: where it came from, else the list's row, else the search box. */
export function focusHome(): HTMLElement | null {
  if (canTakeFocus(origin)) return origin;
  const { activeRowId } = windowStore.getState();
  return (activeRowId === null ? undefined : rowElement(activeRowId)) ?? searchElement();
}

/** Where the focus belongs once the last question is gone. */
export const focusBehindQuestion = (): HTMLElement | null =>
  canTakeFocus(behindQuestion) ? behindQuestion : focusHome();
