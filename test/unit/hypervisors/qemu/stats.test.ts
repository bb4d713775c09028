import { describe, expect, it, vi } from 'vitest';
import type { HostAccess } from '../../../../main/hypervisors/machine';
import { answer, type Reply } from '../../../../main/demo/commands';
import { RefusedError } from '../../../../main/power/actions';
import type { Fault } from '../../../fakes/faulty-qemu';
import { qmpRefuses } from '../../../fakes/faulty-qemu';
import { createBench, createReadyBench, type BenchOptions } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

/** Replaces what a command answers. */
const answers =
  (name: string, run: (args: Record<string, unknown>) => Reply, parameters: readonly string[] = []): Fault =>
  (before) => ({
    ...before,
    qmp: {
      ...before.qmp,
      [name]: { parameters: parameters.map((each) => ({ name: each, type: 'string' as const })), run: (_, args) => run(args) },
    },
  });

const disk = (read: number, written: number) => ({ device: 'd', stats: { rd_bytes: read, wr_bytes: written } });

async function benchOf(options: BenchOptions = {}) {
  const bench = await createReadyBench(options);
  return { ...bench, stats: () => bench.done(bench.machine.stats()) };
}

describe('rates', () => {
  it('are over the time between two looks', async () => {
    let disks = [disk(1000, 0), disk(500, 0)];
    let cpuMs = 5000;
    const asked: unknown[] = [];
    const threadTimes: HostAccess['threadTimes'] = (pid, threads) => {
      asked.push([pid, threads]);
      return Promise.resolve(cpuMs);
    };
    const bench = await benchOf({
      faults: [answers('query-blockstats', () => answer(disks))],
      access: { threadTimes },
      settings: { vcpus: 2 },
    });
    expect(await bench.stats()).toMatchObject({
      cpuPercent: { missing: 'Being measured.' },
      diskRead: { missing: 'Being measured.' },
      diskWritten: { missing: 'Being measured.' },
      memoryMiB: { value: 2048 },
      netReceived: { missing: 'QEMU does not tell.' },
    });
    const before = bench.clock.monotonic();
    await bench.clock.advance(2000);
    disks = [disk(5000, 300), disk(2500, 100)];
    cpuMs += 3000;
    const { cpuPercent, diskRead, diskWritten } = await bench.stats();
    const seconds = (bench.clock.monotonic() - before) / 1000;
    const value = (fact: typeof diskRead) => ('value' in fact ? fact.value : Number.NaN);
    expect(value(diskRead) * seconds).toBeCloseTo(6000, 0);
    expect(value(diskWritten) * seconds).toBeCloseTo(400, 0);
    expect((value(cpuPercent) * seconds) / 100).toBeCloseTo(3, 1);
    expect(asked.at(-1)).toEqual([4711, [1000, 1001]]);
  });

  it('begin anew after a pause, and when a count has begun anew', async () => {
    let read = 1000;
    const bench = await benchOf({ faults: [answers('query-blockstats', () => answer([disk(read, 0)]))] });
    await bench.stats();
    await bench.clock.advance(60_000);
    expect((await bench.stats()).diskRead).toEqual({ missing: 'Being measured.' });
    await bench.clock.advance(2000);
    read = 10;
    expect((await bench.stats()).diskRead).toEqual({ missing: 'Being measured.' });
    await bench.clock.advance(2000);
    expect((await bench.stats()).diskRead).toEqual({ value: 0 });
  });

  it('say why they are not told', async () => {
    const noDisk = await benchOf({ faults: [answers('query-blockstats', () => answer([]))] });
    expect(await noDisk.stats()).toMatchObject({
      cpuPercent: { missing: 'Its host does not tell.' },
      diskRead: { missing: 'It has no disk.' },
    });
    const noPid = await benchOf({ target: { pid: null }, access: { threadTimes: () => Promise.resolve(1) } });
    expect((await noPid.stats()).cpuPercent).toEqual({ missing: 'Its process is not known.' });
    const untold = await benchOf({ access: { threadTimes: () => Promise.resolve(null) } });
    expect((await untold.stats()).cpuPercent).toEqual({ missing: 'Its host does not tell.' });
    const away = await benchOf({ access: { threadTimes: () => Promise.reject(new Error('The host is away.')) } });
    expect((await away.stats()).cpuPercent).toEqual({ missing: 'The host is away.' });
    const refusing = await benchOf({ faults: [qmpRefuses('query-blockstats', 'not here')] });
    const { diskRead } = await refusing.stats();
    expect('missing' in diskRead && diskRead.missing).toContain('not here');
  });

  it('are not had without a monitor', async () => {
    const bench = await createBench({ dial: () => new Promise(() => undefined) });
    const stats = await bench.done(bench.machine.stats());
    expect(new Set(Object.values(stats).map((fact) => JSON.stringify(fact)))).toEqual(
      new Set(['{"missing":"Its monitor is not connected."}']),
    );
  });
});

describe('the memory in use', () => {
  /** A machine with a balloon whose reports are asked for each `interval` seconds. */
  const balloon = (interval: number, stats: Record<string, number>): readonly Fault[] => [
    answers(
      'qom-list',
      ({ path }) => answer(path === '/machine/peripheral-anon' ? [{ name: 'device[2]', type: 'child<virtio-balloon-pci>' }] : []),
      ['path'],
    ),
    answers(
      'qom-get',
      ({ path, property }) => {
        if (path !== '/machine/peripheral-anon/device[2]') return answer('');
        return answer(property === 'guest-stats' ? { stats, 'last-update': 1 } : interval);
      },
      ['path', 'property'],
    ),
  ];
  const MIB = 2 ** 20;
  const used = async (faults: readonly Fault[]) => (await (await benchOf({ faults })).stats()).memoryUsedMiB;

  it('is what the balloon driver told', async () => {
    const told = { 'stat-total-memory': 1000 * MIB, 'stat-free-memory': 100 * MIB, 'stat-available-memory': 600 * MIB };
    expect(await used(balloon(2, told))).toEqual({ value: 400 });
    const { 'stat-available-memory': _, ...older } = told;
    expect(await used(balloon(2, older))).toEqual({ value: 900 });
  });

  it('is not told without a driver that reports', async () => {
    expect(await used([])).toEqual({ missing: 'It has no balloon device, by which a guest tells.' });
    expect(await used(balloon(0, {}))).toEqual({ missing: 'Its balloon is not asked to report.' });
    const untold = { 'stat-total-memory': 2 ** 64, 'stat-free-memory': 2 ** 64 };
    expect(await used(balloon(2, untold))).toEqual({ missing: 'Its balloon driver has not reported.' });
  });
});

it('has no definition to be mended', async () => {
  const { machine } = await createBench();
  for (const asked of [machine.mending('enable-sleep'), machine.mend({ before: '', after: '', effect: 'now' })]) {
    const error: unknown = await asked.then(() => null, (reason: unknown) => reason);
    expect(error instanceof RefusedError && error.refusal).toMatchObject({ code: 'unsupported' });
  }
});
