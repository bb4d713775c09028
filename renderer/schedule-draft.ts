import type { MissedPolicy, ScheduleDraft, ScheduleRule, Target } from '../preload/contract/schedules';
import type { HolderChoice, SleepName } from '../preload/contract/vocabulary';

/** A schedule as it is typed, and the draft that main reads in it. Pure. */

export interface ScheduleForm {
  name: string;
  targetKind: Target['kind'];
  guestIds: readonly string[];
  groupId: string;
  hostId: string;
  action: SleepName;
  ruleKind: ScheduleRule['kind'];
  days: readonly number[];
  sleepAt: string;
  wakeAt: string;
  sleepCron: string;
  wakeCron: string;
  timeZone: string;
  missed: MissedPolicy;
  nobodySignedIn: boolean;
  /** Percent of one vCPU; empty: does not matter. */
  cpuBelow: string;
  graceSeconds: number;
  holder: HolderChoice;
}

export type FormField = 'target' | 'days' | 'sleepAt' | 'wakeAt' | 'sleepCron' | 'wakeCron' | 'cpuBelow';

/** What is wrong, at its field. */
export type FieldErrors = Partial<Record<FormField, string>>;

export interface FormError {
  field: FormField;
  message: string;
  /** Nothing was entered yet: told when the form is sent, not before. */
  missing: boolean;
}

export type ReadForm = { ok: true; draft: ScheduleDraft } | { ok: false; errors: readonly FormError[] };

/** The form as it opens: a new schedule of weekday nights, or the one that is edited. */
export function formOf(draft: ScheduleDraft | null, target: Target | null, timeZone: string): ScheduleForm {
  const about = draft?.target ?? target;
  const rule = draft?.rule;
  return {
    name: draft?.name ?? '',
    targetKind: about?.kind ?? 'guests',
    guestIds: about?.kind === 'guests' ? about.guestIds : [],
    groupId: about?.kind === 'group' ? about.groupId : '',
    hostId: about?.kind === 'host' ? about.hostId : '',
    action: draft?.action ?? 'suspend',
    ruleKind: rule?.kind ?? 'weekly',
    days: rule?.kind === 'weekly' ? rule.days : [1, 2, 3, 4, 5],
    sleepAt: rule?.kind === 'weekly' ? (rule.sleepAt ?? '') : '23:30',
    wakeAt: rule?.kind === 'weekly' ? (rule.wakeAt ?? '') : '07:00',
    sleepCron: rule?.kind === 'cron' ? (rule.sleep ?? '') : '',
    wakeCron: rule?.kind === 'cron' ? (rule.wake ?? '') : '',
    timeZone: draft?.timeZone ?? timeZone,
    missed: draft?.missed ?? 'late',
    nobodySignedIn: draft?.conditions.nobodySignedIn ?? false,
    cpuBelow: String(draft?.conditions.cpuBelowPercent ?? ''),
    graceSeconds: draft?.conditions.graceSeconds ?? 0,
    holder: draft?.holder ?? 'auto',
  };
}

