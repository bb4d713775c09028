import { parseUntil } from './until';

/** What the text of the field "For" asks for. */
export type When =
  | { readonly kind: 'none' }
  /** After `ms` milliseconds. */
  | { readonly kind: 'for'; readonly ms: number }
  /** At the instant `at` (ms since the epoch); `text` as it was asked for. */
  | { readonly kind: 'until'; readonly at: number; readonly text: string };

export type ParsedWhen =
  | {
      readonly ok: true;
      readonly when: When;
      /** ms since the epoch; undefined for none. */
      readonly due: number | undefined;
    }
  /** `message` says what is wrong and what works. */
  | { readonly ok: false; readonly message: string };

export const MIN_DURATION_MS = 1_000;
export const MAX_DURATION_MS = 365 * 24 * 3_600_000;

const MAX_TEXT = 100;
const examples = 'Write for example 8 h, 90 min, 1 h 30 min or until 07:00.';

interface Unit {
  readonly label: string;
  readonly names: readonly string[];
  readonly ms: number;
}

/** From the longest to the shortest, as they have to follow each other. */
const units: readonly Unit[] = [
  { label: 'day', names: ['d', 'day', 'days'], ms: 24 * 3_600_000 },
  { label: 'h', names: ['h', 'hr', 'hrs', 'hour', 'hours'], ms: 3_600_000 },
  { label: 'min', names: ['m', 'min', 'mins', 'minute', 'minutes'], ms: 60_000 },
  { label: 's', names: ['s', 'sec', 'secs', 'second', 'seconds'], ms: 1_000 },
];
const HOURS = 1;
const MINUTES = 2;

/**
 * Reads the field "For": lengths of time ("8 h", "1h30", "1.5 h", "2 days"), and local times ("until 07:00",
 * "until tomorrow 7 am", "until monday 07:00", "until 2026-11-23 07:00"). Strict: what could be read in two
 * ways is refused. A local time that daylight saving leaves out means the jump; of one that comes twice, the
 * first that is still to come.
 * @param now ms since the epoch
 */
export function parseWhen(text: string, now: number): ParsedWhen {
  if (text.length > MAX_TEXT) return refused(`That is too long. ${examples}`);
  if (/[^\t\x20-\x7e]/.test(text))
    return refused(`Only plain letters and digits are understood. ${examples}`);
  const plain = text
    .toLowerCase()
    .replace(/[\t ]+/g, ' ')
    .trim();
  if (plain === '') return { ok: true, when: { kind: 'none' }, due: undefined };
  if (/^until\b/.test(plain)) {
    const until = parseUntil(plain, now);
    const wrong = until.ok ? validateDuration(until.at - now) : until.message;
    if (!until.ok || wrong !== undefined) return refused(wrong ?? examples);
    return { ok: true, when: { kind: 'until', at: until.at, text: plain }, due: until.at };
  }
  const duration = parseDuration(plain.replace(/^for(?: |(?=\d)|$)/, ''), now);
  if (!duration.ok) return duration;
  const wrong = validateDuration(duration.ms);
  if (wrong !== undefined) return refused(wrong);
  return { ok: true, when: { kind: 'for', ms: duration.ms }, due: now + duration.ms };
}

const refused = (message: string) => ({ ok: false, message }) as const;

/** @returns what is wrong with a wait of `ms` milliseconds, for the user; undefined when nothing is */
export function validateDuration(ms: number): string | undefined {
  if (!Number.isFinite(ms)) return `That is no length of time. ${examples}`;
  if (ms < MIN_DURATION_MS) return 'The guest has to sleep for at least 1 second.';
  if (ms > MAX_DURATION_MS) return 'The guest can sleep for at most 1 year (365 days).';
  return undefined;
}

/**
 * "8 h", "1 h 30 min", "2 days 4 h", "45 s": rounded to whole seconds; parseWhen reads it back.
 * @throws RangeError when `ms` is negative or no number
 */
export function formatDuration(ms: number): string {
  if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(`${ms} ms is no length of time`);
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const { label, ms: size } of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${label}${label === 'day' && count > 1 ? 's' : ''}`);
  }
  return parts.join(' ') || '0 s';
}

type Duration = { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly message: string };

function parseDuration(text: string, now: number): Duration {
  const hint = mistaken(text, now);
  if (hint !== undefined) return refused(hint);
  const part = /( ?)(\d+)([.,]\d+)? ?([a-z]*)/y;
  let total = 0;
  let longest = -1;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (!match) return refused(`“${text}” is not understood. ${examples}`);
    const [, space, whole = '', decimals = '', name = ''] = match;
    const isLast = part.lastIndex === text.length;
    const minutesAfterHours =
      name === '' && isLast && longest === HOURS && space === '' && /^[0-5]\d$/.test(whole + decimals);
    if (name === '' && !minutesAfterHours) return refused(unitMissing(whole + decimals, longest));
    const unit = minutesAfterHours ? MINUTES : units.findIndex(({ names }) => names.includes(name));
    if (unit < 0) return refused(`“${name}” is no unit of time here. Use days, h, min or s. ${examples}`);
    if (unit === longest) return refused(`“${name}” is there twice. ${examples}`);
    if (unit < longest) return refused(`The longest unit goes first. ${examples}`);
    if (decimals !== '' && !isLast) return refused(`Only the last number can have decimals. ${examples}`);
    if (/^.\d{3}$/.test(decimals) && Number(whole) > 0) {
      return refused(
        `“${whole}${decimals}” can be read in two ways. Write it without “${decimals.charAt(0)}”.`,
      );
    }
    longest = unit;
    total += Number(whole + decimals.replace(',', '.')) * (units[unit]?.ms ?? NaN);
  }
  return longest < 0 ? refused(`For how long? ${examples}`) : { ok: true, ms: Math.round(total) };
}

function unitMissing(number: string, longest: number): string {
  if (Number(number.replace(',', '.')) === 0) return `It has to be at least 1 second. ${examples}`;
  const [next] = longest < 0 ? [] : units.slice(longest + 1);
  if (next) return `${number} what? Write ${number} ${next.label} if you mean that. ${examples}`;
  return `${number} what? Write ${number} h, ${number} min or ${number} days, or until followed by a time.`;
}

/** What people write who mean something else than a length of time, or something that could be two. */
function mistaken(text: string, now: number): string | undefined {
  const [, first, second] = /^(\d{1,2}):([0-5]\d)$/.exec(text) ?? [];
  if (first !== undefined && second !== undefined && Number(first + second) > 0) {
    const seconds = Number(first) * 60 + Number(second);
    const other = Number(first) < 24 ? `until ${first.padStart(2, '0')}:${second}` : formatDuration(seconds * 1_000);
    return `“${text}” can be read in two ways. Write ${formatDuration(seconds * 60_000)} or ${other}.`;
  }
  if (/^\d{1,2}(:\d\d)? ?[ap]m$|^00?:00$|^\d{4}-|^(tomorrow|mon|tues?|wed|thu|fri|sat|sun)/.test(text)) {
    const meant = [`until ${text}`, `until ${text} 07:00`].find((each) => parseWhen(each, now).ok);
    return `A time starts with until, for example: ${meant ?? 'until 07:00'}.`;
  }
  if (/^until\b/.test(text)) return 'Write either for or until, for example 8 h or until 07:00.';
  if (text.startsWith('-')) return `A length of time cannot be negative. ${examples}`;
  return undefined;
}
