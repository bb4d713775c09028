import { Menu } from '@base-ui/react/menu';
import type { GroupView } from '../../../preload/contract/schedules';
import type { Snapshot } from '../../../preload/contract/view';
import type { GroupCommandName } from '../../commands';
import { groupCommands } from '../../commands';
import { targetGuests } from '../../many';
import { runGroupCommand } from '../../many-intents';
import { MenuItem } from '../guests/menu-item';
import { ManyItems } from '../selection/many-items';

const commands = Object.keys(groupCommands) as GroupCommandName[];

/** What can be done with a group's guests, in its order, and with the group itself. */
export function GroupItems({ group, view }: { group: GroupView; view: Snapshot }) {
  const target = { kind: 'group', groupId: group.id } as const;
  const guests = targetGuests(view, target);
  return (
    <>
      <ManyItems target={target} guests={guests} />
      {guests.length === 0 ? null : <Menu.Separator className="menu-line" />}
      {commands.map((command) => (
        <MenuItem
          key={command}
          words={groupCommands[command]}
          danger={command === 'remove'}
          run={() => runGroupCommand(group.id, command)}
        />
      ))}
    </>
  );
}
