import { describe, expect, it, vi } from 'vitest';
import { connectQmp, type QmpClient } from '../../../../main/protocols/qmp/client';
import { DialError, type SocketAddress } from '../../../../main/protocols/sockets';
import type { RunState } from '../../../../main/protocols/qmp/schema';
import { fakeClock } from '../../../fakes/clock';
import { keepsSecret } from '../../../fakes/faulty-qemu';
import { dialMemory } from '../../../fakes/memory-sockets';
import { pass } from '../../../support/virtual-time';
import { createBench, createReadyBench, reports, tap, type Bench, type BenchOptions } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

const lent: BenchOptions = { lent: true };

/** Counts who is connected to what, as the machine sees it. */
function counting() {
  const dials: { at: number; path: string; ended: number | null }[] = [];
  const clock = fakeClock();
  const dial = async (address: SocketAddress) => {
    const stream = await dialMemory(address);
    const one = { at: clock.monotonic(), path: address.kind === 'tcp' ? '' : address.path, ended: null as number | null };
    dials.push(one);
    stream.once('close', () => (one.ended = clock.monotonic()));
    return stream;
  };
  return { clock, dial, dials };
}

/** Another program's turn: connects, and is greeted when it is its turn. */
async function visit({ clock, qemu, done }: Bench, patience = 3000): Promise<{ client: QmpClient; waited: number }> {
  const began = clock.monotonic();
  const client = await done(connectQmp(await dialMemory(qemu.qmp), { clock, greetingTimeoutMs: patience }), 10_000);
  return { client, waited: clock.monotonic() - began };
}

