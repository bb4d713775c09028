import type { MouseEvent } from 'react';
import type { MenuState } from '../../store';
import { closeMenu, setActiveRow, showMenu, useWindow, windowStore } from '../../store';
import { IconButton } from '../../ui/button';

interface MenuButtonProps {
  guestId: string;
  kind: MenuState['kind'];
  tabIndex: number;
}

const labels = { actions: 'More actions', alarm: 'Alarm' } as const;
const icons = { actions: 'more', alarm: 'bell' } as const;

/** Opens the one menu (guest-menu.tsx) at this button; no menu is mounted for a row until then. */
export function MenuButton({ guestId, kind, tabIndex }: MenuButtonProps) {
  const open = useWindow((state) => state.menu?.guestId === guestId && state.menu.kind === kind);
  const toggle = (event: MouseEvent<HTMLButtonElement>) => {
    const { menu } = windowStore.getState();
    if (menu !== null && menu.anchor === event.currentTarget) closeMenu();
    else showMenu({ kind, guestId, anchor: event.currentTarget, point: null, byKeyboard: event.detail === 0 });
  };
  return (
    <IconButton
      icon={icons[kind]}
      label={labels[kind]}
      aria-haspopup="menu"
      aria-expanded={open}
      tabIndex={tabIndex}
      onClick={toggle}
    />
  );
}

/** A right click on a row, or the keyboard's menu key. */
export function openMenuAtPoint(event: MouseEvent<HTMLElement>, guestId: string): void {
  event.preventDefault();
  setActiveRow(guestId);
  event.currentTarget.focus();
  const byKeyboard = event.button !== 2;
  const point = byKeyboard ? null : { x: event.clientX, y: event.clientY };
  showMenu({ kind: 'actions', guestId, anchor: event.currentTarget, point, byKeyboard });
}
