import { useMemo, useRef } from 'react';
import type { HostView } from '../../../preload/contract/view';
import { hostCommands } from '../../commands';
import { removeHost } from '../../host-intents';
import { lostAlarms } from '../../link-words';
import { closeDialog, useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { tenSeconds, useTicked } from '../../ui/ticker';
import { Line } from '../../ui/untrusted';
import { AboutHost } from './about-host';

/** Forgetting a host loses what the app knows about it and its guests, and what it was to do for them. */
export function RemoveHostDialog({ host }: { host: HostView }) {
  const { icon, longLabel, label } = hostCommands.remove;
  const cancel = useRef<HTMLButtonElement>(null);
  const remove = () => {
    closeDialog();
    void removeHost(host.id);
  };
  return (
    <Modal title={longLabel ?? label} about={<AboutHost host={host} />} initialFocus={cancel}>
      <p>
        Nothing changes on the host, and its guests go on. Reveille forgets the host, its guests with their history and
        start commands, and the secrets kept for it.
      </p>
      <LostAlarms hostId={host.id} />
      <ModalFoot>
        <Button onClick={closeDialog} ref={cancel}>
          Cancel
        </Button>
        <Button look="danger" icon={icon} onClick={remove}>
          Remove
        </Button>
      </ModalFoot>
    </Modal>
  );
}

function LostAlarms({ hostId }: { hostId: string }) {
  const view = useWindow((state) => state.view);
  const text = useTicked(tenSeconds, (now) => (view === null ? '' : lostAlarms(view, hostId, now).join('\n')));
  const lost = useMemo(() => (text === '' ? [] : text.split('\n')), [text]);
  if (lost.length === 0) return null;
  return (
    <div className="note">
      <p>{lost.length === 1 ? 'This alarm is lost:' : 'These alarms are lost:'}</p>
      <ul className="lost-alarms" aria-label="Lost alarms">
        {lost.map((alarm) => (
          <li key={alarm}>
            <Line text={alarm} />
          </li>
        ))}
      </ul>
    </div>
  );
}
