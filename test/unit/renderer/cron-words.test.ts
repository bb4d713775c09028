import { expect, it } from 'vitest';
import { cronWords } from '../../../renderer/cron-words';

it.each([
  ['30 23 * * 1-5', 'at 23:30, Mon to Fri'],
  ['0 7 * * *', 'at 07:00, every day'],
  ['5 0 1,15 * *', 'at 00:05, day 1, 15 of the month'],
  ['0 12 * jan-mar sat,7', 'at 12:00, Sat, Sun, in Jan to Mar'],
  ['0 6 13 * 5', 'at 06:00, day 13 of the month or Fri'],
  ['*/15 * * * *', 'minute every 15 of every hour, every day'],
  ['0 8-18/2 * * *', 'minute 0 of hour every 2 from 8 to 18, every day'],
  ['0 0 29 2 *', 'at 00:00, day 29 of the month, in Feb'],
])('%s is “%s”', (expression, words) => expect(cronWords(expression)).toBe(words));

it.each(['', '1 2 3 4', '1 2 3 4 5 6', '@daily'])('“%s” has no five fields', (text) => expect(cronWords(text)).toBeNull());
