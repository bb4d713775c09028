import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import { actionLabels, isSleepAction, RefusedError, type Action } from '../power/actions';
import { byUser } from '../power/actor';
import type { AlarmHolder } from '../power/alarms';
import type { When } from '../power/durations';
import { durationRefusal } from '../power/rules';
import { awake, inOne, type Member, type Outcome } from './member';
import { inTurn, wakes } from './order';
import { staggered, type Company } from './targets';

export interface RunStep {
  readonly guestId: string;
  readonly name: string;
  /** `cancelled`: by the user, before its turn came. */
  readonly state: 'waiting' | 'running' | 'done' | 'skipped' | 'cancelled' | 'failed';
  /** Why it was skipped or failed, or what is not as it should be, for the user. */
  readonly text?: string;
  /** An action on this guest alone with which the user goes on. */
  readonly offer?: Action;
}

/** An action on several guests, guest by guest. */
export interface Run {
  readonly id: string;
  readonly at: number;
  readonly title: string;
  readonly steps: readonly RunStep[];
  readonly done: boolean;
}

export interface RunRequest {
  readonly action: Action;
  readonly when: When;
  readonly alarm: 'auto' | AlarmHolder;
}

/** Runs stay until they are dismissed, or the app ends. */
export interface Runs {
  run(id: string): Run | undefined;
  /** Begins, and returns at once. @throws RefusedError when there is nobody to act on */
  begin(company: Company, request: RunRequest): string;
  /** Leaves those as they are whose turn has not come. @throws RefusedError when every turn has come */
  cancel(id: string): void;
  /** @throws RefusedError while it is under way */
  dismiss(id: string): void;
  /** Begins nothing more; what was begun goes on. */
  stop(): void;
}

export function createRuns(options: {
  readonly clock: Clock;
  readonly onRun: (id: string) => void;
  readonly newId?: () => string;
}): Runs {
  const { clock, onRun, newId = randomUUID } = options;
  const runs = new Map<string, Run>();
  let stopped = false;

  const waiting = (id: string) => runs.get(id)?.steps.filter(({ state }) => state === 'waiting') ?? [];

  const show = (id: string, guestId: string, step: Omit<RunStep, 'guestId' | 'name'>) => {
    const run = runs.get(id);
    if (!run) return;
    const steps = run.steps.map((one) => (one.guestId === guestId ? { guestId, name: one.name, ...step } : one));
    runs.set(id, { ...run, steps, done: steps.every(({ state }) => state !== 'waiting' && state !== 'running') });
    onRun(id);
  };

  return {
    run: (id) => runs.get(id),
    begin(company, { action, when, alarm }) {
      const misplaced = when.kind === 'none' ? null : durationRefusal(action);
      if (misplaced) throw new RefusedError(misplaced);
      if (company.problem !== null)
        throw new RefusedError({ code: 'unknown-guest', message: company.problem, remedy: 'Choose others.' });
      const id = newId();
      const steps = company.members.map(
        ({ member }): RunStep => ({ guestId: member.id, name: member.name(), state: 'waiting' }),
      );
      runs.set(id, { id, at: clock.now(), title: `${actionLabels[action]}: ${company.name}`, steps, done: false });
      onRun(id);
      const later = staggered(company);
      const isWake = action === 'wakeup' || action === 'start';
      const wanted = () => !stopped && waiting(id).length > 0;
      /** @returns whether the guest came up by it */
      const act = async (member: Member): Promise<boolean> => {
        show(id, member.id, { state: 'running' });
        const outcome = await member.act({
          action: action === 'wakeup' ? wakes(member) : action,
          when: isSleepAction(action) ? delayed(when, later.get(member.id) ?? 0) : when,
          startAccepted: false,
          by: byUser,
          alarm,
        });
        const up = isWake && company.ordered && outcome.kind === 'done';
        const flaw = up ? await awake(member, clock, () => !stopped) : null;
        show(id, member.id, shown(outcome, flaw, member));
        return up && flaw === null;
      };
      if (isWake && company.ordered) void inTurn({ clock, placed: company.members, wanted, act });
      else company.members.forEach(({ member }) => void act(member));
      return id;
    },
    cancel(id) {
      const left = waiting(id);
      if (left.length === 0) {
        throw new RefusedError({
          code: 'wrong-state',
          message: 'Every guest’s turn has come already.',
          remedy: 'What was begun goes on; act on a guest by itself.',
        });
      }
      for (const { guestId } of left) show(id, guestId, { state: 'cancelled' });
    },
    dismiss(id) {
      if (runs.get(id)?.done === false) {
        throw new RefusedError({
          code: 'busy',
          message: 'It is still under way.',
          remedy: 'Dismiss it when every guest is done.',
        });
      }
      runs.delete(id);
      onRun(id);
    },
    stop() {
      stopped = true;
    },
  };
}

function shown(outcome: Outcome, flaw: string | null, member: Member): Omit<RunStep, 'guestId' | 'name'> {
  switch (outcome.kind) {
    case 'done':
      return { state: flaw !== null && member.state().name !== 'running' ? 'failed' : 'done', ...(flaw === null ? {} : { text: flaw }) };
    case 'skipped':
      return { state: 'skipped', text: outcome.text };
    case 'failed':
      return {
        state: 'failed',
        text: inOne(outcome.refusal),
        // Only a start of its own shows the command.
        ...(outcome.refusal.code === 'start-not-accepted' ? { offer: 'start' as const } : {}),
      };
  }
}

function delayed(when: When, ms: number): When {
  switch (when.kind) {
    case 'none':
      return when;
    case 'for':
      return { ...when, ms: when.ms + ms };
    case 'until':
      return { ...when, at: when.at + ms };
  }
}
