import { expect, it } from 'vitest';
import { cronWords } from '../../../renderer/cron-words';

it.each([
  ['30 23 * * 1-5', 'at 23:30, Mon to Fri'],
  ['0 7 * * *', 'at 07:00, every day'],
  ['30 7,19 * * *', 'at 07:30, 19:30, every day'],
  ['5 0 1,15 * *', 'at 00:05, day 1, 15 of the month'],
  ['0 12 * jan-mar sat,7', 'at 12:00, Sat, Sun, in Jan to Mar'],
  ['0 6 13 * 5', 'at 06:00, day 13 of the month or Fri'],
  ['* * * * *', 'every minute'],
  ['*/5 * * * *', 'every 5 minutes'],
  ['*/15 8-18 * * 1-5', 'every 15 minutes of hour 8 to 18, Mon to Fri'],
  ['10-50/20 * * * *', 'every 20th minute from 10 to 50 of every hour, every day'],
  ['0 * * * *', 'at minute 0 of every hour, every day'],
  ['0 */2 * * *', 'at minute 0 of every 2nd hour, every day'],
  ['0,30 8-18/2 * * *', 'at minute 0, 30 of every 2nd hour from 8 to 18, every day'],
  ['0 0 29 2 *', 'at 00:00, day 29 of the month, in Feb'],
  ['0 22 L * *', 'at 22:00, the last day of the month'],
  ['0 22 LW * *', 'at 22:00, the last weekday of the month'],
  ['0 22 */3 * *', 'at 22:00, every 3rd day'],
  ['0 22 * * 5L', 'at 22:00, the last Fri of the month'],
  ['0 22 * * FRI#2', 'at 22:00, the 2nd Fri of the month'],
  ['0 22 * */3 *', 'at 22:00, every day, in every 3rd month'],
])('%s is “%s”', (expression, words) => expect(cronWords(expression)).toBe(words));

it.each(['', '1 2 3 4', '1 2 3 4 5 6', '@daily'])('“%s” has no five fields', (text) => expect(cronWords(text)).toBeNull());

it.each(['0 7 * * 8', '0 7 15W * *', 'sleep at eleven each day', '0 7 * foo *', '0 7 1- * *', '0 x * * *'])(
  '“%s” has no words, rather than wrong ones',
  (text) => expect(cronWords(text)).toBeNull(),
);
