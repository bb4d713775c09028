import type { Alarm, WakeOutcome } from '../power/alarms';
import type { Guest } from './guest';
import { carryOut, freshRefusal } from './operate';
import type { Workplace } from './workplace';

/**
 * Wakes the guest of an alarm that came due, in its turn. `wanted` turns false when the alarm was replaced while this
 * waited: the guest is then left alone.
 */
export function wakeForAlarm(guest: Guest, alarm: Alarm, wanted: () => boolean, workplace: Workplace): Promise<WakeOutcome> {
  return guest.queue.run(async () => {
    await guest.machine?.look();
    if (!wanted()) return { kind: 'already-awake' };
    const { state } = guest;
    switch (state.name) {
      case 'running':
        return { kind: 'already-awake' };
      case 'suspended':
        return bring(guest, 'wakeup', workplace);
      case 'hibernated':
        return bring(guest, 'start', workplace);
      case 'off':
      case 'crashed':
        // A hybrid sleep leaves its image on disk, and a hibernation may have ended unseen: both resume by a start.
        if (alarm.action === 'hybrid' || (alarm.action === 'hibernate' && state.source === 'inference')) {
          return bring(guest, 'start', workplace);
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

async function bring(guest: Guest, action: 'wakeup' | 'start', workplace: Workplace): Promise<WakeOutcome> {
  const refusal = await freshRefusal(guest, action);
  if (refusal) {
    return guest.state.name === 'running'
      ? { kind: 'already-awake' }
      : { kind: 'unreachable', reason: [refusal.message, refusal.remedy].filter(Boolean).join(' ') };
  }
  const verdict = await carryOut(guest, action, 'timer', workplace);
  // Awake with a silent agent or without its memory is awake; what is wrong stands in the history and in a notice.
  if (verdict.ok || guest.state.name === 'running') return { kind: 'woken' };
  return { kind: 'failed', reason: verdict.refusal.message };
}
