/** What a cron line of five fields (crontab(5)) says, in words; main decides whether it is right. Pure. */

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const months = ['', 'Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: string): string => value.padStart(2, '0');
const isNumber = (field: string): boolean => /^\d+$/.test(field);

/** "2nd", "15th" */
function ordinal(value: string): string {
  const number = Number(value);
  const ending = number % 100 >= 11 && number % 100 <= 13 ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[number % 10];
  return `${number}${ending ?? 'th'}`;
}

interface FieldName {
  /** What every second of them is called. */
  unit: string;
  /** Writes one value; null: it is none that has words. */
  value: (value: string) => string | null;
}

/** "Mon to Fri", "1, 15", "every 2nd hour from 8 to 18" of one field that is not `*`; null when it has no words. */
function fieldWords(field: string, { unit, value }: FieldName): string | null {
  const parts = field.split(',').map((part) => {
    const [, first = '', last, step] = /^(\*|[^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const range = first === '*' ? [] : [first, ...(last === undefined ? [] : [last])].map(value);
    if (first === '' || range.includes(null) || (first === '*' && step === undefined)) return null;
    if (step === undefined) return range.join(' to ');
    const every = step === '1' ? `every ${unit}` : `every ${ordinal(step)} ${unit}`;
    return range.length === 0 ? every : `${every} from ${range.join(' to ')}`;
  });
  return parts.includes(null) ? null : parts.join(', ');
}

const plain = (value: string): string | null => (isNumber(value) ? value : null);

const named = (names: readonly string[]) => (value: string) => {
  if (isNumber(value)) return names[Number(value)] ?? null;
  return names.find((name) => name !== '' && name.toLowerCase() === value.toLowerCase()) ?? null;
};

/** "Fri", "the 2nd Fri of the month", "the last Fri of the month" */
function weekday(value: string): string | null {
  const [, day = value, nth] = /^(.+)#([1-5L])$/i.exec(value) ?? /^(.+)(L)$/i.exec(value) ?? [];
  const name = named(days)(day);
  if (name === null || nth === undefined) return name;
  return `the ${/L/i.test(nth) ? 'last' : ordinal(nth)} ${name} of the month`;
}

/** What stands in for a number in the days of the month; null: nothing that has words. */
function dateWords(field: string): string | null {
  if (/^L$/i.test(field)) return 'the last day of the month';
  if (/^LW$/i.test(field)) return 'the last weekday of the month';
  const words = fieldWords(field, { unit: 'day', value: plain });
  if (words === null) return null;
  return words.startsWith('every') ? words : `day ${words} of the month`;
}

function timeWords(minute: string, hour: string): string | null {
  const single = isNumber(minute);
  if (single && /^\d+(,\d+)*$/.test(hour)) return `at ${hour.split(',').map((one) => `${two(one)}:${two(minute)}`).join(', ')}`;
  const hours = hour === '*' ? '' : fieldWords(hour, { unit: 'hour', value: plain });
  if (hours === null) return null;
  const inHours = hours === '' || hours.startsWith('every') ? hours : `hour ${hours}`;
  const [, step] = /^\*(?:\/(\d+))?$/.exec(minute) ?? [];
  if (minute === '*' || step !== undefined) {
    const every = step === undefined || step === '1' ? 'every minute' : `every ${step} minutes`;
    return inHours === '' ? every : `${every} of ${inHours}`;
  }
  const minutes = fieldWords(minute, { unit: 'minute', value: plain });
  return minutes === null ? null : `${minutes.startsWith('every') ? minutes : `at minute ${minutes}`} of ${inHours === '' ? 'every hour' : inHours}`;
}

/** "at 23:30, Mon to Fri"; null when these are not five fields, or one of them has no words here. */
export function cronWords(expression: string): string | null {
  const [minute, hour, dayOfMonth, month, dayOfWeek, ...more] = expression.trim().split(/\s+/);
  if (minute === undefined || hour === undefined || dayOfMonth === undefined || month === undefined) return null;
  if (dayOfWeek === undefined || more.length > 0) return null;
  const time = timeWords(minute, hour);
  const dates = dayOfMonth === '*' ? '' : dateWords(dayOfMonth);
  const week = dayOfWeek === '*' ? '' : fieldWords(dayOfWeek, { unit: 'weekday', value: weekday });
  const inMonths = month === '*' ? '' : fieldWords(month, { unit: 'month', value: named(months) });
  if (time === null || dates === null || week === null || inMonths === null) return null;
  // crontab(5): with both set, either is enough.
  const on = [dates, week].filter((part) => part !== '').join(' or ');
  const everyDay = time.startsWith('every ') && !time.includes(' of ') ? '' : 'every day';
  return [time, on === '' ? everyDay : on, inMonths === '' ? '' : `in ${inMonths}`].filter((part) => part !== '').join(', ');
}
