import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSplitter, parseMessage, toQemuJson, type JsonValue } from '../../../main/demo/qemu-json';

const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

describe('toQemuJson', () => {
  it('writes ASCII that reads back the same', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = toQemuJson(value);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(text)).toEqual(value);
      }),
    );
  });

  it('puts a blank behind colons and commas, and 64-bit integers in full', () => {
    expect(toQemuJson({ return: { a: [1, 'é'], b: 1795378271184700001n }, id: null })).toBe(
      String.raw`{"return": {"a": [1, "\u00E9"], "b": 1795378271184700001}, "id": null}`,
    );
  });
});

describe('jsonSplitter', () => {
  const pieces = (...chunks: (string | Uint8Array)[]) => {
    const split = jsonSplitter();
    return chunks.flatMap((chunk) => split(Buffer.from(chunk)));
  };

  it('finds the same messages however the bytes are cut', () => {
    const messages = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), json, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        messages,
        fc.array(fc.nat({ max: 40 })),
        fc.constantFrom('', '\n', ' \r\n\t'),
        (values, sizes, gap) => {
          const bytes = Buffer.from(values.map((value) => JSON.stringify(value)).join(gap));
          const chunks: Buffer[] = [];
          let from = 0;
          for (const size of [...sizes, bytes.length]) {
            chunks.push(bytes.subarray(from, from + size));
            from += size;
          }
          const found = pieces(...chunks).map((piece) => {
            expect(piece.kind).toBe('message');
            return piece.kind === 'message' ? (JSON.parse(piece.text) as unknown) : undefined;
          });
          expect(found).toEqual(values);
        },
      ),
    );
  });

  it('starts afresh at 0xFF, in whatever state', () => {
    const next = { kind: 'message', text: '{"a": 1}' };
    const ff = Uint8Array.of(0xff);
    expect(pieces(ff, '{"a": 1}')).toEqual([{ kind: 'malformed', reason: "stray '\ufffd'" }, next]);
    expect(pieces('{"b": [', ff, '{"a": 1}')).toEqual([
      { kind: 'malformed', reason: "stray '\ufffd'" },
      next,
    ]);
    expect(pieces('{"b\\"c', ff, '{"a": 1}')).toEqual([
      { kind: 'malformed', reason: `stray '"b\\"c\ufffd'` },
      next,
    ]);
  });

  it('gives up on a message without an end, and reads the next', () => {
    const [first, ...rest] = pieces(`{"a": "${'x'.repeat(1024 * 1024)}`, Uint8Array.of(0xff), '{"b": 2}');
    expect(first).toEqual({ kind: 'malformed', reason: 'token size limit exceeded' });
    expect(rest.at(-1)).toEqual({ kind: 'message', text: '{"b": 2}' });
  });
});

it('parseMessage names the keyword that is none', () => {
  expect(parseMessage('{bad}')).toEqual({ ok: false, reason: "invalid keyword 'bad'" });
  expect(parseMessage('{"not this": nil}')).toEqual({ ok: false, reason: "invalid keyword 'nil'" });
  expect(parseMessage('{true:}')).toEqual({ ok: false, reason: 'expecting value' });
});
