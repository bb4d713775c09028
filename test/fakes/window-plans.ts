import type { Api } from '../../preload/contract/api';
import type { Refusal } from '../../preload/contract/commands';
import type { RunView, ScheduleDraft, ScheduleView, Target } from '../../preload/contract/schedules';
import type { GuestView, Patch, Snapshot } from '../../preload/contract/view';
import type { ActionName } from '../../preload/contract/vocabulary';
import { nextOf, readCron, ruleText } from './rough-rules';

/** The calls about schedules, groups and runs of the api without a main process. Nothing of it is a rule of schedules. */

export type Refused = { ok: false; refusal: Refusal };

export interface CallsPort {
  current: () => Snapshot;
  patch(change: Omit<Patch, 'epoch' | 'revision'>): void;
  takeRefusal: () => Refused | null;
  timing: { actionMs: number; now: () => number; after: (ms: number, task: () => void) => void };
}

type PlanCalls = Pick<
  Api,
  | 'readSchedule'
  | 'saveSchedule'
  | 'removeSchedule'
  | 'pauseSchedule'
  | 'skipNext'
  | 'answerMissed'
  | 'endGrace'
  | 'setPowerStates'
  | 'cancelRun'
  | 'dismissRun'
  | 'saveGroup'
  | 'removeGroup'
>;

const ok = <T>(value: T): Promise<{ ok: true; value: T }> => Promise.resolve({ ok: true, value });
const refuse = (code: string, message: string, remedy: string): Promise<Refused> =>
  Promise.resolve({ ok: false, refusal: { code, message, remedy } });

const gone = (what: string) => refuse(`unknown-${what}`, `This ${what} is no longer there.`, 'Look at the list again.');

/** The guests of a target, in the order in which they are woken. */
export function guestsOf(view: Snapshot, target: Target): GuestView[] {
  const ids =
    target.kind === 'guests'
      ? target.guestIds
      : target.kind === 'group'
        ? (view.groups[target.groupId]?.members ?? []).map(({ guestId }) => guestId)
        : Object.values(view.guests).flatMap(({ id, hostId }) => (hostId === target.hostId ? [id] : []));
  return ids.flatMap((id) => view.guests[id] ?? []);
}

/** What is wrong with a draft; null: nothing that is noticed here. */
function wrongWith({ rule }: ScheduleDraft): Promise<Refused> | null {
  if (rule.kind === 'weekly') {
    return rule.sleepAt === null && rule.wakeAt === null
      ? refuse('no-time', 'A schedule needs a time to sleep or a time to wake.', 'Enter at least one of them.')
      : null;
  }
  if (rule.sleep === null && rule.wake === null) {
    return refuse('no-time', 'A schedule needs a time to sleep or a time to wake.', 'Enter at least one of them.');
  }
  const remedy = 'Write five fields, as in crontab: minute, hour, day of the month, month, weekday.';
  if (rule.sleep !== null && readCron(rule.sleep) === null) {
    return refuse('bad-sleep-cron', `“${rule.sleep}” is no cron expression.`, remedy);
  }
  return rule.wake !== null && readCron(rule.wake) === null
    ? refuse('bad-wake-cron', `“${rule.wake}” is no cron expression.`, remedy)
    : null;
}

export interface PlanCallsPort extends CallsPort {
  /** Carries out an action on one guest: it begins at once, `done` is called when it has ended. */
  act(guestId: string, action: ActionName, more: { for?: string | undefined }, done: () => void): void;
}