describe('a monitor that another program needs', () => {
  it('is left at once, and looked at every 10 s', async () => {
    const { clock, dial, dials } = counting();
    const bench = await createReadyBench({ ...lent, clock, dial });
    expect(bench.machine).toMatchObject({
      control: { status: 'ready' },
      state: { name: 'running', source: 'query', since: null },
      agent: { status: 'answering' },
      sleep: { s3: true },
    });
    await pass(clock, 1000);
    const before = dials.length;
    expect(dials.every(({ at, ended }) => ended !== null && ended - at < 50)).toBe(true);
    await pass(clock, 60_000);
    const later = dials.slice(before);
    expect(later.map(({ path }) => path)).toEqual(Array(6).fill(bench.qemu.qmp.path));
    expect(later.every(({ at, ended }) => ended !== null && ended - at < 50)).toBe(true);
    bench.machine.close();
    expect(clock.pendingTimers()).toBe(0);
  });

  it('tells what happened meanwhile as what was asked, with a time that may be 10 s off', async () => {
    const bench = await createReadyBench(lent);
    const { qemu, shows, clock, machine, until } = bench;
    await pass(clock, 5000);
    qemu.guest.suspend('ram');
    expect(await shows('suspended', 11_000)).toEqual({
      name: 'suspended',
      source: 'query',
      cause: 'unknown',
      since: expect.any(Number),
    });
    expect(machine.agent).toEqual({ status: 'unknown' });
    qemu.guest.wakeByItself();
    expect(await shows('running', 11_000)).toMatchObject({ source: 'query', cause: 'unknown' });
    await until('its agent', () => machine.agent.status === 'answering');
  });

  it('hears the event that confirms an action in the conversation that asked', async () => {
    const { machine, done, shows } = await createReadyBench(lent);
    const asleep = await done(machine.perform('suspend'));
    expect(await shows('suspended', 500)).toMatchObject({ source: 'event' });
    asleep.end();
    const awake = await done(machine.perform('wakeup'));
    expect(await shows('running', 500)).toMatchObject({ source: 'event' });
    awake.end();
  });

  it('is given to whoever waits within half a second while an action is watched, and to us again after', async () => {
    const bench = await createReadyBench({ ...lent, settings: { delays: { suspend: 20_000 } } });
    const { machine, done, clock, shows } = bench;
    const performed = await done(machine.perform('suspend'));
    for (let turn = 0; turn < 8; turn += 1) {
      const { client, waited } = await visit(bench);
      expect(waited).toBeLessThanOrEqual(500);
      client.close();
      await pass(clock, 1000);
    }
    expect(await shows('suspended', 15_000)).toMatchObject({ source: 'event' });
    performed.end();
    await pass(clock, 1000);
    expect((await visit(bench)).waited).toBe(0);
  });

  it('does not miss what came while it was another’s turn', async () => {
    const bench = await createReadyBench({ ...lent, settings: { delays: { suspend: 2000 } } });
    const { machine, done, clock, shows } = bench;
    const performed = await done(machine.perform('suspend'));
    const { client } = await visit(bench);
    await pass(clock, 2500);
    expect(machine.state.name).toBe('running');
    client.close();
    expect(await shows('suspended', 1000)).toMatchObject({ source: 'query' });
    performed.end();
  });

  it('that is held for a few seconds is waited for without a word', async () => {
    const bench = await createReadyBench(lent);
    const { machine, done, clock, qemu } = bench;
    await pass(clock, 1000);
    const { client } = await visit(bench);
    const asked = machine.perform('pause');
    await pass(clock, 4000);
    expect(machine).toMatchObject({ control: { status: 'ready' }, state: { name: 'running' } });
    client.close();
    (await done(asked)).end();
    expect(qemu.status()).toBe('paused');
  });

  it('that is held for long is told as such, with no state, until it is free', async () => {
    const bench = await createReadyBench(lent);
    const { machine, clock, shows } = bench;
    await pass(clock, 1000);
    const { client } = await visit(bench);
    const refused = expect(machine.perform('pause')).rejects.toMatchObject({
      refusal: { code: 'no-control', message: expect.stringContaining('Another program holds') },
    });
    await shows('unknown', 15_000);
    await refused;
    expect(machine).toMatchObject({ control: { status: 'unavailable' }, exists: true });
    client.close();
    expect(await shows('running', 10_000)).toMatchObject({ source: 'query', since: null });
    expect(machine.control).toEqual({ status: 'ready' });
  });

  it('that this user may not open is told at once', async () => {
    const { machine, until } = await createBench({
      ...lent,
      dial: (address) => Promise.reject(new DialError('permission', address, 'no')),
    });
    await until('it is told', () => machine.control.status === 'unavailable', 100);
    expect(machine.state).toMatchObject({ name: 'unknown', detail: expect.stringContaining('may not open') });
  });

  it('does not spin with a QEMU that greets and hangs up', async () => {
    const { clock, dial, dials } = counting();
    const wire = tap();
    const bench = await createReadyBench({ ...lent, clock, dial, faults: [wire.fault] });
    const performed = await bench.done(bench.machine.perform('suspend'));
    const before = dials.length;
    for (let turn = 0; turn < 20; turn += 1) {
      await pass(clock, 100);
      try {
        wire.hangUp();
      } catch {
        // Between two conversations.
      }
    }
    expect(dials.length - before).toBeLessThan(14);
    performed.end();
  });
});

