import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  startSimulatedQemu,
  type SimulatedQemu,
  type SimulatedQemuOptions,
} from '../../../main/demo/simulated-qemu';
import { makeSocketDirectory, socketsOf } from '../../../main/demo/socket-paths';
import { fakeClock, type FakeClock } from '../../fakes/clock';
import { openRawClient, type RawClient } from '../../fakes/raw-client';

const UUID = '11111111-2222-3333-4444-555555555555';
let clock: FakeClock;
let dir: string;
const ending: (() => unknown)[] = [];

beforeEach(async () => {
  clock = fakeClock();
  dir = await makeSocketDirectory();
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
  await rm(dir, { recursive: true });
});

async function start(options: Partial<SimulatedQemuOptions> = {}): Promise<SimulatedQemu> {
  const qemu = await startSimulatedQemu({
    name: 'nas',
    uuid: UUID,
    dir,
    clock,
    initial: { kind: 'up', uptimeMs: 0 },
    ...options,
  });
  ending.push(() => qemu.kill());
  return qemu;
}

async function monitor(qemu: SimulatedQemu): Promise<RawClient> {
  const client = await openRawClient(qemu.qmp);
  client.send('{"execute": "qmp_capabilities", "id": "hello"}');
  await client.next(({ id }) => id === 'hello', 'capabilities');
  return client;
}

async function agent(qemu: SimulatedQemu): Promise<RawClient> {
  if (!qemu.agent) throw new Error('no agent channel');
  return openRawClient(qemu.agent);
}

const ask = (execute: string, args: object = {}, id: unknown = execute) =>
  `${JSON.stringify({ execute, arguments: args, id })}\n`;
const answered = (client: RawClient, id: unknown) =>
  client.next((message) => message['id'] === id, `answer ${String(id)}`);
const event = (client: RawClient, name: string) => client.next((message) => message['event'] === name, name);

describe('the monitor', () => {
  it('stamps events with its host’s clock', async () => {
    const client = await monitor(await start());
    clock.step(0.25);
    client.send(ask('stop'));
    const now = clock.now();
    expect(await event(client, 'STOP')).toEqual({
      event: 'STOP',
      timestamp: { seconds: Math.floor(now / 1000), microseconds: 250 },
    });
  });

  it('tells nothing to a client that has not negotiated', async () => {
    const qemu = await start();
    const client = await openRawClient(qemu.qmp);
    await client.next((message) => 'QMP' in message, 'greeting');
    qemu.guest.suspend('ram');
    await clock.advance(1000);
    client.send(ask('query-status', {}, 1));
    await answered(client, 1);
    expect(client.messages().map((message) => Object.keys(message)[0])).toEqual(['QMP', 'id']);
  });

  it('lists what it knows in query-commands', async () => {
    const client = await monitor(await start());
    client.send(ask('query-commands'));
    const { return: commands } = await answered(client, 'query-commands');
    expect(commands).toEqual(
      expect.arrayContaining([{ name: 'query-current-machine' }, { name: 'qmp_capabilities' }]),
    );
  });

  it('tells by query-chardev whether the agent is there, and whether somebody talks to it', async () => {
    const qemu = await start();
    const client = await monitor(qemu);
    const chardev = async () => {
      client.send(ask('query-chardev', {}, 'c'));
      const { return: chardevs } = await answered(client, 'c');
      const { filename, ...rest } = (chardevs as { label: string; filename: string }[]).find(
        ({ label }) => label === 'qga0',
      )!;
      return { ...rest, disconnected: filename.startsWith('disconnected:') };
    };
    expect(await chardev()).toEqual({ label: 'qga0', 'frontend-open': true, disconnected: true });
    const talking = await agent(qemu);
    talking.send(ask('guest-ping'));
    await answered(talking, 'guest-ping');
    qemu.guest.suspend('ram');
    await clock.advance(1000);
    expect(await chardev()).toEqual({ label: 'qga0', 'frontend-open': false, disconnected: false });
  });

  it.each([
    ['9.2.4', 9, undefined],
    ['8.2.0', 8, false],
  ])('QEMU %s and singlestep', async (_, major, singlestep) => {
    const client = await monitor(await start({ qemuVersion: { major, minor: 2, micro: 4, package: '' } }));
    client.send(ask('query-status'));
    const { return: status } = await answered(client, 'query-status');
    expect((status as { singlestep?: boolean }).singlestep).toBe(singlestep);
  });
});

