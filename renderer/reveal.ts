import { guestById, windowStore } from './store';

let forget = (): void => undefined;

/** Shows a guest that main names: the page of guests with its details open. In a window that has no view yet, with the first one. */
export function revealGuest(guestId: string): void {
  forget();
  if (windowStore.getState().view !== null) {
    show(guestId);
    return;
  }
  forget = windowStore.subscribe(({ view }) => {
    if (view === null) return;
    forget();
    show(guestId);
  });
}

/** A search could hide it, and while guests are marked no details are open. */
function show(guestId: string): void {
  if (guestById(guestId) === undefined) return;
  windowStore.setState({
    page: 'guests',
    search: '',
    marked: new Set(),
    markAnchor: null,
    menu: null,
    selectedId: guestId,
    activeRowId: guestId,
    focusDetails: false,
  });
}
