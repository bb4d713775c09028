import { focusRow } from './focus';
import type { PageName } from './store';
import { showPage, windowStore } from './store';

/** Shows a page. Back at the list the focus goes to the row of the guest whose details are open, if there is one. */
export function goToPage(page: PageName): void {
  const { page: now, selectedId } = windowStore.getState();
  if (page === now) return;
  showPage(page);
  if (page === 'guests' && selectedId !== null) setTimeout(() => focusRow(selectedId));
}
