import { Menu } from '@base-ui/react/menu';
import { Fragment } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { AlarmCommandName, EntryCommandName, OfferedAction } from '../../commands';
import { actionCommands, alarmCommands, entryCommands, fixBeside, fixCommands, offeredActions, rowActions } from '../../commands';
import { beginAction, beginFix, runAlarmCommand, runEntryCommand } from '../../intents';
import { MenuItem } from './menu-item';

const alarmOrder = Object.keys(alarmCommands) as AlarmCommandName[];

export function AlarmItems({ guest }: { guest: GuestView }) {
  return alarmOrder.map((command) => (
    <MenuItem key={command} words={alarmCommands[command]} run={() => void runAlarmCommand(guest.id, command)} />
  ));
}

export function ActionItems({ guest }: { guest: GuestView }) {
  const offered = offeredActions(guest, rowActions(guest)[0]);
  const entries: EntryCommandName[] = guest.removable ? ['details', 'refresh', 'remove'] : ['details', 'refresh'];
  const now = offered.filter(({ availability }) => availability.available);
  const not = offered.filter(({ availability }) => !availability.available);
  return (
    <>
      <ActionGroup guest={guest} offered={now} />
      {now.length === 0 ? null : <Menu.Separator className="menu-line" />}
      {entries.map((command) => (
        <MenuItem key={command} words={entryCommands[command]} run={() => void runEntryCommand(guest.id, command)} />
      ))}
      {not.length === 0 ? null : <Menu.Separator className="menu-line" />}
      <ActionGroup guest={guest} offered={not} />
    </>
  );
}

function ActionGroup({ guest, offered }: { guest: GuestView; offered: readonly OfferedAction[] }) {
  return offered.map(({ action, availability }) => {
    const fix = fixBeside(offered, action);
    return (
      <Fragment key={action}>
        <MenuItem
          words={actionCommands[action]}
          danger={actionCommands[action].destructive}
          why={availability.available ? availability.warning : whyNot(availability)}
          disabled={!availability.available}
          run={() => beginAction(guest.id, action)}
        />
        {fix === undefined ? null : <MenuItem words={fixCommands[fix]} run={() => beginFix(guest.id, fix)} />}
      </Fragment>
    );
  });
}

const whyNot = ({ reason, remedy }: { reason: string; remedy?: string | undefined }): string =>
  remedy === undefined ? reason : `${reason} ${remedy}`;