describe('the end of a QEMU whose monitor is lent', () => {
  it('while nobody listened is Off, not a crash', async () => {
    const { qemu, shows, clock, machine, done } = await createReadyBench(lent);
    await pass(clock, 3000);
    void qemu.kill();
    await qemu.exited;
    await done(machine.look());
    expect(await shows('off', 1000)).toMatchObject({ source: 'inference', detail: expect.stringContaining('not known') });
    expect(machine.exists).toBe(false);
  });

  it('under a conversation is a crash', async () => {
    const { qemu, shows, machine, done, clock } = await createReadyBench({
      ...lent,
      settings: { delays: { suspend: 20_000 } },
    });
    await done(machine.perform('suspend'));
    await pass(clock, 100);
    void qemu.kill();
    await shows('crashed', 2000);
    expect(machine.exists).toBe(false);
  });

  it('after the guest hibernated is heard while that is watched', async () => {
    const { shows, machine, done } = await createReadyBench({ ...lent, settings: { delays: { hibernate: 3000 } } });
    const performed = await done(machine.perform('hibernate'));
    expect(await shows('hibernated', 10_000)).toMatchObject({ source: 'event', cause: 'guest' });
    performed.end();
  });

  it('that stays (-no-shutdown) and is ended by its manager remains what the guest was', async () => {
    const { qemu, shows, machine, clock, until } = await createReadyBench({ ...lent, settings: { noShutdown: true } });
    await pass(clock, 3000);
    qemu.guest.shutdown('powerdown');
    expect(await shows('off', 11_000)).toMatchObject({ source: 'query' });
    void qemu.kill();
    await until('the process is gone', () => !machine.exists, 12_000);
    expect(machine.state).toMatchObject({ name: 'off', source: 'query' });
  });

  it('that hibernated once and runs again has not hibernated when it shuts down', async () => {
    const bench = await createReadyBench({ ...lent, settings: { noShutdown: true } });
    const { qemu, shows, machine, done, until, clock } = bench;
    const performed = await done(machine.perform('hibernate'));
    await shows('hibernated', 11_000);
    performed.end();
    // Somebody else starts it again, unseen.
    const { client } = await visit(bench);
    await done(client.call('system_reset'));
    await done(client.call('cont'));
    client.close();
    await shows('running', 11_000);
    await until('its agent', () => machine.agent.status === 'answering', 20_000);
    await pass(clock, 3000);
    qemu.guest.shutdown('powerdown');
    await shows('off', 11_000);
  });
});

describe('what is known when', () => {
  it('what changed while this computer slept began at any time', async () => {
    const status: { now: RunState } = { now: 'running' };
    const { clock, shows } = await createReadyBench({ ...lent, faults: [reports(status)] });
    await pass(clock, 11_000);
    status.now = 'paused';
    expect(await shows('paused', 11_000)).toMatchObject({ source: 'query', since: clock.now() });
    clock.sleep(8 * 3_600_000);
    status.now = 'running';
    expect(await shows('running', 11_000)).toMatchObject({ source: 'query', since: null });
  });

  it('a wake whose event was not heard is told by the look', async () => {
    const { machine, done, shows } = await createReadyBench({
      ...lent,
      settings: { initial: { kind: 'asleep', uptimeMs: 1 } },
      faults: [keepsSecret('WAKEUP')],
    });
    const performed = await done(machine.perform('wakeup'));
    expect(await shows('running', 1500)).toMatchObject({ source: 'query' });
    performed.end();
  });
});

describe('an agent whose socket is lent', () => {
  it('is not held for what it may answer yet', async () => {
    const { clock, dial, dials } = counting();
    const bench = await createReadyBench({ ...lent, clock, dial, settings: { delays: { hibernate: 30_000 } } });
    const { qemu, machine, done } = bench;
    const performed = await done(machine.perform('hibernate'));
    await pass(clock, 5000);
    const own = dials.filter(({ path }) => path === qemu.agent?.path);
    expect(own.at(-1)).toMatchObject({ ended: expect.any(Number) });
    expect((own.at(-1)?.ended ?? Infinity) - (own.at(-1)?.at ?? 0)).toBeLessThan(2500);
    performed.end();
  });

  it('is asked at most twice a second, however often one wants to know', async () => {
    const { clock, dial, dials } = counting();
    const { machine, done } = await createReadyBench({ ...lent, clock, dial, settings: { agent: 'closed' } });
    await pass(clock, 1000);
    const before = dials.length;
    const began = clock.monotonic();
    for (let turn = 0; turn < 10; turn += 1) await done(machine.lookAtAgent(250));
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(4500);
    expect(dials.length - before).toBeLessThanOrEqual(14);
  });
});
