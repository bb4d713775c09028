import type { CommandWords } from '../../commands';
import { appCommands, pageCommands, selectionCommands } from '../../commands';
import { focusRow } from '../../focus';
import { runAppCommand } from '../../intents';
import { runSelectionCommand } from '../../many-intents';
import { matchesShortcut } from '../../shortcuts';
import { goToPage } from '../../pages';
import type { PageName } from '../../store';
import { selectGuest, setSearch, windowStore } from '../../store';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, [contenteditable]') !== null;

const pressed = ({ shortcut }: CommandWords, event: KeyboardEvent): boolean => {
  return shortcut !== undefined && matchesShortcut(shortcut, event);
};

/** The list is what "all" is about, unless the focus is in the details, whose text can be selected. */
const isAtList = (target: EventTarget | null): boolean =>
  windowStore.getState().page === 'guests' && !isTyping(target) && !(target instanceof Element && target.closest('.detail-pane') !== null);

/** Escape with nothing open: empties the search, else goes back to the list, else empties the selection, else closes the details and goes back to their row. */
function leave(event: KeyboardEvent): void {
  const { search, selectedId, marked, page } = windowStore.getState();
  if (isTyping(event.target) && search !== '') setSearch('');
  else if (page !== 'guests') goToPage('guests');
  else if (marked.size > 0) runSelectionCommand('clear');
  else if (selectedId !== null) {
    selectGuest(null);
    focusRow(selectedId);
  }
}

const pageFor = (event: KeyboardEvent): PageName | undefined =>
  (Object.keys(pageCommands) as PageName[]).find((page) => pressed(pageCommands[page], event));

/** Keys that work everywhere in the window, but not over an open dialog, menu or question. */
export function onWindowKey(event: KeyboardEvent): void {
  const { dialog, menu, promptId } = windowStore.getState();
  if (event.defaultPrevented || dialog !== null || menu !== null || promptId !== null) return;
  if (event.key === 'Escape') {
    leave(event);
    return;
  }
  if (pressed(appCommands.palette, event)) {
    event.preventDefault();
    void runAppCommand('palette');
  } else if (pressed(appCommands.search, event) && !isTyping(event.target)) {
    event.preventDefault();
    void runAppCommand('search');
  } else if (pressed(appCommands.settings, event)) {
    event.preventDefault();
    void runAppCommand('settings');
  } else if (pageFor(event) !== undefined) {
    event.preventDefault();
    goToPage(pageFor(event) ?? 'guests');
  } else if (pressed(selectionCommands.all, event) && isAtList(event.target)) {
    event.preventDefault();
    runSelectionCommand('all');
  }
}
