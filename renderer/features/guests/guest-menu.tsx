import { Menu } from '@base-ui/react/menu';
import { Fragment, useId } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { AlarmCommandName, OfferedAction } from '../../commands';
import { actionCommands, actionWordsFor, alarmCommands, entryCommands, fixBeside, fixCommands, offeredActions, offeredEntryCommands, rowActions, whyNot, whyNotAlarm } from '../../commands';
import { beginAction, beginFix, runAlarmCommand, runEntryCommand } from '../../intents';
import { MenuItem } from './menu-item';

const alarmOrder = Object.keys(alarmCommands) as AlarmCommandName[];

/** Waking is one of the guest's own actions already. */
const ofTheAlarm = alarmOrder.filter((command) => command !== 'wake-now');

interface AlarmItemsProps {
  guest: GuestView;
  commands?: readonly AlarmCommandName[];
  /** They stand among other commands, and say what they are about. */
  long?: boolean;
}

export function AlarmItems({ guest, commands = alarmOrder, long = false }: AlarmItemsProps) {
  const whyId = useId();
  const whys = commands.map((command) => (guest.alarm === null ? undefined : whyNotAlarm(guest.alarm, command)));
  return commands.map((command, place) => {
    const why = whys[place];
    const { label, longLabel = label, icon } = alarmCommands[command];
    return (
      <MenuItem
        key={command}
        words={{ label: long ? longLabel : label, icon }}
        why={whys.indexOf(why) === place ? why : undefined}
        whyId={why === undefined ? undefined : whyId}
        disabled={why !== undefined}
        run={() => void runAlarmCommand(guest.id, command)}
      />
    );
  });
}

/** What can be done now, mild before hard, with its alarm and its place in the list between; then what can't, and why. */
export function ActionItems({ guest }: { guest: GuestView }) {
  const offered = offeredActions(guest, rowActions(guest)[0]);
  const entries = offeredEntryCommands(guest);
  const now = offered.filter(({ availability }) => availability.available);
  const not = offered.filter(({ availability }) => !availability.available);
  const isHard = ({ action }: OfferedAction) => actionCommands[action].destructive;
  const mild = now.filter((one) => !isHard(one));
  const hard = now.filter(isHard);
  return (
    <>
      <ActionGroup guest={guest} offered={mild} />
      {guest.alarm === null ? null : <AlarmItems guest={guest} commands={ofTheAlarm} long />}
      {mild.length === 0 && guest.alarm === null ? null : <Menu.Separator className="menu-line" />}
      {entries.map((command) => (
        <MenuItem key={command} words={entryCommands[command]} run={() => void runEntryCommand(guest.id, command)} />
      ))}
      {hard.length === 0 ? null : <Menu.Separator className="menu-line" />}
      <ActionGroup guest={guest} offered={hard} />
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
          words={actionWordsFor(guest, action)}
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
