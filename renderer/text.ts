/**
 * Text from guests, hosts and users is untrusted. React makes it a text node; what is left are characters that
 * act on the text around them or cannot be seen. Those are made visible here, and the rest is isolated by <bdi>.
 */

const longestLine = 500;
const mostMarksOnOneLetter = 6;

/** C0 and C1 controls, line and paragraph separators. */
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/gu;
const controlButNewline = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/gu;
/** Marks, embeddings, overrides and isolates (Unicode UAX #9), and characters of no width. ZWJ and ZWNJ are spelling. */
const invisible =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
const stackedMarks = new RegExp(`(\\p{M}{${mostMarksOnOneLetter}})\\p{M}+`, 'gu');
const loneSurrogate = /\p{Surrogate}/gu;

const codePoint = (character: string): string =>
  `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`;

/** C0 controls have pictures of their own (U+2400 and on); the others are written by number. */
function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : codePoint(character);
}

function clean(text: string, controls: RegExp): string {
  return text
    .replace(loneSurrogate, '\ufffd')
    .replace(controls, picture)
    .replace(invisible, codePoint)
    .replace(stackedMarks, '$1');
}

/** One line: controls (newlines too), direction changes and invisible characters are shown; at most 500 characters. */
export function cleanLine(text: string): string {
  const characters = clean(text.length > 4 * longestLine ? text.slice(0, 4 * longestLine) : text, control);
  if (characters.length <= longestLine) return characters;
  return `${[...characters].slice(0, longestLine - 1).join('')}…`;
}

/** Several lines: as cleanLine, but newlines stay and the length is kept. */
export const cleanBlock = (text: string): string => clean(text.replace(/\r\n/gu, '\n'), controlButNewline);

/** What a guest is called in the window: the same text on its row, in dialogs and in announcements. */
export function guestName(name: string): string {
  const line = cleanLine(name);
  return line.trim() === '' ? 'Unnamed guest' : line;
}

/** What a host is called in the window; without a name, its address. */
export function hostName(host: { name: string; address: string | null }): string {
  const lines = [host.name, host.address ?? ''].map(cleanLine);
  return lines.find((line) => line.trim() !== '') ?? 'Unnamed host';
}

/** A command as it is: the executable, then one argument a line, never joined or quoted. */
export const commandLines = (start: { executable: string; args: readonly string[] }): string =>
  [start.executable, ...start.args].map((part) => cleanBlock(part).replaceAll('\n', '\u240a')).join('\n');
