import type { Clock } from '../../clock';
import { HostError } from '../host';
import { RecordsError, runScript, utf8Of, type HostRecord } from '../ssh/records';
import type { RemoteExec } from '../ssh/remote';
import { isOnDisk, JOB_NAME, type HostJobs, type Job, type JobKind, type WakeMeans } from './job';
import { cancelScript, listScript, placeScript } from './place-script';
import { isNumber, parseProbe, probeScript, type Probe } from './probe';
import { keeperOn, lackOf, noKeeper, noLinux, unusable } from './words';

export interface HostJobsOptions {
  /** Throws HostError. */
  readonly shell: RemoteExec;
  readonly clock: Clock;
  /** For messages: "nas". */
  readonly hostName: string;
}

/**
 * A hibernated guest outlives its host's restart, and at's jobs do, too. A sleeping one does not, so that the most exact
 * keeper comes first: at is late after the host's own sleep.
 */
const forSleeping: readonly JobKind[] = ['systemd-user', 'systemd-system', 'at', 'sleeper'];
const forHibernated: readonly JobKind[] = ['at', 'systemd-user', 'systemd-system', 'sleeper'];

/** Making a job ends what was there by its name first, which may be in the middle of asking a monitor. */
const CHANGE_MS = 40_000;
/** A command line of the host's login shell may have 128 KiB on Linux, and quoting lengthens. */
const MAX_SCRIPT = 60_000;

/** Jobs on a Linux host that has POSIX sh, by scripts. */
export function createHostJobs({ shell, clock, hostName }: HostJobsOptions): HostJobs {
  const run = async (script: string, doing: string, timeoutMs?: number): Promise<HostRecord[]> => {
    try {
      return await runScript(shell, script, timeoutMs === undefined ? {} : { timeoutMs });
    } catch (error) {
      if (!(error instanceof RecordsError)) throw error;
      throw new HostError(`${doing} failed on ${hostName}: ${error.message}.`, 'Try again.', { cause: error });
    }
  };

  /** @returns what can keep it, the best first; and when the host's clocks were read, by ours */
  async function probe(means: WakeMeans): Promise<{ probe: Probe; at: number; kinds: JobKind[] } | ReturnType<typeof lackOf>> {
    const never = unusable(means);
    if (never) return never;
    const script = probeScript(means);
    if (script.length > MAX_SCRIPT) return { missing: 'Its start command is too long for a job.', remedy: 'Let Reveille start it.' };
    const found = parseProbe(await run(script, 'Looking for what keeps an alarm'));
    const at = clock.now();
    if (!found) {
      throw new HostError(`What ${hostName} said of its clock is not readable.`, 'Check that its /proc can be read.');
    }
    if (found.notLinux !== null) return noLinux(hostName, found.notLinux);
    if (found.lacks !== null) return lackOf(found.lacks, means, hostName);
    const kinds = (isOnDisk(means) ? forHibernated : forSleeping).filter((kind) => found.keepers.has(kind));
    return kinds.length === 0 ? noKeeper(hostName) : { probe: found, at, kinds };
  }

  /** @throws HostError when some keeper did not answer, so that not all is known */
  function jobsOf(records: readonly HostRecord[], clocks: HostClocks): FoundJob[] {
    const blind = records.find(({ name }) => name === 'blind')?.words[0];
    if (blind !== undefined) {
      throw new HostError(`systemd on ${hostName} does not answer, so its timers are not known.`, 'Check there that systemctl works for this user.');
    }
    const found = new Map<string, FoundJob>();
    for (const { name, words } of records) {
      const job = name === 'job' ? jobOf(words, clocks) : null;
      if (!job) continue;
      const other = found.get(job.name);
      // A keeper's own word counts; of processes, the first.
      if (!other || job.rank < other.rank || (job.rank === other.rank && job.since < other.since)) found.set(job.name, job);
    }
    return [...found.values()];
  }

  async function place(kind: JobKind, name: string, target: Parameters<typeof placeScript>[2], means: WakeMeans): Promise<HostRecord[]> {
    const script = placeScript(kind, name, target, means);
    if (script.length > MAX_SCRIPT) {
      throw new HostError('Its start command is too long for a job on the host.', 'Let Reveille start it.');
    }
    return run(script, 'Making the alarm', CHANGE_MS);
  }

  return {
    async offers(means) {
      const found = await probe(means);
      if ('missing' in found) return found;
      return { keeper: keeperOn(hostName, found.kinds[0] ?? 'sleeper') };
    },

    async place({ name, due, means }) {
      if (!JOB_NAME.test(name)) throw new RangeError(`${name} is no name of a job`);
      const found = await probe(means);
      if ('missing' in found) throw new HostError(found.missing, found.remedy);
      const { probe: host, at, kinds } = found;
      const target = {
        uptime: Math.max(0, host.uptime + Math.round((due - at) / 10)),
        boot: host.boot,
        wall: host.wall + Math.ceil((due - at) / 1000),
      };
      let said = '';
      for (const kind of kinds) {
        const records = await place(kind, name, target, means);
        const made = jobsOf(records, { ...host, at }).find((job) => job.uptime === target.uptime);
        if (made) return { name, kind: made.kind, ref: made.ref, due };
        said = wordsOf(records) || said;
      }
      throw new HostError(
        `${hostName} did not keep the alarm${said === '' ? '' : `: ${said}`}.`,
        'Let Reveille wake it, or look at that host.',
      );
    },

    async list(prefix) {
      if (!/^reveille-[a-z0-9-]{0,91}$/.test(prefix)) throw new RangeError(`${prefix} begins no name of a job`);
      const records = await run(listScript(prefix), 'Listing alarms');
      if (records.some(({ name }) => name === 'not-linux')) return [];
      const [uptime, boot = '-', wall] = records.find(({ name }) => name === 'clock')?.words ?? [];
      if (!isNumber(uptime) || !isNumber(wall)) {
        throw new HostError(`What ${hostName} said of its clock is not readable.`, 'Check that its /proc can be read.');
      }
      const jobs = jobsOf(records, { uptime: Number(uptime), boot, wall: Number(wall), at: clock.now() });
      return jobs.map(({ name, kind, ref, due }) => ({ name, kind, ref, due }));
    },

    async cancel({ name }) {
      if (!JOB_NAME.test(name)) throw new RangeError(`${name} is no name of a job`);
      const records = await run(cancelScript(name), 'Cancelling the alarm', CHANGE_MS);
      if (jobsOf(records, { uptime: 0, boot: '-', wall: 0, at: 0 }).length > 0) {
        throw new HostError(`The job ${name} on ${hostName} did not end.`, 'Look for it there, by this name.');
      }
    },
  };
}

