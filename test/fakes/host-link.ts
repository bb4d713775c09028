import type { Duplex } from 'node:stream';
import type { HostLink, LinkState } from '../../main/hosts/ssh/link';
import { DialError, type SocketAddress } from '../../main/protocols/sockets';

/** A host's connection whose states the test sets; its streams end with it. */
export interface FakeLink extends HostLink {
  become(state: LinkState): void;
  /** The connection is lost, and made again later. */
  drop(): void;
  /** A stream to `address` through this connection. */
  carry(address: SocketAddress, dial: (address: SocketAddress) => Promise<Duplex>): Promise<Duplex>;
}

export const lostLink: LinkState = { kind: 'backoff', nextTry: 1, reason: 'nas closed the connection.', remedy: 'Wait.' };

export function fakeLink(): FakeLink {
  let state: LinkState = { kind: 'ready' };
  const listeners = new Set<(state: LinkState) => void>();
  const streams = new Set<Duplex>();
  const link: FakeLink = {
    get state() {
      return state;
    },
    connection: null,
    lastReady: null,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    connectNow: () => link.become({ kind: 'ready' }),
    recheck: () => undefined,
    stop: async () => link.become({ kind: 'offline' }),
    become(next) {
      state = next;
      for (const listener of [...listeners]) listener(next);
      if (next.kind === 'ready') return;
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
    drop: () => link.become(lostLink),
    async carry(address, dial) {
      if (state.kind !== 'ready') throw new DialError('other', address, 'The host is not connected');
      const stream = await dial(address);
      streams.add(stream);
      return stream;
    },
  };
  return link;
}
