import type { MouseEvent } from 'react';
import type { MenuSubject } from '../../store';
import { closeMenu, setActiveRow, showMenu, useWindow, windowStore } from '../../store';
import { IconButton } from '../../ui/button';
import type { IconName } from '../../ui/icon';

interface MenuButtonProps {
  subject: MenuSubject;
  /** Where the kind's own name would not do. */
  label?: string;
  tabIndex: number;
}

const labels: Record<MenuSubject['kind'], string> = {
  actions: 'More actions',
  alarm: 'Alarm',
  host: 'Host actions',
  group: 'Group',
  selection: 'More actions',
};
const icons: Record<MenuSubject['kind'], IconName> = {
  actions: 'more',
  alarm: 'bell',
  host: 'more',
  group: 'group',
  selection: 'more',
};

/** Tells one menu of the list from another. */
export function subjectKey(subject: MenuSubject): string {
  switch (subject.kind) {
    case 'actions':
    case 'alarm':
      return `${subject.kind} ${subject.guestId}`;
    case 'host':
      return `host ${subject.hostId}`;
    case 'group':
      return `group ${subject.groupId}`;
    case 'selection':
      return 'selection';
  }
}

/** What a button needs to open the one menu (list-menu.tsx) at itself; no menu is mounted until then. */
export function useMenuButton(subject: MenuSubject) {
  const open = useWindow(({ menu }) => menu !== null && subjectKey(menu) === subjectKey(subject));
  const toggle = (event: MouseEvent<HTMLButtonElement>) => {
    const { menu } = windowStore.getState();
    if (menu !== null && menu.anchor === event.currentTarget) closeMenu();
    else showMenu({ ...subject, anchor: event.currentTarget, point: null, byKeyboard: event.detail === 0 });
  };
  return { 'aria-haspopup': 'menu', 'aria-expanded': open, onClick: toggle } as const;
}

export function MenuButton({ subject, label = labels[subject.kind], tabIndex }: MenuButtonProps) {
  const opens = useMenuButton(subject);
  return <IconButton icon={icons[subject.kind]} label={label} tabIndex={tabIndex} {...opens} />;
}

/** A right click on a row, or the keyboard's menu key. */
export function openMenuAtPoint(event: MouseEvent<HTMLElement>, subject: MenuSubject, rowId: string): void {
  event.preventDefault();
  setActiveRow(rowId);
  event.currentTarget.focus();
  const byKeyboard = event.button !== 2;
  const point = byKeyboard ? null : { x: event.clientX, y: event.clientY };
  showMenu({ ...subject, anchor: event.currentTarget, point, byKeyboard });
}
