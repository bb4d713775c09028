import type { Duplex } from 'node:stream';

export type Heard = Record<string, unknown>;

/** The other end of a QMP or guest agent client, played by a test. */
export interface JsonPeer {
  /** The next message that nobody took yet. */
  hear(): Promise<Heard>;
  /** Messages that nobody took yet. */
  readonly unheard: readonly Heard[];
  /** Everything the client wrote, byte for byte. */
  bytes(): Buffer;
  /** Writes a message with CRLF, or raw text or bytes. */
  say(message: object | string | Uint8Array): void;
  /** Resolves when the client has ended the connection. */
  readonly left: Promise<void>;
  hangUp(): void;
}

export function jsonPeer(stream: Duplex): JsonPeer {
  const written: Buffer[] = [];
  const unheard: Heard[] = [];
  const takers: ((message: Heard) => void)[] = [];
  let line = '';

  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  stream.on('data', (chunk: Buffer) => {
    written.push(chunk);
    line += chunk.toString('latin1').replaceAll('\xff', '');
    for (let end = line.indexOf('\n'); end >= 0; end = line.indexOf('\n')) {
      const message = JSON.parse(Buffer.from(line.slice(0, end), 'latin1').toString('utf8')) as Heard;
      line = line.slice(end + 1);
      const taker = takers.shift();
      if (taker) taker(message);
      else unheard.push(message);
    }
  });

  return {
    unheard,
    hear() {
      const message = unheard.shift();
      if (message) return Promise.resolve(message);
      return new Promise((resolve) => {
        takers.push(resolve);
      });
    },
    bytes: () => Buffer.concat(written),
    say(message) {
      if (typeof message === 'string' || message instanceof Uint8Array) stream.write(message);
      else stream.write(`${JSON.stringify(message)}\r\n`);
    },
    left: new Promise((resolve) => {
      stream.on('close', () => resolve());
    }),
    hangUp: () => stream.destroy(),
  };
}
