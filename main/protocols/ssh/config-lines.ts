/** One line of a configuration file, as ssh reads it. */
export interface ConfigLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Lower case. */
  readonly keyword: string;
  /** As in the file. */
  readonly written: string;
  readonly words: readonly string[];
  /** What stands after the keyword, unread: commands and ProxyJump are not split into words. */
  readonly rest: string;
}

export type ReadLine =
  | { readonly kind: 'line'; readonly line: ConfigLine }
  | { readonly kind: 'empty' }
  | { readonly kind: 'error'; readonly keyword: string; readonly why: string };

const SPACE = '[ \\t\\r]';
/** A keyword ends at white space or at one "=" (OpenSSH misc.c strdelim). */
const KEYWORD = new RegExp(`^${SPACE}*([^ \\t\\r="]+)(?:=|${SPACE}+=|${SPACE}+|$)${SPACE}*(.*)$`, 's');

/** Reads one line of ssh_config(5), without its line end. */
export function readLine(file: string, line: number, text: string): ReadLine {
  if (/^[ \t\r]*(?:#|[ \t\r\f]*$)/.test(text)) return { kind: 'empty' };
  const [, written, rest] = KEYWORD.exec(text.replace(/[ \t\r\f]+$/, '')) ?? [];
  if (written === undefined)
    return { kind: 'error', keyword: text.trim().slice(0, 40), why: 'This line cannot be read.' };
  if (rest === undefined || rest === '')
    return { kind: 'error', keyword: written, why: 'Nothing follows the option.' };
  const words = splitWords(rest);
  if (words === null) return { kind: 'error', keyword: written, why: 'A quote is not closed.' };
  return { kind: 'line', line: { file, line, keyword: written.toLowerCase(), written, words, rest } };
}

/**
 * The words of a line: separated by white space, " and ' quote, \ escapes quotes, itself and (outside of
 * quotes) blanks, # begins a comment where a word would (OpenSSH misc.c argv_split).
 * @returns null when a quote is not closed
 */
export function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at += 1;
    if (at >= text.length || text[at] === '#') return words;
    let word = '';
    let quote = '';
    for (; at < text.length; at += 1) {
      const char = text[at] ?? '';
      const next = text[at + 1] ?? '';
      if (char === '\\' && next !== '' && (`'"\\`.includes(next) || (quote === '' && next === ' '))) {
        word += next;
        at += 1;
      } else if (quote === '' && (char === ' ' || char === '\t')) break;
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (quote !== '' && char === quote) quote = '';
      else word += char;
    }
    if (quote !== '') return null;
    words.push(word);
  }
}
