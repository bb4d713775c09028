import { useMemo } from 'react';
import type { HostView } from '../../../preload/contract/view';
import { hostCommands } from '../../commands';
import { removeHost } from '../../host-intents';
import { lostAlarms } from '../../link-words';
import { useWindow } from '../../store';
import { Forget } from '../../ui/forget';
import { tenSeconds, useTicked } from '../../ui/ticker';
import { Line } from '../../ui/untrusted';
import { AboutHost } from './about-host';

/** Forgetting a host loses what the app knows about it and its guests, and what it was to do for them. */
export function RemoveHostDialog({ host }: { host: HostView }) {
  const { icon, longLabel, label } = hostCommands.remove;
  return (
    <Forget title={longLabel ?? label} about={<AboutHost host={host} />} icon={icon} onForget={() => void removeHost(host.id)}>
      <p>
        Nothing changes on the host, and its guests go on. Reveille forgets the host, its guests with their history and
        start commands, and the secrets kept for it.
      </p>
      <LostAlarms hostId={host.id} />
    </Forget>
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
