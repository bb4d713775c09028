import { memo, useId } from 'react';
import type { HostView } from '../../../preload/contract/view';
import type { HostGroup } from '../../groups';
import { guestCount } from '../../link-words';
import { useWindow } from '../../store';
import { Spinner } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Line } from '../../ui/untrusted';
import { HostHead } from '../hosts/host-head';
import { GuestRow } from './guest-row';

/** A host and its guests. */
export const HostRows = memo(function HostRows({ group }: { group: HostGroup }) {
  const host = useWindow((state) => state.view?.hosts[group.hostId]);
  const headingId = useId();
  if (host === undefined) return null;
  const guests = group.guests.length;
  return (
    <div role="rowgroup" className="host" aria-labelledby={headingId}>
      {group.headed ? (
        <HostHead host={host} headingId={headingId} guests={guests} />
      ) : (
        <OwnHead host={host} headingId={headingId} guests={guests} />
      )}
      {group.guests.map((guest) => (
        <GuestRow key={guest.id} guestId={guest.id} name={guest.name} />
      ))}
    </div>
  );
});

interface OwnHeadProps {
  host: HostView;
  headingId: string;
  guests: number;
}

/** The heading of this computer and of the demo is plain text, not a row: nothing is done with it. */
function OwnHead({ host, headingId, guests }: OwnHeadProps) {
  return (
    <div className="host-head">
      <Icon name={host.simulated ? 'flask' : 'host'} />
      <span id={headingId} className="host-name">
        <Line text={host.name} />
      </span>
      {host.simulated ? <span className="badge badge-demo">Simulated</span> : null}
      <span className="host-count">{guestCount(guests)}</span>
      <HostStatus host={host} />
    </div>
  );
}

/** Says when a host's list may not be whole. */
function HostStatus({ host }: { host: HostView }) {
  switch (host.status.kind) {
    case 'ready':
      return null;
    case 'looking':
      return (
        <span className="host-status">
          <Spinner /> Looking…
        </span>
      );
    case 'failed':
      return (
        <span className="host-status host-status-failed">
          {host.status.message} {host.status.remedy}
        </span>
      );
  }
}
