import { actionLabels, isSleepAction, type Action, type Refusal } from '../power/actions';
import { refusalOf } from '../power/rules';
import { begun, superseded, type Attempt } from './attempt';
import { bootIdOf } from './boot-ids';
import type { Verdict } from './confirm';
import type { Guest } from './guest';
import { request } from './request';
import { settleAfterWake } from './settle';
import { startGuest } from './start';
import type { Workplace } from './workplace';

/** Looks at the guest afresh, then asks the rules. To be called in the guest's queue. */
export async function freshRefusal(guest: Guest, action: Action): Promise<Refusal | null> {
  const { machine } = guest;
  await machine?.look();
  if (machine && guest.state.name === 'running' && asksAgent(action)) await machine.lookAtAgent();
  return refusalOf(action, guest.standing());
}

const asksAgent = (action: Action): boolean =>
  isSleepAction(action) || action === 'shutdown' || action === 'reboot';

/**
 * Carries out an action that the rules allow, and watches until its outcome is observed or its time is over.
 * To be called in the guest's queue. Never rejects for what a guest, a hypervisor or a host does.
 */
export async function carryOut(asked: Attempt, workplace: Workplace): Promise<Verdict> {
  const attempt = begun(asked);
  const { guest, action, by } = attempt;
  guest.setPending({ action, since: guest.pending?.since ?? workplace.clock.now(), by });
  try {
    const verdict = await tryIt(attempt, workplace);
    if (!verdict.ok && verdict.refusal.code !== 'superseded') {
      const { code, message } = verdict.refusal;
      const text = `${actionLabels[action]}${code === 'outcome-unknown' ? ':' : ' failed.'} ${message}`;
      guest.note({ kind: 'action', text, actor: by, failed: true });
    }
    return verdict;
  } finally {
    guest.setPending(null);
  }
}

async function tryIt(attempt: Attempt, workplace: Workplace): Promise<Verdict> {
  const { guest, action } = attempt;
  const { machine } = guest;
  if (attempt.superseded()) return superseded;
  if (action === 'start') return startGuest(attempt, workplace);
  if (!machine) throw new Error(`${action} passed the rules for a guest without a machine`);
  const leavesImage = action === 'hibernate' || action === 'hybrid';
  if (leavesImage) guest.remember({ hibernating: true, bootId: await bootIdOf(machine) });
  const verdict = await request(attempt, machine, workplace);
  if (isSleepAction(action) && verdict.ok && !guest.remembered.sleptBefore) guest.remember({ sleptBefore: true });
  const failed = !verdict.ok && verdict.refusal.code !== 'outcome-unknown';
  if (leavesImage && failed && machine.exists) guest.remember({ hibernating: false });
  if (action === 'wakeup' && verdict.ok)
    return settleAfterWake(attempt, machine, workplace, workplace.limits.agentAfterWake);
  return verdict;
}
