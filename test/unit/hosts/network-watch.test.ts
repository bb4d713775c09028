import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { reachOf, watchNetwork, type NetworkInterfaces } from '../../../main/hosts/network-watch';
import { fakeClock } from '../../fakes/clock';

const v4 = (address: string, netmask = '255.255.255.0'): NetworkInterfaceInfo => ({
  address,
  netmask,
  family: 'IPv4',
  mac: '52:54:00:12:34:56',
  internal: address.startsWith('127.'),
  cidr: null,
});
const v6 = (address: string): NetworkInterfaceInfo => ({
  ...v4(address),
  netmask: 'ffff:ffff:ffff:ffff::',
  family: 'IPv6',
  internal: address === '::1',
  scopeid: 0,
});
const lo = [v4('127.0.0.1', '255.0.0.0'), v6('::1')];
const home: NetworkInterfaces = { lo, wlan0: [v4('192.168.1.7'), v6('fe80::1')] };

describe('what is compared', () => {
  const same: [string, NetworkInterfaces][] = [
    ['the same in another order', { wlan0: [v6('fe80::1'), v4('192.168.1.7')], lo }],
    ['a container’s interface', { ...home, veth1a2b: [v6('fe80::42:acff')] }],
    ['another link-local address', { lo, wlan0: [v4('192.168.1.7'), v6('fe80::2'), v4('169.254.3.4', '255.255.0.0')] }],
    ['an interface without addresses', { ...home, eth0: [], eth1: undefined }],
    ['no loopback', { wlan0: home['wlan0'] }],
  ];
  it.each(same)('%s is the same network', (_, interfaces) => {
    expect(reachOf(interfaces)).toBe(reachOf(home));
  });

  const other: [string, NetworkInterfaces][] = [
    ['another address', { lo, wlan0: [v4('192.168.1.8')] }],
    ['another netmask', { lo, wlan0: [v4('192.168.1.7', '255.255.0.0')] }],
    ['another interface', { lo, eth0: [v4('192.168.1.7')] }],
    ['one more', { ...home, tun0: [v4('10.8.0.2')] }],
    ['a global IPv6 address', { lo, wlan0: [v4('192.168.1.7'), v6('2001:db8::7')] }],
    ['none', { lo }],
  ];
  it.each(other)('%s is another network', (_, interfaces) => {
    expect(reachOf(interfaces)).not.toBe(reachOf(home));
  });

  it('can be read from this computer', () => {
    const all = networkInterfaces();
    const outside = Object.values(all).flatMap((each) => each ?? []).filter(({ internal, address }) => !internal && !/^(fe80|169\.254)/.test(address));
    expect(reachOf(all).split('\n').filter((line) => line !== '')).toHaveLength(outside.length);
  });
});

describe('a network that changes', () => {
  const watched = () => {
    const clock = fakeClock();
    const bench = { clock, interfaces: home, changes: 0, end: () => {} };
    bench.end = watchNetwork({ clock, interfaces: () => bench.interfaces, onChange: () => (bench.changes += 1) });
    return bench;
  };

  it('is told within 3 s, once for each change', async () => {
    const bench = watched();
    await bench.clock.advance(60_000);
    expect(bench.changes).toBe(0);
    bench.interfaces = { lo };
    await bench.clock.advance(3000);
    expect(bench.changes).toBe(1);
    await bench.clock.advance(60_000);
    expect(bench.changes).toBe(1);
    bench.interfaces = home;
    await bench.clock.advance(3000);
    expect(bench.changes).toBe(2);
  });

  it('is looked at no more when the watch has ended', async () => {
    const bench = watched();
    await bench.clock.advance(10_000);
    bench.end();
    expect(bench.clock.pendingTimers()).toBe(0);
    bench.interfaces = { lo };
    await bench.clock.advance(60_000);
    expect(bench.changes).toBe(0);
  });

  it('is watched on though what is told of it throws', async () => {
    const clock = fakeClock();
    const faults: unknown[] = [];
    let interfaces = home;
    watchNetwork({
      clock,
      interfaces: () => interfaces,
      onChange() {
        throw new Error('a fault');
      },
    });
    for (const next of [{ lo }, home]) {
      interfaces = next;
      await clock.advance(3000).catch((error: unknown) => faults.push(error));
    }
    expect(faults).toHaveLength(2);
  });
});
