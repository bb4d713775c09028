import { describe, expect, it } from 'vitest';
import { createDomainStats } from '../../../../main/hypervisors/libvirt/stats';
import { wire, type WireParam } from '../../../fakes/libvirt-wire';
import { createReadyBench, RUNNING, SHUTOFF } from './bench';

const ull = (name: string, value: number): WireParam => [name, 4, BigInt(value)];
const used = (cpuNs: number, disk: readonly [number, number], net: readonly [number, number]): WireParam[] => [
  ull('cpu.time', cpuNs),
  ull('balloon.current', 2_097_152),
  ull('balloon.unused', 524_288),
  ['block.count', 2, 2],
  ull('block.0.rd.bytes', disk[0]),
  ull('block.0.wr.bytes', disk[1]),
  // A drive without a medium tells nothing.
  ['block.1.name', 7, 'sda'],
  ['net.count', 2, 2],
  ull('net.0.rx.bytes', net[0]),
  ull('net.1.rx.bytes', net[0]),
  ull('net.0.tx.bytes', net[1]),
  ull('net.1.tx.bytes', net[1]),
];
const BEING_MEASURED = { missing: 'Being measured.' };

const start = async (stats: readonly WireParam[], state: readonly [number, number] = RUNNING) => {
  const bench = await createReadyBench([{ name: 'nas', state, stats }, { name: 'web', state: RUNNING, stats: [ull('cpu.time', 9e15)] }]);
  const ask = createDomainStats(bench.domain('nas'), bench.clock);
  const nas = [...bench.server.domains.values()][0]!;
  return { ...bench, nas, look: () => bench.done(ask(), 10_000) };
};

describe('what a domain uses', () => {
  it('is measured from the second look on, over the time between', async () => {
    const { nas, look, clock } = await start(used(1e9, [1000, 50], [10, 20]));
    expect(await look()).toEqual({
      cpuPercent: BEING_MEASURED,
      memoryUsedMiB: { value: 1536 },
      memoryMiB: { value: 2048 },
      ...{ diskRead: BEING_MEASURED, diskWritten: BEING_MEASURED },
      ...{ netReceived: BEING_MEASURED, netSent: BEING_MEASURED },
    });
    nas.stats = used(4e9, [5000, 50], [1010, 2020]);
    await clock.advance(2000);
    expect(await look()).toEqual({
      cpuPercent: { value: 150 },
      memoryUsedMiB: { value: 1536 },
      memoryMiB: { value: 2048 },
      ...{ diskRead: { value: 2000 }, diskWritten: { value: 0 } },
      ...{ netReceived: { value: 1000 }, netSent: { value: 2000 } },
    });
  });

  it('begins anew with counters that do', async () => {
    const { nas, look, clock } = await start(used(5e9, [9000, 9000], [9000, 9000]));
    await look();
    await clock.advance(1000);
    nas.stats = used(1e9, [0, 9000], [10, 10]);
    const stats = await look();
    expect(stats).toMatchObject({ cpuPercent: BEING_MEASURED, diskRead: BEING_MEASURED, diskWritten: { value: 0 }, netSent: BEING_MEASURED });
    await clock.advance(1000);
    nas.stats = used(2e9, [500, 9000], [10, 10]);
    expect(await look()).toMatchObject({ cpuPercent: { value: 100 }, diskRead: { value: 500 } });
  });

  it('of two looks at the same moment is no rate', async () => {
    const { look } = await start(used(5e9, [1, 1], [1, 1]));
    await look();
    expect(await look()).toMatchObject({ cpuPercent: BEING_MEASURED });
  });

  it('that the wall clock jumps changes nothing', async () => {
    const { nas, look, clock } = await start(used(0, [0, 0], [0, 0]));
    await look();
    await clock.advance(1000);
    clock.step(-3_600_000);
    nas.stats = used(1e9, [0, 0], [0, 0]);
    expect(await look()).toMatchObject({ cpuPercent: { value: 100 } });
  });

  it('without a balloon, disks and interfaces says so', async () => {
    const { look, clock } = await start([ull('cpu.time', 1)]);
    await look();
    await clock.advance(1000);
    expect(await look()).toEqual({
      cpuPercent: { value: 0 },
      memoryUsedMiB: { missing: expect.stringContaining('balloon') },
      memoryMiB: { missing: expect.any(String) },
      diskRead: { missing: 'It has none.' },
      diskWritten: { missing: 'It has none.' },
      netReceived: { missing: 'It has none.' },
      netSent: { missing: 'It has none.' },
    });
  });

  it('a balloon that does not tell what is unused leaves what it has', async () => {
    const { look } = await start([ull('balloon.current', 1_048_576)]);
    expect(await look()).toMatchObject({ memoryMiB: { value: 1024 }, memoryUsedMiB: { missing: expect.any(String) } });
  });

  it('is not made up where libvirt does not tell it', async () => {
    const { look, clock } = await start([['block.count', 2, 1], ['net.count', 2, 1]]);
    await look();
    await clock.advance(1000);
    expect(Object.entries(await look()).filter(([, fact]) => 'value' in fact)).toEqual([]);
  });

  it('is read in no time where libvirt counts more than there is', async () => {
    const { look } = await start([['block.count', 2, 0xffff_ffff], ['net.count', 1, -1], ull('block.0.rd.bytes', 1)]);
    const began = performance.now();
    expect(await look()).toMatchObject({ netSent: { missing: 'It has none.' } });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('of a domain that is off, or without a connection, is not asked', async () => {
    const off = await start([], SHUTOFF);
    const before = off.heard().length;
    expect(await off.look()).toMatchObject({ cpuPercent: { missing: 'It does not run.' } });
    expect(off.heard()).toHaveLength(before);
    const lost = await start([]);
    lost.stop();
    await lost.shows('nas', 'unknown');
    expect(await lost.look()).toMatchObject({ netSent: { missing: 'libvirt is not connected.' } });
  });

  it('that is refused, empty or never told says why, and never rejects', async () => {
    const { look, server } = await start([]);
    server.answers[344] = () => ({ error: { code: 38, message: 'no room' } });
    expect(await look()).toMatchObject({ cpuPercent: { missing: expect.stringContaining('no room') } });
    server.answers[344] = () => wire.list([]);
    expect(await look()).toMatchObject({ cpuPercent: { missing: expect.any(String) } });
    server.answers[344] = () => 'silence';
    expect(await look()).toMatchObject({ cpuPercent: { missing: expect.stringContaining('4000 ms') } });
  });

  it('waits for no domain that is busy, and asks for this one alone', async () => {
    const { look, heard } = await start([]);
    await look();
    const { args } = heard('connect_get_all_domain_stats').at(-1)!;
    expect([args.uint(), args.domain().name, args.uint(), args.uint()]).toEqual([1, 'nas', 2 | 4 | 16 | 32, 1 << 29]);
  });
});
