import { describe, expect, it, vi } from 'vitest';
import { RUN_STATES, type RunState } from '../../../../main/protocols/qmp/schema';
import { delays, keepsSecret, lacksQmpCommands, loses, masksWakeups } from '../../../fakes/faulty-qemu';
import { createBench, createReadyBench, reports, tap } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

describe('the first look', () => {
  it('tells a running guest, without a since that nobody saw', async () => {
    const { machine, shows, clock } = await createBench();
    expect(machine.state).toMatchObject({ name: 'unknown', since: null });
    expect(machine.control.status).toBe('connecting');
    expect(await shows('running')).toEqual({
      name: 'running',
      since: null,
      source: 'query',
      cause: 'unknown',
    });
    await clock.advance(5000);
    expect(machine).toMatchObject({
      control: { status: 'ready' },
      agent: { status: 'answering' },
      sleep: { s3: true, s4: true, wakeup: true },
      machineType: 'pc-i440fx-7.2',
      exists: true,
    });
  });

  it('tells a sleeping guest, and asks nothing of its agent', async () => {
    const { machine, shows, clock } = await createBench({
      settings: { initial: { kind: 'asleep', uptimeMs: 1 } },
    });
    await shows('suspended');
    await clock.advance(60_000);
    expect(machine.agent).toEqual({ status: 'unknown' });
    expect(machine.sleep).toEqual({ s3: true, s4: true, wakeup: true });
  });

  it.each(RUN_STATES)('reads the run state %s', async (status) => {
    const { until, machine } = await createBench({ faults: [reports({ now: status })] });
    await until('a state', () => machine.state.name !== 'unknown');
    expect(machine.state).toMatchObject({ source: 'query', since: null });
  });

  it('reads which sleeps QEMU has switched off', async () => {
    const { machine } = await createReadyBench({ settings: { s3: false, s4: false, machine: 'pc-q35-7.2' } });
    expect(machine.sleep).toEqual({ s3: false, s4: false, wakeup: true });
    expect(machine.machineType).toBe('pc-q35-7.2');
  });

  it('leaves open what a board without ACPI does not tell', async () => {
    const { machine } = await createReadyBench({ settings: { machine: 'none' } });
    expect(machine.sleep).toEqual({ wakeup: false });
  });

  it('names a QEMU that is too old to tell whether it wakes', async () => {
    const { machine } = await createReadyBench({
      settings: { qemuVersion: { major: 3, minor: 1, micro: 0, package: '' } },
      faults: [lacksQmpCommands('query-current-machine')],
    });
    expect(machine.sleep).toEqual({ s3: true, s4: true, tooOld: '3.1.0' });
  });

  it('knows nothing of the sleeps until QEMU has told, and look() waits for that', async () => {
    const { machine, shows, done, clock } = await createBench({
      settings: { s3: false },
      faults: [delays({ answers: 'qmp', command: 'qom-get' }, 2000)],
    });
    await shows('running');
    expect(machine.sleep).toBeNull();
    const looked = machine.look();
    await clock.advance(1000);
    expect(machine.sleep).toBeNull();
    await done(looked);
    expect(machine.sleep).toMatchObject({ s3: false });
  });
});

