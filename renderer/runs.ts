import type { RunView } from '../preload/contract/schedules';
import type { Snapshot } from '../preload/contract/view';
import { cleanLine } from './text';
import type { IconName } from './ui/icon';

/** Words and order for actions on several guests. Pure. */

export type RunStep = RunView['steps'][number];
export type StepState = RunStep['state'];

export const stepWords: Record<StepState, { label: string; icon: IconName | 'spinner' }> = {
  waiting: { label: 'Waiting', icon: 'clock' },
  running: { label: 'Under way', icon: 'spinner' },
  done: { label: 'Done', icon: 'check' },
  skipped: { label: 'Skipped', icon: 'info' },
  cancelled: { label: 'Cancelled', icon: 'skip' },
  failed: { label: 'Failed', icon: 'crash' },
};

const countOf = ({ steps }: RunView, state: StepState): number => steps.filter((step) => step.state === state).length;

export type RunOutcome = 'under-way' | 'failed' | 'cancelled' | 'done';

/** What came of it in one word: the worst of what there is. */
export function runOutcome(run: RunView): RunOutcome {
  if (countOf(run, 'failed') > 0) return 'failed';
  if (!run.done) return 'under-way';
  return countOf(run, 'cancelled') > 0 ? 'cancelled' : 'done';
}

export const outcomeIcons: Record<Exclude<RunOutcome, 'under-way'>, IconName> = { failed: 'crash', cancelled: 'skip', done: 'check' };

/** Whether its guests are listed by themselves: while it is under way, and of those that have ended the newest with its reasons. */
export const opensByItself = (run: RunView, isNewest: boolean): boolean =>
  !run.done || (isNewest && countOf(run, 'failed') + countOf(run, 'skipped') > 0);

/** Whether somebody's turn has still to come. */
export const isCancellable = (run: RunView): boolean => countOf(run, 'waiting') > 0;

/** "2 of 3 done", and what went otherwise: "2 of 3 done, 1 failed". */
export function runSummary(run: RunView): string {
  const [failed, skipped, cancelled] = (['failed', 'skipped', 'cancelled'] as const).map((state) => countOf(run, state));
  const parts = [
    `${countOf(run, 'done')} of ${run.steps.length} done`,
    failed === 0 ? '' : `${failed} failed`,
    skipped === 0 ? '' : `${skipped} skipped`,
    cancelled === 0 ? '' : `${cancelled} cancelled`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

export interface SkippedFor {
  /** Why, and what to do next. */
  text: string;
  names: readonly string[];
}

/** What failed stands first, each with its reason; then what was skipped, by reason; the rest in the order in which it is done. */
export function stepsToShow({ steps }: RunView): {
  failed: readonly RunStep[];
  skipped: readonly SkippedFor[];
  rest: readonly RunStep[];
} {
  const reasons = new Map<string, string[]>();
  for (const { state, text, name } of steps) {
    if (state === 'skipped' && text !== undefined) reasons.set(text, [...(reasons.get(text) ?? []), name]);
  }
  return {
    failed: steps.filter(({ state }) => state === 'failed'),
    skipped: [...reasons].map(([text, names]) => ({ text, names })),
    rest: steps.filter(({ state, text }) => state !== 'failed' && (state !== 'skipped' || text === undefined)),
  };
}

/** What a screen reader hears of runs that have ended since: "Sleep: Storage: 2 of 3 done, 1 failed". */
export const runAnnouncements = (before: Snapshot['runs'], after: Snapshot['runs']): string =>
  Object.values(after)
    .filter((run) => run.done && before[run.id]?.done !== true)
    .map((run) => `${cleanLine(run.title)}: ${runSummary(run)}`)
    .join('. ');
