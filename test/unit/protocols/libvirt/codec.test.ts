import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decode,
  double,
  encode,
  fixedBytes,
  hyper,
  int,
  list,
  mapped,
  nothing,
  optional,
  repeated,
  struct,
  text,
  truth,
  uhyper,
  uint,
  withDefault,
  type Codec,
} from '../../../../main/protocols/libvirt/codec';
import {
  domain,
  string,
  typedParams,
  uuid,
  type TypedValue,
} from '../../../../main/protocols/libvirt/values';
import { XdrError } from '../../../../main/protocols/libvirt/xdr';
import { wire } from '../../../fakes/libvirt-wire';

const anyInt = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const anyUint = fc.integer({ min: 0, max: 0xffffffff });
const anyHyper = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const anyUhyper = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyText = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'));
const anyUuid = fc.uuid();
const anyDomain = fc.record({ name: anyText, uuid: anyUuid, id: anyInt });
const anyTyped: fc.Arbitrary<TypedValue> = fc.oneof(
  fc.record({ type: fc.constant('int' as const), value: anyInt }),
  fc.record({ type: fc.constant('uint' as const), value: anyUint }),
  fc.record({ type: fc.constant('llong' as const), value: anyHyper }),
  fc.record({ type: fc.constant('ullong' as const), value: anyUhyper }),
  fc.record({ type: fc.constant('double' as const), value: fc.double({ noNaN: true }) }),
  fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('string' as const), value: anyText }),
);

function roundTrip<T>(name: string, codec: Codec<T>, values: fc.Arbitrary<T>, onWire?: (value: T) => Buffer) {
  it(`${name}: what is written is read, in whole words${onWire ? ', as the other encoder has it' : ''}`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(codec, value);
        expect(bytes.length % 4).toBe(0);
        if (onWire) expect(bytes).toEqual(onWire(value));
        expect(decode(codec, bytes)).toEqual(value);
      }),
    );
  });

  it(`${name}: cut short or with something behind it, it is an error`, () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, at) => {
        const bytes = encode(codec, value);
        expect(() => decode(codec, Buffer.concat([bytes, Buffer.alloc(4)]))).toThrow(XdrError);
        if (bytes.length > 0) {
          expect(() => decode(codec, bytes.subarray(0, at % bytes.length))).toThrow(XdrError);
        }
      }),
    );
  });

  it(`${name}: any bytes are read or are an XdrError`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        try {
          decode(codec, Buffer.from(noise));
        } catch (error) {
          expect(error).toBeInstanceOf(XdrError);
        }
      }),
    );
  });
}

