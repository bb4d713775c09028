import { MAX_CONFIRM_MS, onTime, type Alarm } from './alarms';
import { heldAfterStep } from './held';

/**
 * The wall clock moved by `step` ms more (or less) than time passed. Forward counts as time passed (this
 * computer slept, or its clock was corrected), so that nobody is woken late; only the wait for the sleep's
 * confirmation is not cut short. Backward moves what was meant as a length of time along with the clock, and so
 * does what counts by another clock. Whether this computer slept or its clock was set forward cannot be told, so what
 * another clock counts is left alone then.
 */
export function clockStepped(stored: Alarm, step: number, now: number): Alarm {
  const alarm = step < 0 && stored.held ? { ...stored, held: heldAfterStep(stored.held, step) } : stored;
  const { phase } = alarm;
  if (phase.kind === 'pending') {
    const waiting: Alarm = { ...alarm, phase: { ...phase, confirmBy: phase.confirmBy + step } };
    return step < 0 ? dueMoved(waiting, step) : waiting;
  }
  if (step >= 0) return alarm;
  if (phase.kind !== 'retrying') return dueMoved(alarm, step);
  const moved = dueMoved({ ...alarm, phase: { ...phase, nextTry: phase.nextTry + step } }, step);
  return moved.due > now ? onTime({ ...moved, phase: { kind: 'armed' } }) : moved;
}

function dueMoved(alarm: Alarm, step: number): Alarm {
  if (alarm.basis === 'instant') return alarm;
  return {
    ...alarm,
    due: alarm.due + step,
    createdAt: alarm.createdAt + step,
    ...(alarm.lateFrom === undefined ? {} : { lateFrom: alarm.lateFrom + step }),
  };
}

/**
 * An alarm as it goes on after a restart: a wake that was cut off is tried again, as waking twice does no
 * harm.
 */
export function restored(alarm: Alarm, now: number): Alarm {
  const { phase } = alarm;
  switch (phase.kind) {
    case 'pending':
      return { ...alarm, phase: { ...phase, confirmBy: Math.min(phase.confirmBy, now + MAX_CONFIRM_MS) } };
    case 'armed':
      return alarm;
    case 'firing':
      return {
        ...alarm,
        phase: { ...phase, kind: 'retrying', sent: true, after: 'interrupted', reason: cutOff, nextTry: now },
      };
    case 'retrying':
      return { ...alarm, phase: { ...phase, nextTry: now } };
  }
}

const cutOff = 'Reveille ended while it was waking this guest.';
