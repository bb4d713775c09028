import { describe, expect, it, vi } from 'vitest';
import { DialError, type DialErrorCode } from '../../../../main/protocols/sockets';
import { fakeClock } from '../../../fakes/clock';
import {
  agentBlocks,
  agentIgnores,
  agentRefuses,
  delays,
  keepsSecret,
  says,
  type Fault,
} from '../../../fakes/faulty-qemu';
import { dialMemory } from '../../../fakes/memory-sockets';
import { pass } from '../../../support/virtual-time';
import { createBench, createReadyBench, type BenchOptions } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

/** The port has no id, so QEMU tells nothing when the guest opens it. */
const portWithoutId = keepsSecret('VSERPORT_CHANGE');

/** Lets the agent be mute for a while. */
function muzzle(): { on: boolean; fault: Fault } {
  const state = {
    on: false,
    fault: ((before) => ({
      ...before,
      send: (message, wire) => {
        if (state.on && message.channel === 'agent') return;
        before.send(message, wire);
      },
    })) as Fault,
  };
  return state;
}

const agentDial =
  (code: DialErrorCode): NonNullable<BenchOptions['dial']> =>
  (address) =>
    address.kind === 'unix' && address.path.endsWith('.qga')
      ? Promise.reject(new DialError(code, address, `no way (${code})`))
      : dialMemory(address);

describe('what is known of the agent', () => {
  it('absent: there is no channel', async () => {
    const { machine, clock } = await createReadyBench({ settings: { agent: 'absent' } });
    await pass(clock, 5000);
    expect(machine.agent).toEqual({ status: 'absent' });
    expect(machine.hasAgentChannel).toBe(false);
    await machine.lookAtAgent();
    expect(machine.agent).toEqual({ status: 'absent' });
  });

  it('closed: nobody in the guest opens the port, which nobody has to wait for', async () => {
    const { machine, clock, done } = await createReadyBench({ settings: { agent: 'closed' } });
    expect(machine.agent).toEqual({ status: 'closed' });
    const before = clock.monotonic();
    await done(machine.lookAtAgent());
    expect(clock.monotonic() - before).toBeLessThan(50);
  });

  it('silent: it holds the port and does not answer', async () => {
    const { machine, until } = await createReadyBench({ settings: { agent: 'silent' } });
    await until('silent', () => machine.agent.status === 'silent', 10_000);
  });

  it.each<[DialErrorCode, RegExp]>([
    ['permission', /You may not open the agent’s socket unix:.*\.qga/],
    ['missing', /cannot be reached: no way/],
    ['refused', /cannot be reached: no way/],
  ])('unreachable: its socket is not for this app (%s)', async (code, reason) => {
    const { machine } = await createReadyBench({ dial: agentDial(code) });
    expect(machine.agent).toEqual({
      status: 'unreachable',
      reason: expect.stringMatching(reason),
      remedy: expect.stringMatching(/\.$/),
    });
  });

  it('answering, with the commands that are blocked', async () => {
    const { machine } = await createReadyBench({
      faults: [agentBlocks('guest-suspend-ram', 'guest-shutdown')],
    });
    expect(machine.agent).toMatchObject({
      status: 'answering',
      disabled: expect.arrayContaining(['guest-suspend-ram', 'guest-shutdown']),
    });
  });

  it('answering, even when it does not tell its commands', async () => {
    const refusal = '{"error":{"class":"CommandNotFound","desc":"Command guest-info has been disabled"}}\n';
    const { machine } = await createReadyBench({
      faults: [says({ answers: 'agent', command: 'guest-info' }, refusal)],
    });
    expect(machine.agent).toEqual({ status: 'answering', disabled: [] });
  });

  it('silent: it talks nonsense', async () => {
    const { machine, until } = await createReadyBench({
      faults: [says({ answers: 'agent', command: 'guest-info' }, '{"return":{"version":[]}}\n')],
    });
    await until('silent', () => machine.agent.status === 'silent');
  });

  it('by a socket alone, without the name of its port', async () => {
    const { machine, qemu, clock } = await createBench({ settings: { agent: 'running' } });
    await pass(clock, 100);
    machine.close();
    const manual = await createReadyBench({
      target: { agent: { address: qemu.agent ?? qemu.qmp, chardev: null } },
    });
    expect(manual.machine.agent.status).toBe('answering');
  });
});

