import type { GuestStats } from '../preload/contract/view';
import { memoryWords } from './words';

/** What a guest uses, as texts and as shares to draw. Pure. */

type Fact<T> = { value: T } | { missing: string };

export interface LoadRow {
  name: 'Processor' | 'Memory' | 'Disk' | 'Network';
  /** The values in words; empty when there are none. */
  text: string;
  /** Why some of it is missing; empty when nothing is. */
  missing: string;
  /** From 0 to 1, the newest at the end; null where there was no value. Empty when nothing is to be drawn. */
  shares: readonly (number | null)[];
}

/** As many answers as a line is drawn of. */
export const keptStats = 60;

/** "0 B/s", "4.2 KiB/s", "120 MiB/s" */
export function rateWords(bytesPerSecond: number): string {
  const units = ['B/s', 'KiB/s', 'MiB/s', 'GiB/s'];
  let value = Math.max(0, bytesPerSecond);
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

const valueOf = (fact: Fact<number>): number | null => ('value' in fact ? fact.value : null);

/** Each reason once. */
const reasons = (...facts: readonly Fact<number>[]): string =>
  [...new Set(facts.flatMap((fact) => ('missing' in fact ? [fact.missing] : [])))].join(' ');

const clamped = (share: number): number => Math.min(1, Math.max(0, share));

/** The rates of two directions: in words as far as they are known, drawn against the most that was seen. */
function bothWays(
  name: 'Disk' | 'Network',
  all: readonly GuestStats[],
  labels: readonly [string, string],
  [one, other]: readonly ['diskRead' | 'netReceived', 'diskWritten' | 'netSent'],
): LoadRow {
  const newest = all.at(-1);
  if (newest === undefined) return { name, text: '', missing: '', shares: [] };
  const words = [one, other].flatMap((key, place) => {
    const value = valueOf(newest[key]);
    return value === null ? [] : [`${labels[place] ?? ''} ${rateWords(value)}`];
  });
  const sums = all.map((stats) => {
    const [left, right] = [valueOf(stats[one]), valueOf(stats[other])];
    return left === null && right === null ? null : (left ?? 0) + (right ?? 0);
  });
  // Little traffic is drawn as little: less than 16 KiB/s does not fill the height.
  const most = Math.max(16 * 1024, ...sums.map((sum) => sum ?? 0));
  const shares = words.length === 0 ? [] : sums.map((sum) => (sum === null ? null : clamped(sum / most)));
  return { name, text: words.join(', '), missing: reasons(newest[one], newest[other]), shares };
}

function processor(all: readonly GuestStats[], vcpus: number | null): LoadRow {
  const name = 'Processor';
  const newest = all.at(-1);
  if (newest === undefined) return { name, text: '', missing: '', shares: [] };
  const count = vcpus ?? 1;
  const now = valueOf(newest.cpuPercent);
  const of = vcpus === null ? 'of one vCPU' : vcpus === 1 ? 'of 1 vCPU' : `of ${vcpus} vCPUs`;
  const shares = all.map(({ cpuPercent }) => {
    const value = valueOf(cpuPercent);
    return value === null ? null : clamped(value / count / 100);
  });
  return now === null
    ? { name, text: '', missing: reasons(newest.cpuPercent), shares: [] }
    : { name, text: `${Math.round(now / count)} % ${of}`, missing: '', shares };
}

function memory(all: readonly GuestStats[]): LoadRow {
  const name = 'Memory';
  const newest = all.at(-1);
  if (newest === undefined) return { name, text: '', missing: '', shares: [] };
  const [used, size] = [valueOf(newest.memoryUsedMiB), valueOf(newest.memoryMiB)];
  const missing = reasons(newest.memoryUsedMiB, newest.memoryMiB);
  if (used === null || size === null) {
    const text = used === null ? (size === null ? '' : `${memoryWords(size)} in all`) : `${memoryWords(used)} in use`;
    return { name, text, missing, shares: [] };
  }
  const shares = all.map((stats) => {
    const [then, of] = [valueOf(stats.memoryUsedMiB), valueOf(stats.memoryMiB)];
    return then === null || of === null || of <= 0 ? null : clamped(then / of);
  });
  return { name, text: `${memoryWords(used)} of ${memoryWords(size)} in use`, missing, shares };
}

/** The rows of the section, from the answers so far, the newest at the end. */
export const loadRows = (all: readonly GuestStats[], vcpus: number | null): readonly LoadRow[] => [
  processor(all, vcpus),
  memory(all),
  bothWays('Disk', all, ['reads', 'writes'], ['diskRead', 'diskWritten']),
  bothWays('Network', all, ['in', 'out'], ['netReceived', 'netSent']),
];

/** The points of a polyline in a box of `keptStats` - 1 by `height`, the newest at the right; one list for each stretch without a gap. */
export function linePoints(shares: readonly (number | null)[], height: number): readonly string[] {
  const stretches: string[][] = [[]];
  shares.forEach((share, place) => {
    const x = keptStats - shares.length + place;
    if (share === null) stretches.push([]);
    else stretches.at(-1)?.push(`${x},${Math.round((1 - share) * height * 100) / 100}`);
  });
  return stretches.filter((points) => points.length > 1).map((points) => points.join(' '));
}
