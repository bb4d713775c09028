import type { ConfigLine } from './config-lines';
import { parseTarget } from './target';
import type { SshTarget } from './target';

/** A value as OpenSSH reads it, or why it is none. */
export type Value<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

const good = <T>(value: T): Value<T> => ({ ok: true, value });
const bad = (why: string): { readonly ok: false; readonly why: string } => ({ ok: false, why });

/** Exactly one word. */
export function oneWord({ words }: ConfigLine): Value<string> {
  const [word, ...more] = words;
  if (word === undefined || word === '') return bad('A value is missing.');
  return more.length > 0 ? bad('More than one value is given; quote a value with blanks in it.') : good(word);
}

function mapped<T>(line: ConfigLine, read: (word: string) => T | undefined, expected: string): Value<T> {
  const word = oneWord(line);
  if (!word.ok) return word;
  const value = read(word.value);
  return value === undefined ? bad(`“${word.value}” is not ${expected}.`) : good(value);
}

/** A word of a table; upper and lower case are the same. */
export function oneOf<T>(table: Readonly<Record<string, T>>) {
  const known = new Map(Object.entries(table));
  return (line: ConfigLine): Value<T> =>
    mapped(line, (word) => known.get(word.toLowerCase()), `one of ${[...known.keys()].join(', ')}`);
}

export const yesOrNo = oneOf({ yes: true, true: true, no: false, false: false });

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number) {
  return (line: ConfigLine): Value<number> =>
    mapped(
      line,
      (word) => {
        const value = /^\d{1,10}$/.test(word) ? Number(word) : NaN;
        return value >= least && value <= most ? value : undefined;
      },
      `a number from ${least} to ${most}`,
    );
}

/** Seconds, in the form of sshd_config(5) TIME FORMATS: 90, 1m30s; null for "none". */
export function seconds(line: ConfigLine): Value<number | null> {
  const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  return mapped(
    line,
    (word) => {
      if (word === 'none') return null;
      if (!/^(?:\d{1,6}[smhdwSMHDW]?)+$/.test(word)) return undefined;
      let total = 0;
      for (const [, digits, unit] of word.matchAll(/(\d+)([smhdw]?)/gi))
        total += Number(digits) * (units[(unit ?? '').toLowerCase()] ?? 1);
      return total;
    },
    'a time such as 30 or 1m30s',
  );
}

/** Paths; "none" stands alone and means no file. */
export function files({ words }: ConfigLine): Value<readonly string[]> {
  if (words.length === 0 || words.includes('')) return bad('A value is missing.');
  const none = words.some((word) => word.toLowerCase() === 'none');
  if (none && words.length > 1) return bad('“none” stands alone.');
  return good(none ? [] : words);
}

/** Ways to authenticate, separated by commas. */
export function commaList(line: ConfigLine): Value<readonly string[]> {
  return mapped(line, (word) => word.split(',').filter((part) => part !== ''), 'a list');
}

/**
 * The hosts of ProxyJump, in the order to connect; empty for "none". Not split into words (readconf.c
 * parse_jump).
 */
export function jumpHosts({ rest }: ConfigLine): Value<readonly SshTarget[]> {
  const text = rest
    .replace(/^[ \t=]+/, '')
    .replace(/#.*$/s, '')
    .trim();
  if (text.toLowerCase() === 'none') return good([]);
  const hops: SshTarget[] = [];
  for (const hop of text.split(',')) {
    const parsed = parseTarget(hop);
    if (!parsed.ok) return bad(`“${text}” is no list of hosts to go through: ${parsed.error}`);
    hops.push(parsed.target);
  }
  return good(hops);
}

/** A command, as written; null for "none". */
export function command({ rest }: ConfigLine): Value<string | null> {
  const text = rest.replace(/^[ \t=]+/, '');
  return good(text.toLowerCase() === 'none' ? null : text);
}
