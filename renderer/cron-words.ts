/** What a cron line of five fields (crontab(5)) says, in words; main decides whether it is right. Pure. */

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const months = ['', 'Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: string): string => value.padStart(2, '0');

/** "Mon to Fri", "1, 15", "every 10" of one field; `name` writes one value. */
function fieldWords(field: string, name: (value: string) => string): string {
  return field
    .split(',')
    .map((part) => {
      const [values = '', step] = part.split('/');
      const [first = '', last] = values.split('-');
      const range = values === '*' ? '' : last === undefined ? name(first) : `${name(first)} to ${name(last)}`;
      if (step === undefined) return range;
      return range === '' ? `every ${step}` : `every ${step} from ${range}`;
    })
    .join(', ');
}

const named = (names: readonly string[]) => (value: string) =>
  /^\d+$/.test(value) ? (names[Number(value)] ?? value) : value.slice(0, 1).toUpperCase() + value.slice(1).toLowerCase();
const isNumber = (field: string): boolean => /^\d+$/.test(field);

function timeWords(minute: string, hour: string): string {
  if (isNumber(minute) && isNumber(hour)) return `at ${two(hour)}:${two(minute)}`;
  const hours = hour === '*' ? 'every hour' : `hour ${fieldWords(hour, (value) => value)}`;
  return minute === '*' ? `every minute of ${hours}` : `minute ${fieldWords(minute, (value) => value)} of ${hours}`;
}

/** "at 23:30, Mon to Fri"; null when these are not five fields. */
export function cronWords(expression: string): string | null {
  const [minute, hour, dayOfMonth, month, weekday, ...more] = expression.trim().split(/\s+/);
  if (minute === undefined || hour === undefined || dayOfMonth === undefined || month === undefined) return null;
  if (weekday === undefined || more.length > 0) return null;
  const dates = dayOfMonth === '*' ? '' : `day ${fieldWords(dayOfMonth, (value) => value)} of the month`;
  const week = weekday === '*' ? '' : fieldWords(weekday, named(days));
  // crontab(5): with both set, either is enough.
  const on = [dates, week].filter((part) => part !== '').join(' or ');
  const inMonths = month === '*' ? '' : `in ${fieldWords(month, named(months))}`;
  return [timeWords(minute, hour), on === '' ? 'every day' : on, inMonths].filter((part) => part !== '').join(', ');
}
