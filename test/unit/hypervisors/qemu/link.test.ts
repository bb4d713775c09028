import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createMonitorLink } from '../../../../main/hypervisors/qemu/link';
import { DialError, type DialErrorCode, type SocketAddress } from '../../../../main/protocols/sockets';
import { fakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { jsonPeer } from '../../../fakes/json-peer';
import { pass } from '../../../support/virtual-time';

const A: SocketAddress = { kind: 'unix', path: '/run/a.qmp' };
const B: SocketAddress = { kind: 'tcp', host: '127.0.0.1', port: 4444 };
const GREETING = {
  QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: '' }, capabilities: [] },
};

type Answer = 'greets' | 'drops after greeting' | 'mute' | 'garbage' | DialErrorCode;

/** What is met at each address; a list is used up one by one, its last entry repeats. */
function createBench(monitors: readonly SocketAddress[], answers: (address: SocketAddress) => Answer) {
  const clock = fakeClock();
  const dials: { at: number; address: SocketAddress }[] = [];
  const told: string[] = [];
  const open: Duplex[] = [];

  const serve = async (far: Duplex, answer: Answer) => {
    const peer = jsonPeer(far);
    if (answer === 'mute') return;
    if (answer === 'garbage') return peer.say('SSH-2.0-OpenSSH\r\n');
    peer.say(GREETING);
    const { id } = await peer.hear();
    peer.say({ return: {}, id });
    if (answer === 'drops after greeting') setImmediate(() => peer.hangUp());
  };

  const link = createMonitorLink(monitors, {
    clock,
    access: {
      processAlive: () => Promise.resolve(true),
      async dial(address) {
        dials.push({ at: clock.monotonic(), address });
        const answer = answers(address);
        if (['missing', 'refused', 'busy', 'permission', 'timeout', 'other'].includes(answer)) {
          throw new DialError(answer as DialErrorCode, address, `no way (${answer})`);
        }
        const { near, far } = duplexPair();
        open.push(far);
        await Promise.resolve();
        setImmediate(() => void serve(far, answer));
        return near;
      },
    },
    hooks: {
      onUp: async () => void told.push('up'),
      onDown: () => void told.push('down'),
      onTrouble: () => void told.push('trouble'),
      onUnreachable: (failures) => told.push(`unreachable ${failures.length}`),
    },
  });
  return {
    clock,
    link,
    dials,
    told,
    open,
    waits: () => dials.map(({ at }) => at).map((at, index, all) => at - (all[index - 1] ?? 0)),
  };
}