describe('XDR', () => {
  roundTrip('int', int, anyInt, wire.int);
  roundTrip('unsigned int', uint, anyUint, wire.uint);
  roundTrip('hyper', hyper, anyHyper, wire.hyper);
  roundTrip('unsigned hyper', uhyper, anyUhyper, wire.uhyper);
  roundTrip('double', double, fc.double({ noNaN: true }), wire.double);
  roundTrip('truth', truth, fc.boolean(), (value) => wire.int(value ? 1 : 0));
  roundTrip('string', string, anyText, wire.text);
  roundTrip('optional string', optional(string), fc.option(anyText), wire.maybeText);
  roundTrip(
    'opaque[5]',
    fixedBytes(5),
    fc.uint8Array({ minLength: 5, maxLength: 5 }).map((b) => Buffer.from(b)),
    wire.opaque,
  );
  roundTrip('int[3]', repeated(int, 3), fc.array(anyInt, { minLength: 3, maxLength: 3 }), (values) =>
    Buffer.concat(values.map(wire.int)),
  );
  roundTrip('string<>', list(string, 50) as Codec<string[]>, fc.array(anyText, { maxLength: 8 }), (values) =>
    wire.list(values.map(wire.text)),
  );
  roundTrip('uuid', uuid, anyUuid, wire.uuid);
  roundTrip('domain', domain, anyDomain, wire.domain);
  roundTrip('optional domain', optional(domain), fc.option(anyDomain));
  roundTrip(
    'typed parameters',
    typedParams(50),
    fc.array(fc.tuple(anyText, anyTyped), { maxLength: 6 }).map((entries) => new Map(entries)),
  );
  roundTrip(
    'a struct in a struct',
    struct({ a: int, b: struct({ c: string, d: optional(hyper) }) }) as Codec<{
      a: number;
      b: { c: string; d: bigint | null };
    }>,
    fc.record({ a: anyInt, b: fc.record({ c: anyText, d: fc.option(anyHyper) }) }),
  );
  roundTrip(
    'another type',
    mapped(int, { read: (value) => String(value), write: (value: string) => Number(value) }),
    anyInt.map(String),
  );

  it('reads the golden bytes of a domain, padded to words', () => {
    const bytes = Buffer.from(
      '00000005' + '6162636465000000' + '6695eb01f6a4830479aa97f2502e193f' + 'ffffffff',
      'hex',
    );
    const value = { name: 'abcde', uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', id: -1 };
    expect(decode(domain, bytes)).toEqual(value);
    expect(encode(domain, value)).toEqual(bytes);
  });

  it('reads typed parameters as the other encoder writes them; the last of a name counts', () => {
    const params = decode(
      typedParams(20),
      wire.params([
        ['i', 1, -5],
        ['u', 2, 0xffffffff],
        ['l', 3, -(2n ** 63n)],
        ['ul', 4, 2n ** 64n - 1n],
        ['d', 5, 0.5],
        ['b', 6, 7],
        ['s', 7, 'text'],
        ['i', 1, 6],
      ]),
    );
    expect([...params]).toEqual([
      ['i', { type: 'int', value: 6 }],
      ['u', { type: 'uint', value: 0xffffffff }],
      ['l', { type: 'llong', value: -(2n ** 63n) }],
      ['ul', { type: 'ullong', value: 2n ** 64n - 1n }],
      ['d', { type: 'double', value: 0.5 }],
      ['b', { type: 'boolean', value: true }],
      ['s', { type: 'string', value: 'text' }],
    ]);
  });

  it('refuses what a type does not hold', () => {
    for (const value of [0x80000000, -0x80000001, 0.5, NaN])
      expect(() => encode(int, value)).toThrow(XdrError);
    for (const value of [-1, 0x100000000, Infinity]) expect(() => encode(uint, value)).toThrow(XdrError);
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) expect(() => encode(hyper, value)).toThrow(XdrError);
    for (const value of [-1n, 2n ** 64n]) expect(() => encode(uhyper, value)).toThrow(XdrError);
    for (const value of ['', 'x'.repeat(32), '6695eb01-f6a4-8304-79aa-97f2502e193']) {
      expect(() => encode(uuid, value)).toThrow(XdrError);
    }
    expect(() => encode(string, 'a\0b')).toThrow('NUL');
    expect(() => encode(text(3), 'äöü')).toThrow('6 is more than 3');
    expect(() => encode(list(int, 2), [1, 2, 3])).toThrow('3 is more than 2');
    expect(() => encode(repeated(int, 2), [1])).toThrow(XdrError);
    expect(() => encode(fixedBytes(2), Buffer.alloc(3))).toThrow(XdrError);
  });

  it('believes no length that the bytes or the bound do not allow, and allocates nothing for it', () => {
    const before = process.memoryUsage().arrayBuffers;
    const huge = Buffer.concat([wire.uint(0x40000000), Buffer.alloc(64)]);
    expect(() => decode(text(0xffffffff), huge)).toThrow(XdrError);
    expect(() => decode(list(int, 0xffffffff), huge)).toThrow('1073741824 items');
    expect(() => decode(list(int, 3), wire.list([1, 2, 3, 4].map(wire.int)))).toThrow('4 is more than 3');
    expect(() => decode(text(3), wire.text('long'))).toThrow('4 is more than 3');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('refuses an optional that is neither, padding that is not zero, a parameter of no known type', () => {
    expect(() => decode(optional(int), wire.int(2))).toThrow(XdrError);
    expect(() => decode(string, Buffer.from('0000000161010000', 'hex'))).toThrow('not zero');
    const typed = Buffer.concat([wire.uint(1), wire.text('x'), wire.int(8), wire.int(0)]);
    expect(() => decode(typedParams(5), typed)).toThrow('unknown type 8');
  });

  it('reads what is not UTF-8 as U+FFFD', () => {
    expect(decode(string, Buffer.from('0000000261ff0000', 'hex'))).toBe('a\ufffd');
  });

  it('writes a default for a member that is left out', () => {
    const call = struct({ a: int, flags: withDefault(uint, 5) });
    expect(encode(call, { a: 1 })).toEqual(Buffer.concat([wire.int(1), wire.uint(5)]));
    expect(encode(call, { a: 1, flags: 0 })).toEqual(Buffer.concat([wire.int(1), wire.uint(0)]));
    expect(encode(nothing, {})).toHaveLength(0);
  });
});
