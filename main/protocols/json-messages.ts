/**
 * Cuts a byte stream into the JSON objects that QEMU's monitor and guest agent send. A message ends where its
 * object ends, not at a newline: a monitor with pretty=on spreads one over many lines.
 */

export interface JsonFrames {
  /** The complete messages, in order, as text; invalid UTF-8 becomes U+FFFD. */
  messages: string[];
  /** Why nothing more can be read after them; null while all is well. */
  fault: JsonFault | null;
}

export interface JsonFault {
  detail: string;
  /** The beginning of what could not be read. */
  received: string;
}

export interface JsonFramer {
  /** Takes the next bytes, cut anywhere. After a fault it takes no more until reset(). */
  push(chunk: Uint8Array): JsonFrames;
  /** Forgets a partial message and a fault. */
  reset(): void;
}

/** QEMU's own parser goes no deeper (qobject/json-parser.c). */
const MAX_DEPTH = 1024;
const EXCERPT_BYTES = 80;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const isOpening = (byte: number) => byte === 0x7b || byte === 0x5b;
const isClosing = (byte: number) => byte === 0x7d || byte === 0x5d;
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** @param maxMessageBytes a longer message is a fault, and no more than that is ever kept */
export function jsonFramer(maxMessageBytes: number): JsonFramer {
  let partial = Buffer.alloc(0);
  let partialLength = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let fault: JsonFault | null = null;

  const reset = () => {
    partial = Buffer.alloc(0);
    partialLength = 0;
    depth = 0;
    inString = false;
    escaped = false;
    fault = null;
  };

  const keep = (bytes: Buffer) => {
    const needed = partialLength + bytes.length;
    if (needed > partial.length) {
      const grown = Buffer.alloc(
        Math.min(Math.max(needed, partial.length * 2, 4096), Math.max(maxMessageBytes, needed)),
      );
      partial.copy(grown, 0, 0, partialLength);
      partial = grown;
    }
    bytes.copy(partial, partialLength);
    partialLength = needed;
  };

  const take = (rest: Buffer): string => {
    if (partialLength === 0) return rest.toString('utf8');
    keep(rest);
    const text = partial.toString('utf8', 0, partialLength);
    partial = Buffer.alloc(0);
    partialLength = 0;
    return text;
  };

  /** Takes one byte of a message; says whether the message is complete, or what is wrong with it. */
  const step = (byte: number): 'more' | 'done' | { fault: string } => {
    if (inString) {
      if (byte < 0x20) return { fault: 'a control character inside a JSON string' };
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) inString = false;
      return 'more';
    }
    if (byte === QUOTE) inString = true;
    else if (isOpening(byte)) {
      depth += 1;
      if (depth > MAX_DEPTH) return { fault: `JSON nested deeper than ${MAX_DEPTH}` };
    } else if (isClosing(byte)) {
      depth -= 1;
      if (depth === 0) return 'done';
    } else if (byte >= 0x7f || (byte < 0x20 && !isSpace(byte)))
      return { fault: 'a byte that JSON does not have between its tokens' };
    return 'more';
  };

  const push = (data: Uint8Array): JsonFrames => {
    const chunk = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const messages: string[] = [];
    let start = 0;
    const fail = (detail: string, at: number): JsonFrames => {
      reset();
      fault = { detail, received: excerpt(chunk.subarray(at)) };
      return { messages, fault };
    };
    if (fault) return { messages, fault };
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (depth === 0) {
        if (isSpace(byte)) continue;
        if (byte !== 0x7b) return fail('something that is not a JSON object', at);
        start = at;
      }
      if (partialLength + at - start + 1 > maxMessageBytes) {
        return fail(`a message of more than ${maxMessageBytes} bytes`, start);
      }
      const seen = step(byte);
      if (seen === 'done') messages.push(take(chunk.subarray(start, at + 1)));
      else if (seen !== 'more') return fail(seen.fault, start);
    }
    if (depth > 0) keep(chunk.subarray(start));
    return { messages, fault };
  };

  return { push, reset };
}

/** The beginning of `bytes` as text, short enough for an error message. */
function excerpt(bytes: Buffer): string {
  const beginning = bytes.toString('utf8', 0, EXCERPT_BYTES);
  return bytes.length > EXCERPT_BYTES ? `${beginning}…` : beginning;
}

/** A parsed message: QMP and the guest agent send nothing but objects. */
export type JsonObject = Record<string, unknown>;

/** Reads one framed message, or null when it is not JSON after all. */
export function parseJsonObject(text: string): JsonObject | null {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Writes `value` as JSON: a bigint as a plain integer, and without the members that are undefined. */
export function encodeJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(encodeJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${encodeJson(member)}`).join(',')}}`;
  }
  if (!['string', 'number', 'boolean'].includes(typeof value) && value !== null) {
    throw new TypeError(`A value of type ${typeof value} cannot be written as JSON`);
  }
  return JSON.stringify(value);
}
