import { Menu } from '@base-ui/react/menu';
import { useId } from 'react';
import type { CommandWords } from '../../commands';
import { shortcutText } from '../../shortcuts';
import { KeyCap } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Block } from '../../ui/untrusted';

interface MenuItemProps {
  words: CommandWords;
  run: () => void;
  /** Why it can't be done, or what to know before. Read out as the item's description. */
  why?: string | undefined;
  /** Where `why` stands when it is said of several items once; the id of its place, given to the first of them too. */
  whyId?: string | undefined;
  disabled?: boolean;
  danger?: boolean;
}

/** One command in a menu. */
export function MenuItem({ words, run, why, whyId, disabled = false, danger = false }: MenuItemProps) {
  const ownId = useId();
  const id = whyId ?? ownId;
  const { label, icon, shortcut } = words;
  return (
    <div role="none">
      <Menu.Item
        className={danger ? 'menu-item menu-item-danger' : 'menu-item'}
        disabled={disabled}
        label={label}
        aria-describedby={why === undefined && whyId === undefined ? undefined : id}
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
