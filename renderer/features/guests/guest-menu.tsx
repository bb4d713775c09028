import { Menu } from '@base-ui/react/menu';
import type { RefObject } from 'react';
import { useId, useMemo, useRef } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { AlarmCommandName, CommandWords, EntryCommandName, OfferedAction } from '../../commands';
import { actionCommands, alarmCommands, entryCommands, offeredActions, rowActions, shortcutText } from '../../commands';
import { beginAction, runAlarmCommand, runEntryCommand } from '../../intents';
import type { MenuState } from '../../store';
import { closeMenu, useWindow } from '../../store';
import { KeyCap } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Block } from '../../ui/untrusted';

/** The one menu of the list, mounted while it is open. */
export function GuestMenu() {
  const menu = useWindow((state) => state.menu);
  const guest = useWindow((state) => (menu === null ? undefined : state.view?.guests[menu.guestId]));
  const place = useRef<HTMLDivElement>(null);
  return (
    <>
      <div ref={place} className="floating-place" />
      {menu === null || guest === undefined ? null : (
        <OpenMenu key={`${menu.kind} ${menu.guestId}`} menu={menu} guest={guest} container={place} />
      )}
    </>
  );
}

type ChangeDetails = Menu.Root.ChangeEventDetails;

interface OpenMenuProps {
  menu: MenuState;
  guest: GuestView;
  container: RefObject<HTMLDivElement | null>;
}

function OpenMenu({ menu, guest, container }: OpenMenuProps) {
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
            {menu.kind === 'alarm' ? <AlarmItems guest={guest} /> : <ActionItems guest={guest} />}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const alarmOrder = Object.keys(alarmCommands) as AlarmCommandName[];

function AlarmItems({ guest }: { guest: GuestView }) {
  return alarmOrder.map((command) => (
    <Item key={command} words={alarmCommands[command]} run={() => void runAlarmCommand(guest.id, command)} />
  ));
}

function ActionItems({ guest }: { guest: GuestView }) {
  const offered = offeredActions(guest, rowActions(guest)[0]);
  const entries: EntryCommandName[] = guest.removable ? ['details', 'refresh', 'remove'] : ['details', 'refresh'];
  const now = offered.filter(({ availability }) => availability.available);
  const not = offered.filter(({ availability }) => !availability.available);
  return (
    <>
      <ActionGroup guest={guest} offered={now} />
      {now.length === 0 ? null : <Menu.Separator className="menu-line" />}
      {entries.map((command) => (
        <Item key={command} words={entryCommands[command]} run={() => void runEntryCommand(guest.id, command)} />
      ))}
      {not.length === 0 ? null : <Menu.Separator className="menu-line" />}
      <ActionGroup guest={guest} offered={not} />
    </>
  );
}

function ActionGroup({ guest, offered }: { guest: GuestView; offered: readonly OfferedAction[] }) {
  return offered.map(({ action, availability }) => (
    <Item
      key={action}
      words={actionCommands[action]}
      danger={actionCommands[action].destructive}
      why={availability.available ? availability.warning : whyNot(availability)}
      disabled={!availability.available}
      run={() => beginAction(guest.id, action)}
    />
  ));
}

const whyNot = ({ reason, remedy }: { reason: string; remedy?: string | undefined }): string =>
  remedy === undefined ? reason : `${reason} ${remedy}`;

interface ItemProps {
  words: CommandWords;
  run: () => void;
  /** Why it can't be done, or what to know before. Read out as the item's description. */
  why?: string | undefined;
  disabled?: boolean;
  danger?: boolean;
}

function Item({ words, run, why, disabled = false, danger = false }: ItemProps) {
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
