import { connect } from 'node:net';

export type JsonObject = Record<string, unknown>;

/** A unix socket that carries one JSON object a line: the tests' own reading of QMP and the guest agent. */
export interface JsonSocket {
  send(message: JsonObject): void;
  sendBytes(bytes: Uint8Array): void;
  /** resolves when the socket is closed, by whichever end */
  closed: Promise<void>;
  close(): void;
}

/** @throws Error when nothing listens at `path`. Bytes 0xFF, the agent's separators, are passed over. */
export function openJsonSocket(path: string, receive: (message: JsonObject) => void): Promise<JsonSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk.filter((byte) => byte !== 0xff)]);
      for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
        const line = pending.subarray(0, end).toString('utf8').trim();
        pending = pending.subarray(end + 1);
        if (line !== '') receive(JSON.parse(line) as JsonObject);
      }
    });
    socket.once('connect', () => {
      socket.off('error', reject);
      // A reset by a peer that was killed shows as `closed`, like any other end.
      socket.on('error', () => undefined);
      resolve({
        send: (message) => void socket.write(`${JSON.stringify(message)}\n`),
        sendBytes: (bytes) => void socket.write(bytes),
        closed,
        close: () => socket.destroy(),
      });
    });
  });
}