export function planCalls({ current, patch, takeRefusal, timing, act }: PlanCallsPort): PlanCalls {
  let count = 0;
  const newId = (kind: string): string => {
    count += 1;
    return `${kind}-new-${count}`;
  };
  const change = (id: string, edit: (schedule: ScheduleView) => ScheduleView) => {
    const refused = takeRefusal();
    if (refused !== null) return Promise.resolve(refused);
    const schedule = current().schedules[id];
    if (schedule === undefined) return gone('schedule');
    patch({ schedules: { [id]: edit(schedule) } });
    return ok({});
  };
  const step = (runId: string, place: number, edit: Partial<RunView['steps'][number]>): void => {
    const run = current().runs[runId];
    if (run === undefined) return;
    const steps = run.steps.map((old, at) => (at === place ? { ...old, ...edit } : old));
    patch({ runs: { [runId]: { ...run, steps, done: steps.every(({ state }) => state !== 'waiting' && state !== 'running') } } });
  };
  /** One guest after the other, as in a group. */
  const runFrom = (runId: string, place: number, action: ActionName, more: { for?: string | undefined }): void => {
    const guestId = current().runs[runId]?.steps[place]?.guestId;
    if (guestId === undefined) return;
    const next = () => runFrom(runId, place + 1, action, more);
    const guest = current().guests[guestId];
    const meant = action === 'wakeup' && guest?.state.name === 'hibernated' ? 'start' : action;
    const availability = guest?.actions[meant];
    if (availability?.available !== true) {
      const text = availability === undefined ? 'The guest is gone.' : [availability.reason, availability.remedy].join(' ').trim();
      step(runId, place, { state: 'skipped', text });
      next();
      return;
    }
    if (meant === 'start' && guest?.start?.accepted === false) {
      const text = 'You have not seen its start command yet. Read the command, then confirm.';
      step(runId, place, { state: 'failed', text, offer: 'start' });
      next();
      return;
    }
    step(runId, place, { state: 'running' });
    act(guestId, meant, more, () => {
      step(runId, place, { state: 'done' });
      next();
    });
  };
  return {
    readSchedule: ({ draft }) => wrongWith(draft) ?? ok({ text: ruleText(draft.rule), next: nextOf(draft, timing.now()) }),
    saveSchedule({ scheduleId, draft }) {
      const refused = takeRefusal() ?? null;
      if (refused !== null) return Promise.resolve(refused);
      const wrong = wrongWith(draft);
      if (wrong !== null) return wrong;
      const id = scheduleId ?? newId('schedule');
      const old = current().schedules[id];
      if (scheduleId !== null && old === undefined) return gone('schedule');
      const text = ruleText(draft.rule);
      const next = nextOf(draft, timing.now());
      patch({
        schedules: { [id]: { id, draft, text, paused: old?.paused ?? false, skipsNext: false, next, missed: old?.missed ?? null } },
      });
      return ok({ scheduleId: id });
    },
    removeSchedule({ scheduleId }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      patch({ schedules: { [scheduleId]: null } });
      return ok({});
    },
    pauseSchedule: ({ scheduleId, paused }) => change(scheduleId, (schedule) => ({ ...schedule, paused })),
    skipNext: ({ scheduleId, skip }) => change(scheduleId, (schedule) => ({ ...schedule, skipsNext: skip })),
    answerMissed: ({ scheduleId }) => change(scheduleId, (schedule) => ({ ...schedule, missed: null })),
    endGrace({ graceId }) {
      if (current().graces[graceId] === undefined) return gone('notice');
      patch({ graces: { [graceId]: null } });
      return ok({});
    },
    setPowerStates({ target, action, for: text }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      const guests = guestsOf(current(), target);
      if (guests.length === 0) return refuse('no-guests', 'There are no guests to act on.', 'Choose at least one guest.');
      const id = newId('run');
      const name = target.kind === 'group' ? (current().groups[target.groupId]?.name ?? '') : `${guests.length} guests`;
      const steps = guests.map((guest) => ({ guestId: guest.id, name: guest.name, state: 'waiting' as const }));
      patch({ runs: { [id]: { id, at: timing.now(), title: `${action}: ${name}`, steps, done: false } } });
      timing.after(0, () => runFrom(id, 0, action, { for: text }));
      return ok({ runId: id });
    },
    cancelRun({ runId }) {
      const run = current().runs[runId];
      if (run === undefined) return gone('run');
      patch({ runs: { [runId]: { ...run, steps: run.steps.map((step) => (step.state === 'waiting' ? { ...step, state: 'cancelled' as const } : step)) } } });
      return ok({});
    },
    dismissRun({ runId }) {
      patch({ runs: { [runId]: null } });
      return ok({});
    },
    saveGroup({ groupId, draft }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      if (groupId !== null && current().groups[groupId] === undefined) return gone('group');
      const id = groupId ?? newId('group');
      patch({ groups: { [id]: { ...draft, id } } });
      return ok({ groupId: id });
    },
    removeGroup({ groupId }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      patch({ groups: { [groupId]: null } });
      return ok({});
    },
  };
}
