import { useEffect, useRef } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import { entryCommands } from '../../commands';
import { focusRow } from '../../focus';
import { runEntryCommand } from '../../intents';
import { detailsFocused, selectGuest, useWindow } from '../../store';
import { guestName } from '../../text';
import { Button, IconButton } from '../../ui/button';
import { Line } from '../../ui/untrusted';
import { GuestSummary } from '../guests/guest-summary';
import { GuestTimeline } from '../timeline/guest-timeline';
import { Abilities } from './abilities';
import { AlarmCard } from './alarm-card';
import { Facts } from './facts';
import { History } from './history';
import { Load } from './load';
import { Screen } from './screen';
import { GuestSchedules } from './schedules';
import { StartCommand } from './start-command';
import { StateCard } from './state-card';

/** All about one guest. */
export function DetailPane({ guestId }: { guestId: string }) {
  const guest = useWindow((state) => state.view?.guests[guestId]);
  return guest === undefined ? null : <Details guest={guest} />;
}

function Details({ guest }: { guest: GuestView }) {
  const host = useWindow((state) => state.view?.hosts[guest.hostId]);
  const takesFocus = useWindow((state) => state.focusDetails);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!takesFocus) return;
    heading.current?.focus();
    detailsFocused();
  }, [takesFocus]);
  const close = () => {
    selectGuest(null);
    focusRow(guest.id);
  };
  return (
    <section className="detail-pane" aria-label="Details">
      <header className="detail-head">
        <div className="detail-title">
          <h2 ref={heading} tabIndex={-1}>
            <Line text={guestName(guest.name)} />
          </h2>
          <GuestSummary guest={guest} host={host} />
        </div>
        <IconButton icon="close" label="Close details" onClick={close} />
      </header>
      <div className="detail-body">
        <StateCard guest={guest} />
        <AlarmCard guest={guest} />
        <Screen guest={guest} />
        <Abilities guest={guest} />
        <GuestSchedules guest={guest} />
        <GuestTimeline guest={guest} />
        <Load guest={guest} />
        <Facts guest={guest} />
        {guest.manager === 'qemu' ? <StartCommand guest={guest} /> : null}
        <History guest={guest} />
        <div className="button-row detail-foot">
          <Button look="quiet" icon={entryCommands.refresh.icon} onClick={() => void runEntryCommand(guest.id, 'refresh')}>
            {entryCommands.refresh.label}
          </Button>
          <Button look="quiet" icon={entryCommands['copy-link'].icon} onClick={() => void runEntryCommand(guest.id, 'copy-link')}>
            {entryCommands['copy-link'].label}
          </Button>
          {guest.removable ? (
            <Button look="quiet" icon={entryCommands.remove.icon} onClick={() => void runEntryCommand(guest.id, 'remove')}>
              {entryCommands.remove.label}
            </Button>
          ) : null}
        </div>
      </div>
    </section>
  );
}
