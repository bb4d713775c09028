import {
  double,
  fixedBytes,
  hyper,
  int,
  list,
  mapped,
  optional,
  struct,
  text,
  uhyper,
  uint,
  withDefault,
  type Codec,
} from './codec';
import { XdrError } from './xdr';

/** remote_protocol.x REMOTE_STRING_MAX, in bytes. */
const STRING_MAX = 4_194_304;
/** remote_protocol.x REMOTE_DOMAIN_LIST_MAX */
export const DOMAIN_LIST_MAX = 16_384;

/** remote_protocol.x remote_nonnull_string */
export const string = text(STRING_MAX);
/** remote_protocol.x remote_string */
export const optionalString = optional(string);
/** `unsigned int flags`: 0 unless given. */
export const flags = withDefault(uint, 0);

/** remote_protocol.x remote_uuid, as text: 8-4-4-4-12 hexadecimal digits in lower case. */
export const uuid: Codec<string> = mapped(fixedBytes(16), {
  read(bytes: Buffer) {
    const digits = bytes.toString('hex');
    return [8, 12, 16, 20, 32].map((end, at, ends) => digits.slice(ends[at - 1] ?? 0, end)).join('-');
  },
  write(value: string) {
    const digits = value.replaceAll('-', '');
    if (!/^[0-9a-f]{32}$/i.test(digits)) throw new XdrError(`${JSON.stringify(value)} is no UUID`);
    return Buffer.from(digits, 'hex');
  },
});

/**
 * remote_protocol.x remote_nonnull_domain. libvirt finds a domain by its UUID; name and id may be out of
 * date.
 */
export interface LibvirtDomain {
  name: string;
  uuid: string;
  /** -1 while the domain does not run. */
  id: number;
}
export const domain: Codec<LibvirtDomain> = struct({ name: string, uuid, id: int });

/** remote_protocol.x remote_typed_param_value (libvirt-common.h virTypedParameterType). */
export type TypedValue =
  | { type: 'int' | 'uint' | 'double'; value: number }
  | { type: 'llong' | 'ullong'; value: bigint }
  | { type: 'boolean'; value: boolean }
  | { type: 'string'; value: string };

/** By the parameter's name; where a name comes twice, the last one. */
export type TypedParams = ReadonlyMap<string, TypedValue>;

const typedValue: Codec<TypedValue> = {
  write(writer, { type, value }) {
    switch (type) {
      case 'int':
        writer.int(1);
        return writer.int(value);
      case 'uint':
        writer.int(2);
        return writer.uint(value);
      case 'llong':
        writer.int(3);
        return writer.hyper(value);
      case 'ullong':
        writer.int(4);
        return writer.uhyper(value);
      case 'double':
        writer.int(5);
        return writer.double(value);
      case 'boolean':
        writer.int(6);
        return writer.int(value ? 1 : 0);
      case 'string':
        writer.int(7);
        return string.write(writer, value);
    }
  },
  read(reader) {
    const type = reader.int();
    switch (type) {
      case 1:
        return { type: 'int', value: int.read(reader) };
      case 2:
        return { type: 'uint', value: uint.read(reader) };
      case 3:
        return { type: 'llong', value: hyper.read(reader) };
      case 4:
        return { type: 'ullong', value: uhyper.read(reader) };
      case 5:
        return { type: 'double', value: double.read(reader) };
      case 6:
        return { type: 'boolean', value: int.read(reader) !== 0 };
      case 7:
        return { type: 'string', value: string.read(reader) };
      default:
        throw new XdrError(`a parameter of the unknown type ${type}`);
    }
  },
};

/** remote_typed_param name<max>, as a map. */
export function typedParams(max: number): Codec<TypedParams> {
  return mapped(list(struct({ field: string, value: typedValue }), max), {
    read: (params) => new Map(params.map(({ field, value }) => [field, value])),
    write: (params: TypedParams) => [...params].map(([field, value]) => ({ field, value })),
  });
}
