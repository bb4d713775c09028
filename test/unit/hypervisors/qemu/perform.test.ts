import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../../../main/power/actions';
import { RefusedError } from '../../../../main/power/actions';
import {
  agentBlocks,
  agentRefuses,
  dropsConnectionAt,
  keepsSecret,
  loses,
  qmpRefuses,
  type Fault,
} from '../../../fakes/faulty-qemu';
import { pass } from '../../../support/virtual-time';
import { createReadyBench, type BenchOptions } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

/** The commands that change something, by the channel they came through. */
function recorder(): { commands: string[]; fault: Fault } {
  const commands: string[] = [];
  const watched = <T extends Behaviour['qmp'] | Behaviour['agent']>(channel: string, table: T): T =>
    Object.fromEntries(
      Object.entries(table).map(([name, command]) => [
        name,
        {
          ...command,
          run(target: never, args: Record<string, unknown>) {
            if (!/^(query-|qom-|guest-(sync|info|get|file))/.test(name)) {
              commands.push(
                `${channel} ${name}${typeof args['mode'] === 'string' ? ` ${args['mode']}` : ''}`,
              );
            }
            return (command.run as (target: never, args: object) => unknown)(target, args);
          },
        },
      ]),
    ) as T;
  return {
    commands,
    fault: (before) => ({
      ...before,
      qmp: watched('qmp', before.qmp),
      agent: watched('agent', before.agent),
    }),
  };
}
type Behaviour = Parameters<Fault>[0];

async function recorded(options: BenchOptions, action: Action) {
  const record = recorder();
  const bench = await createReadyBench({ ...options, faults: [...(options.faults ?? []), record.fault] });
  const performed = await bench.done(bench.machine.perform(action));
  await pass(bench.clock, 20);
  return { ...bench, performed, commands: record.commands };
}

const asleep: BenchOptions = { settings: { initial: { kind: 'asleep', uptimeMs: 1 } } };

