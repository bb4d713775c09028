import { actionLabels, isSleepAction, type Action, type Refusal } from '../power/actions';
import { refusalOf } from '../power/rules';
import type { Cause } from '../power/states';
import type { Verdict } from './confirm';
import type { Guest } from './guest';
import { request } from './request';
import { settleAfterWake } from './settle';
import { startProcess } from './start';
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
export async function carryOut(guest: Guest, action: Action, by: Cause, workplace: Workplace): Promise<Verdict> {
  guest.setPending({ action, since: workplace.clock.now(), by });
  try {
    const verdict = await attempt(guest, action, by, workplace);
    if (!verdict.ok && verdict.refusal.code !== 'superseded') {
      const text = `${actionLabels[action]} failed. ${verdict.refusal.message}`;
      guest.note({ kind: 'action', text, cause: by, failed: true });
    }
    return verdict;
  } finally {
    guest.setPending(null);
  }
}

async function attempt(guest: Guest, action: Action, by: Cause, workplace: Workplace): Promise<Verdict> {
  const { machine } = guest;
  if (action === 'start' && !machine?.exists) return startProcess(guest, by, workplace);
  if (!machine) throw new Error(`${action} passed the rules for a guest without a machine`);
  if (action === 'hibernate' || action === 'hybrid') guest.remember({ hibernating: true });
  const verdict = await request(guest, machine, action, by, workplace);
  if ((action === 'hibernate' || action === 'hybrid') && !verdict.ok && machine.exists) guest.remember({ hibernating: false });
  if (action === 'wakeup' && verdict.ok) return settleAfterWake(guest, machine, workplace, workplace.limits.agentAfterWake);
  return verdict;
}
