import { Menu } from '@base-ui/react/menu';
import type { ReactNode, RefObject } from 'react';
import { useMemo, useRef } from 'react';
import type { MenuState } from '../../store';
import { closeMenu, useWindow } from '../../store';
import { GroupItems } from '../groups/group-menu';
import { HostItems } from '../hosts/host-menu';
import { SelectionItems } from '../selection/selection-menu';
import { ActionItems, AlarmItems } from './guest-menu';
import { subjectKey } from './menu-button';

/** The one menu of the list, mounted while it is open. */
export function ListMenu() {
  const menu = useWindow((state) => state.menu);
  const place = useRef<HTMLDivElement>(null);
  return (
    <>
      <div ref={place} className="floating-place" />
      {menu === null ? null : (
        <OpenMenu key={subjectKey(menu)} menu={menu} container={place}>
          <Items menu={menu} />
        </OpenMenu>
      )}
    </>
  );
}

function Items({ menu }: { menu: MenuState }) {
  const view = useWindow((state) => state.view);
  if (view === null) return null;
  switch (menu.kind) {
    case 'selection':
      return <SelectionItems />;
    case 'group': {
      const group = view.groups[menu.groupId];
      return group === undefined ? null : <GroupItems group={group} view={view} />;
    }
    case 'host': {
      const host = view.hosts[menu.hostId];
      return host === undefined ? null : <HostItems host={host} />;
    }
    case 'alarm':
    case 'actions': {
      const guest = view.guests[menu.guestId];
      if (guest === undefined) return null;
      return menu.kind === 'alarm' ? <AlarmItems guest={guest} /> : <ActionItems guest={guest} />;
    }
  }
}

type ChangeDetails = Menu.Root.ChangeEventDetails;

interface OpenMenuProps {
  menu: MenuState;
  container: RefObject<HTMLDivElement | null>;
  children: ReactNode;
}

function OpenMenu({ menu, container, children }: OpenMenuProps) {
  const { anchor, point } = menu;
  const place = useMemo(
    () => (point === null ? anchor : { getBoundingClientRect: () => new DOMRect(point.x, point.y, 0, 0) }),
    [anchor, point],
  );
  const change = (open: boolean, details: ChangeDetails) => {
    // A press on the button that opened the menu closes it by that button's own click.
    const target = details.event.target;
    const onAnchor = point === null && target instanceof Node && anchor.contains(target);
    if (open || (details.reason === 'outside-press' && onAnchor)) return;
    closeMenu();
  };
  return (
    <Menu.Root open onOpenChange={change} modal={false}>
      <Menu.Portal container={container}>
        <Menu.Positioner anchor={place} align="end" sideOffset={4} collisionPadding={8} className="floating">
          <Menu.Popup className="menu" finalFocus={() => (anchor instanceof HTMLElement ? anchor : null)}>
            {children}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
