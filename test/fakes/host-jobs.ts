import type { Clock } from '../../main/clock';
import { HostError } from '../../main/hosts/host';
import type { HostJobs, Job, JobKeeper, JobSpec, WakeMeans } from '../../main/hosts/jobs/job';

/** A job that waits on a pretended host. */
export interface FakeJob {
  readonly name: string;
  readonly means: WakeMeans;
  /** By `passed`. */
  readonly dueAt: number;
}

export type JobCall = 'offers' | 'place' | 'list' | 'cancel';

/** A host that keeps jobs whatever becomes of the app. */
export interface FakeHostJobs {
  readonly jobs: Map<string, FakeJob>;
  readonly calls: JobCall[];
  /** The host refuses these calls. */
  readonly refuses: Set<JobCall>;
  /** It does what it is asked, and the answer is lost. */
  readonly losesAnswers: Set<JobCall>;
  offer: { keeper: JobKeeper } | { missing: string; remedy: string };
  /** One app's way to it. `step` is awaited before and after each call's effect, and may never return. */
  connect(step?: (call: JobCall) => Promise<void>): HostJobs;
  /** Time has passed otherwise than by the clock. */
  look(): void;
}

export const KEEPER: JobKeeper = {
  kind: 'systemd-user',
  name: 'a systemd timer on nas',
  survives: 'It survives Reveille and this computer, not a restart of nas.',
};

/**
 * @param passed how much time has passed for the host, in ms
 * @param ring a job is due: it is gone by then, unless this returns false (it tries again in a second)
 */
export function fakeHostJobs(clock: Clock, passed: () => number, ring: (job: FakeJob) => boolean): FakeHostJobs {
  const jobs = new Map<string, FakeJob>();
  let cancelTimer = () => {};

  const look = () => {
    cancelTimer();
    for (const job of [...jobs.values()].sort((a, b) => a.dueAt - b.dueAt)) {
      if (job.dueAt > passed() || jobs.get(job.name) !== job) continue;
      jobs.delete(job.name);
      if (!ring(job)) jobs.set(job.name, { ...job, dueAt: passed() + 1000 });
    }
    const next = Math.min(...[...jobs.values()].map(({ dueAt }) => dueAt)) - passed();
    if (next !== Infinity) cancelTimer = clock.setTimer(Math.min(Math.max(0, next), 2 ** 31 - 1), look);
  };

  const host: FakeHostJobs = {
    jobs,
    calls: [],
    refuses: new Set(),
    losesAnswers: new Set(),
    offer: { keeper: KEEPER },
    look,
    connect(step = () => Promise.resolve()) {
      const call = async <T>(name: JobCall, effect: () => T): Promise<T> => {
        host.calls.push(name);
        await step(name);
        if (host.refuses.has(name)) throw new HostError(`The host refuses ${name}.`, 'Mend the host.');
        const value = effect();
        await step(name);
        if (host.losesAnswers.has(name)) throw new HostError('The connection was lost.', 'Connect again.');
        return value;
      };
      const asJob = ({ name, dueAt }: FakeJob): Job => ({
        name,
        kind: 'systemd-user',
        ref: `${name}.timer`,
        due: clock.now() + dueAt - passed(),
      });
      return {
        offers: () => call('offers', () => host.offer),
        place: ({ name, due, means }: JobSpec) =>
          call('place', () => {
            const job = { name, means, dueAt: passed() + Math.max(0, due - clock.now()) };
            jobs.set(name, job);
            look();
            return asJob(job);
          }),
        list: (prefix) => call('list', () => [...jobs.values()].filter(({ name }) => name.startsWith(prefix)).map(asJob)),
        cancel: ({ name }) =>
          call('cancel', () => {
            jobs.delete(name);
            look();
          }),
      };
    },
  };
  return host;
}
