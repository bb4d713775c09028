import type { Clock } from '../../clock';
import { GET_STATS, STATS } from '../../protocols/libvirt/flags';
import type { TypedParams } from '../../protocols/libvirt/values';
import { messageOf } from '../agent-facts';
import type { Fact, MachineStats } from '../machine';
import type { Domain } from './model';

/** Totals since the domain was started, at a moment. */
interface Totals {
  /** `clock.monotonic()`, in ms. */
  readonly at: number;
  readonly params: TypedParams;
}

const STATS_MS = 4000;

/** What a domain uses (src/libvirt-domain.c virConnectGetAllDomainStats), asked for when somebody looks. */
export function createDomainStats(domain: Domain, clock: Clock): () => Promise<MachineStats> {
  let before: Totals | null = null;

  return async () => {
    const { client } = domain.daemon;
    if (!client) return nothing('libvirt is not connected.');
    if (!domain.active) return nothing('It does not run.');
    let params: TypedParams | undefined;
    try {
      const stats = STATS.cpuTotal | STATS.balloon | STATS.interface | STATS.block;
      const asked = { doms: [domain.ref], stats, flags: GET_STATS.noWait };
      ({ params } = (await client.call('connect_get_all_domain_stats', asked, { timeoutMs: STATS_MS })).retStats[0] ?? {});
    } catch (error) {
      return nothing(messageOf(error));
    }
    if (!params) return nothing('libvirt does not tell.');
    const last = before;
    const now: Totals = { at: clock.monotonic(), params };
    before = now;
    const rate = (names: readonly string[]): Fact<number> => rateOf(last, now, names);
    const cpu = rate(['cpu.time']);
    const unused = numberOf(params, 'balloon.unused');
    const current = numberOf(params, 'balloon.current');
    return {
      // cpu.time is in ns: a second of it in a second is one busy vCPU.
      cpuPercent: 'value' in cpu ? { value: cpu.value / 1e7 } : cpu,
      memoryUsedMiB:
        unused === null || current === null
          ? { missing: 'Its balloon driver does not tell.' }
          : { value: Math.round((current - unused) / 1024) },
      memoryMiB: current === null ? { missing: 'libvirt does not tell.' } : { value: Math.round(current / 1024) },
      diskRead: rate(ofEach(params, 'block', 'rd.bytes')),
      diskWritten: rate(ofEach(params, 'block', 'wr.bytes')),
      netReceived: rate(ofEach(params, 'net', 'rx.bytes')),
      netSent: rate(ofEach(params, 'net', 'tx.bytes')),
    };
  };
}

const nothing = (missing: string): MachineStats => ({
  cpuPercent: { missing },
  memoryUsedMiB: { missing },
  memoryMiB: { missing },
  diskRead: { missing },
  diskWritten: { missing },
  netReceived: { missing },
  netSent: { missing },
});

export function numberOf(params: TypedParams, name: string): number | null {
  const value = params.get(name)?.value;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}

/** The count is the host's word: no more are looked for than it has told of. */
const ofEach = (params: TypedParams, group: 'block' | 'net', what: string): string[] =>
  Array.from(
    { length: Math.min(numberOf(params, `${group}.count`) ?? 0, params.size) },
    (_, at) => `${group}.${at}.${what}`,
  );

/** Per second. A total that became smaller began anew with the machine. */
function rateOf(last: Totals | null, now: Totals, names: readonly string[]): Fact<number> {
  const sum = ({ params }: Totals) => names.reduce((all, name) => all + (numberOf(params, name) ?? 0), 0);
  if (names.length === 0) return { missing: 'It has none.' };
  if (names.every((name) => numberOf(now.params, name) === null)) return { missing: 'libvirt does not tell.' };
  const seconds = last ? (now.at - last.at) / 1000 : 0;
  if (!last || seconds <= 0) return { missing: 'Being measured.' };
  const difference = sum(now) - sum(last);
  return difference < 0 ? { missing: 'Being measured.' } : { value: difference / seconds };
}
