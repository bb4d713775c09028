import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedQemu, SimulatedQemuOptions } from '../../../main/demo/simulated-qemu';
import { makeSocketDirectory } from '../../../main/demo/socket-paths';
import { fakeClock, type FakeClock } from '../../fakes/clock';
import * as faults from '../../fakes/faulty-qemu';
import { openRawClient, type RawClient } from '../../fakes/raw-client';

/** Every fault has to do what its name says, or the tests that use it prove nothing. */

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

type Options = Partial<SimulatedQemuOptions>;

async function start(fault: faults.Fault | faults.Fault[], options: Options = {}): Promise<SimulatedQemu> {
  const qemu = await faults.startFaultyQemu(
    { name: 'nas', uuid: 'u', dir, clock, initial: { kind: 'up', uptimeMs: 0 }, ...options },
    ...[fault].flat(),
  );
  ending.push(() => qemu.kill());
  return qemu;
}

const ask = (execute: string, args: object = {}, id: unknown = execute) =>
  `${JSON.stringify({ execute, arguments: args, id })}\n`;
const answered = (client: RawClient, id: unknown) =>
  client.next((message) => message['id'] === id, `answer ${String(id)}`);
const names = (client: RawClient) =>
  client
    .messages()
    .flatMap(({ event }) => (event === undefined || event === 'VSERPORT_CHANGE' ? [] : [event]));

async function monitor(qemu: SimulatedQemu): Promise<RawClient> {
  const client = await openRawClient(qemu.qmp);
  client.send(ask('qmp_capabilities', {}, 'hello'));
  await answered(client, 'hello');
  return client;
}
const agent = (qemu: SimulatedQemu) => openRawClient(qemu.agent!);

/** Everything that was written before has been carried out, and its answers have come. */
async function settled(client: RawClient): Promise<void> {
  const id = `settled ${client.lines.length}`;
  client.send(ask('query-name', {}, id));
  await answered(client, id);
}

async function sleep(qmp: RawClient, ga: RawClient): Promise<void> {
  ga.send(ask('guest-suspend-ram'));
  await until(() => clock.pendingTimers() > 0);
  await clock.advance(2000);
  await settled(qmp);
}

