import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';

/** Listens on a unix socket or, without a path, on a free port of loopback; adds itself to `started`. */
export async function startListener(
  started: { stop(): Promise<void> }[],
  onClient: (client: Duplex) => void,
  path?: string,
): Promise<Server> {
  const clients = new Set<Duplex>();
  const server = createServer((client) => {
    clients.add(client.on('error', () => {}));
    onClient(client);
  });
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  started.push({
    async stop() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return server;
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port;
