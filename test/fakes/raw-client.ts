import { connect } from 'node:net';
import type { SocketAddress } from '../../main/protocols/sockets';

export type Message = Record<string, unknown>;

/**
 * A client that reads what really came, line by line: the app's own must not prove the simulation it is
 * tested with.
 */
export interface RawClient {
  send(text: string | Uint8Array): void;
  /** All lines so far, as they came, their ends included. */
  readonly lines: readonly Buffer[];
  /** All lines so far that are JSON, a leading 0xFF left out. */
  messages(): Message[];
  /** Resolves with the first message that fits and that no earlier call took. */
  next(fits: (message: Message) => boolean, what: string, timeoutMs?: number): Promise<Message>;
  /** What was sent and the peer's kernel has not taken yet. */
  unsentBytes(): number;
  readonly closed: Promise<void>;
  close(): void;
}

/** null for a line that is no JSON, which a faulty peer may well send. */
function parse(line: Buffer): Message | null {
  try {
    return JSON.parse(line.subarray(line[0] === 0xff ? 1 : 0).toString('utf8')) as Message;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** @throws the system's error when nothing listens */
export function openRawClient(address: SocketAddress): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    const socket = address.kind === 'tcp' ? connect(address.port, address.host) : connect(address.path);
    const lines: Buffer[] = [];
    const taken = new Set<Buffer>();
    const onLine = new Set<() => void>();
    let pending = Buffer.alloc(0);
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
        lines.push(pending.subarray(0, end + 1));
        pending = pending.subarray(end + 1);
      }
      for (const look of [...onLine]) look();
    });
    socket.once('connect', () => {
      socket.off('error', reject);
      // A reset shows as `closed`, like any other end.
      socket.on('error', () => undefined);
      resolve({
        send: (text) => void socket.write(text),
        lines,
        messages: () => lines.map(parse).filter((message) => message !== null),
        next: (fits, what, timeoutMs = 5000) =>
          new Promise((found, notFound) => {
            const settle = (act: () => void) => {
              onLine.delete(look);
              clearTimeout(timer);
              act();
            };
            const look = () => {
              for (const line of lines) {
                const message = taken.has(line) ? null : parse(line);
                if (!message || !fits(message)) continue;
                taken.add(line);
                settle(() => found(message));
                return;
              }
            };
            const fail = (why: string) => () =>
              settle(() =>
                notFound(new Error(`${what}: ${why}; came: ${Buffer.concat(lines).toString('utf8')}`)),
              );
            const timer = setTimeout(fail(`not within ${timeoutMs} ms`), timeoutMs);
            onLine.add(look);
            void closed.then(fail('the connection was closed'));
            look();
          }),
        unsentBytes: () => socket.writableLength,
        closed,
        close: () => socket.destroy(),
      });
    });
  });
}

/** Connects as soon as something listens. */
export async function connectSoon(address: SocketAddress, timeoutMs = 10_000): Promise<RawClient> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await openRawClient(address);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ECONNREFUSED') || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
