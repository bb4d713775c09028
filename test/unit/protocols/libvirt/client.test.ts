import { describe, expect, it, vi } from 'vitest';
import { connectLibvirt } from '../../../../main/protocols/libvirt/client';
import { isRefusal } from '../../../../main/protocols/libvirt/errors';
import { fakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { fakeLibvirtServer, QEMU_ANSWER, type FakeServerOptions } from '../../../fakes/libvirt-server';
import { wire } from '../../../fakes/libvirt-wire';
import { DOMAIN, heardCalls, openSession, settle } from './session';

function connecting(server: FakeServerOptions = {}, options = {}) {
  const clock = fakeClock();
  const fake = fakeLibvirtServer(server);
  const near = fake.connect();
  return {
    clock,
    near,
    server: fake,
    client: connectLibvirt(near, { clock, uri: 'qemu:///system', ...options }),
  };
}

const refusal =
  (code: number, message: string, domain = 10) =>
  () => ({ error: { code, message, domain } });

describe('connecting', () => {
  it('authenticates, asks for keepalive, opens, and knows the daemon', async () => {
    const { server, client, clock } = await openSession({ libVersion: { major: 11, minor: 3, micro: 7 } });
    expect(heardCalls(server)).toEqual([66, 60, 1, 157, 60, 60, 360]);
    expect(client).toMatchObject({ uri: 'qemu:///system', readOnly: false });
    expect(client.libVersion).toEqual({ major: 11, minor: 3, micro: 7 });
    expect([client.supports('keepalive'), client.supports('event-callbacks')]).toEqual([true, true]);
    client.close();
    expect(clock.pendingTimers()).toBe(0);
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('opens the URI, read-only: %s', async (readOnly, flags) => {
    const opened: unknown[] = [];
    await openSession(
      {
        answers: {
          1({ args }) {
            opened.push(args.maybeText(), args.uint(), args.left());
            return Buffer.alloc(0);
          },
        },
      },
      { uri: 'test:///default', readOnly },
    );
    expect(opened).toEqual(['test:///default', flags, 0]);
  });

  it('lives with a daemon that has neither keepalive nor a close callback', async () => {
    const { server, client, clock } = await openSession({ features: [] });
    expect(heardCalls(server)).not.toContain(360);
    expect(client.supports('keepalive')).toBe(false);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('lives with a driver that has no close callback though the daemon says so', async () => {
    const { client } = await openSession({
      answers: { 360: refusal(3, 'this function is not supported by the connection driver') },
    });
    expect(client.supports('close-callback')).toBe(true);
  });

  it('goes through polkit, for as long as that asks the user', async () => {
    let allow = (_: Buffer) => {};
    const { clock, server, client } = connecting({
      auth: [2],
      answers: { 70: () => new Promise((resolve) => (allow = resolve)) },
    });
    await clock.advance(119_000);
    expect(heardCalls(server)).toEqual([66, 70]);
    allow(wire.int(1));
    await expect(client).resolves.toMatchObject({ uri: 'qemu:///system' });
  });

  it('says what polkit says', async () => {
    const said = 'authentication unavailable: no polkit agent available';
    const { near, client, clock } = connecting({ auth: [2], answers: { 70: refusal(94, said, 60) } });
    await expect(client).rejects.toMatchObject({
      failure: {
        kind: 'auth-refused',
        mechanism: 'polkit',
        refusal: { name: 'AUTH_UNAVAILABLE', domain: 'POLKIT', message: said },
      },
    });
    await settle();
    expect(near.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('names SASL, which it does not speak, and asks nothing further', async () => {
    const { server, client } = connecting({ auth: [1] });
    await expect(client).rejects.toMatchObject({ failure: { kind: 'unsupported-auth', offered: ['sasl'] } });
    expect(heardCalls(server).filter((proc) => proc !== 2)).toEqual([66]);
  });

  it('says why the daemon does not open the URI', async () => {
    const { near, client } = connecting({ answers: { 1: refusal(5, 'no connection driver available', 0) } });
    const error: unknown = await client.catch((reason: unknown) => reason);
    expect(isRefusal(error, 'NO_CONNECT')).toBe(true);
    expect(isRefusal(error, 'NO_DOMAIN', 'RPC')).toBe(false);
    await settle();
    expect(near.destroyed).toBe(true);
  });

  it.each([
    ['auth_list', 66],
    ['connect_supports_feature', 60],
    ['connect_open', 1],
    ['connect_get_lib_version', 157],
  ])('gives up on a daemon that does not answer %s', async (procedure, proc) => {
    const { clock, near, client } = connecting({ answers: { [proc]: () => 'silence' } });
    const gone = expect(client).rejects.toMatchObject({
      failure: { kind: 'timeout', procedure, waitedMs: 10_000, sent: true },
    });
    await clock.advance(9_999);
    expect(near.destroyed).toBe(false);
    await clock.advance(1);
    await gone;
    await settle();
    expect(near.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('gives up when it is told to', async () => {
    const abort = new AbortController();
    const { clock, near, client } = connecting(
      { auth: [2], answers: { 70: () => 'silence' } },
      { signal: abort.signal },
    );
    const reason = new Error('not now');
    const gone = expect(client).rejects.toBe(reason);
    await settle();
    abort.abort(reason);
    await gone;
    await settle();
    expect(near.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a QMP monitor', '{"QMP": {"version": {}}}\r\n'],
    ['a shell', 'nc: unix connect failed: No such file or directory\n'],
    ['a message that answers nothing', wire.int(28).toString('latin1') + '\0'.repeat(24)],
  ])('tells %s from libvirt', async (_what, said) => {
    const { near, far } = duplexPair();
    const clock = fakeClock();
    const client = connectLibvirt(near, { clock, uri: 'qemu:///system' });
    far.write(Buffer.from(said, 'latin1'));
    await expect(client).rejects.toMatchObject({
      failure: { kind: 'not-libvirt', received: expect.stringContaining(said.slice(0, 20)) },
    });
    expect(near.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('calls', () => {
  it('pairs replies with calls whatever their order', async () => {
    const answers = new Map<string, (reply: Buffer) => void>();
    const { client } = await openSession({
      answers: { 14: ({ args }) => new Promise((resolve) => answers.set(args.domain().name, resolve)) },
    });
    const calls = ['a', 'b', 'c'].map((name) =>
      client.call('domain_get_xml_desc', { dom: { ...DOMAIN, name } }),
    );
    await settle();
    for (const name of ['c', 'a', 'b']) answers.get(name)!(wire.text(`<${name}/>`));
    expect(await Promise.all(calls)).toEqual([{ xml: '<a/>' }, { xml: '<b/>' }, { xml: '<c/>' }]);
  });

  it('speaks the qemu program, too', async () => {
    const { client } = await openSession({
      answers: {
        [QEMU_ANSWER + 1]: ({ args }) => wire.text(`${args.domain().name} ${args.text()} ${args.uint()}`),
      },
    });
    expect(await client.call('domain_monitor_command', { dom: DOMAIN, cmd: 'info', flags: 1 })).toEqual({
      result: 'Grüße info 1',
    });
  });

  it('decodes what libvirt refuses, its name and where it comes from', async () => {
    const { client } = await openSession({
      answers: { 267: refusal(55, 'domain is not pmsuspended'), 212: refusal(9999, 'new', 88) },
    });
    await expect(client.call('domain_pm_wakeup', { dom: DOMAIN })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('domain is not pmsuspended'),
      failure: {
        procedure: 'domain_pm_wakeup',
        refusal: { code: 55, name: 'OPERATION_INVALID', domain: 'QEMU', level: 'error' },
      },
    });
    await expect(client.call('domain_get_state', { dom: DOMAIN })).rejects.toMatchObject({
      refusal: { code: 9999, name: null, domain: '88', message: 'new' },
    });
  });

  it('reads an error without a message, and one about a domain and a network', async () => {
    const { int, maybeText, text, domain, uuid } = wire;
    const about = Buffer.concat([
      ...[int(42), int(10), maybeText(null), int(1), int(1), domain(DOMAIN)],
      ...[maybeText('%s'), maybeText(null), maybeText('x'), int(3), int(-4)],
      ...[int(1), text('default'), uuid(DOMAIN.uuid)],
    ]);
    const { client, server } = await openSession();
    server.answers[212] = ({ prog, proc, serial }) => ({
      raw: Buffer.concat([[28 + about.length, prog, 1, proc, 1, serial, 1].map(wire.uint), [about]].flat()),
    });
    await expect(client.call('domain_get_state', { dom: DOMAIN })).rejects.toMatchObject({
      refusal: { name: 'NO_DOMAIN', message: 'NO_DOMAIN', level: 'warning' },
    });
  });

  it.each([
    ['a driver without the function', refusal(3, 'this function is not supported by the connection driver')],
    ['a daemon without the procedure', undefined],
    ['a daemon without the program', refusal(39, 'Cannot find program 536903815 version 1', 7)],
  ])('names what is not supported: %s', async (_what, handler) => {
    const { client } = await openSession({ answers: handler ? { 418: handler } : {} });
    await expect(client.call('domain_get_guest_info', { dom: DOMAIN })).rejects.toMatchObject({
      kind: 'unsupported',
      failure: { procedure: 'domain_get_guest_info' },
    });
  });

  it('does not take every RPC error for a missing procedure', async () => {
    const { client } = await openSession({ answers: { 212: refusal(39, 'authentication required', 7) } });
    await expect(client.call('domain_get_state', { dom: DOMAIN })).rejects.toMatchObject({ kind: 'refused' });
  });

  it('refuses arguments that cannot be written, and goes on', async () => {
    const { client, server } = await openSession({ answers: { 59: () => wire.text('lab') } });
    const sent = heardCalls(server).length;
    const bad = [
      { ...DOMAIN, uuid: 'x' },
      { ...DOMAIN, name: 'a\0b' },
      { ...DOMAIN, id: 2 ** 31 },
    ];
    for (const dom of bad) {
      await expect(client.call('domain_suspend', { dom })).rejects.toMatchObject({
        failure: { kind: 'arguments', procedure: 'domain_suspend' },
      });
    }
    expect(await client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
    expect(heardCalls(server)).toHaveLength(sent + 1);
  });

  it('times a call out, drops its late reply, and goes on', async () => {
    let late = (_: Buffer) => {};
    const { clock, client } = await openSession({
      answers: { 14: () => new Promise((resolve) => (late = resolve)), 59: () => wire.text('lab') },
    });
    const call = expect(
      client.call('domain_get_xml_desc', { dom: DOMAIN }, { timeoutMs: 500 }),
    ).rejects.toMatchObject({
      failure: { kind: 'timeout', procedure: 'domain_get_xml_desc', waitedMs: 500, sent: true },
    });
    await clock.advance(500);
    await call;
    late(wire.text('<domain/>'));
    await settle();
    expect(await client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
  });

  it('waits 30 s unless told otherwise', async () => {
    const { clock, client } = await openSession(
      { answers: { 34: () => 'silence' } },
      { keepaliveCount: 100 },
    );
    const outcome = vi.fn();
    client.call('domain_suspend', { dom: DOMAIN }).catch(outcome);
    await clock.advance(29_999);
    expect(outcome).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(outcome.mock.calls[0]![0]).toMatchObject({ failure: { kind: 'timeout', waitedMs: 30_000 } });
  });

  it('stops waiting when it is told to, before and after the call has left', async () => {
    let answer = (_: Buffer) => {};
    const { client, server, clock } = await openSession(
      { answers: { 34: () => new Promise((resolve) => (answer = resolve)), 59: () => wire.text('lab') } },
      { maxInFlight: 1 },
    );
    const [sent, waiting, never] = [new AbortController(), new AbortController(), new AbortController()];
    never.abort(new Error('never asked'));
    await expect(client.call('domain_suspend', { dom: DOMAIN }, { signal: never.signal })).rejects.toThrow(
      'never asked',
    );
    const calls = [sent, waiting].map(({ signal }) =>
      client.call('domain_suspend', { dom: DOMAIN }, { signal }),
    );
    const settled = Promise.allSettled(calls);
    waiting.abort(new Error('while it waits'));
    sent.abort(new Error('while libvirt has it'));
    expect(
      (await settled).map((each) => (each as PromiseRejectedResult).reason as Error).map(String),
    ).toEqual(['Error: while libvirt has it', 'Error: while it waits']);
    answer(Buffer.alloc(0));
    expect(await client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
    expect(heardCalls(server).filter((proc) => proc === 34)).toHaveLength(1);
    client.close();
    expect(clock.pendingTimers()).toBe(0);
  });

  it('a broken result fails its call alone', async () => {
    const { client } = await openSession({
      answers: {
        212: () => wire.int(7),
        59: () => Buffer.concat([wire.text('lab'), wire.int(0)]),
        110: () => wire.text('u'),
      },
    });
    const [state, hostname, uri] = await Promise.allSettled([
      client.call('domain_get_state', { dom: DOMAIN }),
      client.call('connect_get_hostname'),
      client.call('connect_get_uri'),
    ]);
    for (const broken of [state, hostname]) {
      expect(broken).toMatchObject({ status: 'rejected', reason: { kind: 'protocol' } });
    }
    expect(uri).toEqual({ status: 'fulfilled', value: { uri: 'u' } });
  });
});

describe('the queue', () => {
  it('has four calls before libvirt, and keeps one place for urgent ones', async () => {
    const asked: { proc: number; reply: () => void }[] = [];
    const hold = (proc: number, reply: Buffer) => () =>
      new Promise<Buffer>((resolve) => asked.push({ proc, reply: () => resolve(reply) }));
    const { client, server } = await openSession({
      answers: {
        34: hold(34, Buffer.alloc(0)),
        212: hold(212, Buffer.concat([wire.int(1), wire.int(1)])),
        15: hold(15, wire.int(1)),
      },
    });
    const before = heardCalls(server).length;
    const heard = async () => {
      await settle();
      return heardCalls(server).slice(before);
    };
    const calls = [
      ...Array.from({ length: 5 }, () => client.call('domain_suspend', { dom: DOMAIN })),
      ...Array.from({ length: 2 }, () => client.call('domain_get_state', { dom: DOMAIN })),
      client.call('domain_get_autostart', { dom: DOMAIN }),
    ];
    expect(await heard()).toEqual([34, 34, 34, 212]);
    asked[3]!.reply();
    expect(await heard()).toEqual([34, 34, 34, 212, 212]);
    // The place of a slow one goes to the urgent one that waits, not to the slow one that has waited longer.
    asked[0]!.reply();
    expect(await heard()).toEqual([34, 34, 34, 212, 212, 15]);
    asked[4]!.reply();
    expect(await heard()).toEqual([34, 34, 34, 212, 212, 15, 34]);
    asked[5]!.reply();
    expect(await heard()).toHaveLength(7);
    asked[1]!.reply();
    expect(await heard()).toEqual([34, 34, 34, 212, 212, 15, 34, 34]);
    for (const { reply } of asked) reply();
    expect((await Promise.all(calls)).slice(5)).toEqual([
      { state: 1, reason: 1 },
      { state: 1, reason: 1 },
      { autostart: true },
    ]);
  });

  it('gives the place of a call that was given up to nobody until libvirt answers', async () => {
    let answer = (_: Buffer) => {};
    const { client, server, clock } = await openSession(
      { answers: { 34: () => new Promise((resolve) => (answer = resolve)), 59: () => wire.text('lab') } },
      { maxInFlight: 1 },
    );
    const abort = new AbortController();
    const stuck = client.call('domain_suspend', { dom: DOMAIN }, { signal: abort.signal });
    const settledStuck = expect(stuck).rejects.toThrow();
    abort.abort();
    await settledStuck;
    const waiting = expect(client.call('connect_get_hostname', {}, { timeoutMs: 100 })).rejects.toMatchObject(
      {
        failure: { kind: 'timeout', sent: false },
      },
    );
    await clock.advance(100);
    await waiting;
    expect(heardCalls(server)).not.toContain(59);
    const next = client.call('connect_get_hostname');
    answer(Buffer.alloc(0));
    expect(await next).toEqual({ hostname: 'lab' });
  });
});