describe('what each action asks for', () => {
  it.each<[Action, string[], BenchOptions]>([
    ['suspend', ['agent guest-suspend-ram'], {}],
    ['hibernate', ['agent guest-suspend-disk'], {}],
    ['hybrid', ['agent guest-suspend-hybrid'], { settings: { hybrid: true } }],
    ['wakeup', ['qmp system_wakeup'], asleep],
    ['pause', ['qmp stop'], {}],
    ['resume', ['qmp cont'], {}],
    ['shutdown', ['agent guest-shutdown powerdown'], {}],
    ['reboot', ['agent guest-shutdown reboot'], {}],
    ['poweroff', ['qmp quit'], {}],
    ['reset', ['qmp system_reset'], {}],
  ])('%s', async (action, expected, options) => {
    const { commands, performed } = await recorded(options, action);
    expect(commands).toEqual(expected);
    expect(performed.by).toMatch(
      expected[0]?.startsWith('agent') ? /^through the guest agent \(guest-/ : /^through QEMU’s monitor \(/,
    );
    performed.end();
    performed.end();
  });

  it('a paused guest runs on after a reset', async () => {
    const bench = await createReadyBench();
    await bench.done(bench.machine.perform('pause'));
    await bench.shows('paused');
    await bench.done(bench.machine.perform('reset'));
    await bench.shows('running');
    expect(bench.qemu.status()).toBe('running');
  });

  it('nothing keeps a saved state', async () => {
    const { machine } = await createReadyBench();
    await expect(machine.perform('save')).rejects.toMatchObject({ refusal: { code: 'unsupported' } });
  });
});

describe('a shutdown', () => {
  it.each<[string, BenchOptions]>([
    ['no agent', { settings: { agent: 'absent' } }],
    ['a closed agent', { settings: { agent: 'closed' } }],
    ['an agent that blocks guest-shutdown', { faults: [agentBlocks('guest-shutdown')] }],
  ])('with %s presses the power button', async (_, options) => {
    const { commands, performed } = await recorded(options, 'shutdown');
    expect(commands).toEqual(['qmp system_powerdown']);
    expect(performed).toMatchObject({ by: 'by the ACPI power button (system_powerdown)', refusal: null });
  });

  it('presses it, too, when the agent stops answering', async () => {
    let mute = false;
    const quiet: Fault = (before) => ({
      ...before,
      send: (message, wire) => {
        if (!mute || message.channel !== 'agent') before.send(message, wire);
      },
    });
    const record = recorder();
    const { machine, done } = await createReadyBench({ faults: [quiet, record.fault] });
    mute = true;
    await done(machine.perform('shutdown'));
    expect(record.commands).toEqual(['qmp system_powerdown']);
  });

  it('presses it when the agent refuses afterwards', async () => {
    const { commands, performed, shows } = await recorded(
      { faults: [agentRefuses('guest-shutdown', 'child process has failed to shutdown')] },
      'shutdown',
    );
    expect(commands).toEqual(['agent guest-shutdown powerdown', 'qmp system_powerdown']);
    await shows('off');
    performed.end();
  });
});

describe('what QEMU answers', () => {
  it('a refusal is one, in its words', async () => {
    const { machine, done } = await createReadyBench();
    await expect(done(machine.perform('wakeup'))).rejects.toMatchObject({
      refusal: {
        code: 'hypervisor-refused',
        message: expect.stringContaining('guest is not in suspended state'),
        remedy: expect.any(String),
      },
    });
  });

  it('none at all leaves the outcome open', async () => {
    const { machine, done } = await createReadyBench({
      faults: [loses({ answers: 'qmp', command: 'stop' })],
    });
    const paused = done(machine.perform('pause'), 20_000);
    await expect(paused).rejects.toMatchObject({
      refusal: { code: 'outcome-unknown', remedy: expect.any(String) },
    });
  });

  it('a connection that drops leaves the outcome open, but for quit', async () => {
    const drop = (command: string) =>
      createReadyBench({ faults: [dropsConnectionAt({ answers: 'qmp', command })] });
    const resetting = await drop('system_reset');
    await expect(resetting.done(resetting.machine.perform('reset'))).rejects.toBeInstanceOf(RefusedError);
    const quitting = await drop('quit');
    await expect(quitting.done(quitting.machine.perform('poweroff'))).resolves.toMatchObject({
      refusal: null,
    });
  });

  it('without a connection nothing is asked', async () => {
    const { machine, qemu, until } = await createReadyBench();
    void qemu.kill();
    await until('it is gone', () => machine.control.status !== 'ready');
    await expect(machine.perform('reset')).rejects.toMatchObject({ refusal: { code: 'no-control' } });
  });

  it('the refusal of the second of two commands counts', async () => {
    const { machine, done, shows } = await createReadyBench({
      settings: { noShutdown: true },
      faults: [qmpRefuses('cont', 'Resetting the Virtual Machine is required'), keepsSecret('RTC_CHANGE')],
    });
    await done(machine.perform('shutdown'));
    await shows('off');
    await expect(done(machine.perform('start'))).rejects.toMatchObject({
      refusal: { code: 'hypervisor-refused' },
    });
  });
});

describe('the facts', () => {
  it('are told by QEMU and by the agent', async () => {
    const { machine, done } = await createReadyBench({
      settings: {
        os: { 'pretty-name': 'Debian GNU/Linux 13' },
        interfaces: [
          { name: 'eth0', mac: '52:54:00:00:00:01', addresses: [{ address: '10.0.2.15', prefix: 24 }] },
        ],
      },
    });
    expect(await done(machine.facts())).toEqual({
      hypervisor: { value: 'QEMU 7.2.22' },
      machine: { value: 'pc-i440fx-7.2' },
      memoryMiB: { value: 2048 },
      vcpus: { value: 2 },
      os: { value: 'Debian GNU/Linux 13' },
      hostName: { value: 'nas' },
      addresses: { value: ['10.0.2.15'] },
      uptimeSeconds: { value: expect.any(Number) },
    });
  });

  it('that cannot be had say why, one by one', async () => {
    const { machine, done } = await createReadyBench({
      faults: [agentRefuses('guest-get-osinfo', 'unsupported'), qmpRefuses('query-cpus-fast', 'no')],
    });
    expect(await done(machine.facts())).toMatchObject({
      vcpus: { missing: expect.stringContaining('query-cpus-fast') },
      memoryMiB: { value: 2048 },
      os: { missing: expect.stringContaining('unsupported') },
      hostName: { value: 'nas' },
    });
  });

  it('of a guest without a connection and an agent are missing, and nothing hangs', async () => {
    const { machine, qemu, until, done } = await createReadyBench();
    void qemu.kill();
    await until('it is gone', () => !machine.exists);
    const facts = await done(machine.facts());
    expect(Object.entries(facts).filter(([name, fact]) => 'value' in fact && name !== 'machine')).toEqual([]);
  });
});
