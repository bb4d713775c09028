import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { encode, type Outgoing } from '../../../../main/demo/behaviour';
import { DialError } from '../../../../main/protocols/sockets';
import { garbageAfter, says, trickles, type Fault } from '../../../fakes/faulty-qemu';
import { dialMemory } from '../../../fakes/memory-sockets';
import { createBench, tap, type BenchOptions } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

/** The first client of `channel` gets `bytes` bytes, and then the connection drops, in the middle of a message if need be. */
const cutsFirstClientAfter = (channel: Outgoing['channel'], bytes: number): Fault => {
  let sent = 0;
  return (before) => ({
    ...before,
    send(message, wire) {
      if (message.channel !== channel || wire.session > 1) return before.send(message, wire);
      const whole = encode(message);
      const part = whole.subarray(0, Math.max(0, bytes - sent));
      sent += whole.length;
      if (part.length > 0) wire.write(part);
      if (part.length < whole.length || sent === bytes) wire.destroy();
    },
  });
};

/** Puts the guest to sleep in the middle of the conversation and expects the machine to show the truth in the end. */
async function survives(options: BenchOptions, gap: 'nothing' | 'sleeps' | 'is killed', at: number) {
  const { qemu, machine, clock, until } = await createBench(options);
  await clock.advance(at);
  if (gap === 'sleeps') qemu.guest.suspend('ram');
  if (gap === 'is killed') void qemu.kill();
  const expected = { nothing: 'running', sleeps: 'suspended', 'is killed': '' }[gap];
  if (gap === 'is killed') {
    await until('the end is seen', () => !machine.exists, 120_000);
    expect(['crashed', 'off']).toContain(machine.state.name);
    expect(machine.state.source).toBe('inference');
  } else {
    await until(
      'it is connected',
      () => machine.control.status === 'ready' && machine.state.name === expected && machine.sleep,
      120_000,
    );
    if (gap === 'nothing') await until('its agent', () => machine.agent.status === 'answering', 120_000);
    expect(machine.sleep).toEqual({ s3: true, s4: true, wakeup: true });
  }
  machine.close();
  await qemu.kill();
}

const gaps = fc.constantFrom('nothing' as const, 'sleeps' as const, 'is killed' as const);
const moments = fc.constantFrom(0, 10, 60, 150, 3000);

describe('a conversation that is cut anywhere', () => {
  it('with the monitor: nothing hangs, and the state is right in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1500 }), gaps, moments, (bytes, gap, at) =>
        survives({ faults: [cutsFirstClientAfter('qmp', bytes)] }, gap, at),
      ),
      { numRuns: 150 },
    );
  });

  it('with the agent: nothing hangs, and the agent answers in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1500 }), gaps, moments, (bytes, gap, at) =>
        survives({ faults: [cutsFirstClientAfter('agent', bytes)] }, gap, at),
      ),
      { numRuns: 80 },
    );
  });

  it('by garbage: the connection is made anew', async () => {
    const onlyFirst =
      (fault: Fault): Fault =>
      (before, context) => {
        const broken = fault(before, context);
        return {
          ...before,
          send: (message, wire) => (wire.session > 1 ? before : broken).send(message, wire),
        };
      };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 900 }), gaps, (bytes, gap) =>
        survives({ faults: [onlyFirst(garbageAfter(bytes))] }, gap, 60),
      ),
      { numRuns: 80 },
    );
  });

  it('before it began, again and again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 9 }), gaps, (failures, gap) => {
        let left = failures;
        const dial: BenchOptions['dial'] = (address) => {
          left -= 1;
          return left >= 0
            ? Promise.reject(new DialError('refused', address, 'refused'))
            : dialMemory(address);
        };
        return survives({ dial }, gap, 60);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a QEMU that talks nonsense', () => {
  it.each<[string, string]>([
    ['a state that nobody knows', '{"return":{"status":"daydreaming","running":true},"id":2}\r\n'],
    ['no state', '{"return":{},"id":2}\r\n'],
    ['a list', '{"return":[],"id":2}\r\n'],
    ['an error', '{"error":{"class":"GenericError","desc":"<b>no</b>"},"id":2}\r\n'],
  ])('about its state (%s) is unknown with that reason, and asked again', async (_, text) => {
    const { machine, shows, until } = await createBench({
      faults: [says({ answers: 'qmp', command: 'query-status' }, text, 1)],
    });
    await until('the reason', () => machine.state.detail?.includes('query-status'));
    expect(machine.state).toMatchObject({ name: 'unknown', source: 'query' });
    await shows('running');
    await until('its agent', () => machine.agent.status === 'answering');
  });

  it.each(['query-current-machine', 'query-chardev'])('about %s only is still watched', async (command) => {
    const number = command === 'query-current-machine' ? 3 : 8;
    const { machine, until } = await createBench({
      faults: [says({ answers: 'qmp', command }, `{"return":{"nonsense":[]},"id":${number}}\r\n`, 1)],
    });
    await until('its agent', () => machine.agent.status === 'answering');
    expect(machine.state.name).toBe('running');
    expect(machine.sleep).toMatchObject(
      command === 'query-current-machine' ? { tooOld: '7.2.22' } : { wakeup: true },
    );
  });

  it.each([{ greeting: true as const }, { answers: 'qmp' as const, command: 'query-status' }])(
    'byte by byte (%j) is understood',
    async (which) => {
      const { machine, until } = await createBench({ faults: [trickles(which, 1)] });
      await until('its agent', () => machine.agent.status === 'answering', 60_000);
      expect(machine.state.name).toBe('running');
    },
  );

  it('instead of QMP is named', async () => {
    const { machine, until } = await createBench({
      faults: [says({ greeting: true }, 'HTTP/1.1 400 Bad Request\r\n')],
    });
    const control = await until('the reason', () =>
      machine.control.status === 'unavailable' ? machine.control : null,
    );
    expect(control.reason).toContain('not a QMP monitor');
    expect(control.reason).toContain('HTTP/1.1 400');
    expect(machine.state).toMatchObject({ name: 'unknown', detail: control.reason });
  });

  it('in answers to nobody, or without an id, is left alone', async () => {
    const wire = tap();
    const { machine, until, clock } = await createBench({ faults: [wire.fault] });
    await until('its agent', () => machine.agent.status === 'answering');
    wire.raw('{"return":{"status":"suspended","running":false},"id":9999}\r\n');
    wire.raw('{"error":{"class":"GenericError","desc":"JSON parse error"}}\r\n');
    await clock.advance(1000);
    expect(machine).toMatchObject({ state: { name: 'running' }, control: { status: 'ready' } });
  });
});
