/** Words for times. Pure: the present is passed in. All instants are milliseconds since the epoch, shown in local time. */

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const two = (value: number): string => String(value).padStart(2, '0');

/** "07:00" */
export function clockTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Whole calendar days from `now` to `at`, as the calendar on the wall counts them (a day of 23 or 25 hours is one). */
export function daysAhead(at: number, now: number): number {
  const dayNumber = (instant: number) => {
    const date = new Date(instant);
    return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / day;
  };
  return dayNumber(at) - dayNumber(now);
}

function calendarDate(at: number, now: number): string {
  const date = new Date(at);
  const text = `${weekdays[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]}`;
  return date.getFullYear() === new Date(now).getFullYear() ? text : `${text} ${date.getFullYear()}`;
}

/** "today", "tomorrow", "yesterday", "Fri" (within six days), "Fri 14 Nov", "Fri 14 Nov 2025". */
export function dayName(at: number, now: number): string {
  const ahead = daysAhead(at, now);
  if (ahead === 0) return 'today';
  if (ahead === 1) return 'tomorrow';
  if (ahead === -1) return 'yesterday';
  if (ahead > 1 && ahead < 7) return weekdays[new Date(at).getDay()] ?? '';
  return calendarDate(at, now);
}

/** "07:00" today, else with the day: "tomorrow 07:00", "Fri 14 Nov 07:00". */
export function dayAndTime(at: number, now: number): string {
  return daysAhead(at, now) === 0 ? clockTime(at) : `${dayName(at, now)} ${clockTime(at)}`;
}

/** "Sat 22 Nov 2025, 14:02:11" */
export function exactTime(at: number): string {
  const date = new Date(at);
  const calendar = `${weekdays[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]} ${date.getFullYear()}`;
  return `${calendar}, ${clockTime(at)}:${two(date.getSeconds())}`;
}

/** What is left, in ms, as a clock that runs down: "0:42", "59:58", "7:59:58", "3 d 7:59:58". */
export function countdown(left: number): string {
  const seconds = Math.max(0, Math.floor(left / second));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = two(seconds % 60);
  if (days > 0) return `${days} d ${hours}:${two(minutes)}:${tail}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** "Wakes 07:00 · in 7:59:58"; tomorrow or later with the day; "Wakes now" once the time has come. */
export function wakesText(due: number, now: number): string {
  return due <= now ? 'Wakes now' : `Wakes ${dayAndTime(due, now)} · in ${countdown(due - now)}`;
}

const units: readonly [number, string][] = [
  [day, 'd'],
  [hour, 'h'],
  [minute, 'min'],
  [second, 's'],
];

/** A span in its two largest units: "8 h", "1 h 30 min", "45 s". */
export function spanWords(ms: number): string {
  const whole = Math.max(0, Math.round(ms / second)) * second;
  const first = units.findIndex(([size]) => whole >= size);
  if (first === -1) return '0 s';
  let left = whole;
  const words: string[] = [];
  for (const [size, name] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) words.push(`${count} ${name}`);
  }
  return words.join(' ');
}

/** How long something has been so, coarsely: "just now", "2 min", "3 h", "5 d". */
export function sinceWords(elapsed: number): string {
  if (elapsed < minute) return 'just now';
  if (elapsed < hour) return `${Math.floor(elapsed / minute)} min`;
  if (elapsed < day) return `${Math.floor(elapsed / hour)} h`;
  return `${Math.floor(elapsed / day)} d`;
}

/** When a host is tried again, counted down: "Next try in 0:12"; "Next try now" once the time has come. */
export const nextTryText = (at: number, now: number): string =>
  at <= now ? 'Next try now' : `Next try in ${countdown(at - now)}`;

/** How old what is shown is: "as of just now", "as of 5 min ago". */
export function asOfWords(elapsed: number): string {
  const words = sinceWords(elapsed);
  return elapsed < minute ? `as of ${words}` : `as of ${words} ago`;
}

/** A read "For" field in words: "Wakes today 23:10, in 8 h". */
export function previewText(due: number, ms: number | null, now: number): string {
  return `Wakes ${dayName(due, now)} ${clockTime(due)}, in ${spanWords(ms ?? due - now)}`;
}
