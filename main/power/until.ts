import { dayExists, instantsOf, localDayOf, weekdayOf, type LocalDay } from './local-time';

export type Until =
  { readonly ok: true; readonly at: number } | { readonly ok: false; readonly message: string };

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const examples = 'Write for example until 07:00, until 7 am, until tomorrow 07:00 or until monday 07:00.';
const refused = (message: string): Until => ({ ok: false, message });

/**
 * The next instant strictly after `now` that "until [day] time" names in the local time zone.
 * @param text in lower case, single spaces, beginning with "until"
 */
export function parseUntil(text: string, now: number): Until {
  const pattern = /^until(?: (\d{4}-\d\d-\d\d|[a-z]+))?(?: (\d{1,2})(?::(\d\d))?(?: ?(am|pm))?)?$/;
  const match = pattern.exec(text);
  if (!match) return refused(`“${text}” is not understood. ${examples}`);
  const [, dayName, hourText, minuteText, half] = match;
  const days = daysNamed(dayName, localDayOf(now));
  if (typeof days === 'string') return refused(days);
  if (hourText === undefined) return refused(`At what time? ${examples}`);
  const time = timeOf(hourText, minuteText, half);
  if (typeof time === 'string') return refused(time);
  for (const day of days) {
    const next = instantsOf(day, time.hour, time.minute).find((at) => at > now);
    if (next !== undefined) return { ok: true, at: next };
  }
  return refused('That time has passed already.');
}

/** The days that may be meant, in order; or what is wrong with the name. */
function daysNamed(name: string | undefined, today: LocalDay): readonly LocalDay[] | string {
  const inDays = (count: number): LocalDay => ({ ...today, day: today.day + count });
  if (name === undefined) return [inDays(0), inDays(1)];
  if (name === 'tomorrow') return [inDays(1)];
  const weekday = weekdays.findIndex((full) => name === full || name === full.slice(0, 3));
  if (weekday >= 0)
    return Array.from({ length: 8 }, (_, n) => inDays(n)).filter((day) => weekdayOf(day) === weekday);
  const [year, month, day] = name.split('-').map(Number);
  if (year === undefined || month === undefined || day === undefined)
    return `“${name}” is no day. ${examples}`;
  return dayExists({ year, month, day })
    ? [{ year, month, day }]
    : `There is no day ${name} in the calendar.`;
}

/** @returns the time of day, or what is wrong with it */
function timeOf(
  hourText: string,
  minuteText: string | undefined,
  half: string | undefined,
): { readonly hour: number; readonly minute: number } | string {
  const hour = Number(hourText);
  const minute = Number(minuteText ?? 0);
  const face = minuteText === undefined ? hourText : `${hourText}:${minuteText}`;
  const written = half === undefined ? face : `${face} ${half}`;
  const none = `${written} is no time of day. ${examples}`;
  if (minute > 59) return none;
  if (half !== undefined)
    return hour >= 1 && hour <= 12 ? { hour: (hour % 12) + (half === 'pm' ? 12 : 0), minute } : none;
  if (minuteText === undefined) {
    return hour < 24
      ? `${hour} what? Write until ${hourText.padStart(2, '0')}:00, or am or pm after it.`
      : none;
  }
  return hour < 24 ? { hour, minute } : none;
}
