import { createSocket } from 'node:dgram';
import type { HostNetwork } from '../hosts/power';
import type { NetworkInterfaces } from '../hosts/network-watch';

/**
 * The packet that wakes a network card, wherever in a frame it is: six bytes FF, then the card's address 16 times (AMD,
 * Magic Packet Technology, 20213).
 * @throws RangeError for what is no MAC address
 */
export function magicPacket(mac: string): Buffer {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) throw new RangeError(`${mac} is no MAC address`);
  const address = Buffer.from(mac.replaceAll(':', ''), 'hex');
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array.from({ length: 16 }, () => address)]);
}

/** The broadcast address of the subnet that an IPv4 address is in; null where it has none (/31, /32). */
export function broadcastOf(address: string, prefix: number): string | null {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255)) || !(prefix > 0 && prefix < 31)) return null;
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  const broadcast = (number | (2 ** (32 - prefix) - 1)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (broadcast >>> shift) & 255).join('.');
}

/** How packets leave this computer. */
export interface WakeOnLan {
  /** UDP; 9 (discard) by custom. */
  readonly port: number;
  /** The broadcast address of the network that this computer is in: 255.255.255.255 (RFC 919). */
  readonly everywhere: string;
  readonly interfaces: () => NetworkInterfaces;
}

/**
 * Sends a packet for each card to all that may lead there: this computer's networks, and the host's own, which a router
 * may let through. One that arrives is enough, and none is confirmed.
 * @throws AggregateError when none could be sent
 */
export async function sendWake({ port, everywhere, interfaces }: WakeOnLan, { address, prefix, cards }: HostNetwork): Promise<void> {
  const theirs = address !== null && prefix !== null ? broadcastOf(address, prefix) : null;
  const targets = new Set([everywhere, ...(theirs === null ? [] : [theirs]), ...broadcastsHere(interfaces())]);
  const packets = cards.map(({ mac }) => magicPacket(mac));
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, resolve);
    });
    socket.setBroadcast(true);
    const sent = await Promise.allSettled([...targets].flatMap((target) => packets.map((packet) => send(socket, packet, port, target))));
    const failures = sent.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
    if (failures.length === sent.length) throw new AggregateError(failures, failures[0] instanceof Error ? failures[0].message : 'There is no card to send to');
  } finally {
    socket.close();
  }
}

function send(socket: ReturnType<typeof createSocket>, packet: Buffer, port: number, target: string): Promise<void> {
  return new Promise((resolve, reject) => socket.send(packet, port, target, (error) => (error ? reject(error) : resolve())));
}

function broadcastsHere(interfaces: NetworkInterfaces): string[] {
  return Object.values(interfaces)
    .flat()
    .flatMap((one) => {
      if (!one || one.family !== 'IPv4' || one.internal) return [];
      const broadcast = broadcastOf(one.address, prefixOf(one.netmask));
      return broadcast === null ? [] : [broadcast];
    });
}

const prefixOf = (netmask: string): number =>
  netmask.split('.').reduce((bits, part) => bits + (Number(part).toString(2).match(/1/g)?.length ?? 0), 0);

/** Whether this computer has an interface in the host's subnet, so that a broadcast reaches it. */
export function sharesNetwork({ address, prefix }: HostNetwork, interfaces: NetworkInterfaces): boolean {
  const theirs = address !== null && prefix !== null ? broadcastOf(address, prefix) : null;
  return theirs !== null && broadcastsHere(interfaces).includes(theirs);
}
