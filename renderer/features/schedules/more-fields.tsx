import type { ReactNode } from 'react';
import { useId, useMemo, useState } from 'react';
import type { MissedPolicy } from '../../../preload/contract/schedules';
import type { HolderChoice } from '../../../preload/contract/vocabulary';
import type { ScheduleForm } from '../../schedule-draft';
import { sleeps, wakes } from '../../schedule-draft';
import { graceWords, holderChoices, missedWords } from '../../schedule-words';

interface MoreFieldsProps {
  form: ScheduleForm;
  change: (part: Partial<ScheduleForm>) => void;
  /** Of the processor's limit. */
  error: string | undefined;
  localZone: string;
}

const graces: readonly number[] = [0, 30, 60, 300, 600, 1800];

/** What a schedule can do without: its name, conditions, and what is otherwise chosen well. Closed while it is as usual. */
export function MoreFields({ form, change, error, localZone }: MoreFieldsProps) {
  const [open, setOpen] = useState(() => !isUsual(form, localZone));
  return (
    <details className="more-fields" open={open || error !== undefined} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="more-title">Options</span>
        {open ? null : <span className="hint">Name, conditions, missed times, who keeps the alarm, time zone</span>}
      </summary>
      <div className="more-grid">
        <NameField value={form.name} onValue={(name) => change({ name })} />
        <ZoneField value={form.timeZone} localZone={localZone} onValue={(timeZone) => change({ timeZone })} />
        {sleeps(form) ? <Conditions form={form} change={change} error={error} /> : null}
        <SelectField
          label="When it was missed"
          value={form.missed}
          options={missedOptions}
          hint={missedWords[form.missed].hint}
          onValue={(missed) => change({ missed })}
        />
        {sleeps(form) && wakes(form) ? (
          <SelectField
            label="Who keeps the alarm"
            value={form.holder}
            options={holderOptions}
            hint={holderChoices[form.holder].hint}
            onValue={(holder) => change({ holder })}
          />
        ) : null}
      </div>
    </details>
  );
}

const missedOptions = (Object.keys(missedWords) as MissedPolicy[]).map((value) => ({ value, label: missedWords[value].label }));
const holderOptions = (Object.keys(holderChoices) as HolderChoice[]).map((value) => ({ value, label: holderChoices[value].label }));

const isUsual = (form: ScheduleForm, localZone: string): boolean =>
  form.name === '' &&
  form.timeZone === localZone &&
  !form.nobodySignedIn &&
  form.cpuBelow === '' &&
  form.graceSeconds === 0 &&
  form.missed === 'late' &&
  form.holder === 'auto';

function NameField({ value, onValue }: { value: string; onValue: (name: string) => void }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Name</label>
      <input
        id={id}
        type="text"
        className="input"
        value={value}
        placeholder="Its rule in words"
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onValue(event.target.value)}
      />
    </div>
  );
}

/** All zones that this computer knows, its own first. */
function zonesOf(localZone: string, value: string): readonly string[] {
  return [...new Set([localZone, value, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
}

function ZoneField({ value, localZone, onValue }: { value: string; localZone: string; onValue: (zone: string) => void }) {
  const zones = useMemo(() => zonesOf(localZone, value), [localZone, value]);
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Time zone</label>
      <select id={id} className="input" value={value} onChange={(event) => onValue(event.target.value)}>
        {zones.map((zone) => (
          <option key={zone} value={zone}>
            {zone === localZone ? `${zone} (this computer’s)` : zone}
          </option>
        ))}
      </select>
    </div>
  );
}

function Conditions({ form, change, error }: Pick<MoreFieldsProps, 'form' | 'change' | 'error'>) {
  const id = useId();
  const chosen = graces.includes(form.graceSeconds) ? graces : [form.graceSeconds, ...graces];
  return (
    <fieldset className="conditions">
      <legend>Before it sleeps</legend>
      <label className="check">
        <input
          type="checkbox"
          checked={form.nobodySignedIn}
          onChange={(event) => change({ nobodySignedIn: event.target.checked })}
        />
        Only if nobody is signed in, where the guest agent tells
      </label>
      <Row label="Only if its processor load is below" id={`${id}-cpu`}>
        <input
          id={`${id}-cpu`}
          type="text"
          inputMode="numeric"
          className="input short-input"
          value={form.cpuBelow}
          placeholder="–"
          maxLength={8}
          autoComplete="off"
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-cpu-error`}
          onChange={(event) => change({ cpuBelow: event.target.value })}
        />
        <span>% of one processor</span>
      </Row>
      <p id={`${id}-cpu-error`} className="field-error" role="alert">
        {error}
      </p>
      <Row label="Notice from then on, during which it can be cancelled" id={`${id}-grace`}>
        <select
          id={`${id}-grace`}
          className="input short-input"
          value={form.graceSeconds}
          onChange={(event) => change({ graceSeconds: Number(event.target.value) })}
        >
          {chosen.map((seconds) => (
            <option key={seconds} value={seconds}>
              {graceWords(seconds)}
            </option>
          ))}
        </select>
      </Row>
    </fieldset>
  );
}

function Row({ label, id, children }: { label: string; id: string; children: ReactNode }) {
  return (
    <div className="condition-row">
      <label htmlFor={id}>{label}</label>
      {children}
    </div>
  );
}

interface SelectFieldProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  hint: string;
  onValue: (value: T) => void;
}

function SelectField<T extends string>({ label, value, options, hint, onValue }: SelectFieldProps<T>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input"
        value={value}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onValue(options.find((option) => option.value === event.target.value)?.value ?? value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <p id={`${id}-hint`} className="hint">
        {hint}
      </p>
    </div>
  );
}
