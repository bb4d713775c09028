import type { RefObject } from 'react';
import { useId } from 'react';
import type { ScheduleRule } from '../../../preload/contract/schedules';
import type { SleepName } from '../../../preload/contract/vocabulary';
import { cronWords } from '../../cron-words';
import type { FieldErrors, ScheduleForm } from '../../schedule-draft';
import { readTimeOfDay, sleeps } from '../../schedule-draft';
import { actionWords } from '../../schedule-words';
import { Button } from '../../ui/button';
import { Segments } from '../../ui/segments';

interface RuleFieldsProps {
  form: ScheduleForm;
  change: (part: Partial<ScheduleForm>) => void;
  errors: FieldErrors;
  /** Where the writing begins. */
  first: RefObject<HTMLInputElement | null> | undefined;
}

const kinds: readonly { value: ScheduleRule['kind']; label: string }[] = [
  { value: 'weekly', label: 'Days and times' },
  { value: 'cron', label: 'Cron' },
];
const actions = (Object.keys(actionWords) as SleepName[]).map((value) => ({ value, label: actionWords[value] }));

/** What is done, and when. */
export function RuleFields({ form, change, errors, first }: RuleFieldsProps) {
  return (
    <>
      <div className="rule-head">
        <Segments label="When" options={kinds} value={form.ruleKind} onValue={(ruleKind) => change({ ruleKind })} />
        {sleeps(form) ? (
          <Segments label="What" options={actions} value={form.action} onValue={(action) => change({ action })} />
        ) : null}
      </div>
      {form.ruleKind === 'weekly' ? (
        <>
          <Days days={form.days} error={errors.days} onDays={(days) => change({ days })} />
          <div className="two-fields">
            <TimeField
              label="Sleep at"
              value={form.sleepAt}
              error={errors.sleepAt}
              hint="Empty: it is only woken."
              field={first}
              onValue={(sleepAt) => change({ sleepAt })}
            />
            <TimeField
              label="Wake at"
              value={form.wakeAt}
              error={errors.wakeAt}
              hint={form.wakeAt.trim() === '' ? 'Empty: it rests until somebody wakes it.' : nextMorning(form)}
              onValue={(wakeAt) => change({ wakeAt })}
            />
          </div>
        </>
      ) : (
        <div className="two-fields">
          <CronField
            label="Sleep (cron)"
            value={form.sleepCron}
            error={errors.sleepCron}
            example="30 23 * * 1-5"
            field={first}
            onValue={(sleepCron) => change({ sleepCron })}
          />
          <CronField
            label="Wake (cron)"
            value={form.wakeCron}
            error={errors.wakeCron}
            example="0 7 * * *"
            onValue={(wakeCron) => change({ wakeCron })}
          />
        </div>
      )}
    </>
  );
}

/** Whether the wake is on the day after the sleep, which the days are about. */
function nextMorning({ sleepAt, wakeAt }: ScheduleForm): string {
  const [sleep, wake] = [readTimeOfDay(sleepAt), readTimeOfDay(wakeAt)];
  return sleep !== null && wake !== null && wake <= sleep ? 'On the next day.' : '';
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const fullNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const presets: readonly [string, readonly number[]][] = [
  ['Weekdays', [1, 2, 3, 4, 5]],
  ['Weekends', [6, 7]],
  ['Every day', [1, 2, 3, 4, 5, 6, 7]],
];

interface DaysProps {
  days: readonly number[];
  error: string | undefined;
  onDays: (days: readonly number[]) => void;
}

function Days({ days, error, onDays }: DaysProps) {
  const id = useId();
  const same = (others: readonly number[]) => others.length === days.length && others.every((day) => days.includes(day));
  return (
    <div className="field" data-invalid={error !== undefined}>
      <div className="days-line">
        <div className="days" role="group" aria-label="Days" aria-describedby={`${id}-error`}>
          {dayNames.map((name, place) => {
            const day = place + 1;
            const on = days.includes(day);
            return (
              <button
                key={name}
                type="button"
                className="day"
                title={fullNames[place]}
                aria-pressed={on}
                onClick={() => onDays(on ? days.filter((other) => other !== day) : [...days, day])}
              >
                {name}
              </button>
            );
          })}
        </div>
        <div className="presets" role="group" aria-label="Suggestions">
          {presets.map(([label, chosen]) => (
            <Button key={label} look="quiet" aria-pressed={same(chosen)} onClick={() => onDays(chosen)}>
              {label}
            </Button>
          ))}
        </div>
      </div>
      <p id={`${id}-error`} className="field-error" role="alert">
        {error}
      </p>
    </div>
  );
}

interface TextFieldProps {
  label: string;
  value: string;
  error: string | undefined;
  onValue: (value: string) => void;
  field?: RefObject<HTMLInputElement | null> | undefined;
}

function TimeField({ label, value, error, hint, field, onValue }: TextFieldProps & { hint: string }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={field}
        type="text"
        className="input time-input"
        value={value}
        placeholder="--:--"
        inputMode="numeric"
        maxLength={8}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onValue(event.target.value)}
        onBlur={() => onValue(readTimeOfDay(value) ?? value)}
      />
      <p id={`${id}-hint`} className={error === undefined ? 'hint' : 'field-error'}>
        {error ?? hint}
      </p>
    </div>
  );
}

/** Five fields, with what they say below; whether they are right, main says. */
function CronField({ label, value, error, example, field, onValue }: TextFieldProps & { example: string }) {
  const id = useId();
  const words = value.trim() === '' ? null : cronWords(value);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={field}
        type="text"
        className="input cron-input"
        value={value}
        placeholder={example}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onValue(event.target.value)}
      />
      <p id={`${id}-hint`} className={error === undefined ? 'hint' : 'field-error'}>
        {error ?? words ?? 'Minute, hour, day of the month, month, weekday.'}
      </p>
    </div>
  );
}
