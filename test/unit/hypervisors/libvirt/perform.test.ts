import { describe, expect, it } from 'vitest';
import { perform } from '../../../../main/hypervisors/libvirt/perform';
import type { Performed } from '../../../../main/hypervisors/machine';
import type { Action } from '../../../../main/power/actions';
import type { AgentStatus } from '../../../../main/power/standing';
import type { FakeAnswer } from '../../../fakes/libvirt-server';
import { wire } from '../../../fakes/libvirt-wire';
import { AGENT, ASLEEP, createReadyBench, MONITOR, PAUSED, RUNNING, SHUTOFF, tell, type Bench, type Heard } from './bench';

const answering: AgentStatus = { status: 'answering', disabled: [] };
const closed: AgentStatus = { status: 'closed' };
const [SHUTDOWN, REBOOT, PM_SUSPEND] = [258, 27, 261];

const run = (bench: Bench, action: Action, agent: AgentStatus = answering, name = 'nas') =>
  perform(action, bench.domain(name), agent, bench.clock);
const only = (state: readonly [number, number] = RUNNING, more: { managedSave?: boolean } = {}) =>
  createReadyBench([{ name: 'nas', state, ...more }]);
const first = ({ server }: Bench) => [...server.domains.values()][0]!;
const watching = new Set(['connect_get_all_domain_stats', 'connect_list_all_domains', 'domain_get_state', 'domain_has_managed_save_image']);
/** Calls that want something of a domain. */
const wanted = (bench: Bench) => bench.heard().filter(({ name }) => name.startsWith('domain_') && !watching.has(name));

/** The numbers behind the domain: flags; of a sleep its target, duration and flags. */
const numbers = ({ name, args }: Heard): number[] => {
  args.domain();
  if (name === 'domain_pm_suspend_for_duration') return [args.uint(), Number(args.uhyper()), args.uint()];
  return args.left() > 0 ? [args.uint()] : [];
};
const told = async (bench: Bench, performed: Performed) => {
  let refusal: unknown = null;
  void performed.refusal?.then((one) => (refusal = one));
  await bench.pass(5);
  return refusal;
};