describe('the link to a monitor', () => {
  it('is up with the first monitor that greets', async () => {
    const { clock, link, told, dials } = createBench([A, B], (address) =>
      address === A ? 'refused' : 'greets',
    );
    expect(link.control).toEqual({ status: 'connecting' });
    await clock.advance(0);
    expect(told).toEqual(['up']);
    expect(link.control).toEqual({ status: 'ready' });
    expect(await link.converse(async ({ version }) => version)).toMatchObject({ major: 7 });
    expect(dials.map(({ address }) => address)).toEqual([A, B]);
    await clock.advance(3_600_000);
    expect(dials).toHaveLength(2);
  });

  it('waits longer and longer between its tries, and never gives up', async () => {
    const { clock, waits, told } = createBench([A], () => 'refused');
    await clock.advance(110_000);
    expect(waits()).toEqual([0, 100, 200, 400, 1000, 2000, 5000, 10_000, 30_000, 30_000, 30_000]);
    expect(told.every((one) => one === 'unreachable 1')).toBe(true);
  });

  it('tries at once when it is asked to, and then from the shortest wait on', async () => {
    const { clock, link, dials, waits } = createBench([A], () => 'refused');
    await clock.advance(20_000);
    const before = dials.length;
    link.retryNow();
    await clock.advance(0);
    expect(dials).toHaveLength(before + 1);
    await clock.advance(100);
    expect(dials).toHaveLength(before + 2);
    expect(waits().at(-1)).toBe(100);
  });

  it('asks nobody twice at the same time', async () => {
    const { clock, link, dials } = createBench([A], () => 'mute');
    await clock.advance(1000);
    link.retryNow();
    await clock.advance(1000);
    expect(dials).toHaveLength(1);
  });

  it('goes up again when it was lost', async () => {
    const { clock, link, told, open } = createBench([A], () => 'greets');
    await clock.advance(60_000);
    open[0]?.destroy();
    await clock.advance(0);
    expect(told).toEqual(['up', 'down', 'up']);
    expect(link.control).toEqual({ status: 'ready' });
  });

  it('does not spin with a QEMU that greets and hangs up at once', async () => {
    const { clock, dials, link } = createBench([A], () => 'drops after greeting');
    await pass(clock, 10_000);
    expect(dials.length).toBeGreaterThan(3);
    expect(dials.length).toBeLessThan(12);
    link.close();
  });

  it('after a long life it is not punished for a short one before', async () => {
    let answer: Answer = 'drops after greeting';
    const { clock, dials, open } = createBench([A], () => answer);
    await pass(clock, 10_000);
    answer = 'greets';
    await pass(clock, 60_000);
    const before = dials.length;
    open.at(-1)?.destroy();
    await pass(clock, 10);
    expect(dials).toHaveLength(before + 1);
  });

  it('closed, it lets go and does nothing more', async () => {
    const { clock, link, told, open, dials } = createBench([A], () => 'greets');
    await clock.advance(0);
    link.close();
    await clock.advance(60_000);
    expect(open[0]?.destroyed || open[0]?.readableEnded).toBe(true);
    expect(told).toEqual(['up']);
    expect(dials).toHaveLength(1);
    expect(clock.pendingTimers()).toBe(0);
  });

  it.each<Answer>(['greets', 'mute', 'refused', 'garbage'])(
    'closed while it connects (%s), it tells nothing',
    async (answer) => {
      const { clock, link, told } = createBench([A], () => answer);
      link.close();
      await clock.advance(60_000);
      expect(told).toEqual([]);
      expect(link.isListening).toBe(false);
      await expect(link.converse(async () => 'talked')).rejects.toMatchObject({ name: 'NoMonitorError' });
      expect(clock.pendingTimers()).toBe(0);
    },
  );
});

describe('why no monitor can be used', () => {
  const reasonFor = async (
    monitors: readonly SocketAddress[],
    answers: (address: SocketAddress) => Answer,
  ) => {
    const { clock, link } = createBench(monitors, answers);
    await clock.advance(7000);
    const { control } = link;
    link.close();
    if (control.status !== 'unavailable') throw new Error(`It is ${control.status}`);
    expect(control.remedy).toMatch(/\.$/);
    return control;
  };

  it('another program holds it', async () => {
    const { reason, remedy } = await reasonFor([A], () => 'mute');
    expect(reason).toBe('Another program holds its only free monitor (unix:/run/a.qmp).');
    expect(remedy).toContain('second -qmp socket');
  });

  it('another program holds it, and the queue in front of it is full', async () => {
    const { reason } = await reasonFor([A], () => 'busy');
    expect(reason).toBe('Another program holds its only free monitor (unix:/run/a.qmp).');
  });

  it('it is held, and the other one is missing: the held one says most', async () => {
    const { reason } = await reasonFor([A, B], (address) => (address === A ? 'missing' : 'mute'));
    expect(reason).toContain('Another program holds its only free monitor (tcp:127.0.0.1:4444)');
  });

  it('this user may not open it', async () => {
    const { reason, remedy } = await reasonFor([A, B], (address) =>
      address === A ? 'refused' : 'permission',
    );
    expect(reason).toBe('You may not open its monitor socket tcp:127.0.0.1:4444.');
    expect(remedy).toContain('user who runs QEMU');
  });

  it.each<Answer>(['missing', 'refused', 'timeout', 'other', 'garbage'])('it is %s', async (answer) => {
    const { reason, remedy } = await reasonFor([A], () => answer);
    expect(reason).toMatch(
      answer === 'garbage' ? /not a QMP monitor.*SSH-2\.0/ : /cannot be reached: no way/,
    );
    expect(remedy).toContain('Check that QEMU listens at unix:/run/a.qmp');
  });

  it('it was started without one', async () => {
    const { reason, remedy } = await reasonFor([], () => 'greets');
    expect(reason).toContain('without a QMP monitor');
    expect(remedy).toContain('-qmp');
  });
});