/** Waits for what another end of a socket has to bring about. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !holds(); turn += 1) await new Promise((next) => setImmediate(next));
  expect(holds()).toBe(true);
}

describe('on the wire', () => {
  it('neverGreets', async () => {
    const client = await openRawClient((await start(faults.neverGreets())).qmp);
    client.send(ask('qmp_capabilities'));
    await answered(client, 'qmp_capabilities');
    expect(client.messages()).toEqual([{ return: {}, id: 'qmp_capabilities' }]);
  });

  it('garbageAfter', async () => {
    const qemu = await start(faults.garbageAfter(150, '#garbage#'));
    for (const round of [1, 2]) {
      const client = await openRawClient(qemu.qmp);
      client.send(ask('qmp_capabilities') + ask('query-status') + ask('query-name', {}, `last ${round}`));
      await answered(client, `last ${round}`);
      const text = Buffer.concat(client.lines).toString();
      expect(text.indexOf('#garbage#')).toBe(150);
      expect(text.lastIndexOf('#garbage#')).toBe(150);
      client.close();
    }
  });

  it('dropsConnectionAt an event, an answer, the greeting', async () => {
    const first = await monitor(await start(faults.dropsConnectionAt({ event: 'SUSPEND' })));
    first.send(ask('stop'));
    await answered(first, 'stop');
    first.close();
    const qemu = await start(faults.dropsConnectionAt({ event: 'STOP' }, 1), { name: 'second' });
    const second = await monitor(qemu);
    second.send(ask('stop') + ask('cont') + ask('stop', {}, 'again'));
    await second.closed;
    expect(names(second)).toEqual(['STOP', 'RESUME']);

    const deaf = await start(faults.dropsConnectionAt({ greeting: true }), { name: 'third' });
    const third = await openRawClient(deaf.qmp);
    await third.closed;
    expect(third.lines).toHaveLength(0);
  });

  it('trickles', async () => {
    const qemu = await start(faults.trickles({ answers: 'qmp', command: 'query-name' }, 10));
    const client = await monitor(qemu);
    client.send(ask('query-name'));
    await until(() => clock.pendingTimers() > 20);
    await clock.advance(200);
    expect(client.lines).toHaveLength(2);
    await clock.advance(10_000);
    expect(await answered(client, 'query-name')).toMatchObject({ return: { name: 'nas' } });
  });

  it('delays', async () => {
    const client = await monitor(
      await start(faults.delays({ answers: 'qmp', command: 'query-status' }, 5000)),
    );
    client.send(ask('query-status') + ask('query-name'));
    await answered(client, 'query-name');
    await clock.advance(4999);
    await settled(client);
    expect(JSON.stringify(client.messages())).not.toContain('"query-status"');
    await clock.advance(1);
    await answered(client, 'query-status');
  });

  it('loses', async () => {
    const client = await monitor(await start(faults.loses({ answers: 'qmp', command: 'query-status' })));
    client.send(ask('query-status'));
    await settled(client);
    expect(JSON.stringify(client.messages())).not.toContain('"query-status"');
  });

  it('says what is no JSON, or far too long', async () => {
    const malformed = faults.says({ answers: 'agent' }, '{"return": {"a"\n', 1);
    const ga = await agent(await start(malformed));
    ga.send(ask('guest-ping') + ask('guest-ping', {}, 2));
    await answered(ga, 2);
    expect(ga.lines.map(String)).toEqual(['{"return": {"a"\n', '{"return": {}, "id": 2}\n']);
  });

  it('agentAnswersLate, to whoever asks next', async () => {
    const qemu = await start(faults.agentAnswersLate(2));
    const first = await agent(qemu);
    first.send(ask('guest-sync', { id: 1 }, null) + ask('guest-sync', { id: 2 }, null));
    const qmp = await monitor(qemu);
    await settled(qmp);
    expect(first.lines).toHaveLength(0);
    first.close();
    const second = await agent(qemu);
    second.send(ask('guest-sync', { id: 3 }, null));
    await second.next(({ return: id }) => id === 3, 'answer');
    expect(second.messages().map(({ return: id }) => id)).toEqual([1, 2, 3]);
  });
});

describe('in QEMU', () => {
  it('lacksQmpCommands and oldQemu', async () => {
    const client = await monitor(await start([faults.oldQemu(), faults.lacksQmpCommands('query-kvm')]));
    for (const command of ['query-current-machine', 'query-kvm']) {
      client.send(ask(command));
      expect((await answered(client, command))['error']).toMatchObject({ class: 'CommandNotFound' });
    }
    client.send(ask('query-commands') + ask('system_wakeup'));
    expect(JSON.stringify(await answered(client, 'query-commands'))).not.toContain('query-current-machine');
    expect(await answered(client, 'system_wakeup')).toMatchObject({ return: {} });
  });

  it('masksWakeups', async () => {
    const qemu = await start(faults.masksWakeups(), { initial: { kind: 'asleep', uptimeMs: 0 } });
    const client = await monitor(qemu);
    client.send(ask('system_wakeup'));
    expect(await answered(client, 'system_wakeup')).toMatchObject({ return: {} });
    await clock.advance(60_000);
    await settled(client);
    expect([qemu.status(), names(client)]).toEqual(['suspended', []]);
  });

  it('qmpRefuses and keepsSecret', async () => {
    const client = await monitor(await start([faults.qmpRefuses('cont', 'No.'), faults.keepsSecret('STOP')]));
    client.send(ask('stop') + ask('cont'));
    expect(await answered(client, 'cont')).toMatchObject({ error: { class: 'GenericError', desc: 'No.' } });
    expect(names(client)).toEqual([]);
  });
});

describe('in the guest', () => {
  it('sleepsOnlyOnce', async () => {
    const qemu = await start(faults.sleepsOnlyOnce());
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    await sleep(qmp, ga);
    expect(qemu.status()).toBe('suspended');
    qmp.send(ask('system_wakeup'));
    await answered(qmp, 'system_wakeup');
    await clock.advance(1000);
    ga.send(ask('guest-suspend-ram') + ask('guest-ping'));
    await answered(ga, 'guest-ping');
    await clock.advance(60_000);
    await settled(qmp);
    expect([qemu.status(), names(qmp)]).toEqual(['running', ['SUSPEND', 'WAKEUP']]);
    expect(ga.lines).toHaveLength(1);
  });

  it('agentRefuses and agentBlocks', async () => {
    const blocked = faults.agentBlocks('guest-set-time');
    const ga = await agent(await start([faults.agentRefuses('guest-suspend-ram', 'No.'), blocked]));
    ga.send(ask('guest-suspend-ram') + ask('guest-set-time') + ask('guest-info'));
    expect(await answered(ga, 'guest-suspend-ram')).toMatchObject({ error: { desc: 'No.' } });
    expect(await answered(ga, 'guest-set-time')).toMatchObject({ error: { class: 'CommandNotFound' } });
    expect(JSON.stringify(await answered(ga, 'guest-info'))).toContain(
      '{"name":"guest-set-time","enabled":false,"success-response":true}',
    );
  });

  it('agentDiesAtWakeup', async () => {
    const qemu = await start(faults.agentDiesAtWakeup());
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    ga.send(ask('guest-ping'));
    await answered(ga, 'guest-ping');
    await sleep(qmp, ga);
    qmp.send(ask('system_wakeup'));
    await answered(qmp, 'system_wakeup');
    await clock.advance(1000);
    ga.send(ask('guest-ping', {}, 2));
    await clock.advance(60_000);
    await settled(qmp);
    expect([qemu.status(), names(qmp)]).toEqual(['running', ['SUSPEND', 'WAKEUP']]);
    expect(ga.lines).toHaveLength(1);
  });

  it('bootsCold', async () => {
    const disk = { hibernationImage: null };
    const first = await start(faults.bootsCold(), { disk });
    const bootId = first.guest.memory()?.bootId;
    first.guest.suspend('disk');
    await clock.advance(2000);
    await first.exited;
    const second = await start(faults.bootsCold(), { disk, initial: { kind: 'booting' } });
    await clock.advance(2000);
    expect(second.guest.memory()?.bootId).not.toBe(bootId);
    expect(second.guest.uptimeMs()).toBe(0);
  });

  it('ignoresShutdown', async () => {
    const qemu = await start(faults.ignoresShutdown());
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    ga.send(ask('guest-shutdown') + ask('guest-ping'));
    qmp.send(ask('system_powerdown'));
    await answered(ga, 'guest-ping');
    await clock.advance(60_000);
    await settled(qmp);
    expect([qemu.status(), names(qmp)]).toEqual(['running', ['POWERDOWN']]);
  });

  it.each(Object.entries(faults.HOSTILE_TEXTS))('hostileSettings: %s arrives as it is', async (_, text) => {
    const qemu = await start([], faults.hostileSettings(text));
    const [qmp, ga] = [await monitor(qemu), await agent(qemu)];
    qmp.send(ask('query-name'));
    ga.send(ask('guest-get-host-name') + ask('guest-get-osinfo'));
    expect((await answered(qmp, 'query-name'))['return']).toEqual({ name: text });
    expect((await answered(ga, 'guest-get-host-name'))['return']).toEqual({ 'host-name': text });
    expect((await answered(ga, 'guest-get-osinfo'))['return']).toMatchObject({ 'pretty-name': text });
  });
});
