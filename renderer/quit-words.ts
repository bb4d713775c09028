import { guestCount } from './link-words';
import type { QuitPrompt } from './prompts';

/** What needs the app: "An alarm needs", "Alarms of 4 guests and 2 schedules need". */
export function dependentsInWords({ alarms, schedules }: Pick<QuitPrompt, 'alarms' | 'schedules'>): string {
  const parts = [
    alarms.length === 0 ? '' : alarms.length === 1 ? 'an alarm' : `alarms of ${guestCount(alarms.length)}`,
    schedules.length === 0 ? '' : schedules.length === 1 ? 'a schedule' : `${schedules.length} schedules`,
  ].filter((part) => part !== '');
  const words = parts.join(' and ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} ${alarms.length + schedules.length === 1 ? 'needs' : 'need'}`;
}
