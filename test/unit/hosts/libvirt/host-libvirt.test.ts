import { describe, expect, it } from 'vitest';
import { createHostLibvirt } from '../../../../main/hosts/libvirt/host-libvirt';
import type { DaemonPlace } from '../../../../main/hypervisors/libvirt/model';
import { wire } from '../../../fakes/libvirt-wire';
import { createReach, PLACE, RUNNING, SHUTOFF } from '../../hypervisors/libvirt/bench';

const SESSION: DaemonPlace = {
  scope: 'session',
  uri: 'qemu:///session',
  sockets: [{ kind: 'unix', path: '/run/user/libvirt-sock' }],
  readOnlySockets: [],
};

function start(prepare: (reach: ReturnType<typeof createReach>) => void = () => undefined) {
  const reach = createReach();
  prepare(reach);
  const host = createHostLibvirt(reach.access, reach.clock);
  return { ...reach, host, list: (places = [PLACE, SESSION]) => reach.done(host.list(places)) };
}

describe('the domains of a host', () => {
  it('are listed with the first answer, by their libvirt and uuid', async () => {
    const { list, server, host, until } = start(({ server, sockets }) => {
      server.add({ name: 'nas', state: RUNNING, stats: [['balloon.maximum', 4, 1_048_576n], ['vcpu.current', 2, 2]] });
      sockets.set('/run/user/libvirt-sock', 'missing');
    });
    const [nas] = [...server.domains.values()];
    const listed = await list();
    expect(listed).toMatchObject([{ key: `libvirt:system:${nas!.uuid}`, name: 'nas', uuid: nas!.uuid }]);
    await until('their sizes follow', () => listed[0]!.domain.record.vcpus !== null);
    expect(await list()).toMatchObject([{ memoryMiB: 1024, vcpus: 2, domain: { record: { domain: { name: 'nas' } } } }]);
    expect((await list())[0]!.domain).toBe(listed[0]!.domain);
    expect(host.unasked()).toEqual([expect.objectContaining({ keyPrefix: 'libvirt:session:', notable: false })]);
  });

  it('of two libvirts are told apart', async () => {
    const { list } = start(({ server, sockets }) => {
      server.add({ name: 'nas' });
      sockets.set('/run/user/libvirt-sock', 'open');
    });
    const keys = (await list()).map(({ key }) => key.replace(/[^:]*$/, ''));
    expect(keys).toEqual(['libvirt:system:', 'libvirt:session:']);
  });

  it('are connected to once, however often they are listed', async () => {
    const { list, watchers } = start();
    await list();
    await list();
    expect(watchers()).toHaveLength(1);
  });

  it('that come later are told, and listed then', async () => {
    const { list, server, host, until } = start();
    expect(await list()).toEqual([]);
    let changes = 0;
    host.onChanged(() => (changes += 1));
    server.change(server.add({ name: 'web' }), SHUTOFF, [0, 0]);
    await until('it is told', () => changes === 1);
    expect((await list()).map(({ name }) => name)).toEqual(['web']);
  });
});

describe('a libvirt', () => {
  it('that accepts and says nothing holds up the first list for 2 s, and later ones not at all', async () => {
    const { host, clock, done, server } = start(({ server }) => void (server.answers[66] = () => 'silence'));
    const began = clock.monotonic();
    expect(await done(host.list([PLACE]))).toEqual([]);
    expect(clock.monotonic() - began).toBe(2000);
    expect(host.unasked()).toMatchObject([{ keyPrefix: 'libvirt:system:', notable: false, reason: expect.stringContaining('connected to') }]);
    expect(await done(host.list([PLACE]), 0)).toEqual([]);
    expect(server.connections).toHaveLength(1);
  });

  it('that answers in the end is told', async () => {
    const held: (() => void)[] = [];
    const { host, list, until } = start(({ server }) => {
      server.add({ name: 'nas' });
      server.answers[66] = async () => {
        await new Promise<void>((resolve) => held.push(resolve));
        return wire.list([wire.int(0)]);
      };
    });
    expect(await list([PLACE])).toEqual([]);
    let told = false;
    host.onChanged(() => (told = true));
    for (const go of held) go();
    await until('it is told', () => told);
    expect(await list([PLACE])).toHaveLength(1);
    expect(host.unasked()).toEqual([]);
  });

  it('that is not there is nothing to tell of', async () => {
    const { list, host } = start(({ sockets }) => sockets.clear());
    expect(await list()).toEqual([]);
    expect(host.unasked().map(({ notable }) => notable)).toEqual([false, false]);
  });

  it.each([
    ['is forbidden', 'permission', /may not open/],
    ['cannot be reached', 'busy', /cannot be reached/],
  ] as const)('that %s is', async (_, code, reason) => {
    const { list, host } = start(({ sockets }) => sockets.set('/run/libvirt-sock', code));
    expect(await list([PLACE])).toEqual([]);
    expect(host.unasked()).toEqual([
      { keyPrefix: 'libvirt:system:', notable: true, reason: expect.stringMatching(reason), remedy: expect.any(String) },
    ]);
  });

  it('that may only be looked at lists its domains, and says so', async () => {
    const { list, host } = start(({ sockets, server }) => {
      server.add({ name: 'nas' });
      sockets.set('/run/libvirt-sock', 'permission').set('/run/libvirt-sock-ro', 'open');
    });
    expect(await list([PLACE])).toHaveLength(1);
    expect(host.unasked()).toMatchObject([{ notable: true, remedy: expect.stringContaining('usermod') }]);
  });

  it('that was there and is not any more is notable as long as its domains are known', async () => {
    const { list, host, watchers, sockets, until } = start(({ server }) => void server.add({ name: 'nas' }));
    await list([PLACE]);
    sockets.clear();
    watchers()[0]!.hangUp();
    await until('it is missed', () => host.unasked().length === 1);
    expect(host.unasked()).toMatchObject([{ notable: true }]);
    expect(await list([PLACE])).toHaveLength(1);
    sockets.set('/run/libvirt-sock', 'open');
    host.connectNow();
    await until('it is back', () => host.unasked().length === 0, 10);
  });
});

describe('the end', () => {
  it('leaves no timer, no connection and no listener', async () => {
    const { list, host, server, clock, pass } = start(({ sockets }) => sockets.set('/run/user/libvirt-sock', 'missing'));
    await list();
    let told = 0;
    host.onChanged(() => (told += 1));
    host.close();
    await pass(0);
    expect(clock.pendingTimers()).toBe(0);
    expect(server.connections.every(({ ended }) => ended)).toBe(true);
    expect(told).toBe(0);
    const before = server.connections.length;
    expect(await list([{ ...SESSION, uri: 'qemu:///other' }])).toEqual([]);
    expect(server.connections).toHaveLength(before);
  });

  it('during the first list does not keep it waiting for ever', async () => {
    const { host, done, clock, pass } = start(({ server }) => void (server.answers[66] = () => 'silence'));
    const listing = host.list([PLACE]);
    await pass(10);
    host.close();
    expect(await done(listing, 2000)).toEqual([]);
    await pass(0);
    expect(clock.pendingTimers()).toBe(0);
  });
});
