import type { MouseEvent } from 'react';
import { memo, useId } from 'react';
import type { ActionName } from '../../../preload/contract/vocabulary';
import { actionCommands, rowActions } from '../../commands';
import { beginAction } from '../../intents';
import { markTo, toggleMark } from '../../selection';
import type { MenuSubject } from '../../store';
import { selectGuest, setActiveRow, useWindow, windowStore } from '../../store';
import { Button } from '../../ui/button';
import { Line } from '../../ui/untrusted';
import { AlarmCell } from './alarm-cell';
import { GuestSummary } from './guest-summary';
import { MenuButton, openMenuAtPoint } from './menu-button';
import { StateCell } from './state-cell';

/** One guest, drawn again only when that guest changes. `name` is the text it is shown and found by. */
export const GuestRow = memo(function GuestRow({ guestId, name }: { guestId: string; name: string }) {
  const guest = useWindow((state) => state.view?.guests[guestId]);
  const host = useWindow((state) => (guest === undefined ? undefined : state.view?.hosts[guest.hostId]));
  const asked = useWindow((state) => state.asked[guestId]?.action ?? null);
  const active = useWindow((state) => state.activeRowId === guestId);
  /** Of the selection, or the one whose details are open. */
  const selected = useWindow((state) => state.selectedId === guestId || state.marked.has(guestId));
  const id = useId();
  if (guest === undefined) return null;

  const select = (event: MouseEvent) => {
    if (!(event.target instanceof Element) || event.target.closest('button') !== null) return;
    if (event.shiftKey) markTo(guestId, windowStore.getState().activeRowId);
    else if (event.ctrlKey || event.metaKey) toggleMark(guestId);
    else selectGuest(guestId);
  };
  const underWay = asked ?? guest.pending?.action ?? null;
  return (
    <div
      role="row"
      aria-label={name}
      aria-describedby={`${id}-state ${id}-alarm`}
      aria-selected={selected}
      className="row"
      data-row={guestId}
      data-guest-row={guestId}
      data-state={guest.state.name}
      tabIndex={active ? 0 : -1}
      onClick={select}
      onFocus={() => setActiveRow(guestId)}
      onContextMenu={(event) => openMenuAtPoint(event, menuSubject(guestId), guestId)}
    >
      <div role="gridcell" className="cell-name">
        <Line text={name} className="guest-name" />
        <GuestSummary guest={guest} host={host} />
      </div>
      <StateCell id={`${id}-state`} guest={guest} underWay={underWay} />
      <AlarmCell id={`${id}-alarm`} guest={guest} tabIndex={active ? 0 : -1} />
      <div role="gridcell" className="cell-actions">
        {rowActions(guest).map((action, place) => (
          <ActionButton
            key={place}
            guestId={guestId}
            action={action}
            leads={place === 0}
            busy={action === underWay}
            tabIndex={active ? 0 : -1}
          />
        ))}
        <MenuButton subject={{ kind: 'actions', guestId }} tabIndex={active ? 0 : -1} />
      </div>
    </div>
  );
});

/** A right click on one of several selected guests is about all of them. */
const menuSubject = (guestId: string): MenuSubject => {
  const { marked } = windowStore.getState();
  return marked.size > 1 && marked.has(guestId) ? { kind: 'selection' } : { kind: 'actions', guestId };
};

interface ActionButtonProps {
  guestId: string;
  action: ActionName;
  leads: boolean;
  busy: boolean;
  tabIndex: number;
}

/** The button keeps its place when its action changes (Sleep becomes Wake), so the focus stays on it. */
function ActionButton({ guestId, action, leads, busy, tabIndex }: ActionButtonProps) {
  const { label, icon } = actionCommands[action];
  return (
    <Button
      look={leads ? 'plain' : 'quiet'}
      icon={icon}
      busy={busy}
      tabIndex={tabIndex}
      data-leads={leads}
      onClick={() => beginAction(guestId, action)}
    >
      {label}
    </Button>
  );
}
