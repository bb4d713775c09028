import type { NetworkInterfaceInfo } from 'node:os';
import type { Clock } from '../clock';

/** What os.networkInterfaces() returns. */
export type NetworkInterfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/**
 * The addresses by which this computer reaches others, in a form to compare. Loopback and link-local addresses
 * (RFC 3927, RFC 4291) lead to no host, and come and go with every container.
 */
export const reachOf = (interfaces: NetworkInterfaces): string =>
  Object.entries(interfaces)
    .flatMap(([name, addresses = []]) =>
      addresses
        .filter(({ internal, address }) => !internal && !/^(?:169\.254\.|fe[89ab])/i.test(address))
        .map(({ address, netmask }) => `${name} ${address} ${netmask}`),
    )
    .sort()
    .join('\n');

const LOOK_EVERY_MS = 3000;

export interface NetworkWatchOptions {
  readonly clock: Clock;
  readonly interfaces: () => NetworkInterfaces;
  /** This computer has other addresses than before: it came to another network, lost one, or has one again. */
  readonly onChange: () => void;
}

/**
 * Looks at this computer's addresses every 3 s; no system tells Node when they change.
 * @returns a function that ends it
 */
export function watchNetwork({ clock, interfaces, onChange }: NetworkWatchOptions): () => void {
  let before = reachOf(interfaces());
  let cancel = () => {};
  const wait = () => {
    cancel = clock.setTimer(LOOK_EVERY_MS, look);
  };
  const look = () => {
    wait();
    const now = reachOf(interfaces());
    if (now === before) return;
    before = now;
    onChange();
  };
  wait();
  return () => cancel();
}
