import { Menu } from '@base-ui/react/menu';
import type { SelectionCommandName } from '../../commands';
import { selectionCommands } from '../../commands';
import { targetGuests } from '../../many';
import { runSelectionCommand } from '../../many-intents';
import { markedIds } from '../../selection';
import { useWindow } from '../../store';
import { MenuItem } from '../guests/menu-item';
import { ManyItems } from './many-items';

const commands = Object.keys(selectionCommands) as SelectionCommandName[];

/** Everything that can be done with the selected guests. */
export function SelectionItems() {
  const view = useWindow((state) => state.view);
  const groups = useWindow((state) => state.groups);
  const marked = useWindow((state) => state.marked);
  const guestIds = [...markedIds({ groups, marked })];
  if (view === null || guestIds.length === 0) return null;
  const target = { kind: 'guests', guestIds } as const;
  return (
    <>
      <ManyItems target={target} guests={targetGuests(view, target)} />
      <Menu.Separator className="menu-line" />
      {commands.map((command) => (
        <MenuItem key={command} words={selectionCommands[command]} run={() => runSelectionCommand(command)} />
      ))}
    </>
  );
}
