import { describe, expect, it } from 'vitest';
import { wire } from '../../../fakes/libvirt-wire';
import { ASLEEP, createBench, createReadyBench, MONITOR, PAUSED, RUNNING, SHUTOFF, tell, type Bench } from './bench';

const SOCKET = '/run/libvirt-sock';
const first = ({ server }: Bench) => [...server.domains.values()][0]!;
const inQemu = (bench: Bench, status: { now: string }) => {
  bench.server.answers[MONITOR] = () => wire.text(JSON.stringify({ return: { status: status.now, running: status.now === 'running' } }));
};
const questions = (bench: Bench) => bench.heard('domain_monitor_command').length;

describe('what libvirt believes of a guest and is not so', () => {
  const asleepForLibvirt = async (status: string, state: readonly [number, number] = ASLEEP) => {
    const bench = createBench([{ name: 'nas', state }]);
    const qemu = { now: status };
    inQemu(bench, qemu);
    await bench.done(bench.daemon.connectNow());
    return { ...bench, qemu };
  };

  it.each([
    ['it sleeps', ASLEEP, 'suspended', 'suspended', false],
    ['it woke while libvirt was away', ASLEEP, 'running', 'running', true],
    ['it fell asleep while libvirt was away', [3, 0] as const, 'suspended', 'suspended', true],
    ['it is paused, nobody knows why', [3, 0] as const, 'paused', 'paused', false],
  ])('%s', async (_, state, qemu, expected, outOfStep) => {
    const bench = await asleepForLibvirt(qemu, state);
    expect(bench.domain('nas')).toMatchObject({ state: { name: expected }, outOfStep });
    expect(questions(bench)).toBe(1);
    const asked = bench.heard('domain_monitor_command')[0]!.args;
    expect([asked.domain().name, asked.text()]).toEqual(['nas', '{"execute":"query-status"}']);
  });

  it.each([
    ['running', RUNNING],
    ['paused by somebody', PAUSED],
    ['off', SHUTOFF],
  ])('is not asked of QEMU where libvirt can be believed: %s', async (_, state) => {
    const bench = await asleepForLibvirt('running', state);
    expect(questions(bench)).toBe(0);
  });

  it('is never asked of QEMU in the steady state', async () => {
    const bench = await createReadyBench([{ name: 'nas', state: RUNNING }, { name: 'web' }]);
    inQemu(bench, { now: 'running' });
    const [nas, web] = [...bench.server.domains.values()];
    bench.server.fallAsleep(nas!);
    await bench.shows('nas', 'suspended');
    await bench.done(bench.daemon.look(bench.domain('nas')));
    bench.server.change(web!, SHUTOFF, [0, 1]);
    await bench.pass(3_600_000);
    await bench.done(bench.daemon.relist());
    expect(bench.domain('nas').state.name).toBe('suspended');
    expect(questions(bench)).toBe(0);
  });

  it('is asked once of a guest that was found asleep, however often others change', async () => {
    const bench = await asleepForLibvirt('suspended');
    for (let at = 0; at < 3; at += 1) {
      bench.server.change(bench.server.add({ name: `vm-${at}` }), SHUTOFF, [0, 0]);
      await bench.pass(10);
    }
    expect(bench.daemon.domains()).toHaveLength(4);
    expect(questions(bench)).toBe(1);
  });

  it('does not flicker when the list is read again', async () => {
    const bench = await asleepForLibvirt('running');
    const seen = bench.states('nas');
    await bench.done(bench.daemon.relist());
    await bench.done(bench.daemon.look(bench.domain('nas')));
    expect(seen).toEqual([]);
    expect(bench.domain('nas')).toMatchObject({ outOfStep: true, state: { name: 'running' } });
  });

  it('does not flicker after a reconnect', async () => {
    const bench = await asleepForLibvirt('running');
    bench.stop();
    await bench.shows('nas', 'unknown');
    const seen = bench.states('nas');
    bench.sockets.set(SOCKET, 'open');
    await bench.shows('nas', 'running');
    expect(seen).toEqual(['running']);
  });

  it('is over with the next lifecycle event', async () => {
    const bench = await asleepForLibvirt('running');
    bench.server.change(first(bench), [1, 5], [4, 0]);
    await bench.pass(10);
    expect(bench.domain('nas')).toMatchObject({ outOfStep: false, state: { name: 'running' } });
  });

  it('a wake-up that libvirt does not understand counts (PMWAKEUP alone)', async () => {
    const bench = await asleepForLibvirt('suspended', [3, 0]);
    bench.qemu.now = 'running';
    tell(bench, 'pmwakeup', first(bench));
    await bench.shows('nas', 'running');
    const seen = bench.states('nas');
    await bench.done(bench.daemon.relist());
    await bench.done(bench.daemon.look(bench.domain('nas')));
    expect(seen.filter((name) => name !== 'running')).toEqual([]);
    expect(bench.domain('nas')).toMatchObject({ outOfStep: true, state: { name: 'running' } });
  });

  it.each([
    ['refuses', () => ({ error: { code: 29, message: 'no' } })],
    ['answers nonsense', () => wire.text('[')],
    ['does not answer', () => 'silence' as const],
  ])('stays libvirt’s word where QEMU %s', async (_, answer) => {
    const bench = createBench([{ name: 'nas', state: ASLEEP }, { name: 'web', state: RUNNING }]);
    bench.server.answers[MONITOR] = answer;
    await bench.done(bench.daemon.connectNow());
    expect(bench.daemon.control.status).toBe('ready');
    expect(bench.domain('nas')).toMatchObject({ state: { name: 'suspended' }, outOfStep: false });
    expect(bench.domain('web').state.name).toBe('running');
  });
});
