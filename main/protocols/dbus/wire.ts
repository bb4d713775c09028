/**
 * D-Bus messages as bytes, as far as asking a bus for names and properties needs it.
 * Source: D-Bus Specification 0.43, "Message Protocol" and "Marshaling".
 */

/** What may be in a body; a variant is given as what it holds. */
export type DBusValue = string | number | boolean | readonly string[];

export interface MethodCall {
  readonly serial: number;
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

export interface Message {
  readonly type: 'call' | 'return' | 'error' | 'signal' | 'unknown';
  /** The serial of the call that this answers. */
  readonly replyTo: number | null;
  readonly member: string | null;
  readonly errorName: string | null;
  /** Up to the first value of a type that is not read here. */
  readonly body: readonly DBusValue[];
}

/** No message that is asked for here comes near to it; the specification's limit is 128 MiB. */
const MAX_MESSAGE = 4 * 1024 * 1024;
const HEADER = 16;
const types = ['unknown', 'call', 'return', 'error', 'signal'] as const;
const field = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, destination: 6, signature: 8 } as const;

const align = (at: number, to: number): number => Math.ceil(at / to) * to;

/** A method call with strings as arguments. */
export function encodeCall(call: MethodCall): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  const put = (bytes: Buffer) => {
    parts.push(bytes);
    length += bytes.length;
  };
  const pad = (to: number) => put(Buffer.alloc(align(length, to) - length));
  const uint32 = (value: number) => {
    pad(4);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    put(bytes);
  };
  const string = (text: string) => {
    const bytes = Buffer.from(text);
    uint32(bytes.length);
    put(Buffer.concat([bytes, Buffer.alloc(1)]));
  };
  const signature = (text: string) => put(Buffer.from([text.length, ...Buffer.from(text), 0]));
  const header = (code: number, type: 's' | 'o' | 'g', text: string) => {
    pad(8);
    put(Buffer.from([code]));
    signature(type);
    if (type === 'g') signature(text);
    else string(text);
  };

  for (const arg of call.args) string(arg);
  const body = Buffer.concat(parts.splice(0));
  length = 0;

  put(Buffer.from(['l'.charCodeAt(0), types.indexOf('call'), 0, 1]));
  uint32(body.length);
  uint32(call.serial);
  uint32(0);
  header(field.path, 'o', call.path);
  header(field.interface, 's', call.interface);
  header(field.member, 's', call.member);
  header(field.destination, 's', call.destination);
  if (call.args.length > 0) header(field.signature, 'g', 's'.repeat(call.args.length));
  const fields = length - HEADER;
  pad(8);
  const head = Buffer.concat(parts);
  head.writeUInt32LE(fields, 12);
  return Buffer.concat([head, body]);
}

/**
 * The first whole message in `bytes`, and where the next one begins; null while it is not all there.
 * @throws Error when this is no D-Bus message, or an enormous one
 */
export function decodeMessage(bytes: Buffer): { message: Message; end: number } | null {
  if (bytes.length < HEADER) return null;
  const little = bytes[0] === 'l'.charCodeAt(0);
  if ((!little && bytes[0] !== 'B'.charCodeAt(0)) || bytes[3] !== 1) throw new Error('The bus sent something that is no D-Bus message');
  const uint32At = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const fieldsEnd = HEADER + uint32At(12);
  const bodyAt = align(fieldsEnd, 8);
  const end = bodyAt + uint32At(4);
  if (end > MAX_MESSAGE) throw new Error(`The bus sent a message of ${end} bytes`);
  if (bytes.length < end) return null;

  const reader = createReader(bytes.subarray(0, end), little);
  const fields = new Map<number, DBusValue>();
  reader.seek(HEADER);
  while (reader.at() < fieldsEnd) {
    reader.pad(8);
    const code = reader.byte();
    const value = reader.value('v');
    if (value === undefined) break;
    fields.set(code, value);
  }
  const body: DBusValue[] = [];
  reader.seek(bodyAt);
  for (const type of splitSignature(textOf(fields.get(field.signature)) ?? '')) {
    const value = reader.value(type);
    if (value === undefined) break;
    body.push(value);
  }
  const replyTo = fields.get(field.replySerial);
  return {
    end,
    message: {
      type: types[bytes[1] ?? 0] ?? 'unknown',
      replyTo: typeof replyTo === 'number' ? replyTo : null,
      member: textOf(fields.get(field.member)),
      errorName: textOf(fields.get(field.errorName)),
      body,
    },
  };
}

const textOf = (value: DBusValue | undefined): string | null => (typeof value === 'string' ? value : null);

/** The types up to the first that is not read here. */
const splitSignature = (signature: string): string[] => /^(?:as|[sogubv])*/.exec(signature)?.[0].match(/as|[sogubv]/g) ?? [];

function createReader(bytes: Buffer, little: boolean) {
  let at = 0;
  const pad = (to: number) => {
    at = align(at, to);
  };
  const byte = () => bytes.readUInt8(at++);
  const uint32 = () => {
    pad(4);
    const value = little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    at += 4;
    return value;
  };
  const text = (length: number) => {
    const value = bytes.toString('utf8', at, at + length);
    at += length + 1;
    return value;
  };
  /** undefined: a type that is not read here. @throws RangeError for a message that ends too early */
  const value = (type: string): DBusValue | undefined => {
    switch (type) {
      case 's':
      case 'o':
        return text(uint32());
      case 'g':
        return text(byte());
      case 'u':
        return uint32();
      case 'b':
        return uint32() !== 0;
      case 'v':
        return value(text(byte()));
      case 'as': {
        const end = uint32() + at;
        const strings: string[] = [];
        while (at < end) strings.push(text(uint32()));
        return strings;
      }
      default:
        return undefined;
    }
  };
  return { at: () => at, seek: (to: number) => void (at = to), pad, byte, value };
}
