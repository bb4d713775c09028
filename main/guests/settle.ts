import type { Clock } from '../clock';
import type { Machine } from '../hypervisors/machine';
import type { Verdict } from './confirm';
import type { Guest } from './guest';
import type { Workplace } from './workplace';

/** A woken guest is awake when its agent answers; then its clock is set. */
export async function settleAfterWake(guest: Guest, machine: Machine, workplace: Workplace, ms: number): Promise<Verdict> {
  if (!machine.hasAgentChannel) return { ok: true };
  if (!(await agentAnswers(guest, machine, workplace.clock, ms))) {
    return {
      ok: false,
      refusal: {
        code: 'agent-silent',
        message: `QEMU reported WAKEUP, but the guest agent did not answer within ${Math.round(ms / 1000)} s.`,
        remedy: 'Look at the guest’s screen: it may hang. Reset restarts it.',
      },
    };
  }
  await setClock(guest, machine);
  return { ok: true };
}

/** Asks the agent until it answers or `ms` milliseconds have passed. */
export async function agentAnswers(guest: Guest, machine: Machine, clock: Clock, ms: number): Promise<boolean> {
  const { generation } = guest;
  const deadline = clock.monotonic() + ms;
  for (let patience = 250; ; patience = Math.min(patience * 2, 4000)) {
    const { status } = await machine.lookAtAgent(patience);
    if (status === 'answering') return true;
    if (guest.generation !== generation || !machine.exists || status === 'absent' || clock.monotonic() >= deadline) return false;
    await new Promise<void>((resolve) => void clock.setTimer(50, resolve));
  }
}

/** The result stands in the guest's history; a clock that can't be set does not make a wake fail. */
async function setClock(guest: Guest, machine: Machine): Promise<void> {
  try {
    const { behindMs, leftMs } = await machine.setClock();
    const off = Math.abs(behindMs) < 50 ? 'it was right' : `it was ${seconds(behindMs)} ${behindMs > 0 ? 'behind' : 'ahead'}`;
    const left = Math.abs(leftMs) < 500 ? '' : `; it is still ${seconds(leftMs)} off`;
    guest.note({ kind: 'clock', text: `Clock set: ${off}${left}.`, cause: 'user', failed: left !== '' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    guest.note({ kind: 'clock', text: `The clock could not be set: ${why}`, cause: 'guest', failed: true });
  }
}

const seconds = (ms: number): string => `${(Math.abs(ms) / 1000).toFixed(1)} s`;
