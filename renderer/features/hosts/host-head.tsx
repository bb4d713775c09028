import type { MouseEvent } from 'react';
import { memo, useId, useState } from 'react';
import type { HostView } from '../../../preload/contract/view';
import { hostRowId } from '../../groups';
import { guestCount, notHonouredWords } from '../../link-words';
import { setActiveRow, useWindow } from '../../store';
import { hostName } from '../../text';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Block, Line } from '../../ui/untrusted';
import { MenuButton, openMenuAtPoint } from '../guests/menu-button';
import { ConnectNow, LinkLabel, LinkMore } from './link-state';

interface HostHeadProps {
  host: HostView;
  headingId: string;
  guests: number;
}

/** An added host's heading: a row of the grid, since it has buttons. "Host nas" is its name. */
export const HostHead = memo(function HostHead({ host, headingId, guests }: HostHeadProps) {
  const rowId = hostRowId(host.id);
  const active = useWindow((state) => state.activeRowId === rowId);
  const [listed, setListed] = useState(false);
  const id = useId();
  const name = hostName(host);
  const tabIndex = active ? 0 : -1;
  const subject = { kind: 'host', hostId: host.id } as const;
  return (
    <div
      role="row"
      aria-label={`Host ${name}`}
      aria-describedby={`${id}-link`}
      className="host-head"
      data-row={rowId}
      data-host-row={host.id}
      data-link={host.link.kind}
      tabIndex={tabIndex}
      onFocus={() => setActiveRow(rowId)}
      onContextMenu={(event: MouseEvent<HTMLElement>) => openMenuAtPoint(event, subject, rowId)}
    >
      <div role="gridcell" className="host-title">
        <Icon name="server" />
        <span id={headingId} className="host-name">
          <Line text={name} />
        </span>
        {host.address === null || host.address === name ? null : <Line text={host.address} className="host-address" />}
        {guests === 0 ? null : <span className="host-count">{guestCount(guests)}</span>}
      </div>
      <div role="gridcell" className="host-link" id={`${id}-link`}>
        <LinkLabel host={host} />
      </div>
      <div role="gridcell" className="host-buttons">
        {host.notHonoured.length === 0 ? null : (
          <IconButton
            icon="crash"
            label={notHonouredWords(host.notHonoured.length)}
            aria-expanded={listed}
            data-warning=""
            tabIndex={tabIndex}
            onClick={() => setListed(!listed)}
          />
        )}
        <ConnectNow host={host} tabIndex={tabIndex} />
        <MenuButton subject={subject} label={`Host actions: ${name}`} tabIndex={tabIndex} />
      </div>
      <LinkMore host={host} guests={guests} />
      {listed ? <NotHonoured options={host.notHonoured} /> : null}
    </div>
  );
});

function NotHonoured({ options }: { options: readonly string[] }) {
  return (
    <div role="gridcell" className="host-more">
      <ul className="not-honoured">
        {options.map((option) => (
          <li key={option}>
            <Block text={option} />
          </li>
        ))}
      </ul>
    </div>
  );
}
