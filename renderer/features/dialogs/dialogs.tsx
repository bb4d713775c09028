import { useEffect } from 'react';
import { closeDialog, useWindow } from '../../store';
import { HostDialog } from '../hosts/host-dialog';
import { GroupDialog } from '../groups/group-dialog';
import { RemoveGroupDialog } from '../groups/remove-group-dialog';
import { RemoveHostDialog } from '../hosts/remove-host-dialog';
import { SleepHostDialog } from '../hosts/sleep-host-dialog';
import { ScheduleDialog } from '../schedules/schedule-dialog';
import { RemoveScheduleDialog } from '../schedules/remove-schedule-dialog';
import { ExportDialog } from '../timeline/export-dialog';
import { Palette } from '../palette/palette';
import { SettingsDialog } from '../settings/settings-dialog';
import { AddGuestDialog } from './add-guest-dialog';
import { ChangeAlarmDialog } from './change-alarm-dialog';
import { ConfirmDialog } from './confirm-dialog';
import { ConfirmManyDialog } from './confirm-many-dialog';
import { MendDialog } from './mend-dialog';
import { RemoveDialog } from './remove-dialog';
import { SleepDialog } from './sleep-dialog';
import { SleepManyDialog } from './sleep-many-dialog';
import { StartDialog } from './start-dialog';

/** The one open dialog, mounted while it is open. */
export function Dialogs() {
  const dialog = useWindow((state) => state.dialog);
  const guest = useWindow((state) =>
    state.dialog !== null && 'guestId' in state.dialog ? state.view?.guests[state.dialog.guestId] : undefined,
  );
  const host = useWindow((state) =>
    state.dialog !== null && 'hostId' in state.dialog ? state.view?.hosts[state.dialog.hostId] : undefined,
  );
  const group = useWindow((state) =>
    state.dialog !== null && 'groupId' in state.dialog ? state.view?.groups[state.dialog.groupId] : undefined,
  );
  if (dialog === null) return null;
  switch (dialog.kind) {
    case 'schedule':
      return <ScheduleDialog scheduleId={dialog.scheduleId} target={dialog.target} />;
    case 'remove-schedule':
      return <RemoveScheduleDialog scheduleId={dialog.scheduleId} />;
    case 'export-history':
      return <ExportDialog ids={dialog.ids} />;
    case 'palette':
      return <Palette />;
    case 'add-guest':
      return <AddGuestDialog />;
    case 'add-host':
      return <HostDialog host={null} />;
    case 'edit-host':
      return host === undefined ? <Gone /> : <HostDialog host={host} />;
    case 'remove-host':
      return host === undefined ? <Gone /> : <RemoveHostDialog host={host} />;
    case 'settings':
      return <SettingsDialog />;
    case 'sleep-host':
      return host?.power == null ? <Gone /> : <SleepHostDialog host={host} power={host.power} />;
    case 'sleep-many':
      return <SleepManyDialog target={dialog.target} action={dialog.action} />;
    case 'confirm-many':
      return <ConfirmManyDialog target={dialog.target} action={dialog.action} />;
    case 'new-group':
      return <GroupDialog group={null} guestIds={dialog.guestIds} />;
    case 'edit-group':
      return group === undefined ? <Gone /> : <GroupDialog group={group} guestIds={[]} />;
    case 'remove-group':
      return group === undefined ? <Gone /> : <RemoveGroupDialog group={group} />;
    case 'sleep':
      return guest === undefined ? <Gone /> : <SleepDialog guest={guest} action={dialog.action} />;
    case 'start':
      return guest === undefined || guest.start === null ? (
        <Gone />
      ) : (
        <StartDialog guest={guest} start={guest.start} />
      );
    case 'confirm':
      return guest === undefined ? <Gone /> : <ConfirmDialog guest={guest} action={dialog.action} />;
    case 'change-alarm':
      return guest === undefined || guest.alarm === null ? (
        <Gone />
      ) : (
        <ChangeAlarmDialog guest={guest} alarm={guest.alarm} />
      );
    case 'mend':
      return guest === undefined ? <Gone /> : <MendDialog guest={guest} fix={dialog.fix} />;
    case 'remove':
      return guest === undefined ? <Gone /> : <RemoveDialog guest={guest} />;
  }
}

/** What the dialog was about is no more. */
function Gone() {
  useEffect(closeDialog, []);
  return null;
}