describe('what each action asks libvirt for', () => {
  it.each<[Action, string, number[], readonly [number, number], AgentStatus, boolean]>([
    ['suspend', 'domain_pm_suspend_for_duration', [0, 0, 0], RUNNING, answering, true],
    ['hibernate', 'domain_pm_suspend_for_duration', [1, 0, 0], RUNNING, answering, true],
    ['hybrid', 'domain_pm_suspend_for_duration', [2, 0, 0], RUNNING, answering, true],
    ['pause', 'domain_suspend', [], RUNNING, answering, false],
    ['resume', 'domain_resume', [], PAUSED, closed, false],
    ['shutdown', 'domain_shutdown_flags', [2], RUNNING, answering, true],
    ['shutdown', 'domain_shutdown_flags', [1], RUNNING, closed, false],
    ['reboot', 'domain_reboot', [2], RUNNING, answering, true],
    ['reboot', 'domain_reboot', [1], RUNNING, { status: 'silent' }, false],
    ['poweroff', 'domain_destroy_flags', [0], RUNNING, answering, false],
    ['reset', 'domain_reset', [0], RUNNING, answering, false],
    ['start', 'domain_create_with_flags', [0], SHUTOFF, closed, true],
    ['save', 'domain_managed_save', [0], RUNNING, answering, true],
    ['discard', 'domain_managed_save_remove', [0], SHUTOFF, closed, false],
  ])('%s: %s', async (action, procedure, flags, state, agent, alone) => {
    const bench = await only(state);
    const performed = await bench.done(run(bench, action, agent));
    await bench.until('it is asked', () => wanted(bench).length > 0);
    await bench.pass(5);
    const [asked, ...more] = wanted(bench);
    expect(more).toEqual([]);
    expect([asked!.name, numbers(asked!)]).toEqual([procedure, flags]);
    expect(asked!.by).toBe(alone ? 1 : 0);
    expect(performed.by).toMatch(/^libvirt \(virDomain\w+/);
    expect(await told(bench, performed)).toBeNull();
    performed.end();
    performed.end();
    await bench.pass(5);
    expect(bench.server.connections.map(({ ended }) => ended)).toEqual(alone ? [false, true] : [false]);
  });

  it('a wake-up is one call', async () => {
    const bench = await createReadyBench([{ name: 'nas', state: ASLEEP }], {
      answers: { [MONITOR]: () => wire.text('{"return":{"status":"suspended"}}') },
    });
    const before = wanted(bench).length;
    await bench.done(run(bench, 'wakeup', { status: 'unknown' }));
    const asked = wanted(bench).slice(before);
    expect(asked.map((one) => [one.name, numbers(one)])).toEqual([['domain_pm_wakeup', [0]]]);
    await bench.shows('nas', 'running');
  });

  it('discarding a saved state shows, though libvirt sends no event', async () => {
    const bench = await only([5, 5], { managedSave: true });
    expect(bench.domain('nas').state.name).toBe('saved');
    await bench.done(run(bench, 'discard', closed));
    await bench.shows('nas', 'off', 100);
  });

  it('a domain that was renamed is found by its uuid', async () => {
    const bench = await only();
    first(bench).name = 'storage';
    await bench.done(run(bench, 'pause'));
    await bench.pass(5);
    expect(first(bench).state).toEqual(PAUSED);
  });
});

describe('an agent that is asked', () => {
  it.each<[Action, number]>([
    ['shutdown', SHUTDOWN],
    ['reboot', REBOOT],
  ])('and cannot: %s presses the power button', async (action, procedure) => {
    const bench = await only();
    const flags: number[] = [];
    bench.server.answers[procedure] = ({ args }): FakeAnswer => {
      args.domain();
      flags.push(args.uint());
      return flags.length > 1
        ? Buffer.alloc(0)
        : { error: { code: 86, message: 'Guest agent is not responding: QEMU guest agent is not connected' } };
    };
    const performed = await bench.done(run(bench, action));
    expect(await told(bench, performed)).toBeNull();
    expect(flags).toEqual([2, 1]);
  });

  it('and keeps silent: shutdown presses the power button in the end', async () => {
    const bench = await only();
    const flags: number[] = [];
    bench.server.answers[SHUTDOWN] = ({ args }) => {
      args.domain();
      flags.push(args.uint());
      return flags.length > 1 ? Buffer.alloc(0) : 'silence';
    };
    await bench.done(run(bench, 'shutdown'));
    await bench.pass(29_000);
    expect(flags).toEqual([2]);
    await bench.pass(2000);
    expect(flags).toEqual([2, 1]);
  });

  it('and whose button does not work, either: the refusal is libvirt’s', async () => {
    const bench = await only();
    bench.server.answers[SHUTDOWN] = () => ({ error: { code: 55, message: 'domain is not running' } });
    expect(await told(bench, await bench.done(run(bench, 'shutdown')))).toMatchObject({ code: 'hypervisor-refused' });
  });

  it('and has done it before libvirt answered: nobody presses a button then', async () => {
    const bench = await only();
    const flags: number[] = [];
    bench.server.answers[REBOOT] = ({ args }) => {
      args.domain();
      flags.push(args.uint());
      return 'silence';
    };
    const performed = await bench.done(run(bench, 'reboot'));
    await bench.until('it is asked', () => flags.length === 1);
    tell(bench, 'reboot', first(bench));
    performed.end();
    await bench.pass(60_000);
    expect(flags).toEqual([2]);
  });

  it('to sleep and never answers holds up no other guest, and is let go at the end', async () => {
    const bench = await createReadyBench([
      { name: 'nas', state: RUNNING },
      { name: 'web', state: RUNNING },
      ...['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, state: RUNNING })),
    ]);
    bench.server.answers[PM_SUSPEND] = () => 'silence';
    const sleeping = await Promise.all(['nas', 'a', 'b', 'c', 'd', 'e'].map((name) => bench.done(run(bench, 'suspend', answering, name))));
    await bench.pass(1000);
    await bench.done(run(bench, 'pause', closed, 'web'), 10);
    await bench.shows('web', 'paused', 10);
    await bench.done(bench.daemon.look(bench.domain('web')), 10);
    expect(bench.server.connections.map(({ ended }) => ended)).toEqual([false, ...Array<boolean>(6).fill(false)]);
    for (const one of sleeping) one.end();
    await bench.pass(5);
    expect(bench.server.connections.map(({ ended }) => ended)).toEqual([false, ...Array<boolean>(6).fill(true)]);
  });

  it('to sleep and never answers leaves the outcome open after half a minute', async () => {
    const bench = await only();
    bench.server.answers[PM_SUSPEND] = () => 'silence';
    const performed = await bench.done(run(bench, 'suspend'));
    expect(await bench.done(performed.refusal!, 31_000)).toMatchObject({ code: 'outcome-unknown' });
  });

  it('to sleep, and was let go, refuses nothing any more', async () => {
    const bench = await only();
    bench.server.answers[PM_SUSPEND] = () => 'silence';
    const performed = await bench.done(run(bench, 'suspend'));
    performed.end();
    await bench.pass(60_000);
    expect(await told(bench, performed)).toBeNull();
  });
});

describe('a hibernation', () => {
  it('that the guest agrees to and ignores is told after 15 s', async () => {
    const bench = await only();
    bench.server.answers[PM_SUSPEND] = () => Buffer.alloc(0);
    bench.server.answers[AGENT] = () => wire.maybeText('{"return":{}}');
    const performed = await bench.done(run(bench, 'hibernate'));
    await bench.pass(14_900);
    expect(await told(bench, performed)).toBeNull();
    expect(await bench.done(performed.refusal!, 1000)).toMatchObject({
      code: 'agent-refused',
      message: expect.stringContaining('goes on running'),
      remedy: expect.stringContaining('swap'),
    });
  });

  it.each<[string, (bench: Bench) => void]>([
    ['has begun', (bench) => tell(bench, 'pmsuspend-disk', first(bench))],
    ['is over', (bench) => bench.server.change(first(bench), [5, 1], [5, 0])],
    ['became a sleep', (bench) => bench.server.fallAsleep(first(bench))],
  ])('that %s is not', async (_, happen) => {
    const bench = await only();
    bench.server.answers[PM_SUSPEND] = () => Buffer.alloc(0);
    const performed = await bench.done(run(bench, 'hibernate'));
    await bench.pass(5000);
    happen(bench);
    await bench.pass(30_000);
    expect(await told(bench, performed)).toBeNull();
  });

  it('that takes long (the guest answers nothing, as it writes its memory) is not', async () => {
    const bench = await only();
    bench.server.answers[PM_SUSPEND] = () => Buffer.alloc(0);
    bench.server.answers[AGENT] = () => ({ error: { code: 86, message: 'Guest agent is not responding: Guest agent not available for now' } });
    const performed = await bench.done(run(bench, 'hibernate'));
    await bench.pass(60_000);
    expect(await told(bench, performed)).toBeNull();
  });

  it('a sleep is not asked after', async () => {
    const bench = await only();
    bench.server.answers[PM_SUSPEND] = () => Buffer.alloc(0);
    const performed = await bench.done(run(bench, 'suspend'));
    await bench.pass(60_000);
    expect(await told(bench, performed)).toBeNull();
  });
});

describe('a guest that libvirt is out of step with', () => {
  const outOfStep = async (state: readonly [number, number], qemu: string) => {
    const said: string[] = [];
    const status = { now: qemu };
    const bench = await createReadyBench([{ name: 'nas', state }], {
      answers: {
        [MONITOR]({ args }) {
          args.domain();
          const { execute } = JSON.parse(args.text()) as { execute: string };
          said.push(execute);
          return wire.text(JSON.stringify({ return: execute === 'query-status' ? { status: status.now } : {} }));
        },
      },
    });
    expect(bench.domain('nas').outOfStep).toBe(true);
    said.length = 0;
    return { ...bench, said };
  };

  it('and that runs is paused and resumed first', async () => {
    const bench = await outOfStep(ASLEEP, 'running');
    const order: string[] = [];
    const monitor = bench.server.answers[MONITOR]!;
    bench.server.answers[MONITOR] = async (call) => {
      const answer = await monitor(call);
      if (bench.said.at(-1) === 'cont') bench.server.change(first(bench), [1, 5], [4, 0]);
      order.push(bench.said.at(-1)!);
      return answer;
    };
    bench.server.answers[34] = () => {
      order.push('virDomainSuspend');
      return Buffer.alloc(0);
    };
    await bench.done(run(bench, 'pause'));
    expect(order).toEqual(['stop', 'cont', 'virDomainSuspend']);
    expect(bench.domain('nas').outOfStep).toBe(false);
  });

  it('and that sleeps is brought in step when it is awake', async () => {
    const bench = await outOfStep([3, 0], 'suspended');
    bench.server.answers[267] = () => {
      bench.said.push('virDomainPMWakeup');
      return Buffer.alloc(0);
    };
    await bench.done(run(bench, 'wakeup', { status: 'unknown' }));
    expect(bench.said).toEqual(['virDomainPMWakeup', 'stop', 'cont']);
  });

  it('is told when that is refused, and nothing else is asked', async () => {
    const bench = await outOfStep(ASLEEP, 'running');
    bench.server.answers[MONITOR] = () => ({ error: { code: 88, message: 'access denied' } });
    await expect(bench.done(run(bench, 'suspend'))).rejects.toMatchObject({ refusal: { code: 'no-control' } });
    expect(bench.heard('domain_pm_suspend_for_duration')).toEqual([]);
  });

  it('a guest that is in step is left alone', async () => {
    const bench = await only();
    await bench.done(run(bench, 'pause'));
    expect(bench.heard('domain_monitor_command')).toEqual([]);
  });
});

describe('what libvirt does not do', () => {
  const every: Action[] = ['suspend', 'hibernate', 'hybrid', 'wakeup', 'pause', 'resume', 'shutdown', 'reboot', 'poweroff', 'reset', 'start', 'save', 'discard'];

  it.each(every)('%s is refused where nobody may act, with what helps', async (action) => {
    const bench = await only();
    bench.stop();
    bench.sockets.set('/run/libvirt-sock', 'permission').set('/run/libvirt-sock-ro', 'open');
    await bench.until('it looks on', () => bench.daemon.readOnly !== null);
    const before = bench.heard().length;
    await expect(bench.done(run(bench, action))).rejects.toMatchObject({
      refusal: { code: 'no-control', message: expect.stringContaining('may not open'), remedy: expect.stringContaining('usermod -aG libvirt') },
    });
    expect(bench.heard()).toHaveLength(before);
  });

  it.each(every)('%s is refused without a connection', async (action) => {
    const bench = await only();
    bench.stop();
    await bench.shows('nas', 'unknown');
    await bench.pass(100);
    await expect(bench.done(run(bench, action))).rejects.toMatchObject({
      refusal: { code: 'no-control', message: expect.stringMatching(/libvirt/), remedy: expect.any(String) },
    });
  });

  it('is told at once where the call is short, and later on where it is long', async () => {
    const bench = await only();
    await expect(bench.done(run(bench, 'wakeup'))).rejects.toMatchObject({
      refusal: { code: 'hypervisor-refused', message: expect.stringContaining('guest is not in suspended state') },
    });
    expect(await told(bench, await bench.done(run(bench, 'start')))).toMatchObject({
      code: 'hypervisor-refused',
      message: expect.stringContaining('already running'),
    });
  });

  it('where no further connection can be made, the one that is there is used, and stays', async () => {
    const bench = await only();
    bench.sockets.set('/run/libvirt-sock', 'busy');
    const performed = await bench.done(run(bench, 'suspend'));
    await bench.shows('nas', 'suspended');
    performed.end();
    await bench.pass(10);
    expect(bench.server.connections.map(({ ended }) => ended)).toEqual([false]);
  });

  it.each([
    ['it timed out', 112, 'timed out', 'outcome-unknown'],
    ['it has the command, and does not answer', 86, 'Guest agent is not responding: Guest agent not available for now', 'outcome-unknown'],
    ['somebody else waits for it', 68, 'cannot acquire state change lock', 'outcome-unknown'],
    ['it is not there', 86, 'Guest agent is not responding: QEMU guest agent is not connected', 'agent-silent'],
    ['there is none', 74, 'argument unsupported: QEMU guest agent is not configured', 'unsupported'],
  ])('a sleep that the agent does not take up: %s', async (_, code, message, expected) => {
    const bench = await only();
    bench.server.answers[PM_SUSPEND] = () => ({ error: { code, message } });
    expect(await told(bench, await bench.done(run(bench, 'suspend')))).toMatchObject({ code: expected });
  });

  it('a call that is lost leaves the outcome open', async () => {
    const bench = await only();
    bench.server.answers[34] = ({ connection }) => {
      connection.hangUp();
      return 'silence';
    };
    await expect(bench.done(run(bench, 'pause'))).rejects.toMatchObject({ refusal: { code: 'outcome-unknown' } });
  });
});
