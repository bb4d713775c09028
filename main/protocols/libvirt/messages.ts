import { decode, encode, int, struct, uint, type Decoded } from './codec';

/** virnetprotocol.x VIR_NET_MESSAGE_MAX with the length word, in bytes: the largest message there is. */
export const MAX_MESSAGE_BYTES = 33_554_432 + 4;
/** virnetprotocol.x: the length word, and virNetMessageHeader. */
const LENGTH_BYTES = 4;
const HEADER_BYTES = 24;

/** virnetprotocol.x virNetMessageType */
export const MESSAGE_TYPE = { call: 0, reply: 1, message: 2, stream: 3 } as const;
/** virnetprotocol.x virNetMessageStatus */
export const MESSAGE_STATUS = { ok: 0, error: 1, continue: 2 } as const;

/** virnetprotocol.x virNetMessageHeader */
const header = struct({ prog: uint, vers: uint, proc: int, type: int, serial: uint, status: int });
export type MessageHeader = Decoded<typeof header>;

export interface Message {
  header: MessageHeader;
  payload: Buffer;
}

/**
 * A message with its length word, which counts itself.
 * @throws RangeError when it is larger than libvirt takes
 */
export function encodeMessage(head: MessageHeader, payload: Buffer): Buffer {
  const length = LENGTH_BYTES + HEADER_BYTES + payload.length;
  if (length > MAX_MESSAGE_BYTES)
    throw new RangeError(`A message of ${length} bytes is more than libvirt takes`);
  const word = Buffer.alloc(LENGTH_BYTES);
  word.writeUInt32BE(length);
  return Buffer.concat([word, encode(header, head), payload]);
}

export interface MessageFrames {
  /** The complete messages, in order. */
  messages: Message[];
  /** Why nothing more can be read after them; null while all is well. */
  fault: string | null;
}

export interface MessageFramer {
  /** Takes the next bytes, cut anywhere. After a fault it takes no more. */
  push(chunk: Uint8Array): MessageFrames;
}

/**
 * Cuts a byte stream into messages. Keeps no more than what has arrived of one, whatever its length word
 * claims.
 * @param maxBytes a longer message is a fault; MAX_MESSAGE_BYTES unless given
 */
export function messageFramer(maxBytes = MAX_MESSAGE_BYTES): MessageFramer {
  /** The beginning of a message, in the first `kept` bytes. */
  let partial = Buffer.alloc(0);
  let kept = 0;
  let fault: string | null = null;

  const append = (chunk: Uint8Array): Buffer => {
    const needed = kept + chunk.byteLength;
    if (needed > partial.length) {
      const grown = Buffer.alloc(Math.max(needed, partial.length * 2));
      partial.copy(grown, 0, 0, kept);
      partial = grown;
    }
    partial.set(chunk, kept);
    kept = needed;
    return partial.subarray(0, kept);
  };
  const keep = (rest: Buffer) => {
    partial = Buffer.from(rest);
    kept = rest.length;
  };

  return {
    push(chunk) {
      const messages: Message[] = [];
      if (fault) return { messages, fault };
      let rest = append(chunk);
      while (rest.length >= LENGTH_BYTES) {
        const length = rest.readUInt32BE(0);
        fault = lengthFault(length, maxBytes);
        if (fault) break;
        if (rest.length < length) break;
        messages.push(readMessage(rest.subarray(LENGTH_BYTES, length)));
        rest = rest.subarray(length);
      }
      // The messages are views of what they came in, so the rest moves on.
      if (fault) keep(Buffer.alloc(0));
      else if (messages.length > 0) keep(rest);
      return { messages, fault };
    },
  };
}

function lengthFault(length: number, maxBytes: number): string | null {
  if (length < LENGTH_BYTES + HEADER_BYTES) return `a message of ${length} bytes, too short for a header`;
  return length > maxBytes ? `a message of ${length} bytes, more than ${maxBytes}` : null;
}

function readMessage(bytes: Buffer): Message {
  return { header: decode(header, bytes.subarray(0, HEADER_BYTES)), payload: bytes.subarray(HEADER_BYTES) };
}
