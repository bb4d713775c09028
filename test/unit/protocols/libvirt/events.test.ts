import { describe, expect, it, vi } from 'vitest';
import {
  domainStatus,
  DOMAIN_STATES,
  lifecycleChange,
} from '../../../../main/protocols/libvirt/domain-states';
import {
  EVENT_IDS,
  type LibvirtEvent,
  type SubscribableEvent,
} from '../../../../main/protocols/libvirt/events';
import { fakeLibvirtDomains } from '../../../fakes/libvirt-domains';
import { wire, wireMessage } from '../../../fakes/libvirt-wire';
import { DOMAIN, heardCalls, openSession, settle } from './session';

const { int, domain } = wire;
const ALL = Object.keys(EVENT_IDS) as SubscribableEvent[];

async function openEvents() {
  const session = await openSession();
  const events: LibvirtEvent[] = [];
  expect(await session.client.subscribe(ALL)).toEqual([]);
  session.client.onEvent((event) => events.push(event));
  return { ...session, events };
}

describe('events', () => {
  it('are subscribed to once each, of all domains, and ended by their own ids', async () => {
    const { client, server } = await openEvents();
    expect([...server.connection().subscriptions.values()].sort((a, b) => a - b)).toEqual([
      0, 1, 7, 11, 12, 14, 18,
    ]);
    expect(await client.subscribe(['lifecycle', 'agent'])).toEqual([]);
    expect(server.connection().subscriptions.size).toBe(7);
    await client.unsubscribe(['pmwakeup', 'pmsuspend', 'pmsuspend-disk']);
    await client.unsubscribe(['pmwakeup']);
    expect([...server.connection().subscriptions.values()].sort((a, b) => a - b)).toEqual([0, 1, 7, 18]);
    await client.subscribe(['pmwakeup']);
    expect([...server.connection().subscriptions.values()].sort((a, b) => a - b)).toEqual([0, 1, 7, 11, 18]);
  });

  it('say what the driver does not have, and can be asked for again', async () => {
    const { client, server } = await openSession();
    const register = server.answers[316]!;
    server.answers[316] = () => ({ error: { code: 8, message: 'unsupported event ID 18' } });
    expect(await client.subscribe(['agent'])).toMatchObject([
      { kind: 'agent', refusal: { name: 'INVALID_ARG' } },
    ]);
    server.answers[316] = register;
    expect(await client.subscribe(['agent'])).toEqual([]);
  });

  it('cannot be asked for on a connection that has ended', async () => {
    const { client } = await openSession();
    client.close();
    await expect(client.subscribe(['agent'])).rejects.toMatchObject({ kind: 'closed' });
  });

  it.each<[string, number, number, Buffer[], LibvirtEvent]>([
    [
      'sleep',
      0,
      318,
      [domain(DOMAIN), int(7), int(0)],
      { kind: 'lifecycle', domain: DOMAIN, event: 'pmsuspended', detail: 'memory' },
    ],
    [
      'a wake',
      0,
      318,
      [domain(DOMAIN), int(2), int(4)],
      { kind: 'lifecycle', domain: DOMAIN, event: 'started', detail: 'wakeup' },
    ],
    [
      'something new',
      0,
      318,
      [domain(DOMAIN), int(99), int(3)],
      { kind: 'lifecycle', domain: DOMAIN, event: 'unknown', detail: '99/3' },
    ],
    ['reboot', 1, 319, [domain(DOMAIN)], { kind: 'reboot', domain: DOMAIN }],
    ['control-error', 7, 325, [domain(DOMAIN)], { kind: 'control-error', domain: DOMAIN }],
    ['pmwakeup', 11, 329, [int(0), domain(DOMAIN)], { kind: 'pmwakeup', domain: DOMAIN }],
    ['pmsuspend', 12, 330, [int(0), domain(DOMAIN)], { kind: 'pmsuspend', domain: DOMAIN }],
    ['pmsuspend-disk', 14, 332, [int(0), domain(DOMAIN)], { kind: 'pmsuspend-disk', domain: DOMAIN }],
    [
      'an agent',
      18,
      348,
      [domain(DOMAIN), int(1), int(2)],
      { kind: 'agent', domain: DOMAIN, state: 'connected', reason: 'channel' },
    ],
    [
      'no agent',
      18,
      348,
      [domain(DOMAIN), int(2), int(9)],
      { kind: 'agent', domain: DOMAIN, state: 'disconnected', reason: '9' },
    ],
  ])('are decoded: %s', async (_what, id, proc, payload, event) => {
    const { server, events } = await openEvents();
    server.emit(id, proc, Buffer.concat(payload));
    await settle();
    expect(events).toEqual([event]);
  });

  it('tell when the daemon has lost what it forwards to', async () => {
    const { server, events } = await openEvents();
    server.connection().say(wireMessage({ prog: 0x20008086, proc: 362, type: 2, serial: 0 }, int(1)));
    await settle();
    expect(events).toEqual([{ kind: 'connection-closed', reason: 'eof' }]);
  });

  it('come in order, between replies, also of several in one piece', async () => {
    const server = fakeLibvirtDomains();
    const guest = server.add({ name: 'a', state: [1, 1] });
    const { client } = await openSession(server);
    await client.subscribe(['lifecycle', 'pmsuspend', 'pmwakeup']);
    const seen: string[] = [];
    client.onEvent((event) =>
      seen.push(event.kind === 'lifecycle' ? `${event.event} ${event.detail}` : event.kind),
    );
    const dom = { name: guest.name, uuid: guest.uuid, id: guest.id };
    await client
      .call('domain_pm_suspend_for_duration', { dom, target: 0, duration: 0n })
      .then(() => seen.push('asked'));
    await client.call('domain_pm_wakeup', { dom }).then(() => seen.push('asked'));
    expect(seen).toEqual(['pmsuspend', 'pmsuspended memory', 'asked', 'pmwakeup', 'started wakeup', 'asked']);
  });

  it('of other kinds and programs are ignored; broken ones say so', async () => {
    const { server, events, client } = await openEvents();
    const { say } = server.connection();
    say(wireMessage({ prog: 0x20008086, proc: 9999, type: 2, serial: 0 }, int(1)));
    say(wireMessage({ prog: 0x20008087, proc: 318, type: 2, serial: 0 }, int(1)));
    say(wireMessage({ prog: 0x12345678, proc: 1, type: 2, serial: 0 }));
    say(wireMessage({ prog: 0x20008086, proc: 318, type: 2, serial: 0 }, int(1)));
    await settle();
    expect(events).toEqual([
      { kind: 'unreadable', procedure: 'domain_event_callback_lifecycle', detail: expect.any(String) },
    ]);
    server.answers[59] = () => wire.text('lab');
    expect(await client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
  });

  it('that nobody heard go to the first listener', async () => {
    const { client, server } = await openSession();
    await client.subscribe(['reboot']);
    server.emit(1, 319, domain(DOMAIN));
    await settle();
    const listener = vi.fn();
    client.onEvent(listener)();
    expect(listener.mock.calls).toEqual([[{ kind: 'reboot', domain: DOMAIN }]]);
    server.emit(1, 319, domain(DOMAIN));
    await settle();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('reach every listener, whatever one of them throws', async () => {
    const onListenerError = vi.fn();
    const { client, server } = await openSession({}, { onListenerError });
    await client.subscribe(['reboot']);
    client.onEvent(() => {
      throw new Error('listener');
    });
    const other = vi.fn();
    client.onEvent(other);
    server.emit(1, 319, domain(DOMAIN));
    await settle();
    expect(other).toHaveBeenCalledTimes(1);
    expect(onListenerError).toHaveBeenCalledWith(new Error('listener'), { kind: 'reboot', domain: DOMAIN });
  });

  it('leave the daemon alone when nobody subscribes', async () => {
    const { server } = await openSession();
    expect(heardCalls(server)).not.toContain(316);
  });
});

describe('states', () => {
  it.each([
    [1, 1, { state: 'running', reason: 'booted' }],
    [1, 8, { state: 'running', reason: 'wakeup' }],
    [3, 1, { state: 'paused', reason: 'user' }],
    [5, 5, { state: 'shutoff', reason: 'saved' }],
    [5, 99, { state: 'shutoff', reason: '99' }],
    [7, 0, { state: 'pmsuspended', reason: 'unknown' }],
    [8, 1, { state: 'unknown', reason: '8/1' }],
    [-1, 0, { state: 'unknown', reason: '-1/0' }],
  ])('%i/%i is named', (state, reason, named) => {
    expect(domainStatus({ state, reason })).toEqual(named);
  });

  it('and events each have their number', () => {
    expect(DOMAIN_STATES.map(([state]) => state)).toHaveLength(8);
    expect(lifecycleChange({ event: 5, detail: 4 })).toEqual({ event: 'stopped', detail: 'saved' });
    expect(lifecycleChange({ event: 8, detail: 1 })).toEqual({ event: 'crashed', detail: 'crashloaded' });
  });
});
