import type { Machine } from '../hypervisors/machine';
import { actionLabels, type Action, type Refusal, type RefusalCode } from '../power/actions';
import { stateLabels, type PowerState } from '../power/states';

/** How long each action may take until its outcome is observed, in ms. */
export interface Limits {
  readonly confirm: Readonly<Record<Action, number>>;
  /** How long a guest's memory may take to be saved or restored by whoever keeps it. */
  readonly job: number;
  /** How long the agent may take to answer after a wake. */
  readonly agentAfterWake: number;
  /** How long a resume from disk may take until the agent answers. */
  readonly agentAfterResume: number;
}

export const defaultLimits: Limits = {
  confirm: {
    suspend: 30_000,
    hibernate: 5 * 60_000,
    hybrid: 5 * 60_000,
    wakeup: 30_000,
    pause: 10_000,
    resume: 10_000,
    shutdown: 90_000,
    reboot: 90_000,
    poweroff: 15_000,
    reset: 15_000,
    start: 30_000,
    save: 5 * 60_000,
    discard: 15_000,
  },
  job: 30 * 60_000,
  agentAfterWake: 60_000,
  agentAfterResume: 3 * 60_000,
};

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal };

const confirmed: Verdict = { ok: true };
const failed = (message: string, remedy?: string): Verdict => ({
  ok: false,
  refusal: { code: 'ended', message, ...(remedy ? { remedy } : {}) },
});

/** What tells neither that a guest did what it was asked nor that it won't: what was accepted cannot be taken back. */
const open: readonly RefusalCode[] = ['not-confirmed', 'outcome-unknown', 'fault'];

/** Whether a guest that was asked to sleep may do so yet, for all that is known. */
export const mayStillSleep = (verdict: Verdict): boolean => !verdict.ok && open.includes(verdict.refusal.code);

/** Nobody listened to its monitor when it went. */
const endedUnseen: Verdict = {
  ok: false,
  refusal: {
    code: 'outcome-unknown',
    message: 'Its QEMU ended, as it does when the guest hibernates, but what it said last was not heard.',
    remedy: 'Start it: it resumes if it hibernated.',
  },
};

/**
 * What the machine shows about `action`: a verdict, or null while it may still come.
 * `reset` says that a RESET event came since the action was asked for.
 */
export function verdictOf(action: Action, machine: Machine, { reset }: { reset: boolean }): Verdict | null {
  const { state, exists } = machine;
  switch (action) {
    case 'suspend':
    case 'hybrid':
      if (state.name === 'suspended') return confirmed;
      return exists ? null : failed(`It did not fall asleep: it is ${label(state)} now.`);
    case 'hibernate':
      if (state.name === 'hibernated') return confirmed;
      if (!exists && state.source !== 'event') return endedUnseen;
      return exists ? null : failed(`It did not hibernate: it is ${label(state)} now.`);
    case 'wakeup':
      // QEMU says "running" of a guest that never woke, too; one whose agent answers has.
      if (state.name === 'running' && (state.source === 'event' || machine.agent.status === 'answering'))
        return confirmed;
      return exists ? null : failed(`It ended instead of waking: it is ${label(state)} now.`);
    case 'pause':
      if (state.name === 'paused') return confirmed;
      return exists ? null : failed(`It ended: it is ${label(state)} now.`);
    case 'start':
      if (state.name === 'running' || state.name === 'suspended') return confirmed;
      // What was saved while it was paused comes back so.
      if (machine.persistent && state.name === 'paused' && state.source === 'event') return confirmed;
      return exists || machine.persistent ? null : failed(`It ended: it is ${label(state)} now.`);
    case 'resume':
      if (state.name === 'running' || state.name === 'suspended') return confirmed;
      return exists ? null : failed(`It ended: it is ${label(state)} now.`);
    case 'shutdown':
    case 'poweroff':
      return !exists || (action === 'shutdown' && (state.name === 'off' || state.name === 'hibernated'))
        ? confirmed
        : null;
    case 'reboot':
    case 'reset':
      if (reset && state.name === 'running') return confirmed;
      return exists
        ? null
        : failed(
            'QEMU ended instead of restarting the guest.',
            'It may have been started with -no-reboot. Start it again.',
          );
    case 'save':
      return state.name === 'saved' ? confirmed : null;
    case 'discard':
      return state.name === 'off' ? confirmed : null;
  }
}

/** The action was accepted, and nothing was seen of it in time. */
export function unconfirmed(action: Action, machine: Machine, ms: number): Refusal {
  const { message, remedy } = missing(action, machine);
  return {
    code: 'not-confirmed',
    message: `${message} within ${Math.round(ms / 1000)} s. It is ${label(machine.state)} now.`,
    ...(remedy ? { remedy } : {}),
  };
}

function missing(action: Action, machine: Machine): { message: string; remedy?: string } {
  switch (action) {
    case 'suspend':
    case 'hybrid':
      return {
        message: 'The guest accepted, but QEMU reported no SUSPEND event',
        remedy: machine.machineType?.includes('q35')
          ? 'A q35 guest can often sleep only once after it was booted: restart it, or use the machine type pc.'
          : 'Look at the guest’s own log: a driver may have refused to sleep.',
      };
    case 'hibernate':
      return {
        message: 'The guest accepted, but did not hibernate',
        remedy: 'Look at the guest’s own log: its swap may be too small for its memory.',
      };
    case 'wakeup':
      return {
        message: 'QEMU accepted the wake-up, but reported no WAKEUP event',
        remedy: 'The guest may have switched off this way of waking. Try again, or force it off.',
      };
    case 'shutdown':
      return {
        message: 'The guest was asked to shut down, but did not',
        remedy:
          'It may be asking someone on its screen. Wait, or force it off: that loses what it has not written.',
      };
    default:
      return {
        message: `${actionLabels[action]} was accepted, but nothing came of it`,
        remedy: 'Try again.',
      };
  }
}

const label = (state: PowerState): string => stateLabels[state.name].toLowerCase();
