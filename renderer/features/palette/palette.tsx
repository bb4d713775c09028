import type { KeyboardEvent } from 'react';
import { useId, useMemo, useRef, useState } from 'react';
import { appCommands } from '../../commands';
import { runHostCommand } from '../../host-intents';
import { beginAction, beginFix, runAlarmCommand, runAppCommand, runEntryCommand } from '../../intents';
import { goToPage } from '../../pages';
import { runScheduleCommand } from '../../schedule-intents';
import { beginMany, runGraceCommand, runGroupCommand, runSelectionCommand } from '../../many-intents';
import { markedIds } from '../../selection';
import { shortcutText } from '../../shortcuts';
import { closeDialog, useWindow } from '../../store';
import { KeyCap } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Modal } from '../../ui/modal';
import { Line } from '../../ui/untrusted';
import { paletteEntries } from './entries';
import type { PaletteEntry, PaletteRun } from './entry';

function carryOut(run: PaletteRun): void {
  switch (run.kind) {
    case 'action':
      return beginAction(run.guestId, run.action);
    case 'fix':
      return beginFix(run.guestId, run.fix);
    case 'alarm':
      return void runAlarmCommand(run.guestId, run.command);
    case 'entry':
      return void runEntryCommand(run.guestId, run.command);
    case 'host':
      return void runHostCommand(run.hostId, run.command);
    case 'schedule':
      return void runScheduleCommand(run.scheduleId, run.command);
    case 'page':
      return goToPage(run.page);
    case 'many':
      return beginMany(run.target, run.action);
    case 'selection':
      return runSelectionCommand(run.command);
    case 'group':
      return runGroupCommand(run.groupId, run.command);
    case 'grace':
      return void runGraceCommand(run.graceId, run.command);
    case 'app':
      return void runAppCommand(run.command);
  }
}

/** Every command by name. The field keeps the focus; the arrows move through the list. */
export function Palette() {
  const view = useWindow((state) => state.view);
  const atHand = useWindow((state) => (state.page === 'guests' ? state.selectedId : null) ?? state.activeRowId);
  const [text, setText] = useState('');
  const [place, setPlace] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const groups = useWindow((state) => state.groups);
  const marked = useWindow((state) => state.marked);
  const entries = useMemo(
    () => (view === null ? [] : paletteEntries(view, atHand, text, markedIds({ groups, marked }))),
    [view, atHand, text, groups, marked],
  );
  const at = Math.min(place, entries.length - 1);

  /** The dialog goes first, so that a command which opens one finds the focus where it was. */
  const choose = (entry: PaletteEntry | undefined) => {
    if (entry === undefined) return;
    closeDialog();
    setTimeout(() => carryOut(entry.run));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && entries.length > 0) setPlace((at + step + entries.length) % entries.length);
    else if (event.key === 'Enter') choose(entries[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal title={appCommands.palette.label} initialFocus={field} palette>
      <div className="palette-field">
        <Icon name="search" />
        <input
          ref={field}
          type="text"
          role="combobox"
          aria-label="Find a command"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={at < 0 ? undefined : `${id}-${at}`}
          aria-autocomplete="list"
          placeholder="Find a command: wake nas, add guest…"
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value);
            setPlace(0);
          }}
          onKeyDown={onKey}
        />
      </div>
      <ul role="listbox" id={`${id}-list`} className="palette-list" aria-label="Commands">
        {entries.map((entry, index) => (
          <Entry
            key={entry.id}
            id={`${id}-${index}`}
            entry={entry}
            selected={index === at}
            onPoint={() => setPlace(index)}
            onChoose={() => choose(entry)}
          />
        ))}
      </ul>
      {entries.length === 0 ? <p className="palette-none">No command has these words.</p> : null}
    </Modal>
  );
}

interface EntryProps {
  id: string;
  entry: PaletteEntry;
  selected: boolean;
  onPoint: () => void;
  onChoose: () => void;
}

function Entry({ id, entry, selected, onPoint, onChoose }: EntryProps) {
  const platform = useWindow((state) => state.view?.app.platform ?? 'other');
  return (
    <li
      role="option"
      id={id}
      aria-selected={selected}
      className="palette-entry"
      ref={(element) => (selected ? element?.scrollIntoView({ block: 'nearest' }) : undefined)}
      onPointerMove={onPoint}
      onClick={onChoose}
    >
      <Icon name={entry.icon} />
      <span className="palette-label">{entry.label}</span>
      {entry.about === '' ? null : <Line text={entry.about} className="palette-about" />}
      {entry.shortcut === undefined ? null : <KeyCap>{shortcutText(entry.shortcut, platform)}</KeyCap>}
    </li>
  );
}
