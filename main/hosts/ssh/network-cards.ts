import type { HostNetwork, NetworkCard } from '../power';

/** A network interface of /sys/class/net. */
export interface SeenInterface {
  readonly name: string;
  /** It is a device of the host's, and no construct of the kernel's. */
  readonly isDevice: boolean;
  readonly mac: string;
  readonly carrier: boolean;
  readonly wakes: boolean | null;
  /** What it is made of: the ports of a bridge, the members of a bond, the card below a VLAN. */
  readonly lower: readonly string[];
}

/** What `ip -o addr show` prints of one address. */
const ADDRESS = /^\d+: +(\S+?)(?:@\S+)? +inet(6?) +([0-9a-fA-F.:]+)\/(\d+)/;

/**
 * The way a connection takes into the host. A guest's own card (tap, veth) is no device, so a bridge leads to the
 * host's.
 * @param server the host's end of the connection ($SSH_CONNECTION), '' when it does not tell
 */
export function networkOf(server: string, addresses: string, interfaces: readonly SeenInterface[]): HostNetwork {
  const wanted = plain(server);
  const found = addresses.split('\n').flatMap((line) => {
    const [, name, six, address, prefix] = ADDRESS.exec(line) ?? [];
    return name !== undefined && address !== undefined ? [{ name, six: six === '6', address: plain(address), prefix: Number(prefix) }] : [];
  });
  const at = found.find(({ address }) => address === wanted)?.name;
  const four = found.find(({ name, six, address }) => name === at && !six && (address === wanted || wanted.includes(':')));
  return {
    address: four?.address ?? null,
    prefix: four?.prefix ?? null,
    cards: at === undefined ? [] : cardsBelow(at, interfaces),
  };
}

function cardsBelow(name: string, interfaces: readonly SeenInterface[], seen = new Set<string>()): NetworkCard[] {
  const one = interfaces.find((each) => each.name === name);
  if (!one || seen.has(name)) return [];
  seen.add(name);
  if (one.isDevice && isMac(one.mac)) return [{ name, mac: one.mac, wakes: one.wakes }];
  const lower = one.lower.flatMap((each) => interfaces.filter((other) => other.name === each));
  // A card without a cable hears nothing.
  const plugged = lower.filter(({ carrier, lower: more }) => carrier || more.length > 0);
  return (plugged.length > 0 ? plugged : lower).flatMap((each) => cardsBelow(each.name, interfaces, seen));
}

const isMac = (text: string): boolean => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text) && !/^(00:){5}00$/.test(text);

/** An address without a zone, an IPv4 address within an IPv6 one without that. */
const plain = (address: string): string => address.toLowerCase().replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/, '');
