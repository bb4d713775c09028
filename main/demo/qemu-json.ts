/** JSON as QEMU and its guest agent write and read it. */

export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** The longest message that is read, in bytes. QEMU's own limit is 64 MiB (qobject/json-streamer.c). */
const MAX_MESSAGE_BYTES = 1024 * 1024;

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}

/** Writes `value` as QEMU does: ASCII only, a blank after every colon and comma, 64-bit integers in full. */
export function toQemuJson(value: JsonValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(toQemuJson).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, member]) => `${quoted(key)}: ${toQemuJson(member)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

export type Piece = { kind: 'message'; text: string } | { kind: 'malformed'; reason: string };

const BYTE = {
  quote: 0x22,
  backslash: 0x5c,
  open: [0x7b, 0x5b],
  close: [0x7d, 0x5d],
  space: [0x20, 0x09, 0x0a, 0x0d],
};

/**
 * Cuts a stream of bytes into JSON values by their brackets, however they are split or strung together, and
 * starts afresh at 0xFE or 0xFF (qobject/json-lexer.c): what a client's 0xFF before guest-sync-delimited
 * relies on.
 */
export function jsonSplitter(): (bytes: Uint8Array) => Piece[] {
  let held: number[] = [];
  let depth = 0;
  let stringStart = -1;
  let escaped = false;

  const take = (): string => {
    const text = Buffer.from(held).toString('utf8');
    held = [];
    depth = 0;
    stringStart = -1;
    escaped = false;
    return text;
  };
  const flushed = (): Piece[] => (held.length > 0 ? [{ kind: 'message', text: take() }] : []);

  const inString = (byte: number): Piece[] => {
    held.push(byte);
    if (escaped) escaped = false;
    else if (byte === BYTE.backslash) escaped = true;
    else if (byte === BYTE.quote) stringStart = -1;
    return stringStart < 0 && depth === 0 ? flushed() : [];
  };

  const outsideString = (byte: number): Piece[] => {
    if (depth === 0) {
      if (BYTE.space.includes(byte)) return flushed();
      const before = byte === BYTE.quote || BYTE.open.includes(byte) ? flushed() : [];
      held.push(byte);
      if (byte === BYTE.quote) stringStart = 0;
      else if (BYTE.open.includes(byte)) depth = 1;
      else if (BYTE.close.includes(byte)) return [...before, ...flushed()];
      return before;
    }
    held.push(byte);
    if (byte === BYTE.quote) stringStart = held.length - 1;
    else if (BYTE.open.includes(byte)) depth += 1;
    else if (BYTE.close.includes(byte)) depth -= 1;
    return depth === 0 ? flushed() : [];
  };

  return (bytes) => {
    const pieces: Piece[] = [];
    for (const byte of bytes) {
      if (byte >= 0xfe) {
        const token = stringStart < 0 ? '' : Buffer.from(held.slice(stringStart)).toString('utf8');
        take();
        pieces.push({ kind: 'malformed', reason: `stray '${token}\ufffd'` });
      } else {
        pieces.push(...(stringStart < 0 ? outsideString(byte) : inString(byte)));
      }
      if (held.length > MAX_MESSAGE_BYTES) {
        take();
        pieces.push({ kind: 'malformed', reason: 'token size limit exceeded' });
      }
    }
    return pieces;
  };
}

export type Parsed = { ok: true; value: JsonValue } | { ok: false; reason: string };

/**
 * Parses one message; the reason of a failure is worded as QEMU's parser words it. Integers beyond 2^53 are
 * rounded.
 */
export function parseMessage(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as JsonValue };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const words = text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/[A-Za-z_][\w-]*/g) ?? [];
    const keyword = words.find((word) => !['true', 'false', 'null'].includes(word));
    return { ok: false, reason: keyword === undefined ? 'expecting value' : `invalid keyword '${keyword}'` };
  }
}
