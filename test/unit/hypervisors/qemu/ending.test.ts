import { describe, expect, it, vi } from 'vitest';
import { DialError, type DialErrorCode } from '../../../../main/protocols/sockets';
import { fakeClock } from '../../../fakes/clock';
import { delays } from '../../../fakes/faulty-qemu';
import { dialMemory } from '../../../fakes/memory-sockets';
import { pass } from '../../../support/virtual-time';
import { createBench, createReadyBench, startQemu, tap, type BenchOptions } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

/** A way to the sockets that can be cut. */
function cuttable() {
  const cut: { by: DialErrorCode | null } = { by: null };
  const dial: BenchOptions['dial'] = (address) =>
    cut.by ? Promise.reject(new DialError(cut.by, address, `no way (${cut.by})`)) : dialMemory(address);
  return { cut, dial };
}

describe('the end of the process', () => {
  it('after SHUTDOWN by the host is Off', async () => {
    const { machine, qemu, shows, clock } = await createReadyBench();
    await pass(clock, 5000);
    void qemu.stop();
    expect(await shows('off')).toEqual({
      name: 'off',
      source: 'event',
      cause: 'host',
      since: expect.any(Number),
    });
    expect(machine.exists).toBe(false);
    expect(machine.agent).toEqual({ status: 'unknown' });
  });

  it('after the guest shut down is Off by the guest', async () => {
    const { qemu, shows, machine } = await createReadyBench();
    qemu.guest.shutdown('powerdown');
    expect(await shows('off')).toMatchObject({ source: 'event', cause: 'guest' });
    expect(machine.exists).toBe(false);
  });

  it('after SUSPEND_DISK and SHUTDOWN is Hibernated', async () => {
    const { qemu, shows, machine, states } = await createReadyBench();
    qemu.guest.suspend('disk');
    expect(await shows('hibernated')).toMatchObject({
      source: 'event',
      cause: 'guest',
      detail: 'Starting it resumes it.',
    });
    expect(machine.exists).toBe(false);
    expect(states()).toEqual(['running', 'hibernated']);
  });

  it.each(['up', 'asleep'] as const)('without a word is a crash, told as such at once (%s)', async (kind) => {
    const { qemu, shows, machine, states, clock } = await createReadyBench({
      settings: { initial: { kind, uptimeMs: 1000 } },
    });
    await pass(clock, 3000);
    const before = states().length;
    const killed = clock.now();
    void qemu.kill();
    const { since, ...state } = await shows('crashed');
    expect(state).toMatchObject({ source: 'inference', cause: 'unknown' });
    expect((since ?? 0) - killed).toBeLessThan(100);
    expect(machine.exists).toBe(false);
    expect(states().slice(before)).toEqual(['crashed']);
  });

  it('that the host shows only later is a crash, too', async () => {
    const { qemu, process, shows, states, clock } = await createReadyBench();
    await pass(clock, 8000);
    void qemu.kill();
    await qemu.exited;
    process.alive = true;
    await pass(clock, 500);
    process.alive = false;
    await shows('crashed');
    expect(states()).toEqual(['running', 'crashed']);
  });

  it('after a panic is a crash by the guest', async () => {
    const wire = tap();
    const { qemu, shows } = await createReadyBench({ faults: [wire.fault] });
    wire.event('GUEST_PANICKED', { action: 'poweroff' });
    wire.event('SHUTDOWN', { guest: true, reason: 'guest-panic' });
    void qemu.kill();
    expect(await shows('crashed')).toMatchObject({
      source: 'event',
      cause: 'guest',
      detail: expect.stringContaining('panicked'),
    });
  });

  it('while nothing could be seen is Off, and says that it was not seen', async () => {
    const { cut, dial } = cuttable();
    const wire = tap();
    const { process, shows, clock, until, machine } = await createReadyBench({ faults: [wire.fault], dial });
    await pass(clock, 8000);
    cut.by = 'refused';
    wire.hangUp();
    await shows('unknown');
    await pass(clock, 60_000);
    expect(machine.state.name).toBe('unknown');
    process.alive = false;
    await until('off', () => machine.state.name === 'off', 40_000);
    expect(machine.state).toMatchObject({
      source: 'inference',
      cause: 'unknown',
      detail: expect.stringContaining('not known'),
    });
    expect(machine.exists).toBe(false);
  });
});

describe('a connection that is lost while QEMU runs on', () => {
  it('is made again at once, and the state is asked for anew', async () => {
    const wire = tap();
    const { machine, clock, done, states } = await createReadyBench({ faults: [wire.fault] });
    await pass(clock, 8000);
    wire.hangUp();
    await pass(clock, 20);
    await done(machine.look());
    expect(machine).toMatchObject({ control: { status: 'ready' }, state: { name: 'running', since: null } });
    expect(states()).toEqual(['running']);
  });

  it('makes the state unknown after a second, with the reason, until it is there again', async () => {
    const { cut, dial } = cuttable();
    const wire = tap();
    const { machine, clock, shows, qemu } = await createReadyBench({ faults: [wire.fault], dial });
    await pass(clock, 8000);
    cut.by = 'permission';
    wire.hangUp();
    await pass(clock, 500);
    expect(machine).toMatchObject({
      state: { name: 'running' },
      control: { status: 'unavailable' },
      exists: true,
    });
    expect(await shows('unknown', 2000)).toMatchObject({
      source: 'inference',
      detail: expect.stringContaining('You may not open'),
    });
    qemu.guest.suspend('ram');
    await pass(clock, 10_000);
    cut.by = null;
    expect(await shows('suspended', 40_000)).toEqual({
      name: 'suspended',
      source: 'query',
      cause: 'unknown',
      since: null,
    });
    expect(machine.exists).toBe(true);
  });

  it('does not keep what was known of the machine before', async () => {
    const { cut, dial } = cuttable();
    const wire = tap();
    const slow = delays({ answers: 'qmp', command: 'query-current-machine' }, 500);
    const { machine, clock, until } = await createReadyBench({ faults: [slow, wire.fault], dial });
    await pass(clock, 8000);
    cut.by = 'refused';
    wire.hangUp();
    await pass(clock, 3000);
    cut.by = null;
    await until('it is up', () => machine.control.status === 'ready', 40_000);
    expect(machine.sleep).toBeNull();
    await until('it has told', () => machine.sleep !== null);
  });
});

