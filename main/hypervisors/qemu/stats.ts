import type { Clock } from '../../clock';
import type { QmpClient } from '../../protocols/qmp/client';
import { QmpError } from '../../protocols/qmp/errors';
import { noStats, type Fact, type HostAccess, type MachineStats } from '../machine';

/** Asks what a machine uses now. Never rejects: what cannot be had says why. */
export type StatsReader = (client: QmpClient | null) => Promise<MachineStats>;

export interface StatsReaderOptions {
  readonly access: Pick<HostAccess, 'threadTimes'>;
  readonly clock: Clock;
  /** null for a QEMU that is known by its address only. */
  readonly pid: number | null;
}

/** A count that only grows, at a moment of the monotonic clock, both in ms or bytes. */
interface Sample {
  readonly at: number;
  readonly total: number;
}

/** After this long a look is the first one again, in ms: what was before says nothing of now. */
const FORGOTTEN_MS = 15_000;
const MIB = 2 ** 20;

const NO_MONITOR = 'Its monitor is not connected.';
const MEASURING = { missing: 'Being measured.' } as const;
const NOT_TOLD = { missing: 'QEMU does not tell.' } as const;

/** Reads the use of one QEMU's machine. Rates are over the time since the look before on the same connection. */
export function createStatsReader({ access, clock, pid }: StatsReaderOptions): StatsReader {
  let asked: QmpClient | null = null;
  const samples = new Map<string, Sample>();
  let balloon: Promise<string | null> | null = null;

  /** By how much the count `name` grows in a ms. */
  const rate = (name: string, total: number): Fact<number> => {
    const at = clock.monotonic();
    const before = samples.get(name);
    if (before && at <= before.at) return MEASURING;
    samples.set(name, { at, total });
    if (!before || at - before.at > FORGOTTEN_MS || total < before.total) return MEASURING;
    return { value: (total - before.total) / (at - before.at) };
  };

  const cpu = async (client: QmpClient): Promise<Fact<number>> => {
    if (pid === null) return { missing: 'Its process is not known.' };
    if (!access.threadTimes) return { missing: 'Its host does not tell.' };
    const cpus = await client.call('query-cpus-fast');
    // With one thread for all vCPUs (TCG), each names the same.
    const threads = [...new Set(cpus.map((one) => one['thread-id']))];
    if (threads.length === 0) return { missing: 'It has no vCPU.' };
    const spent = await access.threadTimes(pid, threads);
    return spent === null ? { missing: 'Its host does not tell.' } : scaled(rate('cpu', spent), 100);
  };

  const disks = async (client: QmpClient): Promise<Pick<MachineStats, 'diskRead' | 'diskWritten'>> => {
    const all = await client.call('query-blockstats');
    if (all.length === 0) return { diskRead: { missing: 'It has no disk.' }, diskWritten: { missing: 'It has no disk.' } };
    const sum = (key: 'rd_bytes' | 'wr_bytes') => all.reduce((total, { stats }) => total + stats[key], 0);
    return {
      diskRead: scaled(rate('read', sum('rd_bytes')), 1000),
      diskWritten: scaled(rate('written', sum('wr_bytes')), 1000),
    };
  };

  return async (client) => {
    if (client !== asked) {
      asked = client;
      samples.clear();
      balloon = null;
    }
    if (!client) return noStats(NO_MONITOR);
    const noDisks = (missing: Missing) => ({ diskRead: missing, diskWritten: missing });
    const [cpuPercent, memory, memoryUsedMiB, disk] = await Promise.all([
      orMissing(cpu(client), (missing) => missing),
      orMissing(memoryOf(client), (missing) => missing),
      orMissing(
        (balloon ??= findBalloon(client)).then((path) => balloonUse(client, path)),
        (missing) => missing,
      ),
      orMissing(disks(client), noDisks),
    ]);
    return { cpuPercent, memoryUsedMiB, memoryMiB: memory, ...disk, netReceived: NOT_TOLD, netSent: NOT_TOLD };
  };
}

interface Missing {
  readonly missing: string;
}

async function orMissing<T>(ask: Promise<T>, otherwise: (missing: Missing) => T): Promise<T> {
  try {
    return await ask;
  } catch (error) {
    return otherwise({ missing: error instanceof Error ? error.message : String(error) });
  }
}

const scaled = (fact: Fact<number>, factor: number): Fact<number> =>
  'value' in fact ? { value: fact.value * factor } : fact;

const memoryOf = async (client: QmpClient): Promise<Fact<number>> => {
  const memory = await client.call('query-memory-size-summary');
  return { value: (memory['base-memory'] + (memory['plugged-memory'] ?? 0)) / MIB };
};

/** Where devices of the command line are in QOM. */
const PLACES = ['/machine/peripheral', '/machine/peripheral-anon'];

/** The balloon among the machine's devices (QOM: child<virtio-balloon-pci> and its kin). */
async function findBalloon(client: QmpClient): Promise<string | null> {
  for (const place of PLACES) {
    const children = await client.call('qom-list', { path: place }).catch(noneIfRefused);
    const found = children.find(({ type }) => type.startsWith('child<virtio-balloon'));
    if (found) return `${place}/${found.name}`;
  }
  return null;
}

const noneIfRefused = (error: unknown): never[] => {
  if (error instanceof QmpError && error.kind === 'command') return [];
  throw error;
};

/**
 * What the guest's balloon driver told last, where somebody has switched its reports on.
 * Source: docs/interop/virtio-balloon-stats.rst; a value that the guest does not tell is 2^64 - 1.
 */
async function balloonUse(client: QmpClient, path: string | null): Promise<Fact<number>> {
  if (path === null) return { missing: 'It has no balloon device, by which a guest tells.' };
  const interval = await client.call('qom-get', { path, property: 'guest-stats-polling-interval' });
  if (typeof interval !== 'number' || interval <= 0) return { missing: 'Its balloon is not asked to report.' };
  const told = await client.call('qom-get', { path, property: 'guest-stats' });
  const stats = isRecord(told) && isRecord(told['stats']) ? told['stats'] : {};
  const [total, free] = [stats['stat-total-memory'], stats['stat-available-memory'] ?? stats['stat-free-memory']];
  if (!isTold(total) || !isTold(free) || free > total) return { missing: 'Its balloon driver has not reported.' };
  return { value: (total - free) / MIB };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTold = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
