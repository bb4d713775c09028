import type { Target } from '../preload/contract/schedules';
import type { Availability, GuestView, Snapshot } from '../preload/contract/view';
import type { ActionName } from '../preload/contract/vocabulary';
import type { CommandWords } from './commands';
import { actionCommands, actionOrder, isSleep, whyNot } from './commands';
import { guestCount } from './link-words';
import { guestName, hostName } from './text';

/** Actions on several guests: whom they are about, and what can be done. Pure. */

/** The guests that a target means now, in its order; those that are gone are left out. */
export function targetGuests(view: Snapshot, target: Target): readonly GuestView[] {
  const known = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const guest = view.guests[id];
      return guest === undefined ? [] : [guest];
    });
  switch (target.kind) {
    case 'guests':
      return known(target.guestIds);
    case 'group':
      return known((view.groups[target.groupId]?.members ?? []).map(({ guestId }) => guestId));
    case 'host':
      return Object.values(view.guests).filter(({ hostId }) => hostId === target.hostId);
  }
}

/** Whom it is about, in words: "3 guests", "Storage", "All guests of nas". */
export function targetWords(view: Snapshot, target: Target): string {
  const guests = targetGuests(view, target);
  switch (target.kind) {
    case 'guests':
      return guests.length === 1 ? guestName(guests[0]?.name ?? '') : guestCount(guests.length);
    case 'group':
      return groupName(view.groups[target.groupId]?.name ?? '');
    case 'host': {
      const host = view.hosts[target.hostId];
      return `All guests of ${host === undefined ? 'the host' : hostName(host)}`;
    }
  }
}

/** What a group is called in the window. */
export const groupName = (name: string): string => {
  const line = guestName(name);
  return line === 'Unnamed guest' ? 'Unnamed group' : line;
};

export interface OfferedToMany {
  action: ActionName;
  /** How many of the guests can do it now. */
  count: number;
}

/** Whether one of several can do what all are asked for. A hibernated guest is woken by starting it. */
const availabilityIn = ({ state, actions }: GuestView, action: ActionName): Availability =>
  action === 'wakeup' && state.name === 'hibernated' ? actions.start : actions[action];

/** What at least one of them can do now, in the order of the table. */
export const offeredToMany = (guests: readonly GuestView[]): readonly OfferedToMany[] =>
  actionOrder
    .map((action) => ({ action, count: guests.filter((guest) => availabilityIn(guest, action).available).length }))
    .filter(({ count }) => count > 0);

/** The buttons of the bar; the rest is in its menu. */
const leading: readonly ActionName[] = ['suspend', 'wakeup', 'start', 'shutdown'];
export const leads = (action: ActionName): boolean => leading.includes(action);

export type AskMany = 'nothing' | 'when' | 'confirmation';

/** What happens between the click and the call, when it is about several guests. */
export function askMany(action: ActionName): AskMany {
  const { destructive, confirmMany } = actionCommands[action];
  if (isSleep(action)) return 'when';
  return destructive || confirmMany !== undefined ? 'confirmation' : 'nothing';
}

/** "Sleep…", "Wake": three dots where a dialog follows. */
export const manyLabel = (action: ActionName): string =>
  `${actionCommands[action].label}${askMany(action) === 'nothing' ? '' : '…'}`;

/** As a menu and the palette show it: "Sleep… (2)". */
export const manyWords = ({ action, count }: OfferedToMany, before = ''): CommandWords => ({
  label: `${before}${manyLabel(action)} (${count})`,
  icon: actionCommands[action].icon,
});

export interface LeftOut {
  guest: GuestView;
  why: string;
}

/** The guests that can't do it now, each with the reason. */
export const leftOut = (guests: readonly GuestView[], action: ActionName): readonly LeftOut[] =>
  guests.flatMap((guest) => {
    const why = whyNot(availabilityIn(guest, action));
    return why === undefined ? [] : [{ guest, why }];
  });

/** "nas, db and 12 more" */
export function namesInWords(names: readonly string[], most: number): string {
  // "and 1 more" would be as long as the name.
  const shown = names.length > most + 1 ? names.slice(0, most) : names;
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

export const someNames = (guests: readonly GuestView[], most: number): string =>
  namesInWords(
    guests.map(({ name }) => guestName(name)),
    most,
  );
