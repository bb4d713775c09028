import type { Duplex } from 'node:stream';
import type {
  Client,
  ClientHandlers,
  LocalAddress,
  OneClientServer,
} from '../../main/demo/one-client-server';
import { DialError, formatAddress, type SocketAddress } from '../../main/protocols/sockets';
import { duplexPair } from './duplex';

/** `left`: the file that a killed process leaves behind. */
type Socket = { readonly kind: 'listening'; connect(): Duplex } | { readonly kind: 'left' };

const sockets = new Map<string, Socket>();

/**
 * In place of main/demo/one-client-server.ts in tests that own the time: the simulated QEMUs listen in memory, where
 * nothing needs real time to arrive.
 *
 *     vi.mock('.../main/demo/one-client-server', () => import('.../fakes/memory-sockets'));
 */
export async function serveOneClient(
  address: LocalAddress,
  handlers: ClientHandlers,
): Promise<OneClientServer> {
  const waiting: Duplex[] = [];
  let current: Duplex | null = null;
  let sessions = 0;
  let closing = false;
  let resolveClosed = () => {};
  const closed = new Promise<void>((resolve) => (resolveClosed = resolve));

  const admitNext = () => {
    const stream = waiting.shift();
    if (!stream || current || closing) return;
    if (stream.destroyed) return admitNext();
    current = stream;
    sessions += 1;
    const client: Client = {
      session: sessions,
      write: (bytes) => void (stream.writable && stream.write(bytes)),
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      destroy: () => void stream.destroy(),
    };
    stream.on('close', () => {
      current = null;
      handlers.onLeave(client);
      if (closing) resolveClosed();
      admitNext();
    });
    handlers.onClient(client);
    // Never within the write of the other end, as with a real socket.
    stream.on('data', (bytes: Buffer) =>
      process.nextTick(() => {
        if (current === stream) handlers.onData(client, bytes);
      }),
    );
  };

  sockets.set(address.path, {
    kind: 'listening',
    connect() {
      const { near, far } = duplexPair();
      far.on('error', () => undefined);
      waiting.push(far);
      if (!current) setImmediate(admitNext);
      return near;
    },
  });
  return {
    close(file) {
      closing = true;
      if (file === 'remove') sockets.delete(address.path);
      else sockets.set(address.path, { kind: 'left' });
      for (const stream of waiting.splice(0)) stream.destroy();
      const last = current;
      if (!last) resolveClosed();
      last?.end();
      setImmediate(() => last?.destroy());
      return closed;
    },
  };
}

/** @throws DialError when nobody listens there */
export async function dialMemory(address: SocketAddress): Promise<Duplex> {
  const socket = address.kind === 'tcp' ? undefined : sockets.get(address.path);
  if (socket?.kind === 'listening') return socket.connect();
  const code = socket ? 'refused' : 'missing';
  throw new DialError(code, address, `Nobody listens at ${formatAddress(address)} (${code}).`);
}
