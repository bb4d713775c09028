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

export const isSeen = (element: HTMLElement): boolean => element.getClientRects().length > 0;

/** Where a page begins for the keyboard: at the row that Tab reaches, else the first; without rows in the search box. */
function pageStart(): HTMLElement | null {
  const { activeRowId } = windowStore.getState();
  return (activeRowId === null ? undefined : rowElement(activeRowId)) ?? rows().find(isSeen) ?? searchElement();
}

export const focusPage = (): void => pageStart()?.focus();

/** Where the focus belongs once a dialog is gone: where it came from, else where the page begins. */
export const focusHome = (): HTMLElement | null => (canTakeFocus(origin) ? origin : pageStart());

/** Where the focus belongs once the last question is gone. */
export const focusBehindQuestion = (): HTMLElement | null =>
  canTakeFocus(behindQuestion) ? behindQuestion : focusHome();

/** To the first field of a form that is wrong. The errors are drawn when this runs at the end of the event. */
export function focusFirstError(form: HTMLFormElement | null): void {
  setTimeout(() => form?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid="true"] :is(input, select, button)')?.focus());
}
