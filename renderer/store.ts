import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Target } from '../preload/contract/schedules';
import type { GuestView, HostView, NoticeView, Snapshot } from '../preload/contract/view';
import type { ActionName, Fix, SleepName } from '../preload/contract/vocabulary';
import type { HostGroup } from './groups';
import { groupGuests, sameOrder } from './groups';
import { promptInFront } from './prompts';

/** An action from the click on, until main's view takes over or the call is refused. */
export interface Asked {
  action: ActionName;
  /** Tells one click from the next. */
  ticket: number;
  /** The guest as it was then: a later view with work pending replaces this mark. */
  seen: GuestView | undefined;
  accepted: boolean;
}

export type DialogState =
  | { kind: 'sleep'; guestId: string; action: SleepName }
  | { kind: 'start'; guestId: string }
  | { kind: 'confirm'; guestId: string; action: ActionName }
  | { kind: 'change-alarm'; guestId: string }
  | { kind: 'mend'; guestId: string; fix: Fix }
  | { kind: 'remove'; guestId: string }
  | { kind: 'add-guest' }
  | { kind: 'add-host' }
  | { kind: 'edit-host'; hostId: string }
  | { kind: 'remove-host'; hostId: string }
  | { kind: 'sleep-host'; hostId: string }
  | { kind: 'sleep-many'; target: Target; action: SleepName }
  | { kind: 'confirm-many'; target: Target; action: ActionName }
  /** A new group of these guests, or one that is there. */
  | { kind: 'new-group'; guestIds: readonly string[] }
  | { kind: 'edit-group' | 'remove-group'; groupId: string }
  | { kind: 'settings' }
  /** A new schedule, for `target` where that is known; or one that is there. */
  | { kind: 'schedule'; scheduleId: string | null; target: Target | null }
  | { kind: 'remove-schedule'; scheduleId: string }
  /** Of these guests and hosts; of all when there are none. */
  | { kind: 'export-history'; ids: readonly string[] }
  | { kind: 'palette' };

/** The one open menu, drawn at the button or the point that opened it. */
export type MenuState = MenuSubject & MenuPlace;

export type MenuSubject =
  | { kind: 'actions' | 'alarm'; guestId: string }
  | { kind: 'host'; hostId: string }
  | { kind: 'group'; groupId: string }
  /** Of the selected guests. */
  | { kind: 'selection' };

interface MenuPlace {
  anchor: Element;
  point: { x: number; y: number } | null;
  /** Its first item is highlighted at once. */
  byKeyboard: boolean;
}

/** What the window shows under its header. */
export type PageName = 'guests' | 'schedules' | 'timeline';

export interface WindowState {
  /** `lost`: main has not answered for a while; what is shown may be old. */
  link: 'starting' | 'live' | 'lost';
  view: Snapshot | null;
  page: PageName;
  groups: readonly HostGroup[];
  asked: Record<string, Asked>;
  /** Notices that the window made itself: refused calls, errors in the window. */
  localNotices: Record<string, NoticeView>;
  search: string;
  /** The guest in the detail pane. */
  selectedId: string | null;
  /** The pane is to take the focus (it was opened from the keyboard). */
  focusDetails: boolean;
  /** The guests that are selected to be acted on together; while there are some, no details are open. */
  marked: ReadonlySet<string>;
  /** Where the next Shift and click begins. */
  markAnchor: string | null;
  /** The row that Tab reaches in the grid. */
  activeRowId: string | null;
  dialog: DialogState | null;
  menu: MenuState | null;
  /** The question in front of everything else. */
  promptId: string | null;
  /** Questions that main has the answer to and still names. */
  answered: readonly string[];
  /** What came of the last command that shows nowhere else, for a few seconds; `ticket` tells one from the next. */
  told: { text: string; ticket: number } | null;
}

const initial: WindowState = {
  link: 'starting',
  view: null,
  page: 'guests',
  groups: [],
  asked: {},
  localNotices: {},
  search: '',
  selectedId: null,
  focusDetails: false,
  marked: new Set(),
  markAnchor: null,
  activeRowId: null,
  dialog: null,
  menu: null,
  promptId: null,
  answered: [],
  told: null,
};

export const windowStore = createStore<WindowState>(() => initial);

export const useWindow = <T>(select: (state: WindowState) => T): T => useStore(windowStore, select);

/** For tests: the window as it opens. */
export const resetWindow = (): void => windowStore.setState(initial, true);

export const guestById = (id: string): GuestView | undefined => windowStore.getState().view?.guests[id];
export const hostById = (id: string): HostView | undefined => windowStore.getState().view?.hosts[id];

function without<T>(record: Record<string, T>, id: string): Record<string, T> {
  const { [id]: _gone, ...rest } = record;
  return rest;
}

/** Marks that main's view has overtaken: the guest is gone, or its changed view has work pending. */
function stillAsked(asked: Record<string, Asked>, view: Snapshot): Record<string, Asked> {
  const entries = Object.entries(asked);
  const kept = entries.filter(([id, mark]) => {
    const guest = view.guests[id];
    if (guest === undefined) return false;
    return guest === mark.seen || (guest.pending === null && !mark.accepted);
  });
  return kept.length === entries.length ? asked : Object.fromEntries(kept);
}

