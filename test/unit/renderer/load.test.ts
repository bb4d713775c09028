import { describe, expect, it } from 'vitest';
import type { GuestStats } from '../../../preload/contract/view';
import { keptStats, linePoints, loadRows, rateWords } from '../../../renderer/load';

const none = { missing: 'Being measured.' };
const stats = (plan: Partial<GuestStats>): GuestStats => ({
  at: 0,
  cpuPercent: none,
  memoryUsedMiB: none,
  memoryMiB: none,
  diskRead: none,
  diskWritten: none,
  netReceived: none,
  netSent: none,
  ...plan,
});
const rows = (all: readonly GuestStats[], vcpus: number | null = 2) =>
  Object.fromEntries(loadRows(all, vcpus).map((row) => [row.name, row]));

describe('rates in words', () => {
  it.each([
    [0, '0 B/s'],
    [-3, '0 B/s'],
    [999.4, '999 B/s'],
    [1023.6, '1.0 KiB/s'],
    [4300, '4.2 KiB/s'],
    [10_190, '10 KiB/s'],
    [1024 * 1023.9, '1.0 MiB/s'],
    [125 * 1024 * 1024, '125 MiB/s'],
    [5 * 2 ** 40, '5120 GiB/s'],
  ])('%d is %s', (rate, words) => {
    expect(rateWords(rate)).toBe(words);
  });
});

describe('the load of a guest', () => {
  it('is told in words and drawn', () => {
    const all = [
      stats({ cpuPercent: { value: 0 }, diskRead: { value: 0 }, diskWritten: { value: 0 } }),
      stats({
        cpuPercent: { value: 150 },
        memoryUsedMiB: { value: 512 },
        memoryMiB: { value: 2048 },
        diskRead: { value: 60 * 1024 },
        diskWritten: { value: 4 * 1024 },
        netReceived: { value: 1024 },
        netSent: { value: 0 },
      }),
    ];
    expect(rows(all)).toEqual({
      Processor: { name: 'Processor', text: '75 % of 2 vCPUs', missing: '', shares: [0, 0.75] },
      Memory: { name: 'Memory', text: '512 MiB of 2 GiB in use', missing: '', shares: [null, 0.25] },
      Disk: { name: 'Disk', text: 'reads 60 KiB/s, writes 4.0 KiB/s', missing: '', shares: [0, 1] },
      // Hardly any traffic is not drawn as much.
      Network: { name: 'Network', text: 'in 1.0 KiB/s, out 0 B/s', missing: '', shares: [null, 1 / 16] },
    });
    expect(rows(all, 1)['Processor']).toMatchObject({ text: '150 % of 1 vCPU', shares: [0, 1] });
    expect(rows(all, null)['Processor']?.text).toBe('150 % of one vCPU');
  });

  it('says why something is missing, each reason once', () => {
    const untold = { missing: 'QEMU does not tell.' };
    const all = [stats({ memoryMiB: { value: 1024 }, memoryUsedMiB: untold, diskRead: { value: 1 }, netReceived: untold, netSent: untold })];
    expect(rows(all)).toEqual({
      Processor: { name: 'Processor', text: '', missing: 'Being measured.', shares: [] },
      Memory: { name: 'Memory', text: '1 GiB in all', missing: 'QEMU does not tell.', shares: [] },
      Disk: { name: 'Disk', text: 'reads 1 B/s', missing: 'Being measured.', shares: [1 / 16384] },
      Network: { name: 'Network', text: '', missing: 'QEMU does not tell.', shares: [] },
    });
  });

  it('of which nothing is known has only its names', () => {
    expect(loadRows([], 2).map(({ name, text }) => [name, text])).toEqual([
      ['Processor', ''],
      ['Memory', ''],
      ['Disk', ''],
      ['Network', ''],
    ]);
  });
});

describe('a line', () => {
  it('ends at the right, with a gap where nothing was known', () => {
    expect(linePoints([0, 0.5, 1], 20)).toEqual([`${keptStats - 3},20 ${keptStats - 2},10 ${keptStats - 1},0`]);
    expect(linePoints([0, 0, null, null, 1, 1], 10)).toEqual([
      `${keptStats - 6},10 ${keptStats - 5},10`,
      `${keptStats - 2},0 ${keptStats - 1},0`,
    ]);
    expect(linePoints([null, 1], 10)).toEqual([]);
    expect(linePoints([], 10)).toEqual([]);
  });
});
