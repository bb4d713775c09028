import type { ScheduleView } from '../../../preload/contract/schedules';
import type { GuestView, HostView, Snapshot } from '../../../preload/contract/view';
import type { AlarmCommandName } from '../../commands';
import {
  actionOrder,
  actionWordsFor,
  alarmCommands,
  appCommands,
  entryCommands,
  fixCommands,
  hostCommands,
  offeredActions,
  offeredAppCommands,
  offeredEntryCommands,
  offeredFixes,
  offeredHostCommands,
  offeredScheduleCommands,
  pageCommands,
  scheduleCommands,
} from '../../commands';
import { hostRowId } from '../../groups';
import { scheduleRowId } from '../../schedule-intents';
import { guestName, hostName } from '../../text';
import type { PaletteEntry } from './entry';
import { entryOf } from './entry';
import { graceEntries, groupEntries, makingEntries, selectionEntries, wholeHostEntries } from './many-entries';
import { scheduleName } from '../../schedule-words';
import type { PageName } from '../../store';

/** More than this are not looked through by anyone; a longer search text narrows them down. */
export const mostEntries = 50;

function guestEntries(guest: GuestView): PaletteEntry[] {
  const about = guestName(guest.name);
  const guestId = guest.id;
  const actions = actionOrder
    .filter((action) => guest.actions[action].available)
    .map((action) => entryOf(actionWordsFor(guest, action), about, { kind: 'action', guestId, action }));
  const alarm = (Object.keys(alarmCommands) as AlarmCommandName[]).map((command) =>
    entryOf(alarmCommands[command], about, { kind: 'alarm', guestId, command }),
  );
  const fixes = [...offeredFixes(offeredActions(guest, undefined)).keys()].map((fix) =>
    entryOf(fixCommands[fix], about, { kind: 'fix', guestId, fix }),
  );
  const entries = offeredEntryCommands(guest);
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

const scheduleEntries = (schedule: ScheduleView): PaletteEntry[] =>
  offeredScheduleCommands(schedule).map((command) =>
    entryOf(scheduleCommands[command], scheduleName(schedule), { kind: 'schedule', scheduleId: schedule.id, command }),
  );

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
 * What the palette lists: without a search, the commands of the selection, of the row at hand and of the app; with one,
 * every guest's, group's and host's as well ("wake db").
 */
export function paletteEntries(
  view: Snapshot,
  atHand: string | null,
  text: string,
  marked: readonly string[] = [],
): PaletteEntry[] {
  const app = [
    ...(Object.keys(pageCommands) as PageName[]).map((page) => entryOf(pageCommands[page], '', { kind: 'page', page })),
    ...makingEntries(marked),
    ...offeredAppCommands(view.app).map((command) => entryOf(appCommands[command], '', { kind: 'app', command })),
  ];
  const here = atHand === null ? undefined : view.guests[atHand];
  const hostHere = Object.values(view.hosts).find((host) => hostRowId(host.id) === atHand);
  const scheduleHere = Object.values(view.schedules).find((schedule) => scheduleRowId(schedule.id) === atHand);
  const first = [
    ...selectionEntries(view, marked),
    ...graceEntries(view),
    ...(here === undefined ? [] : guestEntries(here)),
    ...(hostHere === undefined ? [] : hostEntries(hostHere)),
    ...(scheduleHere === undefined ? [] : scheduleEntries(scheduleHere)),
  ];
  if (text.trim() === '') return [...first, ...app];
  const others = [
    ...Object.values(view.guests).flatMap((guest) => (guest === here ? [] : guestEntries(guest))),
    ...Object.values(view.hosts).flatMap((host) => (host === hostHere ? [] : hostEntries(host))),
    ...groupEntries(view),
    ...wholeHostEntries(view),
    ...Object.values(view.schedules).flatMap((schedule) => (schedule === scheduleHere ? [] : scheduleEntries(schedule))),
  ];
  return search([...first, ...app, ...others], text).slice(0, mostEntries);
}
