import type { Machine } from '../hypervisors/machine';
import { stateLabels } from '../power/states';
import { hostLost, superseded, unlessSuperseded, type Attempt } from './attempt';
import type { Verdict } from './confirm';
import type { Workplace } from './workplace';

/** A woken guest is awake when its agent answers; then its clock is set. */
export async function settleAfterWake(
  attempt: Attempt,
  machine: Machine,
  workplace: Workplace,
  ms: number,
): Promise<Verdict> {
  if (!machine.hasAgentChannel) return { ok: true };
  const silence = await silenceOf(attempt, machine, workplace, ms);
  switch (silence) {
    case null:
      await setClock(attempt, machine);
      return { ok: true };
    case 'superseded':
      return superseded;
    case 'lost':
      return hostLost(attempt.action);
    case 'not-running':
      return {
        ok: false,
        refusal: {
          code: 'not-confirmed',
          message: `It woke, but is ${stateLabels[machine.state.name].toLowerCase()} now.`,
          remedy: 'Wake it again. The guest’s own settings may put it to sleep when nobody uses it.',
        },
      };
    case 'silent':
      return {
        ok: false,
        refusal: {
          code: 'agent-silent',
          message: `QEMU reported WAKEUP, but the guest agent did not answer within ${Math.round(ms / 1000)} s.`,
          remedy: 'Look at the guest’s screen: it may hang. Reset restarts it.',
        },
      };
  }
}

/** Why the agent of a guest that should run did not answer. */
export type Silence = 'silent' | 'not-running' | 'superseded' | 'lost';

/** Asks the agent until it answers (null), or `ms` milliseconds have passed, or the guest does not run any more. */
export async function silenceOf(
  attempt: Attempt,
  machine: Machine,
  { clock }: Workplace,
  ms: number,
): Promise<Silence | null> {
  const deadline = clock.monotonic() + ms;
  for (let patience = 250; ; patience = Math.min(patience * 2, 4000)) {
    const agent = await unlessSuperseded(attempt, machine.lookAtAgent(patience));
    if (!agent) return 'superseded';
    if (attempt.lostHost()) return 'lost';
    const { name } = machine.state;
    if (name !== 'running' && name !== 'unknown') return 'not-running';
    if (agent.status === 'answering') return null;
    if (agent.status === 'absent' || clock.monotonic() >= deadline) return 'silent';
    await new Promise<void>((resolve) => void clock.setTimer(50, resolve));
  }
}

/** The result stands in the guest's history; a clock that can't be set does not make a wake fail. */
async function setClock({ guest, by }: Attempt, machine: Machine): Promise<void> {
  try {
    const { behindMs, leftMs } = await machine.setClock();
    const off =
      Math.abs(behindMs) < 50
        ? 'it was right'
        : `it was ${seconds(behindMs)} ${behindMs > 0 ? 'behind' : 'ahead'}`;
    const left = Math.abs(leftMs) < 500 ? '' : `; it is still ${seconds(leftMs)} off`;
    guest.note({ kind: 'clock', text: `Clock set: ${off}${left}.`, actor: by, failed: left !== '' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    guest.note({ kind: 'clock', text: `The clock could not be set: ${why}`, actor: by, failed: true });
  }
}

const seconds = (ms: number): string => `${(Math.abs(ms) / 1000).toFixed(1)} s`;
