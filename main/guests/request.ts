import type { Machine, Performed } from '../hypervisors/machine';
import { actionLabels, RefusedError, type Action, type Refusal } from '../power/actions';
import type { Cause } from '../power/states';
import { unconfirmed, verdictOf, type Verdict } from './confirm';
import type { Guest } from './guest';
import { observed } from './observe';
import type { Workplace } from './workplace';

/** Asks the machine and waits for what it shows. */
export async function request(
  guest: Guest,
  machine: Machine,
  action: Action,
  by: Cause,
  { clock, limits }: Workplace,
): Promise<Verdict> {
  const { generation } = guest;
  let reset = false;
  let refusal: Refusal | null = null;
  let changed = () => {};
  const unsubscribe = machine.subscribe((event) => {
    if (event.kind === 'reset') reset = true;
    changed();
  });
  let performed: Performed | null = null;
  try {
    performed = await machine.perform(action);
    guest.note({ kind: 'action', text: `${actionLabels[action]}: asked ${performed.by}.`, cause: by, failed: false });
    void performed.refusal?.then((late) => {
      refusal = late;
      changed();
    });
    if (action === 'pause' || action === 'resume') await machine.look();
    const ms = limits.confirm[action];
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
        if (refusal) return { ok: false, refusal };
        return verdictOf(action, machine, { reset }) ?? (guest.generation === generation ? null : superseded);
      },
    );
    if (verdict) return verdict;
    await machine.look();
    return verdictOf(action, machine, { reset }) ?? { ok: false, refusal: unconfirmed(action, machine, ms) };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await machine.look();
    return verdictOf(action, machine, { reset }) ?? { ok: false, refusal: error.refusal };
  } finally {
    performed?.end();
    unsubscribe();
  }
}


const superseded: Verdict = {
  ok: false,
  refusal: { code: 'superseded', message: 'Something else was asked for that could not wait.' },
};