describe('a QEMU that stays when its guest ends (-no-shutdown)', () => {
  const noShutdown: BenchOptions = { settings: { noShutdown: true } };

  it('shows a guest that shut down as Off, with the machine still there', async () => {
    const { qemu, shows, machine } = await createReadyBench(noShutdown);
    qemu.guest.shutdown('powerdown');
    expect(await shows('off')).toMatchObject({
      source: 'event',
      cause: 'guest',
      detail: expect.stringContaining('-no-shutdown'),
    });
    expect(machine.exists).toBe(true);
    expect(machine.control.status).toBe('ready');
  });

  it('shows one that hibernated as Hibernated, and starts it by a reset', async () => {
    const { qemu, shows, machine, done } = await createReadyBench(noShutdown);
    qemu.guest.suspend('disk');
    expect(await shows('hibernated')).toMatchObject({ source: 'event', cause: 'guest' });
    expect(machine.exists).toBe(true);
    await done(machine.look());
    expect(machine.state.name).toBe('hibernated');
    await done(machine.perform('start'));
    await shows('running');
  });

  it('that is killed after its guest was started again has crashed: the earlier SHUTDOWN no longer counts', async () => {
    const { qemu, shows, machine, done, clock } = await createReadyBench(noShutdown);
    qemu.guest.shutdown('powerdown');
    await shows('off');
    await done(machine.perform('start'));
    await shows('running');
    await pass(clock, 8000);
    void qemu.kill();
    expect(await shows('crashed')).toMatchObject({ source: 'inference' });
  });

  it('that hibernated, was started again and shut down is Off, not Hibernated', async () => {
    const { qemu, shows, machine, done, until } = await createReadyBench(noShutdown);
    qemu.guest.suspend('disk');
    await shows('hibernated');
    await done(machine.perform('start'));
    await until('its agent', () => machine.agent.status === 'answering');
    qemu.guest.shutdown('powerdown');
    expect(await shows('off')).toMatchObject({ source: 'event' });
  });

  it('that ends after its guest did is Off', async () => {
    const { qemu, shows, machine, until } = await createReadyBench(noShutdown);
    qemu.guest.shutdown('powerdown');
    await shows('off');
    void qemu.kill();
    await until('the process is gone', () => !machine.exists);
    expect(machine.state).toMatchObject({ name: 'off', source: 'event' });
  });
});

describe('a QEMU that is known by its address alone', () => {
  const byAddress = (clock = fakeClock()): BenchOptions => ({ clock, target: { pid: null } });

  it('is Off while nobody listens there, however often it is tried', async () => {
    const { machine, qemu, clock, states, shows } = await createBench({
      ...byAddress(),
      target: { pid: null, monitors: [{ kind: 'unix', path: '/nowhere.qmp' }] },
    });
    expect(await shows('off')).toMatchObject({
      source: 'inference',
      since: null,
      detail: expect.stringContaining('Nothing listens'),
    });
    expect(machine.exists).toBe(false);
    await pass(clock, 120_000);
    expect(states()).toEqual(['off']);
    expect(machine.state.name).toBe('off');
    void qemu.kill();
  });

  it('comes and goes', async () => {
    const clock = fakeClock();
    const first = await createReadyBench(byAddress(clock));
    await pass(clock, 8000);
    const { machine, qemu, shows, until } = first;
    void qemu.stop();
    expect(await shows('off')).toMatchObject({ source: 'event', cause: 'host' });
    await pass(clock, 60_000);
    expect(machine.state).toMatchObject({ name: 'off', source: 'event' });
    const again = await startQemu(clock, {
      settings: { dir: qemu.qmp.path.replace(/\/[^/]*$/, ''), initial: { kind: 'booting' } },
    });
    await shows('running', 60_000);
    expect(machine.exists).toBe(true);
    await until('its agent', () => machine.agent.status === 'answering', 60_000);
    void again.kill();
    await shows('crashed');
    await pass(clock, 60_000);
    expect(machine.state.name).toBe('crashed');
    expect(machine.exists).toBe(false);
  });

  it('hibernates', async () => {
    const { qemu, shows } = await createReadyBench(byAddress());
    qemu.guest.suspend('disk');
    expect(await shows('hibernated')).toMatchObject({ source: 'event' });
  });

  it('is unknown when somebody listens there whom this user may not talk to', async () => {
    const { cut, dial } = cuttable();
    cut.by = 'missing';
    const { shows, machine } = await createBench({ ...byAddress(), dial });
    await shows('off');
    cut.by = 'permission';
    expect(await shows('unknown', 40_000)).toMatchObject({
      detail: expect.stringContaining('You may not open'),
    });
    expect(machine.exists).toBe(true);
    cut.by = 'missing';
    await shows('off', 40_000);
    cut.by = null;
    await shows('running', 60_000);
  });
});
