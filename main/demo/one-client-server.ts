import { chmodSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { SocketAddress } from '../protocols/sockets';

/** The client that QEMU's character device is connected to. Writing to one that has left does nothing. */
export interface Client {
  /** Counts the clients of this socket from 1. */
  readonly session: number;
  write(bytes: Uint8Array): void;
  /** Stops reading: the client's writes pile up in the kernel, then block it. */
  pause(): void;
  resume(): void;
  /** Drops the connection. */
  destroy(): void;
}

export interface ClientHandlers {
  onClient(client: Client): void;
  onData(client: Client, bytes: Buffer): void;
  onLeave(client: Client): void;
}

export interface OneClientServer {
  /**
   * What was written still reaches the client; then the connections are gone, and so is the socket's file
   * unless it is to be left, as a process does that is killed.
   */
  close(file: 'remove' | 'leave'): Promise<void>;
}

/** A socket address that a local server can listen on. */
export type LocalAddress = Extract<SocketAddress, { kind: 'unix' | 'pipe' }>;

/**
 * Listens as QEMU's socket character devices do (chardev/char-socket.c): one client at a time. Others can
 * connect and write, but are not served until those before them have left.
 * @throws the system's error when the address cannot be listened on
 */
export function serveOneClient(address: LocalAddress, handlers: ClientHandlers): Promise<OneClientServer> {
  const waiting: Socket[] = [];
  let current: Socket | null = null;
  let sessions = 0;
  let closing = false;

  const admitNext = () => {
    const socket = waiting.shift();
    if (!socket || current || closing) return;
    current = socket;
    sessions += 1;
    const client: Client = {
      session: sessions,
      write: (bytes) => void (socket.writable && socket.write(bytes)),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      destroy: () => void socket.destroy(),
    };
    socket.on('data', (bytes: Buffer) => handlers.onData(client, bytes));
    socket.on('close', () => {
      current = null;
      handlers.onLeave(client);
      admitNext();
    });
    handlers.onClient(client);
    socket.resume();
  };

  const server = createServer({ pauseOnConnect: true }, (socket) => {
    // A client that resets the connection is gone, which the socket's 'close' reports next.
    socket.on('error', () => undefined);
    if (closing) {
      socket.destroy();
      return;
    }
    waiting.push(socket);
    if (!current) admitNext();
  });

  const stopListening = (file: 'remove' | 'leave', done: () => void) => {
    if (file === 'remove' || address.kind === 'pipe') {
      server.close(done);
      return;
    }
    // Closing removes the file by its name, so it hides under another one meanwhile.
    const hidden = `${address.path}~`;
    renameSync(address.path, hidden);
    server.close(() => {
      renameSync(hidden, address.path);
      done();
    });
  };

  const close: OneClientServer['close'] = (file) =>
    new Promise<void>((resolve) => {
      closing = true;
      for (const socket of waiting.splice(0)) socket.destroy();
      stopListening(file, resolve);
      const last = current;
      if (!last) return;
      last.end();
      // A process that ends does not wait for its peer either: what the kernel did not take by now is lost.
      setImmediate(() => last.destroy());
    });

  return new Promise((resolve, reject) => {
    // QEMU too replaces the file that a killed predecessor left (util/qemu-sockets.c unix_listen_saddr).
    if (address.kind === 'unix') rmSync(address.path, { force: true });
    server.once('error', reject);
    server.listen(address.path, () => {
      server.off('error', reject);
      if (address.kind === 'unix') chmodSync(address.path, 0o600);
      resolve({ close });
    });
  });
}