/** The host's clocks as they were when ours was `at`. */
interface HostClocks {
  readonly uptime: number;
  readonly boot: string;
  readonly wall: number;
  readonly at: number;
}

interface FoundJob extends Job {
  /** When it is due, in the host's hundredths of a second. */
  readonly uptime: number;
  /** A keeper's own word has the lower one. */
  readonly rank: number;
  /** When a process of it began. */
  readonly since: number;
}

const ranks: ReadonlyMap<string, number> = new Map([
  ['systemd-user', 0],
  ['systemd-system', 0],
  ['at', 0],
]);

/** `KIND NAME REF UPTIME BOOT WALL`; a process of a job's is `KIND:process`, and a job by itself where its keeper is a sleeper or gone. */
function jobOf(words: readonly string[], clocks: HostClocks): FoundJob | null {
  const [keeper = '', name = '', ref = '', uptime, boot, wall] = words;
  if (!JOB_NAME.test(name) || !isNumber(uptime) || !isNumber(wall)) return null;
  const kind = keeper.endsWith(':process') ? 'sleeper' : ranks.has(keeper) ? (keeper as JobKind) : null;
  if (kind === null) return null;
  const leftMs = boot === clocks.boot ? (Number(uptime) - clocks.uptime) * 10 : (Number(wall) - clocks.wall) * 1000;
  const since = Number(/^\d+:(\d+)$/.exec(ref)?.[1] ?? 0);
  return { name, kind, ref, due: clocks.at + leftMs, uptime: Number(uptime), rank: ranks.get(keeper) ?? 1, since };
}

const wordsOf = (records: readonly HostRecord[]): string =>
  utf8Of(records.find(({ name }) => name === 'said')?.body ?? '')
    .text.replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .replace(/^warning: commands will be executed using \/bin\/sh/, '')
    .trim()
    .slice(0, 300)
    .replace(/\.$/, '');
