import type { ReactNode } from 'react';
import { useId, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { Settings, SettingsView } from '../../../preload/contract/settings';
import { call } from '../../bridge';
import { appCommands } from '../../commands';
import { closeDialog, useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { Block } from '../../ui/untrusted';
import { UpdateSettings } from './update-settings';

type Notification = keyof Settings['notifications'];

const notifications: Record<Notification, string> = {
  woken: 'A guest was woken',
  failed: 'A sleep, a wake or an alarm failed',
  late: 'An alarm is late',
};
const order = Object.keys(notifications) as Notification[];

/** What the app does beside the window. A change holds at once. */
export function SettingsDialog() {
  const settings = useWindow((state) => state.view?.app.settings);
  return (
    <Modal title={appCommands.settings.label}>
      {settings === undefined ? null : <SettingsForm settings={settings} />}
      <ModalFoot>
        <Button onClick={closeDialog}>Close</Button>
      </ModalFoot>
    </Modal>
  );
}

function SettingsForm({ settings }: { settings: SettingsView }) {
  /** What was changed here and main has not told yet. */
  const [wanted, setWanted] = useState<Partial<Settings>>({});
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const now = { ...settings, ...wanted };

  const change = async (patch: Partial<Settings>) => {
    setWanted((before) => ({ ...before, ...patch }));
    setRefusal(null);
    const changed = await call('changeSettings', patch);
    if (changed.ok) return;
    setWanted({});
    setRefusal(changed.refusal);
  };
  return (
    <>
      <fieldset className="choices">
        <legend>Notify me when</legend>
        {order.map((name) => (
          <Check
            key={name}
            label={notifications[name]}
            checked={now.notifications[name]}
            disabled={settings.notificationsMissing !== null}
            onChange={(checked) => void change({ notifications: { ...now.notifications, [name]: checked } })}
          />
        ))}
        {settings.notificationsMissing === null ? null : (
          <p className="hint">
            <Block text={settings.notificationsMissing} />
          </p>
        )}
      </fieldset>
      <fieldset className="choices">
        <legend>Alarms that Reveille keeps</legend>
        <Check
          label="Start Reveille when I sign in"
          checked={now.startAtLogin}
          disabled={settings.startAtLoginMissing !== null}
          onChange={(startAtLogin) => void change({ startAtLogin })}
        >
          {settings.startAtLoginMissing === null ? (
            'Without a window, so that its alarms are kept after a restart of this computer.'
          ) : (
            <Block text={settings.startAtLoginMissing} />
          )}
        </Check>
        <p className="settings-tray">
          {settings.tray
            ? 'Closing the window leaves Reveille in the tray, where it keeps its alarms. Quit it from there.'
            : 'This desktop shows no tray, so closing the window quits Reveille. Its alarms wait until it is opened again.'}
        </p>
      </fieldset>
      <UpdateSettings settings={now} onChoice={(updates) => void change({ updates })} />
      <div role="alert">{refusal === null ? null : <Refused refusal={refusal} />}</div>
    </>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  disabled: boolean;
  onChange: (checked: boolean) => void;
  children?: ReactNode;
}

function Check({ label, checked, disabled, onChange, children }: CheckProps) {
  const id = useId();
  return (
    <div className="choice" data-disabled={disabled}>
      <input
        type="checkbox"
        id={id}
        checked={checked}
        disabled={disabled}
        aria-describedby={children === undefined ? undefined : `${id}-more`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      {children === undefined ? null : (
        <p className="choice-more" id={`${id}-more`}>
          {children}
        </p>
      )}
    </div>
  );
}