describe('events', () => {
  it('are told as states at once, with the time they came', async () => {
    const { qemu, machine, clock, shows } = await createReadyBench();
    await clock.advance(5000);
    qemu.guest.suspend('ram');
    expect(await shows('suspended')).toMatchObject({ source: 'event', cause: 'guest', since: clock.now() });
    expect(machine.agent).toEqual({ status: 'unknown' });
    await clock.advance(60_000);
    qemu.guest.wakeByItself();
    expect(await shows('running')).toMatchObject({ source: 'event', cause: 'unknown', since: clock.now() });
  });

  it('an answer to query-status that was on its way before SUSPEND does not undo it', async () => {
    const status: { now: RunState } = { now: 'running' };
    const wire = tap();
    const { machine, clock, until } = await createReadyBench({
      faults: [reports(status), wire.fault, delays({ answers: 'qmp', command: 'query-status' }, 400)],
    });
    await until('running', () => machine.state.name === 'running');
    const looked = machine.look();
    await clock.advance(100);
    status.now = 'suspended';
    wire.event('SUSPEND');
    await clock.advance(0);
    expect(machine.state).toMatchObject({ name: 'suspended', source: 'event' });
    const seen: string[] = [];
    machine.subscribe((event) => event.kind === 'state' && seen.push(event.state.name));
    await clock.advance(2000);
    await looked;
    expect(seen).toEqual([]);
    expect(machine.state).toMatchObject({ name: 'suspended', source: 'event' });
  });

  it('a wake that overtakes the answer of a look at a sleeping guest stays a wake', async () => {
    const status: { now: RunState } = { now: 'suspended' };
    const wire = tap();
    const { machine, clock, shows } = await createBench({
      settings: { initial: { kind: 'asleep', uptimeMs: 1 } },
      faults: [reports(status), wire.fault, delays({ answers: 'qmp', command: 'query-status' }, 400)],
    });
    await shows('suspended');
    const looked = machine.look();
    await clock.advance(100);
    status.now = 'running';
    wire.event('WAKEUP');
    await clock.advance(2000);
    await looked;
    expect(machine.state).toMatchObject({ name: 'running', source: 'event' });
  });

  it('WAKEUP makes an event of what a query told before', async () => {
    const status: { now: RunState } = { now: 'suspended' };
    const wire = tap();
    const { machine, clock, shows, done } = await createBench({
      settings: { initial: { kind: 'asleep', uptimeMs: 1 } },
      faults: [reports(status), wire.fault],
    });
    await shows('suspended');
    status.now = 'running';
    await done(machine.look());
    expect(machine.state).toMatchObject({ name: 'running', source: 'query' });
    wire.event('WAKEUP');
    await clock.advance(0);
    expect(machine.state).toMatchObject({ name: 'running', source: 'event' });
    await done(machine.look());
    expect(machine.state).toMatchObject({ name: 'running', source: 'event' });
  });

  it('a wake that is masked changes nothing', async () => {
    const { machine, done, shows, clock } = await createBench({
      settings: { initial: { kind: 'asleep', uptimeMs: 1 } },
      faults: [masksWakeups()],
    });
    await shows('suspended');
    await done(machine.perform('wakeup'));
    await clock.advance(10_000);
    await done(machine.look());
    expect(machine.state).toMatchObject({ name: 'suspended', source: 'query' });
  });

  it('STOP and RESUME are looked into', async () => {
    const { machine, done, shows } = await createReadyBench();
    await done(machine.perform('pause'));
    expect(await shows('paused')).toMatchObject({ source: 'event', cause: 'host' });
    expect(machine.agent).toEqual({ status: 'unknown' });
    await done(machine.perform('resume'));
    expect(await shows('running')).toMatchObject({ source: 'event', cause: 'host' });
  });

  it.each<[string, RunState, string]>([
    ['WATCHDOG', 'watchdog', 'paused'],
    ['GUEST_PANICKED', 'guest-panicked', 'crashed'],
    ['STOP', 'io-error', 'paused'],
    ['STOP', 'internal-error', 'crashed'],
  ])('%s with the run state %s is shown as %s', async (name, now, expected) => {
    const status: { now: RunState } = { now: 'running' };
    const wire = tap();
    const { machine, clock, until } = await createReadyBench({ faults: [reports(status), wire.fault] });
    status.now = now;
    wire.event(name, { action: 'pause' });
    await until(expected, () => machine.state.name === expected);
    expect(machine.state).toMatchObject({ source: 'event', detail: expect.stringMatching(/\./) });
    await clock.advance(1000);
  });

  it('a reset is told, and the guest that boots is looked at', async () => {
    const { machine, events, done, until } = await createReadyBench();
    await done(machine.perform('reset'));
    await until('the reset', () => events.some((event) => event.kind === 'reset' && event.cause === 'host'));
    expect(machine.agent.status).not.toBe('answering');
    await until('its agent', () => machine.agent.status === 'closed');
    await until('its agent', () => machine.agent.status === 'answering');
    expect(machine.state.name).toBe('running');
  });

  it('that nobody knows are left alone', async () => {
    const wire = tap();
    const { machine, clock, states } = await createReadyBench({ faults: [wire.fault] });
    const before = states();
    wire.event('NIC_RX_FILTER_CHANGED', { path: '/machine' });
    wire.event('SOMETHING_NEW');
    wire.event('SHUTDOWN', { guest: 'maybe' });
    wire.event('__proto__');
    await clock.advance(2000);
    expect(states()).toEqual(before);
    expect(machine.state.name).toBe('running');
  });

  it('without them, a look tells', async () => {
    const { machine, qemu, done, clock } = await createReadyBench({ faults: [keepsSecret('SUSPEND')] });
    qemu.guest.suspend('ram');
    await clock.advance(1000);
    expect(machine.state.name).toBe('running');
    await done(machine.look());
    expect(machine.state).toMatchObject({ name: 'suspended', source: 'query' });
  });
});

describe('a QEMU that hangs', () => {
  it('is unknown when it does not answer, and is looked at again', async () => {
    let stuck = false;
    const { machine, clock, done, shows } = await createReadyBench({
      faults: [
        (before) => ({
          ...before,
          send: (message, wire) => {
            if (stuck && message.channel === 'qmp') return;
            before.send(message, wire);
          },
        }),
      ],
    });
    stuck = true;
    const looked = machine.look();
    await clock.advance(11_000);
    await done(looked);
    expect(machine.state).toMatchObject({
      name: 'unknown',
      source: 'query',
      detail: expect.stringContaining('query-status'),
    });
    stuck = false;
    expect(await shows('running', 60_000)).toMatchObject({ source: 'query', since: null });
  });

  it('answers a look that was lost', async () => {
    const { machine, clock, done } = await createReadyBench({ faults: [loses({ event: 'RESUME' })] });
    await done(machine.perform('pause'));
    await clock.advance(100);
    await done(machine.perform('resume'));
    await done(machine.look());
    expect(machine.state).toMatchObject({ name: 'running' });
  });
});
