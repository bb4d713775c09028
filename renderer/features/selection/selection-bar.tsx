import { useLayoutEffect, useMemo, useRef } from 'react';
import type { Target } from '../../../preload/contract/schedules';
import type { OfferedToMany } from '../../many';
import { actionCommands, selectionCommands } from '../../commands';
import { focusActiveRow } from '../../focus';
import { guestCount } from '../../link-words';
import { leads, manyLabel, offeredToMany, targetGuests } from '../../many';
import { beginMany, runSelectionCommand } from '../../many-intents';
import { markedIds, shownIds } from '../../selection';
import { useWindow } from '../../store';
import { Button, IconButton } from '../../ui/button';
import { MenuButton } from '../guests/menu-button';

/** The selected guests, and what at least one of them can do. It says the count aloud when it changes. */
export function SelectionBar() {
  const groups = useWindow((state) => state.groups);
  const marked = useWindow((state) => state.marked);
  const search = useWindow((state) => state.search);
  const guestIds = useMemo(() => [...markedIds({ groups, marked })], [groups, marked]);
  const hidden = useMemo(() => {
    const shown = new Set(shownIds({ groups, search }));
    return guestIds.filter((id) => !shown.has(id)).length;
  }, [groups, search, guestIds]);
  const count = guestIds.length;
  return (
    <section className="selection-bar" aria-label="Selection" data-selection-bar="" data-empty={count === 0}>
      <p className="selection-count" role="status">
        {count === 0 ? '' : `${guestCount(count)} selected${hidden === 0 ? '' : `, ${hidden} not shown`}`}
      </p>
      {count === 0 ? null : <Actions target={{ kind: 'guests', guestIds }} count={count} />}
    </section>
  );
}

function Actions({ target, count }: { target: Target; count: number }) {
  const view = useWindow((state) => state.view);
  const offered = view === null ? [] : offeredToMany(targetGuests(view, target)).filter(({ action }) => leads(action));
  return (
    <>
      <div className="selection-actions">
        {offered.map((one) => (
          <ManyButton key={one.action} target={target} offered={one} of={count} />
        ))}
        <MenuButton subject={{ kind: 'selection' }} label="More for the selection" tabIndex={0} />
      </div>
      <Button look="quiet" icon={selectionCommands['new-group'].icon} onClick={() => runSelectionCommand('new-group')}>
        {selectionCommands['new-group'].label}
      </Button>
      <IconButton icon={selectionCommands.clear.icon} label={selectionCommands.clear.label} onClick={() => runSelectionCommand('clear')} />
    </>
  );
}

interface ManyButtonProps {
  target: Target;
  offered: OfferedToMany;
  of: number;
}

/** "Sleep… 2": for all but those that can't, of whom the screen reader hears too. */
function ManyButton({ target, offered: { action, count }, of }: ManyButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const element = button.current;
    // None can do it any more: the button goes, but not the keyboard's place.
    return () => (element !== null && element === document.activeElement ? focusActiveRow() : undefined);
  }, []);
  return (
    <Button icon={actionCommands[action].icon} ref={button} onClick={() => beginMany(target, action)}>
      {manyLabel(action)} <span className="count">{count}</span>
      <span className="unseen"> of {guestCount(of)}</span>
    </Button>
  );
}