describe('the agent', () => {
  it('answers after the wake what was asked meanwhile, in order', async () => {
    const qemu = await start();
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    ga.send(ask('guest-suspend-ram') + ask('guest-ping', {}, 1));
    // No answer to guest-suspend-ram, and none to the ping behind it.
    qmp.send(ask('query-status', {}, 'between'));
    await answered(qmp, 'between');
    await clock.advance(400);
    await event(qmp, 'SUSPEND');
    ga.send(ask('guest-ping', {}, 2));
    qmp.send(ask('system_wakeup'));
    await answered(qmp, 'system_wakeup');
    await clock.advance(0);
    await event(qmp, 'WAKEUP');
    await clock.advance(299);
    expect(ga.lines).toHaveLength(0);
    await clock.advance(1);
    await answered(ga, 2);
    expect(ga.messages()).toEqual([
      { return: {}, id: 1 },
      { return: {}, id: 2 },
    ]);
  });

  it('stands still while the guest is paused', async () => {
    const qemu = await start();
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    qmp.send(ask('stop'));
    await answered(qmp, 'stop');
    ga.send(ask('guest-ping'));
    qmp.send(ask('query-status'));
    await answered(qmp, 'query-status');
    expect(ga.lines).toHaveLength(0);
    qmp.send(ask('cont'));
    await answered(ga, 'guest-ping');
  });

  it('forgets what a client wrote that left before the wake', async () => {
    const qemu = await start({ initial: { kind: 'asleep', uptimeMs: 0 } });
    const first = await agent(qemu);
    first.send(ask('guest-ping', {}, 'first'));
    first.close();
    await first.closed;
    const second = await agent(qemu);
    second.send(ask('guest-ping', {}, 'second'));
    qemu.guest.wakeByItself();
    await clock.advance(1000);
    await answered(second, 'second');
    expect(second.messages()).toEqual([{ return: {}, id: 'second' }]);
  });

  it('keeps half a message of one client for the next, as a real one does: 0xFF helps', async () => {
    const qemu = await start();
    const first = await agent(qemu);
    first.send(`${ask('guest-ping')}{"execute": "guest-pi`);
    await answered(first, 'guest-ping');
    first.close();
    await first.closed;
    const second = await agent(qemu);
    second.send(Buffer.concat([Buffer.of(0xff), Buffer.from(ask('guest-sync-delimited', { id: 7 }))]));
    await second.next((message) => message['return'] === 7, 'sync');
    expect(second.messages()[0]).toMatchObject({ error: { class: 'GenericError' } });
    expect(second.lines.at(-1)?.[0]).toBe(0xff);
  });

  it('takes no more than a channel holds: a client’s writes to a sleeper block in the end', async () => {
    const qemu = await start({ initial: { kind: 'asleep', uptimeMs: 0 } });
    const ga = await agent(qemu);
    const count = 10_000;
    for (let id = 0; id < count; id += 1) ga.send(ask('guest-ping', {}, id));
    let unsent = Infinity;
    for (let turn = 0; turn < 500; turn += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (ga.unsentBytes() < unsent) [unsent, turn] = [ga.unsentBytes(), 0];
    }
    expect(unsent).toBeGreaterThan(100_000);
    qemu.guest.wakeByItself();
    await clock.advance(1000);
    await answered(ga, count - 1);
    expect(ga.messages().map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, id) => id));
  });

  it.each(['closed', 'silent'] as const)('%s: says nothing', async (kind) => {
    const qemu = await start({ agent: kind });
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    ga.send(ask('guest-ping'));
    qmp.send(ask('query-chardev'));
    const { return: chardevs } = await answered(qmp, 'query-chardev');
    expect((chardevs as { 'frontend-open': boolean }[])[1]!['frontend-open']).toBe(kind === 'silent');
    await clock.advance(60_000);
    expect(ga.lines).toHaveLength(0);
  });

  it('refuses what the machine or its administrator forbids, in the words of the real one', async () => {
    const ga = await agent(await start({ s3: false, s4: false }));
    const unsupported = 'the requested suspend mode is not supported by the guest';
    for (const [command, desc] of [
      ['guest-suspend-ram', unsupported],
      ['guest-suspend-disk', unsupported],
      ['guest-suspend-hybrid', unsupported],
      ['guest-exec', 'Command guest-exec has been disabled'],
    ] as const) {
      ga.send(ask(command));
      expect((await answered(ga, command))['error']).toMatchObject({ desc });
    }
    ga.send(ask('guest-info'));
    const { return: info } = await answered(ga, 'guest-info');
    expect(info).toMatchObject({
      supported_commands: expect.arrayContaining([
        { name: 'guest-exec', enabled: false, 'success-response': true },
        { name: 'guest-suspend-ram', enabled: true, 'success-response': false },
        { name: 'guest-info', enabled: true, 'success-response': true },
      ]) as unknown,
    });
  });
});

describe('the process', () => {
  it('has no timer while nothing happens', async () => {
    const qemu = await start();
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    ga.send(ask('guest-ping'));
    await answered(ga, 'guest-ping');
    await clock.advance(1000);
    expect(clock.pendingTimers()).toBe(0);
    qemu.guest.suspend('ram');
    await clock.advance(2000);
    await event(qmp, 'SUSPEND');
    expect(clock.pendingTimers()).toBe(0);
  });

  it('has sockets that are its user’s alone, and that go with it', async () => {
    const qemu = await start();
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(qemu.qmp.path).mode & 0o777).toBe(0o600);
    const client = await monitor(qemu);
    expect(await qemu.stop()).toEqual({ code: 0, signal: null });
    await event(client, 'SHUTDOWN');
    await client.closed;
    expect([existsSync(qemu.qmp.path), existsSync(qemu.agent!.path)]).toEqual([false, false]);
    expect(clock.pendingTimers()).toBe(0);
    expect(await qemu.stop()).toEqual({ code: 0, signal: null });
  });

  it('killed, it leaves its socket files, which the next one replaces', async () => {
    const first = await start();
    expect(await first.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(first.qmp.path)).toBe(true);
    await expect(openRawClient(first.qmp)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await monitor(await start());
  });

  it('says what is wrong when its sockets cannot be made', async () => {
    const nowhere = startSimulatedQemu({ name: 'nas', uuid: UUID, dir: `${dir}/nowhere`, clock });
    await expect(nowhere).rejects.toThrow('cannot open its sockets');
    const tooLong = startSimulatedQemu({ name: 'nas', uuid: UUID, dir: `${dir}/${'x'.repeat(90)}`, clock });
    await expect(tooLong).rejects.toThrow('103 are possible');
  });

  it('on Windows, listens on pipes of its own name', () => {
    expect(socketsOf({ name: 'win 11/<b>', agent: 'running' }, '/tmp/reveille-demo-Ab12', 'win32')).toEqual({
      qmp: { kind: 'pipe', path: String.raw`\\.\pipe\reveille-demo-Ab12-win_11__b_.qmp` },
      agent: { kind: 'pipe', path: String.raw`\\.\pipe\reveille-demo-Ab12-win_11__b_.qga` },
    });
  });
});
