import { Menu } from '@base-ui/react/menu';
import { Fragment, useId } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { AlarmCommandName, OfferedAction } from '../../commands';
import { actionCommands, alarmCommands, entryCommands, fixBeside, fixCommands, offeredActions, offeredEntryCommands, rowActions, whyNot, whyNotAlarm } from '../../commands';
import { beginAction, beginFix, runAlarmCommand, runEntryCommand } from '../../intents';
import { MenuItem } from './menu-item';

const alarmOrder = Object.keys(alarmCommands) as AlarmCommandName[];

export function AlarmItems({ guest }: { guest: GuestView }) {
  const whyId = useId();
  const whys = alarmOrder.map((command) => (guest.alarm === null ? undefined : whyNotAlarm(guest.alarm, command)));
  return alarmOrder.map((command, place) => {
    const why = whys[place];
    return (
      <MenuItem
        key={command}
        words={alarmCommands[command]}
        why={whys.indexOf(why) === place ? why : undefined}
        whyId={why === undefined ? undefined : whyId}
        disabled={why !== undefined}
        run={() => void runAlarmCommand(guest.id, command)}
      />
    );
  });
}

export function ActionItems({ guest }: { guest: GuestView }) {
  const offered = offeredActions(guest, rowActions(guest)[0]);
  const entries = offeredEntryCommands(guest);
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
