import { XdrError, xdrReader, xdrWriter, type XdrReader, type XdrWriter } from './xdr';

/**
 * How a type looks on the wire. `In` is what is given to be written: like `T`, but members with a default may
 * be left out.
 */
export interface Codec<T, In = T> {
  write(writer: XdrWriter, value: In): void;
  read(reader: XdrReader): T;
}

export type Decoded<C> = C extends Codec<infer T, never> ? T : never;
export type Encodable<C> = C extends { write(writer: XdrWriter, value: infer In): void } ? In : never;

/** @throws XdrError for a value outside of its type */
export function encode<In>(codec: { write(writer: XdrWriter, value: In): void }, value: In): Buffer {
  const writer = xdrWriter();
  codec.write(writer, value);
  return writer.finish();
}

/** @throws XdrError for bytes that are not exactly one `T` */
export function decode<T>(codec: { read(reader: XdrReader): T }, bytes: Buffer): T {
  const reader = xdrReader(bytes);
  const value = codec.read(reader);
  reader.end();
  return value;
}

export const int: Codec<number> = {
  write: (writer, value) => writer.int(value),
  read: (reader) => reader.int(),
};
export const uint: Codec<number> = {
  write: (writer, value) => writer.uint(value),
  read: (reader) => reader.uint(),
};
export const hyper: Codec<bigint> = {
  write: (writer, value) => writer.hyper(value),
  read: (reader) => reader.hyper(),
};
export const uhyper: Codec<bigint> = {
  write: (writer, value) => writer.uhyper(value),
  read: (reader) => reader.uhyper(),
};
export const double: Codec<number> = {
  write: (writer, value) => writer.double(value),
  read: (reader) => reader.double(),
};

/** libvirt declares truth values as int: anything but 0 is true. */
export const truth: Codec<boolean> = {
  write: (writer, value) => writer.int(value ? 1 : 0),
  read: (reader) => reader.int() !== 0,
};

/** No bytes at all: a call without arguments, a reply without a result. */
export const nothing: Codec<Record<never, never>> = { write: () => undefined, read: () => ({}) };

/** opaque name[length] */
export function fixedBytes(length: number): Codec<Buffer> {
  return {
    write(writer, value) {
      if (value.length !== length) throw new XdrError(`${value.length} bytes are given for ${length}`);
      writer.bytes(value);
    },
    read: (reader) => Buffer.from(reader.bytes(length)),
  };
}

function writeLength(writer: XdrWriter, length: number, max: number) {
  if (length > max) throw new XdrError(`a length of ${length} is more than ${max}`);
  writer.uint(length);
}

function readLength(reader: XdrReader, max: number): number {
  const length = reader.uint();
  if (length > max) throw new XdrError(`a length of ${length} is more than ${max}`);
  return length;
}

/**
 * string name<max>, in UTF-8. What is not UTF-8 is read as U+FFFD. A NUL cannot be written: libvirt would
 * stop there.
 */
export function text(max: number): Codec<string> {
  return {
    write(writer, value) {
      if (value.includes('\0')) throw new XdrError('a text has a NUL in it');
      const bytes = Buffer.from(value, 'utf8');
      writeLength(writer, bytes.length, max);
      writer.bytes(bytes);
    },
    read: (reader) => reader.bytes(readLength(reader, max)).toString('utf8'),
  };
}

/**
 * type name<max>. Every item of libvirt's lists takes four bytes or more, which bounds what a length can
 * claim.
 */
export function list<T, In>(item: Codec<T, In>, max: number): Codec<T[], readonly In[]> {
  return {
    write(writer, values) {
      writeLength(writer, values.length, max);
      for (const value of values) item.write(writer, value);
    },
    read(reader) {
      const length = readLength(reader, max);
      if (length * 4 > reader.remaining()) {
        throw new XdrError(`a list of ${length} items is claimed in ${reader.remaining()} bytes`);
      }
      return Array.from({ length }, () => item.read(reader));
    },
  };
}

/** type name[length] */
export function repeated<T, In>(item: Codec<T, In>, length: number): Codec<T[], readonly In[]> {
  return {
    write(writer, values) {
      if (values.length !== length) throw new XdrError(`${values.length} items are given for ${length}`);
      for (const value of values) item.write(writer, value);
    },
    read: (reader) => Array.from({ length }, () => item.read(reader)),
  };
}

/** type *name: null where it is not given. */
export function optional<T, In>(item: Codec<T, In>): Codec<T | null, In | null> {
  return {
    write(writer, value) {
      writer.uint(value === null ? 0 : 1);
      if (value !== null) item.write(writer, value);
    },
    read(reader) {
      const given = reader.uint();
      if (given > 1) throw new XdrError(`${given} where 0 or 1 says whether a value follows`);
      return given === 1 ? item.read(reader) : null;
    },
  };
}

/** A member that may be left out of what is written. */
export function withDefault<T, In>(item: Codec<T, In>, value: In): Codec<T, In | undefined> {
  return {
    write: (writer, given) => item.write(writer, given ?? value),
    read: (reader) => item.read(reader),
  };
}

/** The same bytes, as another type. */
export function mapped<T, In, U, UIn>(
  item: Codec<T, In>,
  { read, write }: { read(value: T): U; write(value: UIn): In },
): Codec<U, UIn> {
  return {
    write: (writer, value) => item.write(writer, write(value)),
    read: (reader) => read(item.read(reader)),
  };
}

type Fields = Record<string, Codec<unknown, never>>;
type Omissible<F extends Fields> = {
  [K in keyof F]: undefined extends Encodable<F[K]> ? K : never;
}[keyof F];
type StructIn<F extends Fields> = { readonly [K in Exclude<keyof F, Omissible<F>>]: Encodable<F[K]> } & {
  readonly [K in Omissible<F>]?: Encodable<F[K]>;
};

/** struct: its members in this order. */
export function struct<F extends Fields>(fields: F): Codec<{ [K in keyof F]: Decoded<F[K]> }, StructIn<F>> {
  const members = Object.entries(fields);
  return {
    write(writer, value) {
      for (const [name, codec] of members) {
        codec.write(writer, (value as Record<string, unknown>)[name] as never);
      }
    },
    read(reader) {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of members) value[name] = codec.read(reader);
      return value as { [K in keyof F]: Decoded<F[K]> };
    },
  };
}
