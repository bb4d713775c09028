import type { MouseEvent } from 'react';
import { memo, useId, useState } from 'react';
import type { HostView } from '../../../preload/contract/view';
import { hostRowId } from '../../groups';
import { offeredHostCommands } from '../../commands';
import { guestCount, hostNotesWords, isAtRest } from '../../link-words';
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

/** The heading of a host with which something can be done: a row of the grid, since it has buttons. "Host nas" is its name. */
export const HostHead = memo(function HostHead({ host, headingId, guests }: HostHeadProps) {
  const rowId = hostRowId(host.id);
  const active = useWindow((state) => state.activeRowId === rowId);
  const [listed, setListed] = useState(false);
  const id = useId();
  const name = hostName(host);
  const tabIndex = active ? 0 : -1;
  const subject = { kind: 'host', hostId: host.id } as const;
  const hasMenu = offeredHostCommands(host).length > 0 || guests > 0;
  const notes = hostNotesWords(host);
  return (
    <div
      role="row"
      aria-label={`Host ${name}`}
      aria-describedby={`${id}-link`}
      className="host-head"
      data-row={rowId}
      data-host-row={host.id}
      data-link={isAtRest(host) ? 'at-rest' : host.link.kind}
      tabIndex={tabIndex}
      onFocus={() => setActiveRow(rowId)}
      onContextMenu={(event: MouseEvent<HTMLElement>) => (hasMenu ? openMenuAtPoint(event, subject, rowId) : undefined)}
    >
      <div role="gridcell" className="host-title">
        <Icon name={host.kind === 'ssh' ? 'server' : host.simulated ? 'flask' : 'host'} />
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
        {notes === '' ? null : (
          <IconButton
            icon="crash"
            label={notes}
            aria-expanded={listed}
            data-warning=""
            tabIndex={tabIndex}
            onClick={() => setListed(!listed)}
          />
        )}
        <ConnectNow host={host} tabIndex={tabIndex} />
        {hasMenu ? <MenuButton subject={subject} label={`Host actions: ${name}`} tabIndex={tabIndex} /> : null}
      </div>
      <LinkMore host={host} guests={guests} />
      {listed ? <Notes host={host} /> : null}
    </div>
  );
});

function Notes({ host: { remarks, notHonoured } }: { host: HostView }) {
  return (
    <div role="gridcell" className="host-more">
      <ul className="host-notes">
        {remarks.map(({ text, remedy }) => (
          <li key={text}>
            <Block text={text} /> <Block text={remedy} className="host-remedy" />
          </li>
        ))}
        {notHonoured.map((option) => (
          <li key={option}>
            <Block text={option} />
          </li>
        ))}
      </ul>
    </div>
  );
}
