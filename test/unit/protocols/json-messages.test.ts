import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJson, jsonFramer, parseJsonObject } from '../../../main/protocols/json-messages';

const MiB = 1024 * 1024;
const object = fc.dictionary(
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
);
const asSent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** `bytes` cut at the given places, taken modulo its length. */
function cutUp(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const bounds = [0, ...cuts, bytes.length];
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
}

function frameAll(chunks: readonly Uint8Array[], maxBytes = MiB) {
  const framer = jsonFramer(maxBytes);
  const messages: string[] = [];
  for (const chunk of chunks) {
    const frames = framer.push(chunk);
    messages.push(...frames.messages);
    if (frames.fault) return { messages, fault: frames.fault };
  }
  return { messages, fault: null };
}

describe('jsonFramer', () => {
  it('gives back any objects, however they are separated, indented and cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ value: object, end: fc.constantFrom('\r\n', '\n', '', ' \t\r\n'), indent: fc.nat(3) }),
        ),
        fc.array(fc.nat(), { maxLength: 60 }),
        (sent, places) => {
          const text = sent
            .map(({ value, end, indent }) => JSON.stringify(value, null, indent) + end)
            .join('');
          const { messages, fault } = frameAll(cutUp(Buffer.from(text), places));
          expect(fault).toBeNull();
          expect(messages.map((message) => JSON.parse(message) as unknown)).toEqual(
            sent.map(({ value }) => asSent(value)),
          );
        },
      ),
    );
  });

  it('keeps characters whole that are cut in the middle, byte by byte', () => {
    const text = JSON.stringify({ name: 'Grüße 🐧 \\" }{][ \u2028' });
    const { messages } = frameAll([...Buffer.from(`${text}\r\n`)].map((byte) => Buffer.of(byte)));
    expect(messages).toEqual([text]);
  });

  it('puts a large message together from many chunks', () => {
    const text = JSON.stringify({ list: Array.from({ length: 20_000 }, (_, index) => index) });
    const chunks = cutUp(
      Buffer.from(text),
      Array.from({ length: 300 }, (_, index) => index * 401),
    );
    expect(frameAll(chunks).messages).toEqual([text]);
  });

  it('says what stands where an object should, after the messages before it', () => {
    const { messages, fault } = frameAll([Buffer.from('{"a":1}\r\nQEMU 7.2 monitor\r\n(qemu) ')]);
    expect(messages).toEqual(['{"a":1}']);
    expect(fault?.received).toBe('QEMU 7.2 monitor\r\n(qemu) ');
  });

  it('stays at fault until it is reset, and starts afresh then', () => {
    const framer = jsonFramer(MiB);
    expect(framer.push(Buffer.from('{"a":1,')).fault).toBeNull();
    expect(framer.push(Buffer.from('"line\nbreak"')).fault?.detail).toContain('control character');
    expect(framer.push(Buffer.from('{"b":2}'))).toMatchObject({
      messages: [],
      fault: { received: '"line\nbreak"' },
    });
    framer.reset();
    expect(framer.push(Buffer.from('{"b":2}'))).toEqual({ messages: ['{"b":2}'], fault: null });
  });

  it('takes a message of exactly the largest size, and none of one byte more, however they are cut', () => {
    const message = JSON.stringify({ pad: 'x'.repeat(200) });
    const places = fc.array(fc.nat(), { maxLength: 20 });
    fc.assert(
      fc.property(places, (cuts) => {
        const chunks = cutUp(Buffer.from(`${message}\r\n${message}`), cuts);
        expect(frameAll(chunks, message.length).messages).toEqual([message, message]);
        const tooSmall = frameAll(chunks, message.length - 1);
        expect(tooSmall.messages).toEqual([]);
        expect(tooSmall.fault?.detail).toBe(`a message of more than ${message.length - 1} bytes`);
      }),
    );
  });

  it('limits depth, and does not take one kind of bracket for a failure of the framing', () => {
    const nest = (depth: number) => `{"v":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(frameAll([Buffer.from(nest(1024))]).messages).toHaveLength(1);
    expect(frameAll([Buffer.from(nest(1025))]).fault?.detail).toContain('deeper than 1024');
    expect(parseJsonObject(frameAll([Buffer.from('{"a":[}]')]).messages[0] ?? '')).toBeNull();
  });

  it('never throws, whatever it is fed', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const { messages } = frameAll(chunks, 64);
        for (const message of messages) expect(message.startsWith('{')).toBe(true);
      }),
    );
  });
});

describe('encodeJson', () => {
  it('writes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(encodeJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('writes a bigint with all its digits, leaves out undefined, and refuses what JSON has not', () => {
    expect(encodeJson({ time: 1795378175123456789n, mode: undefined })).toBe('{"time":1795378175123456789}');
    expect(() => encodeJson({ list: [undefined] })).toThrow(TypeError);
    expect(() => encodeJson(() => 1)).toThrow(TypeError);
  });
});
