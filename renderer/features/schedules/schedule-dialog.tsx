import type { SubmitEvent } from 'react';
import { useRef, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { ScheduleView, Target } from '../../../preload/contract/schedules';
import { call } from '../../bridge';
import { appCommands, scheduleCommands } from '../../commands';
import { focusFirstError } from '../../focus';
import type { FieldErrors, FormField, ScheduleForm } from '../../schedule-draft';
import { formOf, readForm, refusedField } from '../../schedule-draft';
import { scheduleName } from '../../schedule-words';
import { closeDialog, windowStore } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Line } from '../../ui/untrusted';
import { MoreFields } from './more-fields';
import { CannotSleep } from './cannot-sleep';
import { Occurrences } from './occurrences';
import { RuleFields } from './rule-fields';
import { TargetField } from './target-field';
import { useDraftReading } from './use-reading';

const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

interface ScheduleDialogProps {
  /** null: a new one. */
  scheduleId: string | null;
  target: Target | null;
}

/** Makes a schedule, or changes one. What it means is read by main while it is written, before it is saved. */
export function ScheduleDialog({ scheduleId, target }: ScheduleDialogProps) {
  const [schedule] = useState<ScheduleView | undefined>(() => windowStore.getState().view?.schedules[scheduleId ?? '']);
  const [form, setForm] = useState(() => formOf(schedule?.draft ?? null, target, localZone()));
  const [sent, setSent] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const body = useRef<HTMLFormElement>(null);
  const first = useRef<HTMLInputElement>(null);
  const [choosesTarget] = useState(form.targetKind === 'guests' && form.guestIds.length === 0);
  const read = readForm(form);
  /** When it happens does not depend on whom it is about, so that can be chosen last. */
  const readable = read.ok ? read : readForm({ ...form, targetKind: 'guests', guestIds: ['anyone'] });
  const reading = useDraftReading(readable.ok ? readable.draft : null);

  const change = (part: Partial<ScheduleForm>) => {
    setForm((before) => ({ ...before, ...part }));
    setRefusal(null);
  };
  const shown = reading.kind === 'refused' ? reading.refusal : refusal;
  const place = shown === null || !readable.ok ? null : refusedField(readable.draft, shown.message);
  const errors = errorsOf(read, sent, place, shown);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setSent(true);
    if (!read.ok) {
      focusFirstError(body.current);
      return;
    }
    setBusy(true);
    const saved = await call('saveSchedule', { scheduleId, draft: read.draft });
    setBusy(false);
    if (saved.ok) closeDialog();
    else {
      setRefusal(saved.refusal);
      focusFirstError(body.current);
    }
  };
  const { label, icon } = appCommands['add-schedule'];
  return (
    <Modal
      title={schedule === undefined ? label : (scheduleCommands.edit.longLabel ?? label)}
      about={schedule === undefined ? undefined : <Line text={scheduleName(schedule)} className="about-guest" />}
      initialFocus={first}
      wide
    >
      <form ref={body} className="schedule-form" noValidate onSubmit={(event) => void submit(event)}>
        <TargetField form={form} change={change} error={errors.target} first={choosesTarget ? first : undefined} />
        {read.ok ? <CannotSleep draft={read.draft} /> : null}
        <RuleFields form={form} change={change} errors={errors} first={choosesTarget ? undefined : first} />
        <Occurrences reading={reading} refusal={place === null ? shown : null} timeZone={form.timeZone} localZone={localZone()} />
        <MoreFields form={form} change={change} error={errors.cpuBelow} localZone={localZone()} />
        <ModalFoot>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button look="primary" icon={schedule === undefined ? icon : 'check'} submit busy={busy}>
            {schedule === undefined ? 'Create schedule' : 'Save'}
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}

/** What was not entered yet is told only once the form was sent. */
function errorsOf(
  read: ReturnType<typeof readForm>,
  sent: boolean,
  place: FormField | null,
  refusal: Refusal | null,
): FieldErrors {
  const own = read.ok ? [] : read.errors.filter(({ missing }) => sent || !missing);
  const errors = Object.fromEntries(own.map(({ field, message }) => [field, message])) as FieldErrors;
  if (place === null || refusal === null) return errors;
  return { ...errors, [place]: [refusal.message, refusal.remedy ?? ''].join(' ').trim() };
}