describe('an agent that comes later', () => {
  it.each<[string, Fault[]]>([
    ['told by the port', []],
    ['told by nobody', [portWithoutId]],
  ])('is seen (%s)', async (_, faults) => {
    const { machine, until } = await createBench({
      faults,
      settings: { initial: { kind: 'booting' }, delays: { boot: 20_000 } },
    });
    await until('closed', () => machine.agent.status === 'closed');
    await until('answering', () => machine.agent.status === 'answering', 60_000);
  });

  it('is asked for less and less often, and for ever', async () => {
    const asked: number[] = [];
    const clock = fakeClock();
    const { machine } = await createReadyBench({
      clock,
      settings: { agent: 'closed' },
      faults: [
        (before) => ({
          ...before,
          send(message, wire) {
            if (message.channel === 'qmp' && message.kind === 'reply' && message.command === 'query-chardev')
              asked.push(clock.monotonic());
            before.send(message, wire);
          },
        }),
      ],
    });
    await pass(clock, 200_000);
    const waits = asked.map((at, index) => at - (asked[index - 1] ?? at)).slice(1);
    expect(waits[0]).toBeGreaterThanOrEqual(2000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(30_000);
    expect(asked.length).toBeLessThan(14);
    expect(machine.agent.status).toBe('closed');
  });

  it('after a silence answers again', async () => {
    const quiet = muzzle();
    quiet.on = true;
    const { machine, until } = await createBench({ faults: [quiet.fault] });
    await until('silent', () => machine.agent.status === 'silent', 10_000);
    quiet.on = false;
    await until('answering', () => machine.agent.status === 'answering', 60_000);
  });

  it('when it stops, the port tells', async () => {
    const { machine, qemu, until } = await createReadyBench();
    qemu.guest.shutdown('halt');
    await until('closed', () => machine.agent.status === 'closed', 5000);
    expect(machine.state.name).toBe('running');
  });
});

describe('an agent whose guest falls asleep', () => {
  it('in the middle of a question is unknown, and never silent', async () => {
    const quiet = muzzle();
    const { machine, qemu, clock, events, shows } = await createReadyBench({ faults: [quiet.fault] });
    quiet.on = true;
    const looked = machine.lookAtAgent();
    await pass(clock, 20);
    qemu.guest.suspend('ram');
    await shows('suspended');
    const statuses: string[] = [];
    machine.subscribe(() => statuses.push(machine.agent.status));
    await pass(clock, 20_000);
    await looked;
    expect(new Set(statuses)).toEqual(new Set(statuses.length > 0 ? ['unknown'] : []));
    expect(machine.agent).toEqual({ status: 'unknown' });
    expect(events.length).toBeGreaterThan(0);
  });

  it('while QEMU still tells of its port is unknown', async () => {
    const { machine, qemu, shows, clock } = await createReadyBench({
      faults: [delays({ answers: 'qmp', command: 'query-chardev' }, 500)],
    });
    qemu.guest.suspend('ram');
    await shows('suspended');
    await pass(clock, 3000);
    expect(machine.agent).toEqual({ status: 'unknown' });
  });

  it('is asked again when it wakes', async () => {
    const { machine, qemu, shows, until } = await createReadyBench({ faults: [portWithoutId] });
    qemu.guest.suspend('ram');
    await shows('suspended');
    qemu.guest.wakeByItself();
    await until('answering', () => machine.agent.status === 'answering');
  });
});

describe('conversations with one agent', () => {
  it('follow each other, and leave the socket free between them', async () => {
    const sessions: number[] = [];
    const { machine, done } = await createReadyBench({
      faults: [
        (before) => ({
          ...before,
          send(message, wire) {
            if (message.channel === 'agent') sessions.push(wire.session);
            before.send(message, wire);
          },
        }),
      ],
    });
    const [bootId, , report] = await done(
      Promise.all([machine.readBootId(), machine.lookAtAgent(), machine.setClock()]),
    );
    expect(bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(report).toMatchObject({ behindMs: expect.any(Number), leftMs: expect.any(Number) });
    expect([...sessions].sort((a, b) => a - b)).toEqual(sessions);
    expect(new Set(sessions).size).toBeGreaterThanOrEqual(4);
  });

  it('a sleep that nobody confirms holds the next one up only until it is ended', async () => {
    const { machine, done, clock } = await createReadyBench({ faults: [agentIgnores('guest-suspend-ram')] });
    const performed = await done(machine.perform('suspend'));
    let looked = false;
    void machine.lookAtAgent().then(() => (looked = true));
    await pass(clock, 20_000);
    expect(looked).toBe(false);
    expect(machine.agent.status).toBe('answering');
    performed.end();
    await pass(clock, 50);
    performed.end();
    expect(looked).toBe(true);
  });

  it('a refusal comes as one, in the guest’s words', async () => {
    const { machine, done } = await createReadyBench({
      faults: [agentRefuses('guest-suspend-disk', 'child process has failed to suspend')],
    });
    const performed = await done(machine.perform('hibernate'));
    expect(await done(performed.refusal ?? Promise.reject(new Error('none')))).toEqual({
      code: 'agent-refused',
      message: 'The guest refused: child process has failed to suspend',
      remedy: expect.stringContaining('swap'),
    });
    performed.end();
  });

  it('nothing is sent to an agent that does not answer', async () => {
    const quiet = muzzle();
    const { machine, done } = await createReadyBench({ faults: [quiet.fault] });
    quiet.on = true;
    await expect(done(machine.perform('suspend'))).rejects.toMatchObject({
      refusal: { code: 'agent-silent', remedy: expect.stringContaining('Nothing was done') },
    });
  });

  it('closing the machine ends them', async () => {
    const quiet = muzzle();
    const { machine, clock, done, qemu } = await createReadyBench({ faults: [quiet.fault] });
    quiet.on = true;
    const looked = machine.lookAtAgent();
    await pass(clock, 20);
    machine.close();
    await done(looked, 100);
    await qemu.kill();
    expect(clock.pendingTimers()).toBe(0);
  });
});
