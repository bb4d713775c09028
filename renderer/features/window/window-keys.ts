import { appCommands, matchesShortcut } from '../../commands';
import { focusRow } from '../../focus';
import { runAppCommand } from '../../intents';
import { selectGuest, setSearch, windowStore } from '../../store';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, [contenteditable]') !== null;

const pressed = (command: 'palette' | 'search', event: KeyboardEvent): boolean => {
  const { shortcut } = appCommands[command];
  return shortcut !== undefined && matchesShortcut(shortcut, event);
};

/** Escape with nothing open: empties the search, else closes the details and goes back to their row. */
function leave(event: KeyboardEvent): void {
  const { search, selectedId } = windowStore.getState();
  if (isTyping(event.target) && search !== '') setSearch('');
  else if (selectedId !== null) {
    selectGuest(null);
    focusRow(selectedId);
  }
}

/** Keys that work everywhere in the window, but not over an open dialog, menu or question. */
export function onWindowKey(event: KeyboardEvent): void {
  const { dialog, menu, promptId } = windowStore.getState();
  if (event.defaultPrevented || dialog !== null || menu !== null || promptId !== null) return;
  if (event.key === 'Escape') {
    leave(event);
    return;
  }
  if (pressed('palette', event)) {
    event.preventDefault();
    void runAppCommand('palette');
  } else if (pressed('search', event) && !isTyping(event.target)) {
    event.preventDefault();
    void runAppCommand('search');
  }
}
