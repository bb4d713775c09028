import { Menu } from '@base-ui/react/menu';
import { useId } from 'react';
import type { CommandWords } from '../../commands';
import { shortcutText } from '../../commands';
import { KeyCap } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Block } from '../../ui/untrusted';

interface MenuItemProps {
  words: CommandWords;
  run: () => void;
  /** Why it can't be done, or what to know before. Read out as the item's description. */
  why?: string | undefined;
  disabled?: boolean;
  danger?: boolean;
}

/** One command in a menu. */
export function MenuItem({ words, run, why, disabled = false, danger = false }: MenuItemProps) {
  const id = useId();
  const { label, icon, shortcut } = words;
  return (
    <div role="none">
      <Menu.Item
        className={danger ? 'menu-item menu-item-danger' : 'menu-item'}
        disabled={disabled}
        label={label}
        aria-describedby={why === undefined ? undefined : id}
        onClick={run}
      >
        <Icon name={icon} />
        <span className="menu-label">{label}</span>
        {shortcut === undefined || disabled ? null : <KeyCap>{shortcutText(shortcut, 'other')}</KeyCap>}
      </Menu.Item>
      {why === undefined ? null : (
        <div className="menu-why" id={id}>
          <Block text={why} />
        </div>
      )}
    </div>
  );
}
