import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { broadcastOf, magicPacket, sendWake, sharesNetwork, type WakeOnLan } from '../../../main/host-power/wake-on-lan';
import type { HostNetwork } from '../../../main/hosts/power';
import type { NetworkInterfaces } from '../../../main/hosts/network-watch';

const card = (mac: string) => ({ name: 'eth0', mac, wakes: true });
const network = (over: Partial<HostNetwork> = {}): HostNetwork => ({ address: null, prefix: null, cards: [card('52:54:00:ab:cd:ef')], ...over });
const here = (address: string, netmask: string, internal = false): NetworkInterfaces => ({
  eth0: [{ address, netmask, family: 'IPv4', mac: '02:00:00:00:00:01', internal, cidr: null }],
});

describe('a magic packet', () => {
  it('is six bytes FF and the address 16 times', () => {
    const packet = magicPacket('52:54:00:ab:CD:ef');
    expect(packet).toHaveLength(102);
    expect(packet.toString('hex')).toBe('ff'.repeat(6) + '525400abcdef'.repeat(16));
  });

  it.each(['', '52:54:00:ab:cd', '52-54-00-ab-cd-ef', '52:54:00:ab:cd:ef:01', 'zz:54:00:ab:cd:ef'])('is not made of %j', (text) => {
    expect(() => magicPacket(text)).toThrow(RangeError);
  });
});

describe('a broadcast address', () => {
  it.each([
    ['192.168.1.5', 24, '192.168.1.255'],
    ['10.20.30.40', 8, '10.255.255.255'],
    ['172.16.5.9', 20, '172.16.15.255'],
    ['192.168.1.130', 30, '192.168.1.131'],
    ['128.0.0.1', 1, '255.255.255.255'],
  ])('of %s/%d is %s', (address, prefix, expected) => expect(broadcastOf(address, prefix)).toBe(expected));

  it.each([
    ['10.0.0.1', 31],
    ['10.0.0.1', 32],
    ['10.0.0.1', 0],
    ['fe80::1', 64],
    ['10.0.0.256', 24],
  ])('of %s/%d there is none', (address, prefix) => expect(broadcastOf(address, prefix)).toBeNull());
});

describe('a computer', () => {
  it('is in the network of a host whose subnet it has an address of', () => {
    const host = network({ address: '192.168.1.5', prefix: 24 });
    expect(sharesNetwork(host, here('192.168.1.77', '255.255.255.0'))).toBe(true);
    expect(sharesNetwork(host, here('192.168.2.77', '255.255.255.0'))).toBe(false);
    expect(sharesNetwork(host, here('192.168.1.77', '255.255.255.0', true))).toBe(false);
    expect(sharesNetwork(network(), here('192.168.1.77', '255.255.255.0'))).toBe(false);
  });
});

describe.skipIf(process.platform !== 'linux')('sending', () => {
  const stops: (() => void)[] = [];
  afterEach(() => stops.splice(0).forEach((stop) => stop()));

  /** Listens on loopback only. */
  const listen = async (address: string) => {
    const socket = createSocket('udp4');
    const heard: string[] = [];
    let arrived = () => {};
    socket.on('message', (packet) => {
      heard.push(packet.toString('hex', 6, 12));
      arrived();
    });
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    stops.push(() => socket.close());
    const count = (wanted: number) =>
      new Promise<void>((resolve) => {
        arrived = () => {
          if (heard.length >= wanted) resolve();
        };
        arrived();
      });
    return { port: socket.address().port, heard, count };
  };
  const through = (port: number, everywhere: string, interfaces: NetworkInterfaces = {}): WakeOnLan => ({ port, everywhere, interfaces: () => interfaces });

  it('goes to everybody, once for each card', async () => {
    const { port, heard, count } = await listen('127.255.255.255');
    await sendWake(through(port, '127.255.255.255'), network({ cards: [card('52:54:00:00:00:01'), card('52:54:00:00:00:02')] }));
    await count(2);
    expect(heard.sort()).toEqual(['525400000001', '525400000002']);
  });

  it('goes to the host’s subnet and to those of this computer, each once', async () => {
    const all = await listen('127.0.0.1');
    await sendWake(through(all.port, '127.0.0.1', here('127.0.0.1', '255.0.0.0', true)), network({ address: '127.0.0.9', prefix: 8 }));
    await all.count(1);
    expect(all.heard).toEqual(['525400abcdef']);
    const directed = await listen('127.255.255.255');
    await sendWake(through(directed.port, '127.0.0.1'), network({ address: '127.0.0.9', prefix: 8 }));
    await directed.count(1);
    expect(directed.heard).toEqual(['525400abcdef']);
  });

  it('fails where nothing could be sent, and not where something was', async () => {
    const { port, count } = await listen('127.0.0.1');
    await expect(sendWake(through(port, 'not an address'), network())).rejects.toThrow(AggregateError);
    await sendWake(through(port, '127.0.0.1'), network({ address: '127.0.0.9', prefix: 8 }));
    await count(1);
    await expect(sendWake(through(port, '127.0.0.1'), network({ cards: [] }))).rejects.toThrow('no card');
  });
});
