import { beginningOf } from '../power/schedules';
import type { Dependents } from '../quit-question';
import { timeWords } from './tray-menu';

/** A schedule that is not due for longer than this is no reason to keep this computer awake now, in ms. */
const SOON_MS = 24 * 3_600_000;

/** What does not happen while this computer sleeps, for its user: each alarm, and the schedules of the day to come. */
export function sleepWarning({ alarms, schedules }: Dependents, now: number): { title: string; text: string } | null {
  const soon = schedules.filter(({ next }) => beginningOf(next) - now <= SOON_MS);
  if (alarms.length + soon.length === 0) return null;
  const wakes = alarms.map(({ name, due }) => `${name} (${timeWords(due, now)})`).join(', ');
  const does = soon.map(({ name, next }) => `“${name}” (${timeWords(beginningOf(next), now)})`).join(', ');
  const what = [
    ...(alarms.length > 0 ? [`wakes ${wakes}`] : []),
    ...(soon.length > 0 ? [`carries out the ${soon.length === 1 ? 'schedule' : 'schedules'} ${does}`] : []),
  ].join(' and ');
  const waits = alarms.length === 0 ? 'Schedules wait' : soon.length === 0 ? 'Alarms wait' : 'Alarms and schedules wait';
  return {
    title: `${waits} for this computer`,
    text: `This computer is going to sleep. Reveille ${what} only while this computer is awake: keep it awake, or wake it by then.`,
  };
}
