import type { RefObject } from 'react';
import { useId, useMemo, useState } from 'react';
import type { Target } from '../../../preload/contract/schedules';
import { searchGroups } from '../../groups';
import type { ScheduleForm } from '../../schedule-draft';
import { targetWords } from '../../schedule-words';
import { useWindow } from '../../store';
import { cleanLine, hostName } from '../../text';
import { Button } from '../../ui/button';
import { Segments } from '../../ui/segments';
import { Line } from '../../ui/untrusted';

interface TargetFieldProps {
  form: ScheduleForm;
  change: (part: Partial<ScheduleForm>) => void;
  error: string | undefined;
  /** Where the writing begins, when it is here. */
  first: RefObject<HTMLInputElement | null> | undefined;
}

const kinds: readonly { value: Target['kind']; label: string }[] = [
  { value: 'guests', label: 'Guests' },
  { value: 'group', label: 'Group' },
  { value: 'host', label: 'Host' },
];

/** Whom the schedule is about. Guests that were chosen before the dialog opened are only named until others are wanted. */
export function TargetField({ form, change, error, first }: TargetFieldProps) {
  const [open, setOpen] = useState(() => form.targetKind !== 'guests' || form.guestIds.length === 0);
  const id = useId();
  if (!open) return <Chosen guestIds={form.guestIds} onChange={() => setOpen(true)} />;
  return (
    <div className="field" role="group" aria-label="For" aria-describedby={`${id}-error`}>
      <Segments label="For" options={kinds} value={form.targetKind} onValue={(targetKind) => change({ targetKind })} field={first} />
      {form.targetKind === 'guests' ? (
        <GuestChoice chosen={form.guestIds} invalid={error !== undefined} onChosen={(guestIds) => change({ guestIds })} />
      ) : form.targetKind === 'group' ? (
        <GroupChoice value={form.groupId} invalid={error !== undefined} onValue={(groupId) => change({ groupId })} />
      ) : (
        <HostChoice value={form.hostId} invalid={error !== undefined} onValue={(hostId) => change({ hostId })} />
      )}
      <p id={`${id}-error`} className="field-error" role="alert">
        {error}
      </p>
    </div>
  );
}

function Chosen({ guestIds, onChange }: { guestIds: readonly string[]; onChange: () => void }) {
  const words = useWindow(({ view }) => (view === null ? '' : targetWords({ kind: 'guests', guestIds: [...guestIds] }, view)));
  return (
    <div className="chosen-target">
      <span className="field-label">For</span>
      <Line text={words} />
      <Button look="quiet" icon="pencil" onClick={onChange}>
        Others…
      </Button>
    </div>
  );
}

interface GuestChoiceProps {
  invalid: boolean;
  chosen: readonly string[];
  onChosen: (guestIds: readonly string[]) => void;
}

function GuestChoice({ chosen, invalid, onChosen }: GuestChoiceProps) {
  const groups = useWindow((state) => state.groups);
  const view = useWindow((state) => state.view);
  const [text, setText] = useState('');
  const found = useMemo(() => searchGroups(groups, text).filter(({ guests }) => guests.length > 0), [groups, text]);
  const gone = chosen.filter((id) => view?.guests[id] === undefined);
  const toggle = (id: string) => onChosen(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  const count = groups.reduce((sum, { guests }) => sum + guests.length, 0);
  return (
    <div className="guest-choice">
      {count < 9 ? null : (
        <input
          type="search"
          className="input"
          aria-label="Find guests"
          placeholder="Find guests"
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <div className="guest-choice-list" data-invalid={invalid} role="group" aria-label="Guests" tabIndex={-1}>
        {gone.map((id) => (
          <Choice key={id} label="A guest that is gone" checked onToggle={() => toggle(id)} />
        ))}
        {found.map((group) => (
          <div key={group.hostId} role="group" aria-label={group.host.split('\n')[0]}>
            {groups.length === 1 ? null : <p className="guest-choice-host">{group.host.split('\n')[0]}</p>}
            <div className="guest-choice-guests">
              {group.guests.map(({ id, name }) => (
                <Choice key={id} label={name} checked={chosen.includes(id)} onToggle={() => toggle(id)} />
              ))}
            </div>
          </div>
        ))}
        {found.length === 0 ? <p className="hint">{count === 0 ? 'There are no guests yet.' : 'No guest is named like this.'}</p> : null}
      </div>
      <p className="hint">{chosen.length === 1 ? '1 guest chosen' : `${chosen.length} guests chosen`}</p>
    </div>
  );
}

function Choice({ label, checked, onToggle }: { label: string; checked: boolean; onToggle: () => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={onToggle} />
      <Line text={label} />
    </label>
  );
}

interface SelectProps {
  value: string;
  invalid: boolean;
  onValue: (id: string) => void;
}

function GroupChoice({ value, invalid, onValue }: SelectProps) {
  const groups = useWindow((state) => state.view?.groups);
  const options = Object.values(groups ?? {}).map(({ id, name, members }) => ({
    id,
    label: `${cleanLine(name)} (${members.length === 1 ? '1 guest' : `${members.length} guests`})`,
  }));
  return <SelectOne label="Group" none="There are no groups yet: select guests in the list, and make one of them." options={options} {...{ value, invalid, onValue }} />;
}

function HostChoice({ value, invalid, onValue }: SelectProps) {
  const hosts = useWindow((state) => state.view?.hosts);
  const options = Object.values(hosts ?? {}).map((host) => ({ id: host.id, label: hostName(host) }));
  return (
    <>
      <SelectOne label="Host" none="There are no hosts." options={options} {...{ value, invalid, onValue }} />
      <p className="hint">All of its guests, also those that are added later. The host itself stays awake.</p>
    </>
  );
}

interface SelectOneProps extends SelectProps {
  label: string;
  none: string;
  options: readonly { id: string; label: string }[];
}

function SelectOne({ label, none, options, value, invalid, onValue }: SelectOneProps) {
  const isGone = value !== '' && options.every(({ id }) => id !== value);
  if (options.length === 0 && !isGone) return <p className="hint">{none}</p>;
  return (
    <select className="input" aria-label={label} aria-invalid={invalid} value={value} onChange={(event) => onValue(event.target.value)}>
      {value === '' ? <option value="">Choose…</option> : null}
      {isGone ? <option value={value}>One that is gone</option> : null}
      {options.map((option) => (
        <option key={option.id} value={option.id}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