/** "23:30" of "23:30", "2330", "7", "7.05"; null: no time of day. */
export function readTimeOfDay(text: string): string | null {
  const found = /^(\d{1,2})(?:[:.h ]?(\d{2}))?$/.exec(text.trim());
  if (found === null) return null;
  const [hour, minute] = [Number(found[1]), Number(found[2] ?? 0)];
  if (hour > 23 || minute > 59) return null;
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

const wrong = (field: FormField, message: string): FormError => ({ field, message, missing: false });
const missing = (field: FormField, message: string): FormError => ({ field, message, missing: true });

const targetOf = (form: ScheduleForm): Target | null => {
  switch (form.targetKind) {
    case 'guests':
      return form.guestIds.length === 0 ? null : { kind: 'guests', guestIds: [...form.guestIds] };
    case 'group':
      return form.groupId === '' ? null : { kind: 'group', groupId: form.groupId };
    case 'host':
      return form.hostId === '' ? null : { kind: 'host', hostId: form.hostId };
  }
};

const noTarget: Record<Target['kind'], string> = {
  guests: 'Choose at least one guest.',
  group: 'Choose a group.',
  host: 'Choose a host.',
};

const timeError = 'This is no time of day. Write it as 23:30.';

function readWeekly({ days, sleepAt, wakeAt }: ScheduleForm): { rule: ScheduleRule; errors: readonly FormError[] } {
  const sleep = sleepAt.trim() === '' ? null : readTimeOfDay(sleepAt);
  const wake = wakeAt.trim() === '' ? null : readTimeOfDay(wakeAt);
  const errors = [
    ...(days.length === 0 ? [missing('days', 'Choose at least one day.')] : []),
    ...(sleep === null && sleepAt.trim() !== '' ? [wrong('sleepAt', timeError)] : []),
    ...(wake === null && wakeAt.trim() !== '' ? [wrong('wakeAt', timeError)] : []),
    ...(sleepAt.trim() === '' && wakeAt.trim() === '' ? [missing('sleepAt', 'Enter a time to sleep, to wake, or both.')] : []),
  ];
  return { rule: { kind: 'weekly', days: [...days].sort((a, b) => a - b), sleepAt: sleep, wakeAt: wake }, errors };
}

function readCron({ sleepCron, wakeCron }: ScheduleForm): { rule: ScheduleRule; errors: readonly FormError[] } {
  const [sleep, wake] = [sleepCron.trim(), wakeCron.trim()];
  return {
    rule: { kind: 'cron', sleep: sleep === '' ? null : sleep, wake: wake === '' ? null : wake },
    errors: sleep === '' && wake === '' ? [missing('sleepCron', 'Enter an expression for the sleep, for the wake, or both.')] : [],
  };
}

/** Null: does not matter; undefined: no such number. */
function readPercent(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const value = Number(text.trim().replace(/ ?%$/u, ''));
  return Number.isFinite(value) && value >= 1 && value <= 100_000 ? value : undefined;
}

/** What the form says, or what is wrong with it as far as the window can tell; main reads the rest. */
export function readForm(form: ScheduleForm): ReadForm {
  const target = targetOf(form);
  const { rule, errors: ruleErrors } = form.ruleKind === 'weekly' ? readWeekly(form) : readCron(form);
  const cpuBelowPercent = readPercent(form.cpuBelow);
  const errors = [
    ...(target === null ? [missing('target', noTarget[form.targetKind])] : []),
    ...ruleErrors,
    ...(cpuBelowPercent === undefined ? [wrong('cpuBelow', 'Enter a number from 1 on, or nothing.')] : []),
  ];
  if (target === null || cpuBelowPercent === undefined || errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    draft: {
      name: form.name.trim(),
      target,
      action: form.action,
      rule,
      timeZone: form.timeZone,
      missed: form.missed,
      conditions: { nobodySignedIn: form.nobodySignedIn, cpuBelowPercent, graceSeconds: form.graceSeconds },
      holder: form.holder,
    },
  };
}

/** Whether anything is put to sleep: without that, its action and conditions are of no use. */
export const sleeps = (form: ScheduleForm): boolean =>
  (form.ruleKind === 'weekly' ? form.sleepAt : form.sleepCron).trim() !== '';
export const wakes = (form: ScheduleForm): boolean =>
  (form.ruleKind === 'weekly' ? form.wakeAt : form.wakeCron).trim() !== '';

/** Where a refusal of main belongs: at the expression that it quotes, else below the rule (null). */
export function refusedField(draft: ScheduleDraft, message: string): FormField | null {
  if (draft.rule.kind !== 'cron') return null;
  const quotes = (expression: string | null) => expression !== null && message.includes(`“${expression}”`);
  if (quotes(draft.rule.sleep)) return 'sleepCron';
  return quotes(draft.rule.wake) ? 'wakeCron' : null;
}
