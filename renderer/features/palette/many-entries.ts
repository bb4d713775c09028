import type { Target } from '../../../preload/contract/schedules';
import type { Snapshot } from '../../../preload/contract/view';
import type { GraceCommandName, GroupCommandName, SelectionCommandName } from '../../commands';
import { graceCommands, groupCommands, selectionCommands } from '../../commands';
import { groupName, manyWords, offeredToMany, targetGuests, targetWords } from '../../many';
import { cleanLine } from '../../text';
import type { PaletteEntry } from './entry';
import { entryOf } from './entry';

/** The palette's entries about several guests at once. */

const manyEntries = (view: Snapshot, target: Target): PaletteEntry[] =>
  offeredToMany(targetGuests(view, target)).map((offered) =>
    entryOf(manyWords(offered), targetWords(view, target), { kind: 'many', target, action: offered.action }),
  );

/** What makes a selection, and a group without one. */
export const makingEntries = (marked: readonly string[]): PaletteEntry[] =>
  (marked.length === 0 ? (['all', 'new-group'] as const) : (['all'] as const)).map((command) =>
    entryOf(selectionCommands[command], '', { kind: 'selection', command }),
  );

/** What can be done with the selection. */
export function selectionEntries(view: Snapshot, marked: readonly string[]): PaletteEntry[] {
  if (marked.length === 0) return [];
  const target: Target = { kind: 'guests', guestIds: [...marked] };
  const commands = (Object.keys(selectionCommands) as SelectionCommandName[]).filter((command) => command !== 'all');
  return [
    ...manyEntries(view, target),
    ...commands.map((command) =>
      entryOf(selectionCommands[command], targetWords(view, target), { kind: 'selection', command }),
    ),
  ];
}

export const groupEntries = (view: Snapshot): PaletteEntry[] =>
  Object.values(view.groups).flatMap((group) => [
    ...manyEntries(view, { kind: 'group', groupId: group.id }),
    ...(Object.keys(groupCommands) as GroupCommandName[]).map((command) =>
      entryOf(groupCommands[command], groupName(group.name), { kind: 'group', groupId: group.id, command }),
    ),
  ]);

/** Of every host, this computer too, which has no menu. */
export const wholeHostEntries = (view: Snapshot): PaletteEntry[] =>
  Object.keys(view.hosts).flatMap((hostId) => manyEntries(view, { kind: 'host', hostId }));

export const graceEntries = (view: Snapshot): PaletteEntry[] =>
  Object.values(view.graces).flatMap(({ id: graceId, title }) =>
    (Object.keys(graceCommands) as GraceCommandName[]).map((command) =>
      entryOf(graceCommands[command], cleanLine(title), { kind: 'grace', graceId, command }),
    ),
  );
