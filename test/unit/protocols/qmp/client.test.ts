import { describe, expect, it, vi } from 'vitest';
import { connectQmp } from '../../../../main/protocols/qmp/client';
import type { QmpEvent } from '../../../../main/protocols/qmp/schema';
import { fakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { jsonPeer } from '../../../fakes/json-peer';
import { GREETING, openSession, settle, timestamp, TIMESTAMP_MS } from './session';

function connecting(options = {}) {
  const clock = fakeClock();
  const { near, far } = duplexPair();
  return { clock, near, peer: jsonPeer(far), client: connectQmp(near, { clock, ...options }) };
}

describe('connecting', () => {
  it('takes the greeting, negotiates, and knows the version', async () => {
    const { clock, peer, client } = connecting();
    peer.say(GREETING);
    expect(await peer.hear()).toEqual({ execute: 'qmp_capabilities', arguments: {}, id: 1 });
    peer.say({ return: {}, id: 1 });
    expect((await client).version).toEqual({ major: 7, minor: 2, micro: 22, package: 'Debian' });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('sends nothing before the greeting', async () => {
    const { peer, client } = connecting();
    await settle();
    expect(peer.bytes()).toHaveLength(0);
    peer.hangUp();
    await expect(client).rejects.toMatchObject({ kind: 'closed' });
  });

  it('gives up on a monitor that says nothing: another client holds it', async () => {
    const { clock, near, client } = connecting({ greetingTimeoutMs: 3000 });
    const refused = expect(client).rejects.toMatchObject({
      kind: 'no-greeting',
      failure: { waitedMs: 3000 },
    });
    await clock.advance(2999);
    expect(near.destroyed).toBe(false);
    await clock.advance(1);
    await refused;
    expect(near.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });

  it.each([
    ['an HMP monitor', "QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) "],
    ['a web server', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
    ['a guest agent', '{"return": {}}\n'],
    ['a greeting without a version', '{"QMP": {}}\r\n'],
    ['telnet', Buffer.from([0xff, 0xfb, 0x01, 0xff, 0xfb, 0x03])],
    ['something broken', '{"QMP": tru}'],
  ])('tells %s from a QMP monitor', async (_what, said) => {
    const { clock, near, peer, client } = connecting();
    peer.say(said);
    await expect(client).rejects.toMatchObject({ kind: 'not-qmp' });
    expect(near.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('reports a refused negotiation and a negotiation without an answer', async () => {
    const refused = connecting();
    refused.peer.say(GREETING);
    await refused.peer.hear();
    refused.peer.say({ error: { class: 'CommandNotFound', desc: 'no' }, id: 1 });
    await expect(refused.client).rejects.toMatchObject({
      failure: { kind: 'command', command: 'qmp_capabilities', errorClass: 'CommandNotFound', desc: 'no' },
    });
    expect(refused.near.destroyed).toBe(true);

    const silent = connecting({ callTimeoutMs: 500 });
    const timedOut = expect(silent.client).rejects.toMatchObject({ kind: 'timeout' });
    silent.peer.say(GREETING);
    await silent.peer.hear();
    await silent.clock.advance(500);
    await timedOut;
    expect(silent.near.destroyed).toBe(true);
    expect(silent.clock.pendingTimers()).toBe(0);
  });

  it('rejects at once on a stream that has ended already', async () => {
    const { near, far } = duplexPair();
    near.on('error', () => {});
    near.destroy(new Error('ECONNRESET'));
    far.destroy();
    await settle();
    await expect(connectQmp(near, { clock: fakeClock() })).rejects.toMatchObject({
      failure: { kind: 'closed', cause: { kind: 'stream-error', error: { message: 'ECONNRESET' } } },
    });
  });
});

describe('calls', () => {
  it('pair answers with calls by id, in any order, with events in between', async () => {
    const { peer, qmp, clock } = await openSession();
    const events: QmpEvent[] = [];
    qmp.onEvent((event) => events.push(event));
    const status = qmp.call('query-status');
    const name = qmp.call('query-name');
    const [first, second] = [await peer.hear(), await peer.hear()];
    expect([first.execute, second.execute]).toEqual(['query-status', 'query-name']);
    peer.say({ return: { name: 'web' }, id: second.id });
    peer.say({ event: 'STOP', timestamp });
    peer.say({ id: first.id, return: { status: 'paused', running: false, singlestep: false } });
    expect(await Promise.all([status, name])).toEqual([
      { status: 'paused', running: false },
      { name: 'web' },
    ]);
    expect(events).toEqual([{ known: true, name: 'STOP', data: {}, at: TIMESTAMP_MS }]);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('pass arguments and hand over any result of qom-get', async () => {
    const { peer, qmp } = await openSession();
    const value = qmp.call('qom-get', { path: '/machine', property: 'rtc-time' });
    const request = await peer.hear();
    expect(request.arguments).toEqual({ path: '/machine', property: 'rtc-time' });
    peer.say({ return: { tm_year: 126 }, id: request.id });
    expect(await value).toEqual({ tm_year: 126 });
  });

  it('fail with QEMU’s own error, and name the command', async () => {
    const { peer, qmp } = await openSession();
    const wakeup = qmp.call('system_wakeup');
    const { id } = await peer.hear();
    peer.say({
      id,
      error: { class: 'GenericError', desc: 'Unable to wake up: guest is not in suspended state' },
    });
    await expect(wakeup).rejects.toMatchObject({
      message:
        'QEMU refused system_wakeup: Unable to wake up: guest is not in suspended state (GenericError)',
      failure: { kind: 'command', errorClass: 'GenericError' },
    });
  });

  it.each([
    ['query-status', { running: true }, 'return.status'],
    ['query-status', { running: true, status: 'dreaming' }, 'return.status'],
    ['query-cpus-fast', {}, 'return should be a list'],
    ['query-cpus-fast', [{ 'cpu-index': 0 }], 'return[0].thread-id'],
    ['query-memory-size-summary', { 'base-memory': '8' }, 'return.base-memory'],
    ['stop', null, 'return should be an object'],
  ] as const)(
    '%s answered by %j is an error of the protocol that names it',
    async (command, answer, where) => {
      const { peer, qmp } = await openSession();
      const call = qmp.call(command);
      peer.say({ return: answer, id: (await peer.hear()).id });
      await expect(call).rejects.toMatchObject({ kind: 'protocol', failure: { command } });
      await expect(call).rejects.toThrow(where);
      const next = qmp.call('stop');
      peer.say({ return: {}, id: (await peer.hear()).id });
      await expect(next).resolves.toEqual({});
    },
  );

  it('an error without an id fails the oldest call before QEMU', async () => {
    const { peer, qmp } = await openSession();
    const [oldest, newer] = [qmp.call('stop'), qmp.call('cont')];
    const failed = expect(oldest).rejects.toMatchObject({ failure: { kind: 'command', command: 'stop' } });
    await peer.hear();
    const { id } = await peer.hear();
    peer.say({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    peer.say({ return: {}, id });
    await failed;
    await expect(newer).resolves.toEqual({});
  });

  it('drops answers with an unknown id, and an error without an id when nothing is asked', async () => {
    const { peer, qmp } = await openSession();
    peer.say({ error: { class: 'GenericError', desc: 'stray' } });
    peer.say({ return: {}, id: 999 });
    const stop = qmp.call('stop');
    const { id } = await peer.hear();
    peer.say({ return: {}, id: 'other' });
    peer.say({ return: { status: 'no' } });
    peer.say({ return: {}, id });
    await expect(stop).resolves.toEqual({});
  });

  it('keeps at most eight before QEMU and sends the rest in order', async () => {
    const { peer, qmp } = await openSession();
    const calls = Array.from({ length: 12 }, (_, index) => qmp.call('qom-list', { path: `/${index}` }));
    await settle();
    expect(peer.unheard.map(({ arguments: args }) => args)).toEqual(
      Array.from({ length: 8 }, (_, index) => ({ path: `/${index}` })),
    );
    const third = peer.unheard[2];
    peer.say({ return: [], id: third?.id });
    await settle();
    expect(peer.unheard).toHaveLength(9);
    expect(peer.unheard[8]?.arguments).toEqual({ path: '/8' });
    for (let answered = 0; answered < 12; answered += 1) peer.say({ return: [], id: (await peer.hear()).id });
    expect(await Promise.all(calls)).toEqual(calls.map(() => []));
  });

  it('time out; the place is free only when QEMU has answered, and the late answer is dropped', async () => {
    const { clock, peer, qmp } = await openSession({ maxInFlight: 1, callTimeoutMs: 1000 });
    const slow = qmp.call('stop');
    const timedOut = expect(slow).rejects.toMatchObject({
      failure: { kind: 'timeout', command: 'stop', waitedMs: 1000 },
    });
    const { id } = await peer.hear();
    await clock.advance(1000);
    await timedOut;
    const next = qmp.call('query-name');
    await settle();
    expect(peer.unheard).toEqual([]);
    peer.say({ return: {}, id });
    const request = await peer.hear();
    expect(request.execute).toBe('query-name');
    peer.say({ return: {}, id: request.id });
    await expect(next).resolves.toEqual({});
    expect(clock.pendingTimers()).toBe(0);
  });

  it('an error without an id goes to a call that timed out, if that one is the oldest', async () => {
    const { clock, peer, qmp } = await openSession();
    const slow = qmp.call('stop', {}, { timeoutMs: 10 });
    const timedOut = expect(slow).rejects.toMatchObject({ kind: 'timeout' });
    await peer.hear();
    await clock.advance(10);
    await timedOut;
    const next = qmp.call('cont');
    const { id } = await peer.hear();
    peer.say({ error: { class: 'GenericError', desc: 'for stop' } });
    peer.say({ return: {}, id });
    await expect(next).resolves.toEqual({});
  });

  it('time out while they wait for a place, and are then never sent', async () => {
    const { clock, peer, qmp } = await openSession({ maxInFlight: 1 });
    const first = qmp.call('stop', {}, { timeoutMs: 5000 });
    const second = expect(qmp.call('cont', {}, { timeoutMs: 100 })).rejects.toMatchObject({
      kind: 'timeout',
    });
    const { id } = await peer.hear();
    await clock.advance(100);
    await second;
    peer.say({ return: {}, id });
    await first;
    await settle();
    expect(peer.unheard).toEqual([]);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('can be given up by a signal: before, while waiting, and while QEMU has them', async () => {
    const { clock, peer, qmp } = await openSession({ maxInFlight: 1 });
    const reason = new Error('not needed any more');
    await expect(qmp.call('stop', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const controller = new AbortController();
    const sent = qmp.call('stop', {}, { signal: controller.signal });
    const queued = qmp.call('cont', {}, { signal: controller.signal });
    const { id } = await peer.hear();
    const both = Promise.allSettled([sent, queued]);
    controller.abort(reason);
    expect(await both).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    const after = qmp.call('query-name');
    peer.say({ return: {}, id });
    const request = await peer.hear();
    expect(request.execute).toBe('query-name');
    peer.say({ return: {}, id: request.id });
    await after;
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('events', () => {
  it('that come before anybody listens go to the first listener', async () => {
    const { peer, client } = connecting();
    peer.say(GREETING);
    const { id } = await peer.hear();
    peer.say({ event: 'SUSPEND', timestamp });
    peer.say({ return: {}, id });
    peer.say({ event: 'WAKEUP', timestamp });
    const qmp = await client;
    await settle();
    const [first, second]: string[][] = [[], []];
    qmp.onEvent(({ name }) => first?.push(name));
    qmp.onEvent(({ name }) => second?.push(name));
    peer.say({ event: 'STOP', timestamp });
    await settle();
    expect(first).toEqual(['SUSPEND', 'WAKEUP', 'STOP']);
    expect(second).toEqual(['STOP']);
  });

  it('are typed by name; what QEMU is too old to tell is null; unknown or odd ones come raw', async () => {
    const { peer, qmp } = await openSession();
    const events: QmpEvent[] = [];
    qmp.onEvent((event) => events.push(event));
    const shutdown = { guest: true, reason: 'guest-shutdown' };
    peer.say({ event: 'SHUTDOWN', data: shutdown, timestamp });
    peer.say({ event: 'RESET', timestamp: { seconds: -1, microseconds: -1 } });
    peer.say({ event: 'VSERPORT_CHANGE', data: { id: 'agent', open: false, more: 1 } });
    peer.say({ event: 'STOP', timestamp: { seconds: -1, microseconds: 0 } });
    peer.say({ event: 'VSERPORT_CHANGE', data: { id: 'agent', open: 'ajar' }, timestamp });
    peer.say({ event: 'JOB_STATUS_CHANGE', data: { id: 'x' }, timestamp });
    peer.say({ event: '__proto__', timestamp });
    await settle();
    expect(events).toEqual([
      { known: true, name: 'SHUTDOWN', data: shutdown, at: TIMESTAMP_MS },
      { known: true, name: 'RESET', data: { guest: null, reason: null }, at: null },
      { known: true, name: 'VSERPORT_CHANGE', data: { id: 'agent', open: false }, at: null },
      { known: true, name: 'STOP', data: {}, at: null },
      { known: false, name: 'VSERPORT_CHANGE', data: { id: 'agent', open: 'ajar' }, at: TIMESTAMP_MS },
      { known: false, name: 'JOB_STATUS_CHANGE', data: { id: 'x' }, at: TIMESTAMP_MS },
      { known: false, name: '__proto__', data: undefined, at: TIMESTAMP_MS },
    ]);
  });

  it('stop for a listener that is gone', async () => {
    const { peer, qmp } = await openSession();
    const heard = vi.fn();
    const off = qmp.onEvent(heard);
    peer.say({ event: 'STOP', timestamp });
    await settle();
    off();
    peer.say({ event: 'RESUME', timestamp });
    await settle();
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('go on when a listener throws, and the error is reported', async () => {
    const onListenerError = vi.fn();
    const { peer, qmp } = await openSession({ onListenerError });
    const error = new Error('listener');
    const heard = vi.fn();
    qmp.onEvent(() => {
      throw error;
    });
    qmp.onEvent(heard);
    const call = qmp.call('stop');
    const { id } = await peer.hear();
    peer.say({ event: 'STOP', timestamp });
    peer.say({ return: {}, id });
    await call;
    expect(onListenerError).toHaveBeenCalledExactlyOnceWith(error, expect.objectContaining({ name: 'STOP' }));
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('keep the newest 256 while nobody listens', async () => {
    const { peer, qmp } = await openSession();
    for (let offset = 0; offset < 300; offset += 1)
      peer.say({ event: 'RTC_CHANGE', data: { offset }, timestamp });
    await settle();
    const offsets: unknown[] = [];
    qmp.onEvent((event) => {
      if (event.known && event.name === 'RTC_CHANGE') offsets.push(event.data.offset);
    });
    expect(offsets).toEqual(Array.from({ length: 256 }, (_, index) => index + 44));
  });
});
