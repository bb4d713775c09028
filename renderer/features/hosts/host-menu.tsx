import { Menu } from '@base-ui/react/menu';
import { useMemo } from 'react';
import type { HostView } from '../../../preload/contract/view';
import { hostCommands, offeredHostCommands } from '../../commands';
import { runHostCommand } from '../../host-intents';
import { offeredToMany, targetGuests } from '../../many';
import { useWindow } from '../../store';
import { MenuItem } from '../guests/menu-item';
import { ManyItems } from '../selection/many-items';

/** What can be done with a host, and with all of its guests. */
export function HostItems({ host }: { host: HostView }) {
  const view = useWindow((state) => state.view);
  const target = useMemo(() => ({ kind: 'host', hostId: host.id }) as const, [host.id]);
  const guests = view === null ? [] : targetGuests(view, target);
  const own = offeredHostCommands(host);
  return (
    <>
      {own.map(({ command, whyNot }) => (
        <MenuItem
          key={command}
          words={hostCommands[command]}
          danger={command === 'remove'}
          why={whyNot}
          disabled={whyNot !== undefined}
          run={() => void runHostCommand(host.id, command)}
        />
      ))}
      {own.length === 0 || offeredToMany(guests).length === 0 ? null : <Menu.Separator className="menu-line" />}
      <ManyItems target={target} guests={guests} before="All guests: " />
    </>
  );
}
