import type { HostGroup } from './groups';
import { searchGroups } from './groups';
import type { WindowState } from './store';
import { windowStore } from './store';

/** Several guests at once: which are selected, and how clicks and keys change that. The order is the list's. */

const listed = (groups: readonly HostGroup[]): readonly string[] =>
  groups.flatMap((group) => group.guests.map(({ id }) => id));

/** The guests as they stand in the list now, from the top. */
export const shownIds = ({ groups, search }: Pick<WindowState, 'groups' | 'search'>): readonly string[] =>
  listed(searchGroups(groups, search));

/** The selected guests in the list's order, those that the search hides among them. */
export const markedIds = ({ groups, marked }: Pick<WindowState, 'groups' | 'marked'>): readonly string[] =>
  listed(groups).filter((id) => marked.has(id));

/** From one guest to another, both included; only the second when the first is not there. */
export function rangeOf(ids: readonly string[], from: string | null, to: string): readonly string[] {
  const end = ids.indexOf(to);
  const start = from === null ? -1 : ids.indexOf(from);
  if (start === -1 || end === -1) return [to];
  return ids.slice(Math.min(start, end), Math.max(start, end) + 1);
}

const select = (ids: Iterable<string>, anchor: string | null): Partial<WindowState> => ({
  marked: new Set(ids),
  markAnchor: anchor,
  // The details are of one guest.
  selectedId: null,
});

/** Ctrl and a click, or Space: takes a guest into the selection or out of it. The guest whose details are open is in it. */
export function toggleMark(guestId: string): void {
  windowStore.setState(({ marked, selectedId }) => {
    const next = new Set(marked.size === 0 && selectedId !== null ? [selectedId] : marked);
    if (!next.delete(guestId)) next.add(guestId);
    return select(next, guestId);
  });
}

/** Shift and a click or an arrow: selects from where the selection began to this guest. `from`: where it begins if nowhere yet. */
export function markTo(guestId: string, from: string | null): void {
  windowStore.setState((state) => {
    const shown = shownIds(state);
    const began = [state.markAnchor, state.selectedId, from].find((id) => id !== null && shown.includes(id)) ?? null;
    return select(rangeOf(shown, began, guestId), began ?? guestId);
  });
}

export const markOnly = (guestIds: readonly string[]): void => windowStore.setState(select(guestIds, guestIds[0] ?? null));
export const markAll = (): void => windowStore.setState((state) => select(shownIds(state), state.markAnchor));
export const clearMarks = (): void => windowStore.setState({ marked: new Set(), markAnchor: null });
