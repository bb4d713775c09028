import { hostname, networkInterfaces } from 'node:os';
import { posix } from 'node:path';
import type { SocketAddress } from '../../protocols/sockets';
import type { Endpoint } from './endpoints';

/**
 * Where this app connects for an endpoint. `stated` identifies the endpoint across restarts and says nothing
 * about whether it can be reached; null when there is nothing stable to say.
 */
export type Reached =
  | { reachable: true; address: SocketAddress; stated: string | null }
  /** `why` completes the sentence "It ..."; `later`: another look may find it. */
  | { reachable: false; why: string; stated: string | null; later: boolean };

export type Reach = (endpoint: Endpoint) => Promise<Reached>;

export const unreachable = (why: string, stated: string | null = null, later = false): Reached => ({
  reachable: false,
  why,
  stated,
  later,
});

/**
 * Turns an endpoint into an address with what the command line and the working directory say alone.
 * `localHosts` holds this computer's host names and addresses.
 */
export function reachByCommandLine(
  endpoint: Endpoint,
  facts: { platform: NodeJS.Platform; cwd: string | null; localHosts?: () => ReadonlySet<string> },
): Reached {
  switch (endpoint.kind) {
    case 'unix': {
      if (facts.platform === 'win32')
        return unreachable('is a unix socket, which this app cannot use on Windows');
      if (!posix.isAbsolute(endpoint.path) && facts.cwd === null) {
        return unreachable('is a unix socket in a folder that is not known', `unix:${endpoint.path}`);
      }
      const path = posix.resolve(facts.cwd ?? '/', endpoint.path);
      return { reachable: true, address: { kind: 'unix', path }, stated: `unix:${path}` };
    }
    case 'abstract': {
      const stated = `abstract:${endpoint.name}`;
      if (facts.platform !== 'linux')
        return unreachable('is an abstract socket, which only Linux has', stated);
      // libuv 1.46 (Node 20) always connects to the padded name, later ones to the name as it is given.
      if (endpoint.tight)
        return unreachable('is an abstract socket, which this app can use only with tight=off', stated);
      const path = `\0${endpoint.name}`.padEnd(SUN_PATH_BYTES, '\0');
      return { reachable: true, address: { kind: 'unix', path }, stated };
    }
    case 'tcp': {
      const stated = `tcp:${endpoint.host}:${endpoint.port}`;
      if (endpoint.port === 0 || endpoint.lastPort > endpoint.port) {
        return unreachable('listens on a port that was chosen when it started', stated);
      }
      return reachTcp(endpoint.host, endpoint.port, stated, facts.localHosts);
    }
    case 'pipe': {
      const stated = `pipe:${endpoint.name}`;
      if (facts.platform !== 'win32') return unreachable('uses FIFOs instead of a socket', stated);
      const path = endpoint.name.startsWith('\\\\.\\pipe\\')
        ? endpoint.name
        : `\\\\.\\pipe\\${endpoint.name}`;
      return { reachable: true, address: { kind: 'pipe', path }, stated };
    }
    case 'fd':
      return unreachable('is a socket that it was given when it started, and its address cannot be read');
    case 'none':
      return unreachable(endpoint.why);
  }
}

/** Size of sockaddr_un.sun_path on Linux, in bytes (unix(7)). */
export const SUN_PATH_BYTES = 108;

/**
 * A listening address is one of this computer's. Any other is refused, so that no process can send this app
 * to another computer by its arguments. A listener on all addresses is reached by loopback.
 */
export function reachTcp(
  host: string,
  port: number,
  stated: string,
  localHosts: () => ReadonlySet<string> = thisComputersHosts,
): Reached {
  const target = host === '0.0.0.0' || host === '*' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const plain = target.toLowerCase();
  const isLoopback = plain === 'localhost' || plain === '::1' || /^127(\.\d{1,3}){3}$/.test(plain);
  if (!isLoopback && !localHosts().has(plain)) {
    return unreachable("listens on an address that is not this computer's", stated);
  }
  return { reachable: true, address: { kind: 'tcp', host: target, port }, stated };
}

/** This computer's host name and the addresses of its network interfaces, in lower case. */
export function thisComputersHosts(): ReadonlySet<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  return new Set([hostname(), ...addresses].map((name) => name.toLowerCase()));
}