/** Whether what a dialog or a menu is about is still there. */
function isThere(subject: object | null, view: Snapshot): boolean {
  if (subject === null) return true;
  if ('target' in subject && !isThere(subject.target as Target | null, view)) return false;
  if ('guestId' in subject && view.guests[String(subject.guestId)] === undefined) return false;
  if ('groupId' in subject && view.groups[String(subject.groupId)] === undefined) return false;
  const scheduleId = 'scheduleId' in subject ? subject.scheduleId : null;
  if (scheduleId !== null && view.schedules[String(scheduleId)] === undefined) return false;
  return !('hostId' in subject) || view.hosts[String(subject.hostId)] !== undefined;
}

function stillThere(marked: ReadonlySet<string>, view: Snapshot): ReadonlySet<string> {
  const kept = [...marked].filter((id) => view.guests[id] !== undefined);
  return kept.length === marked.size ? marked : new Set(kept);
}

/** Takes in a new view; what the window holds about guests and hosts that are gone goes with them. */
export function showView(view: Snapshot): void {
  windowStore.setState((state) => {
    const answered = state.answered.filter((id) => view.prompts[id] !== undefined);
    const promptId = promptInFront(view.prompts, state.promptId, answered);
    const interrupted = promptId !== null && state.promptId === null;
    return {
      view,
      link: 'live',
      groups: state.view !== null && sameOrder(state.view, view) ? state.groups : groupGuests(view),
      asked: stillAsked(state.asked, view),
      selectedId: view.guests[state.selectedId ?? ''] === undefined ? null : state.selectedId,
      marked: stillThere(state.marked, view),
      dialog: isThere(state.dialog, view) ? state.dialog : null,
      menu: interrupted || !isThere(state.menu, view) ? null : state.menu,
      promptId,
      answered: answered.length === state.answered.length ? state.answered : answered,
    };
  });
}

export const showLinkLost = (): void => windowStore.setState({ link: 'lost' });

let tickets = 0;

/** Marks an action as asked for; returns the ticket that clears this very mark. */
export function markAsked(guestId: string, action: ActionName): number {
  tickets += 1;
  const mark: Asked = { action, ticket: tickets, seen: guestById(guestId), accepted: false };
  windowStore.setState((state) => ({ asked: { ...state.asked, [guestId]: mark } }));
  return mark.ticket;
}

export function clearAsked(guestId: string, ticket: number): void {
  windowStore.setState((state) =>
    state.asked[guestId]?.ticket === ticket ? { asked: without(state.asked, guestId) } : state,
  );
}

/** Main has taken the action on. The mark goes with the guest's next view, or at once when that has come already. */
export function acceptAsked(guestId: string, ticket: number): void {
  windowStore.setState((state) => {
    const mark = state.asked[guestId];
    if (mark?.ticket !== ticket) return state;
    if (state.view?.guests[guestId] !== mark.seen) return { asked: without(state.asked, guestId) };
    return { asked: { ...state.asked, [guestId]: { ...mark, accepted: true } } };
  });
}

let localNoticeCount = 0;

/** Shows a notice of the window's own; one with the same words is replaced, so that a repeated click makes no pile. */
export function addLocalNotice(notice: Omit<NoticeView, 'id'>): void {
  localNoticeCount += 1;
  const id = `window-${localNoticeCount}`;
  windowStore.setState((state) => {
    const others = Object.entries(state.localNotices).filter(
      ([, old]) => old.title !== notice.title || old.message !== notice.message,
    );
    return { localNotices: { ...Object.fromEntries(others), [id]: { ...notice, id } } };
  });
}

export const dropLocalNotice = (id: string): void =>
  windowStore.setState((state) => ({ localNotices: without(state.localNotices, id) }));

let toldCount = 0;

/** Says and shows what came of a command that shows nowhere else. Returns what takes it away, but nothing newer. */
export function tell(text: string): () => void {
  toldCount += 1;
  const ticket = toldCount;
  windowStore.setState({ told: { text, ticket } });
  return () => windowStore.setState(({ told }) => ({ told: told?.ticket === ticket ? null : told }));
}

export const setSearch = (search: string): void => windowStore.setState({ search });
/** Shows a guest's details, which stand beside the list; null: none. */
export const selectGuest = (selectedId: string | null, focus?: 'with-focus'): void =>
  windowStore.setState({
    ...(selectedId === null ? {} : { page: 'guests' }),
    selectedId,
    focusDetails: focus === 'with-focus',
    marked: new Set(),
    markAnchor: selectedId,
  });
export const showPage = (page: PageName): void => windowStore.setState({ page, menu: null });
export const detailsFocused = (): void => windowStore.setState({ focusDetails: false });
export const setActiveRow = (activeRowId: string): void => windowStore.setState({ activeRowId });
export const closeMenu = (): void => windowStore.setState({ menu: null });
export const showMenu = (menu: MenuState): void => windowStore.setState({ menu });
export const closeDialog = (): void => windowStore.setState({ dialog: null });
export const showDialog = (dialog: DialogState): void => windowStore.setState({ dialog, menu: null });

/** Main has the answer: the question makes room for the next one. */
export const promptAnswered = (promptId: string): void =>
  windowStore.setState((state) => {
    const answered = [...state.answered, promptId];
    return { answered, promptId: promptInFront(state.view?.prompts ?? {}, state.promptId, answered) };
  });
