import type { Machine, Performed } from '../hypervisors/machine';
import { actionLabels, isSleepAction, RefusedError, type Action, type Refusal } from '../power/actions';
import { hostLost, superseded, type Attempt } from './attempt';
import { unconfirmed, verdictOf, type Verdict } from './confirm';
import { observed } from './observe';
import type { Workplace } from './workplace';

/** Whoever keeps it answers when its memory is moved, and refuses when it cannot be. */
const movesMemory = ({ persistent }: Machine, action: Action): boolean =>
  persistent && (action === 'start' || action === 'save');

/** Whoever runs it cannot be asked what came of it. */
const isUnseen = ({ state, control }: Machine): boolean => state.name === 'unknown' || control.status !== 'ready';

/** Asks the machine and waits for what it shows, as long as its host can be reached. */
export async function request(
  attempt: Attempt,
  machine: Machine,
  { clock, limits }: Workplace,
): Promise<Verdict> {
  const { guest, action, by } = attempt;
  let reset = false;
  let refusal: Refusal | null = null;
  let changed = () => {};
  const unsubscribe = machine.subscribe((event) => {
    if (event.kind === 'reset') reset = true;
    changed();
  });
  let performed: Performed | null = null;
  const shown = () => verdictOf(action, machine, { reset });
  try {
    performed = await machine.perform(action);
    guest.note({
      kind: 'action',
      text: `${actionLabels[action]}: asked ${performed.by}.`,
      actor: by,
      failed: false,
    });
    void performed.refusal?.then((late) => {
      refusal = late;
      changed();
    });
    if (action === 'pause' || action === 'resume') await machine.look();
    const ms = movesMemory(machine, action) ? Math.max(limits.job, limits.confirm[action]) : limits.confirm[action];
    const verdict = await observed<Verdict>(
      {
        clock,
        ms,
        subscribe(onChange) {
          changed = onChange;
          const stop = guest.subscribe(onChange);
          return () => {
            changed = () => {};
            stop();
          };
        },
      },
      () => {
        const seen = shown();
        if (seen?.ok) return seen;
        if (refusal) return { ok: false, refusal };
        return seen ?? (attempt.superseded() ? superseded : attempt.lostHost() ? hostLost(action) : null);
      },
    );
    if (verdict) return verdict;
    await machine.look();
    const late = shown();
    if (late) return late;
    if (attempt.lostHost() || isUnseen(machine)) return hostLost(action);
    // A guest that accepted and did nothing may have lost its agent over it.
    performed.end();
    if (isSleepAction(action)) await machine.lookAtAgent();
    return { ok: false, refusal: unconfirmed(action, machine, ms) };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await machine.look();
    return shown() ?? (attempt.lostHost() ? hostLost(action) : { ok: false, refusal: error.refusal });
  } finally {
    performed?.end();
    unsubscribe();
  }
}
