import type { ScheduleRule } from './schedules';

const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const fullNames = ['Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays', 'Sundays'];

/** The rule for the user: "Weekdays 23:30 to 07:00", "Mon, Wed to Fri: wake at 07:00". */
export function ruleInWords(rule: ScheduleRule): string {
  if (rule.kind === 'cron') {
    const parts = [rule.sleep && `sleep “${rule.sleep.trim()}”`, rule.wake && `wake “${rule.wake.trim()}”`];
    return `Cron: ${parts.filter(Boolean).join(', ')}`;
  }
  const days = daysInWords(rule.days);
  if (rule.sleepAt !== null && rule.wakeAt !== null) return `${days} ${rule.sleepAt} to ${rule.wakeAt}`;
  return rule.sleepAt !== null ? `${days}: sleep at ${rule.sleepAt}` : `${days}: wake at ${rule.wakeAt ?? 'no time'}`;
}

function daysInWords(chosen: readonly number[]): string {
  const days = [...new Set(chosen)].sort((a, b) => a - b);
  const all = days.join('');
  if (all === '1234567') return 'Every day';
  if (all === '12345') return 'Weekdays';
  if (all === '67') return 'Weekends';
  if (days.length === 1) return fullNames[(days[0] ?? 1) - 1] ?? '';
  const spans: [number, number][] = [];
  for (const day of days) {
    const last = spans.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else spans.push([day, day]);
  }
  const name = (day: number) => names[day - 1] ?? '';
  return spans
    .map(([from, to]) =>
      from === to ? name(from) : to === from + 1 ? `${name(from)}, ${name(to)}` : `${name(from)} to ${name(to)}`,
    )
    .join(', ');
}
