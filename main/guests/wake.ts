import type { Alarm, WakeOutcome } from '../power/alarms';
import { newAttempt, type Attempt } from './attempt';
import type { Verdict } from './confirm';
import type { Guest } from './guest';
import { carryOut, freshRefusal } from './operate';
import type { Workplace } from './workplace';

export interface Waking {
  readonly workplace: Workplace;
  /** Turns false when the alarm was replaced while this waited: the guest is then left alone. */
  readonly wanted: () => boolean;
  /** The guest is awake, but not as it should be: its agent is silent, or its memory is lost. */
  readonly onFlaw: (attempt: Attempt, verdict: Verdict) => void;
}

/** Wakes the guest of an alarm that came due, in its turn. */
export function wakeForAlarm(guest: Guest, alarm: Alarm, waking: Waking): Promise<WakeOutcome> {
  const bring = (action: 'wakeup' | 'start') => carry(newAttempt(guest, action, { kind: 'alarm', holder: 'app' }), waking);
  const resume = (): Promise<WakeOutcome> | WakeOutcome =>
    mayBeStarted(guest)
      ? bring('start')
      : { kind: 'gone', reason: 'It ended, and you have not read its start command. Start it: if it had hibernated, it resumes.' };
  return guest.queue.run(async () => {
    await guest.machine?.look();
    if (!waking.wanted()) return { kind: 'already-awake' };
    const { state } = guest;
    switch (state.name) {
      case 'running':
        return { kind: 'already-awake' };
      case 'suspended':
        return bring('wakeup');
      case 'hibernated':
        return resume();
      case 'off':
      case 'crashed':
        // A hybrid sleep leaves its image on disk, and a hibernation may have ended unseen: both resume by a start.
        if (alarm.action === 'hybrid' || (alarm.action === 'hibernate' && state.source === 'inference')) {
          return resume();
        }
        return { kind: 'gone', reason: 'It no longer runs: it was shut down or crashed while it slept.' };
      case 'paused':
        return { kind: 'unreachable', reason: 'The hypervisor has paused it. Resume it, and it is woken.' };
      case 'saved':
        return { kind: 'unreachable', reason: 'Its state is saved. Start it, and it is woken.' };
      case 'unknown':
        return { kind: 'unreachable', reason: state.detail ?? 'Its state is not known.' };
    }
  });
}

/** A QEMU that stayed only goes on, and what libvirt starts is its definition; other commands are the user's to read first. */
const mayBeStarted = ({ machine, remembered }: Guest): boolean =>
  machine?.exists === true || remembered.manager === 'libvirt' || remembered.startAccepted;

async function carry(attempt: Attempt, { workplace, onFlaw }: Waking): Promise<WakeOutcome> {
  const { guest, action } = attempt;
  const refusal = await freshRefusal(guest, action);
  if (refusal) {
    return guest.state.name === 'running'
      ? { kind: 'already-awake' }
      : { kind: 'unreachable', reason: [refusal.message, refusal.remedy].filter(Boolean).join(' ') };
  }
  const verdict = await carryOut(attempt, workplace);
  if (verdict.ok) return { kind: 'woken' };
  const { code, message } = verdict.refusal;
  if (code === 'outcome-unknown' && guest.state.name !== 'running') {
    return { kind: 'unreachable', reason: message, sent: true };
  }
  // Awake with a silent agent or without its memory is awake.
  if (guest.state.name !== 'running') return { kind: 'failed', reason: message };
  onFlaw(attempt, verdict);
  return { kind: 'woken' };
}
