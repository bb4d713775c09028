import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeMessage,
  MAX_MESSAGE_BYTES,
  messageFramer,
  type Message,
} from '../../../../main/protocols/libvirt/messages';
import { wire, wireMessage } from '../../../fakes/libvirt-wire';

const anyMessage: fc.Arbitrary<Message> = fc.record({
  header: fc.record({
    prog: fc.integer({ min: 0, max: 0xffffffff }),
    vers: fc.nat(),
    proc: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
    type: fc.nat(),
    serial: fc.integer({ min: 0, max: 0xffffffff }),
    status: fc.nat(),
  }),
  payload: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
});

describe('framing', () => {
  it('writes messages as the other encoder does', () => {
    const header = { prog: 0x20008086, vers: 1, proc: 273, type: 0, serial: 7, status: 0 };
    expect(encodeMessage(header, wire.int(1))).toEqual(wireMessage(header, wire.int(1)));
    expect(encodeMessage(header, wire.int(1)).toString('hex')).toBe(
      '00000020' + '20008086' + '00000001' + '00000111' + '00000000' + '00000007' + '00000000' + '00000001',
    );
  });

  it('gives the same messages however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 6 }), fc.array(fc.nat({ max: 90 })), (messages, cuts) => {
        let rest = Buffer.concat(messages.map(({ header, payload }) => encodeMessage(header, payload)));
        const framer = messageFramer();
        const seen: Message[] = [];
        const push = (chunk: Buffer) => {
          // A stream may use its memory again as soon as it has handed it out.
          const chunkOnce = Buffer.from(chunk);
          const { messages: got, fault } = framer.push(chunkOnce);
          chunkOnce.fill(0xee);
          expect(fault).toBeNull();
          seen.push(...got);
        };
        for (const cut of cuts) {
          push(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        push(rest);
        expect(seen).toEqual(messages);
      }),
    );
  });

  it('cuts at every single byte of two messages', () => {
    const two = ['one', 'the other'].map((payload, serial) =>
      wireMessage({ prog: 1, proc: 2, type: 3, serial }, Buffer.from(payload)),
    );
    const bytes = Buffer.concat(two);
    for (let at = 0; at <= bytes.length; at += 1) {
      const framer = messageFramer();
      const seen = [
        ...framer.push(bytes.subarray(0, at)).messages,
        ...framer.push(bytes.subarray(at)).messages,
      ];
      expect(
        seen.map(({ payload }) => payload.toString()),
        `cut at ${at}`,
      ).toEqual(['one', 'the other']);
    }
  });

  it.each([
    ['shorter than a header', 27],
    ['nothing', 0],
    ['longer than libvirt sends', MAX_MESSAGE_BYTES + 1],
    ['huge', 0xffffffff],
  ])('refuses a length word that is %s, after the messages before it, and for good', (_what, length) => {
    const framer = messageFramer();
    const good = wireMessage({ prog: 1, proc: 2, type: 1, serial: 3 }, Buffer.from('good'));
    const { messages, fault } = framer.push(Buffer.concat([good, wire.uint(length)]));
    expect(messages).toHaveLength(1);
    expect(fault).toContain(`a message of ${length} bytes`);
    expect(framer.push(good)).toEqual({ messages: [], fault });
  });

  it('takes the largest message there is, and no larger one', () => {
    const payload = Buffer.alloc(MAX_MESSAGE_BYTES - 28, 1);
    const bytes = encodeMessage({ prog: 1, vers: 1, proc: 1, type: 1, serial: 1, status: 0 }, payload);
    const framer = messageFramer();
    let seen: Message[] = [];
    for (let at = 0; at < bytes.length; at += 1 << 20) {
      const { messages, fault } = framer.push(bytes.subarray(at, at + (1 << 20)));
      expect(fault).toBeNull();
      seen = [...seen, ...messages];
    }
    expect(seen).toHaveLength(1);
    expect(seen[0]!.payload.equals(payload)).toBe(true);
    const header = { prog: 1, vers: 1, proc: 1, type: 1, serial: 1, status: 0 };
    expect(() => encodeMessage(header, Buffer.alloc(payload.length + 1))).toThrow(RangeError);
  });

  it('keeps what arrived of a message, not what its length claims', () => {
    const before = process.memoryUsage().arrayBuffers;
    const framers = Array.from({ length: 100 }, () => messageFramer());
    for (const framer of framers) framer.push(wire.uint(MAX_MESSAGE_BYTES));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });
});
