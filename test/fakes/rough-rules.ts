import type { Occurrence, ScheduleDraft, ScheduleRule } from '../../preload/contract/schedules';

/** Much less than main's calculator: weekly rules, and cron lines of "minute hour * * days", by this computer's time. */

const dayNames = ['Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays', 'Sundays'];

function daysText(days: readonly number[]): string {
  const sorted = [...days].sort((a, b) => a - b).join('');
  if (sorted === '12345') return 'Weekdays';
  if (sorted === '67') return 'Weekends';
  if (sorted === '1234567') return 'Every day';
  return [...sorted].map((day) => dayNames[Number(day) - 1]).join(', ');
}

function timesText(sleepAt: string | null, wakeAt: string | null): string {
  if (sleepAt === null) return `wake ${wakeAt}`;
  return wakeAt === null ? `sleep ${sleepAt}` : `${sleepAt} to ${wakeAt}`;
}

/** "Weekdays 23:30 to 07:00" */
export function ruleText(rule: ScheduleRule): string {
  if (rule.kind === 'weekly') return `${daysText(rule.days)} ${timesText(rule.sleepAt, rule.wakeAt)}`;
  return [rule.sleep === null ? '' : `sleep at “${rule.sleep}”`, rule.wake === null ? '' : `wake at “${rule.wake}”`]
    .filter((part) => part !== '')
    .join(', ');
}

interface Daily {
  hour: number;
  minute: number;
  /** ISO weekdays. */
  days: readonly number[];
}

/** Null: not understood. */
export function readCron(text: string): Daily | null {
  const found = /^(\d{1,2}) (\d{1,2}) \* \* (\*|\d(?:-\d)?)$/.exec(text.trim());
  if (found === null) return null;
  const [, minute = '', hour = '', field = ''] = found;
  const [first = 1, last = first] = field === '*' ? [1, 7] : field.split('-').map(Number);
  if (Number(minute) > 59 || Number(hour) > 23) return null;
  const days = Array.from({ length: last - first + 1 }, (_, step) => (first + step === 0 ? 7 : first + step));
  return { hour: Number(hour), minute: Number(minute), days };
}

const ofClock = (time: string | null, days: readonly number[]): Daily | null =>
  time === null ? null : { hour: Number(time.slice(0, 2)), minute: Number(time.slice(3)), days };

function timesOf(daily: Daily | null, after: number): number[] {
  if (daily === null) return [];
  return Array.from({ length: 30 }, (_, ahead) => {
    const at = new Date(after);
    at.setDate(at.getDate() + ahead);
    at.setHours(daily.hour, daily.minute, 0, 0);
    return at;
  })
    .filter((at) => at.getTime() > after && daily.days.includes(at.getDay() === 0 ? 7 : at.getDay()))
    .map((at) => at.getTime());
}

/** The next three; a sleep with the first wake after it. */
export function nextOf({ rule }: Pick<ScheduleDraft, 'rule'>, now: number): Occurrence[] {
  const everyDay = [1, 2, 3, 4, 5, 6, 7];
  const sleep = rule.kind === 'weekly' ? ofClock(rule.sleepAt, rule.days) : rule.sleep === null ? null : readCron(rule.sleep);
  const wake =
    rule.kind === 'weekly'
      ? ofClock(rule.wakeAt, rule.sleepAt === null ? rule.days : everyDay)
      : rule.wake === null
        ? null
        : readCron(rule.wake);
  if (sleep === null) return timesOf(wake, now).slice(0, 3).map((at) => ({ sleep: null, wake: at }));
  return timesOf(sleep, now)
    .slice(0, 3)
    .map((at) => ({ sleep: at, wake: timesOf(wake, at)[0] ?? null }));
}
