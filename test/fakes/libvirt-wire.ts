/**
 * libvirt's wire format, written a second time and in another way than main/protocols/libvirt: an error in
 * one shows against the other.
 */

export interface WireDomain {
  name: string;
  uuid: string;
  id: number;
}

/** VIR_TYPED_PARAM_*: the type's number and the value. */
export type WireParam =
  | readonly [name: string, type: 1 | 2 | 5 | 6, value: number]
  | readonly [name: string, type: 3 | 4, value: bigint]
  | readonly [name: string, type: 7, value: string];

const bytesOf = (size: number, write: (bytes: Buffer) => void) => {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
};

/** Pieces of a payload; `Buffer.concat` them. */
export const wire = {
  int: (value: number) => bytesOf(4, (bytes) => bytes.writeInt32BE(value)),
  uint: (value: number) => bytesOf(4, (bytes) => bytes.writeUInt32BE(value)),
  hyper: (value: bigint) => bytesOf(8, (bytes) => bytes.writeBigInt64BE(value)),
  uhyper: (value: bigint) => bytesOf(8, (bytes) => bytes.writeBigUInt64BE(value)),
  double: (value: number) => bytesOf(8, (bytes) => bytes.writeDoubleBE(value)),
  opaque(value: Uint8Array) {
    const padded = Buffer.alloc(Math.ceil(value.length / 4) * 4);
    padded.set(value);
    return padded;
  },
  text(value: string) {
    const bytes = Buffer.from(value, 'utf8');
    return Buffer.concat([wire.uint(bytes.length), wire.opaque(bytes)]);
  },
  maybeText: (value: string | null) =>
    value === null ? wire.int(0) : Buffer.concat([wire.int(1), wire.text(value)]),
  uuid: (value: string) => Buffer.from(value.split('-').join(''), 'hex'),
  domain: ({ name, uuid, id }: WireDomain) => Buffer.concat([wire.text(name), wire.uuid(uuid), wire.int(id)]),
  list: (items: readonly Buffer[]) => Buffer.concat([wire.uint(items.length), ...items]),
  params: (params: readonly WireParam[]) =>
    wire.list(params.map(([name, ...typed]) => Buffer.concat([wire.text(name), wireValue(typed)]))),
  /** virNetMessageError */
  error({ code, domain = 10, message, level = 2 }: WireError) {
    const { int, maybeText } = wire;
    return Buffer.concat([
      ...[int(code), int(domain), maybeText(message), int(level), int(0)],
      ...[maybeText('%s'), maybeText(message), maybeText(null), int(0), int(-1), int(0)],
    ]);
  },
};

export interface WireError {
  code: number;
  domain?: number;
  message: string | null;
  level?: number;
}

function wireValue([type, value]: readonly [number, number | bigint | string]): Buffer {
  if (typeof value === 'string') return Buffer.concat([wire.int(type), wire.text(value)]);
  if (typeof value === 'bigint') {
    return Buffer.concat([wire.int(type), type === 3 ? wire.hyper(value) : wire.uhyper(value)]);
  }
  const number = type === 5 ? wire.double(value) : type === 2 ? wire.uint(value) : wire.int(value);
  return Buffer.concat([wire.int(type), number]);
}

/** Takes pieces of a payload off its front. */
export interface WireCursor {
  int(): number;
  uint(): number;
  uhyper(): bigint;
  hyper(): bigint;
  text(): string;
  maybeText(): string | null;
  uuid(): string;
  domain(): WireDomain;
  left(): number;
}

export function wireCursor(payload: Buffer): WireCursor {
  let rest = payload;
  const take = (size: number) => {
    if (rest.length < size) throw new Error(`The client sent ${rest.length} bytes where ${size} belong`);
    const taken = rest.subarray(0, size);
    rest = rest.subarray(size);
    return taken;
  };
  const cursor: WireCursor = {
    int: () => take(4).readInt32BE(),
    uint: () => take(4).readUInt32BE(),
    hyper: () => take(8).readBigInt64BE(),
    uhyper: () => take(8).readBigUInt64BE(),
    text() {
      const size = cursor.uint();
      return take(Math.ceil(size / 4) * 4).toString('utf8', 0, size);
    },
    maybeText: () => (cursor.int() === 0 ? null : cursor.text()),
    uuid: () =>
      take(16)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    domain: () => ({ name: cursor.text(), uuid: cursor.uuid(), id: cursor.int() }),
    left: () => rest.length,
  };
  return cursor;
}

export interface WireHeader {
  prog: number;
  vers?: number;
  proc: number;
  type: number;
  serial: number;
  status?: number;
}

/** A whole message, with its length word. */
export function wireMessage(
  { prog, vers = 1, proc, type, serial, status = 0 }: WireHeader,
  payload: Buffer = Buffer.alloc(0),
) {
  const head = [prog, vers, proc, type, serial, status].map(wire.uint);
  return Buffer.concat([wire.uint(28 + payload.length), ...head, payload]);
}

export interface HeardMessage {
  header: Required<WireHeader>;
  payload: Buffer;
}

/** The complete messages at the front of `bytes`, and what is left behind them. */
export function hearMessages(bytes: Buffer): { messages: HeardMessage[]; rest: Buffer } {
  const messages: HeardMessage[] = [];
  let rest = bytes;
  while (rest.length >= 4 && rest.length >= rest.readUInt32BE()) {
    const size = rest.readUInt32BE();
    const [prog, vers, proc, type, serial, status] = [4, 8, 12, 16, 20, 24].map((at) =>
      rest.readUInt32BE(at),
    ) as [number, number, number, number, number, number];
    messages.push({ header: { prog, vers, proc, type, serial, status }, payload: rest.subarray(28, size) });
    rest = rest.subarray(size);
  }
  return { messages, rest };
}
