/**
 * XDR (RFC 4506), as far as libvirt's protocols use it. Reading never goes beyond the bytes that are there
 * and allocates nothing on the word of a length alone.
 */

/** Bytes that are not what they should be, or a value that cannot be written. */
export class XdrError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'XdrError';
  }
}

export interface XdrWriter {
  /** A signed 32-bit integer. */
  int(value: number): void;
  uint(value: number): void;
  /** A signed 64-bit integer. */
  hyper(value: bigint): void;
  uhyper(value: bigint): void;
  double(value: number): void;
  /** The bytes and what fills them up to a multiple of four, without a length. */
  bytes(value: Uint8Array): void;
  /** A copy of everything written. */
  finish(): Buffer;
}

export interface XdrReader {
  int(): number;
  uint(): number;
  hyper(): bigint;
  uhyper(): bigint;
  double(): number;
  /**
   * A view of the next `length` bytes; skips what fills them up to a multiple of four, which must be zeros.
   */
  bytes(length: number): Buffer;
  /** How many bytes are left. */
  remaining(): number;
  /** @throws XdrError when bytes are left */
  end(): void;
}

const MIN_HYPER = -(2n ** 63n);
const MAX_HYPER = 2n ** 63n - 1n;
const MAX_UHYPER = 2n ** 64n - 1n;

const padding = (length: number) => (4 - (length % 4)) % 4;

/** @throws XdrError, in its functions, for a value outside of its type */
export function xdrWriter(): XdrWriter {
  let buffer = Buffer.alloc(256);
  let length = 0;

  /** The next `bytes` of the buffer. */
  const next = (bytes: number): Buffer => {
    const at = length;
    length += bytes;
    if (length > buffer.length) {
      const grown = Buffer.alloc(Math.max(length, buffer.length * 2));
      buffer.copy(grown, 0, 0, at);
      buffer = grown;
    }
    return buffer.subarray(at, length);
  };
  const whole = (value: number, min: number, max: number, type: string) => {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new XdrError(`${value} is no ${type}`);
    }
  };
  const wide = (value: bigint, min: bigint, max: bigint, type: string) => {
    if (value < min || value > max) throw new XdrError(`${value.toString()} is no ${type}`);
  };

  return {
    int(value) {
      whole(value, -0x80000000, 0x7fffffff, 'int');
      next(4).writeInt32BE(value);
    },
    uint(value) {
      whole(value, 0, 0xffffffff, 'unsigned int');
      next(4).writeUInt32BE(value);
    },
    hyper(value) {
      wide(value, MIN_HYPER, MAX_HYPER, 'hyper');
      next(8).writeBigInt64BE(value);
    },
    uhyper(value) {
      wide(value, 0n, MAX_UHYPER, 'unsigned hyper');
      next(8).writeBigUInt64BE(value);
    },
    double: (value) => void next(8).writeDoubleBE(value),
    bytes: (value) => next(value.length + padding(value.length)).set(value),
    finish: () => Buffer.from(buffer.subarray(0, length)),
  };
}

/** @throws XdrError, in its functions, when the bytes end early */
export function xdrReader(buffer: Buffer): XdrReader {
  let at = 0;

  const take = (bytes: number): number => {
    const start = at;
    if (bytes > buffer.length - start) {
      throw new XdrError(`${bytes} bytes are expected where ${buffer.length - start} are left`);
    }
    at += bytes;
    return start;
  };

  return {
    int: () => buffer.readInt32BE(take(4)),
    uint: () => buffer.readUInt32BE(take(4)),
    hyper: () => buffer.readBigInt64BE(take(8)),
    uhyper: () => buffer.readBigUInt64BE(take(8)),
    double: () => buffer.readDoubleBE(take(8)),
    bytes(length) {
      const start = take(length + padding(length));
      for (let fill = start + length; fill < at; fill += 1) {
        if (buffer[fill] !== 0) throw new XdrError('what fills the bytes up to a multiple of four is not zero');
      }
      return buffer.subarray(start, start + length);
    },
    remaining: () => buffer.length - at,
    end() {
      if (at < buffer.length) throw new XdrError(`${buffer.length - at} bytes are left over`);
    },
  };
}
