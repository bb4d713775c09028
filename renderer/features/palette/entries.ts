import type { GuestView, HostView, Snapshot } from '../../../preload/contract/view';
import type { ActionName, Fix } from '../../../preload/contract/vocabulary';
import type {
  AlarmCommandName,
  AppCommandName,
  CommandWords,
  EntryCommandName,
  HostCommandName,
  Shortcut,
} from '../../commands';
import {
  actionCommands,
  actionOrder,
  alarmCommands,
  appCommands,
  entryCommands,
  fixCommands,
  hostCommands,
  offeredActions,
  offeredAppCommands,
  offeredFixes,
  offeredHostCommands,
} from '../../commands';
import { hostRowId } from '../../groups';
import { guestName, hostName } from '../../text';
import type { IconName } from '../../ui/icon';

export type PaletteRun =
  | { kind: 'action'; guestId: string; action: ActionName }
  | { kind: 'fix'; guestId: string; fix: Fix }
  | { kind: 'alarm'; guestId: string; command: AlarmCommandName }
  | { kind: 'entry'; guestId: string; command: EntryCommandName }
  | { kind: 'host'; hostId: string; command: HostCommandName }
  | { kind: 'app'; command: AppCommandName };

export interface PaletteEntry {
  id: string;
  label: string;
  /** The guest or the host it is about; empty for the app's own commands. */
  about: string;
  icon: IconName;
  shortcut: Shortcut | undefined;
  run: PaletteRun;
}

/** More than this are not looked through by anyone; a longer search text narrows them down. */
export const mostEntries = 50;

function entryOf(
  words: CommandWords,
  about: string,
  run: PaletteRun,
): PaletteEntry {
  const id = Object.values(run).join(' ');
  return { id, label: words.longLabel ?? words.label, about, icon: words.icon, shortcut: words.shortcut, run };
}

function guestEntries(guest: GuestView): PaletteEntry[] {
  const about = guestName(guest.name);
  const guestId = guest.id;
  const actions = actionOrder
    .filter((action) => guest.actions[action].available)
    .map((action) => entryOf(actionCommands[action], about, { kind: 'action', guestId, action }));
  const alarm = (Object.keys(alarmCommands) as AlarmCommandName[]).map((command) =>
    entryOf(alarmCommands[command], about, { kind: 'alarm', guestId, command }),
  );
  const fixes = [...offeredFixes(offeredActions(guest, undefined)).keys()].map((fix) =>
    entryOf(fixCommands[fix], about, { kind: 'fix', guestId, fix }),
  );
  const entries: EntryCommandName[] = guest.removable ? ['details', 'refresh', 'remove'] : ['details', 'refresh'];
  return [
    ...actions,
    ...(guest.alarm === null ? [] : alarm),
    ...fixes,
    ...entries.map((command) => entryOf(entryCommands[command], about, { kind: 'entry', guestId, command })),
  ];
}

const hostEntries = (host: HostView): PaletteEntry[] =>
  offeredHostCommands(host)
    .filter(({ whyNot }) => whyNot === undefined)
    .map(({ command }) => entryOf(hostCommands[command], hostName(host), { kind: 'host', hostId: host.id, command }));

const words = (text: string): string[] => text.toLocaleLowerCase('en').split(/\s+/u).filter(Boolean);

/** Entries that hold every word; those whose label or subject begins with the first word lead. */
function search(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const wanted = words(text);
  const first = wanted[0] ?? '';
  const matching = entries.filter((entry) => {
    const hay = `${entry.label} ${entry.about}`.toLocaleLowerCase('en');
    return wanted.every((word) => hay.includes(word));
  });
  const leads = (entry: PaletteEntry) =>
    [entry.label, entry.about].some((part) => part.toLocaleLowerCase('en').startsWith(first));
  return [...matching.filter(leads), ...matching.filter((entry) => !leads(entry))];
}

/**
 * What the palette lists: without a search, the commands of the row at hand and of the app; with one, every
 * guest's and host's as well ("wake db").
 */
export function paletteEntries(view: Snapshot, atHand: string | null, text: string): PaletteEntry[] {
  const app = offeredAppCommands(view.app).map((command) => entryOf(appCommands[command], '', { kind: 'app', command }));
  const here = atHand === null ? undefined : view.guests[atHand];
  const hostHere = Object.values(view.hosts).find((host) => hostRowId(host.id) === atHand);
  const first = here === undefined ? (hostHere === undefined ? [] : hostEntries(hostHere)) : guestEntries(here);
  if (text.trim() === '') return [...first, ...app];
  const others = [
    ...Object.values(view.guests).flatMap((guest) => (guest === here ? [] : guestEntries(guest))),
    ...Object.values(view.hosts).flatMap((host) => (host === hostHere ? [] : hostEntries(host))),
  ];
  return search([...first, ...app, ...others], text).slice(0, mostEntries);
}
