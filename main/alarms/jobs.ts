import type { Clock } from '../clock';
import type { HostJobs, Job, JobKeeper, WakeMeans } from '../hosts/jobs/job';
import { HostError } from '../hosts/host';
import type { Actor } from '../power/actor';
import { endedAlready, type Alarm, type DueChange } from '../power/alarms';
import type { Held } from '../power/held';
import { StorageError } from '../storage/errors';
import { AlarmRefusedError, type AlarmRunner } from './runner';

/** Where a job that wakes an alarm's guest is made. */
export interface JobPlace {
  readonly hostId: string;
  readonly jobs: HostJobs;
  readonly means: WakeMeans;
  readonly keeper: Pick<JobKeeper, 'name' | 'survives'>;
  /** This app holds the monitor that the job needs. */
  readonly blocked: boolean;
}

type HeldByHost = Extract<Held, { kind: 'host' }>;

export interface Moved {
  readonly alarm: Alarm;
  /** When it was due before. */
  readonly from: number;
}

/** The alarms' jobs on the guests' hosts: each alarm's is there, and no other. */
export interface AlarmJobs {
  /**
   * Makes the alarm's job and keeps that it has one. @throws HostError, StorageError, AlarmRefusedError (it ended): then
   * there may be one that nobody owns; reconcile when the alarm has another holder, or is no more
   */
  place(alarm: Alarm, place: JobPlace): Promise<void>;
  /** Moves any alarm. @throws as AlarmRunner.extend; AlarmRefusedError when its job cannot be moved */
  move(id: string, change: DueChange): Promise<Moved>;
  /** Cancels any alarm: on disk first, then its job. @throws AlarmRefusedError, StorageError: it is still set */
  cancel(id: string, by: Actor): Promise<void>;
  /** The alarm has ended: its job goes, now or when its host is reached again. */
  ended(alarm: Alarm): void;
  /** The host can be reached: jobs without an alarm go, alarms without their job get one. Never rejects. */
  reconcile(hostId: string): Promise<void>;
  /** Resolves when no job is being taken back. */
  settled(): Promise<void>;
  /** Nothing is tried again. */
  stop(): void;
}

export interface AlarmJobsOptions {
  readonly runner: AlarmRunner;
  /** What the names of this installation's jobs begin with. */
  readonly prefix: string;
  readonly clock: Clock;
  /** The host's jobs while it can be reached, else null. */
  readonly jobsOn: (hostId: string) => HostJobs | null;
  /** Where a job for the alarm would be made now; @throws HostError when it can't be. */
  readonly placeOf: (alarm: Alarm) => Promise<JobPlace>;
  /** A job that could not be taken back, or that was lost; for the guest's history. */
  readonly onTrouble: (alarm: Alarm, text: string) => void;
}

/** A job that is due this soon, in ms, and is not there any more is taken for done. */
const ABOUT_DUE_MS = 5000;
/** A host that did not do what it was asked, in the whole, is asked again after this, in ms. */
const AGAIN_MS = 60_000;
/** A job whose time is this far from its alarm's, in ms, is made anew: this computer's clock was set since. */
const OFF_MS = 90_000;

export function createAlarmJobs({ runner, prefix, clock, jobsOn, placeOf, onTrouble }: AlarmJobsOptions): AlarmJobs {
  /** Names of jobs that are being made, and are not kept with their alarm yet. */
  const inTheMaking = new Set<string>();
  /** What is asked of one alarm follows each other. */
  const turns = new Map<string, Promise<unknown>>();
  const going = new Set<Promise<unknown>>();
  /** Hosts that are looked at again after a while. */
  const waiting = new Map<string, () => void>();
  let stopped = false;

  const nameFor = ({ id }: Alarm) => `${prefix}${id}`;
  const belongsTo = (name: string, alarm: Alarm) => name === nameFor(alarm) || name === otherName(nameFor(alarm));

  const inTurn = <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work);
    const settled = turn.then(noValue, noValue);
    turns.set(id, settled);
    void settled.then(() => turns.get(id) === settled && turns.delete(id));
    return turn;
  };

  const heldAs = ({ hostId, keeper, blocked }: JobPlace, job: Job): HeldByHost => ({
    kind: 'host',
    hostId,
    job,
    keeper: keeper.name,
    survives: keeper.survives,
    blocked,
  });

  /** Nobody takes the job for one without an alarm until it is kept with its alarm. */
  const making = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    inTheMaking.add(name);
    try {
      return await work();
    } finally {
      inTheMaking.delete(name);
    }
  };

  const makeFor = (alarm: Alarm, name: string, place: JobPlace) =>
    making(name, async () => {
      const job = await place.jobs.place({ name, due: alarm.due, means: place.means });
      await runner.hold(alarm.id, 'host', heldAs(place, job));
    });

  /** Something is left undone on the host. */
  const again = (hostId: string): void => {
    if (stopped || waiting.has(hostId)) return;
    const cancel = clock.setTimer(AGAIN_MS, () => {
      waiting.delete(hostId);
      void reconcile(hostId);
    });
    waiting.set(hostId, cancel);
  };

  const takeBack = async (alarm: Alarm, held: HeldByHost): Promise<void> => {
    const jobs = jobsOn(held.hostId);
    if (!jobs) return;
    try {
      await jobs.cancel(held.job);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      again(held.hostId);
      onTrouble(alarm, `${held.job.name} could not be taken back from its host: ${error.message}`);
    }
  };

  const reconcile = async (hostId: string): Promise<void> => {
    const jobs = jobsOn(hostId);
    if (!jobs) return;
    let listed: Job[];
    const before = runner.list();
    try {
      listed = await jobs.list(prefix);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return again(hostId);
    }
    for (const job of listed) await claim(hostId, jobs, job);
    for (const { id } of before) {
      const alarm = runner.list().find((one) => one.id === id);
      if (alarm?.held?.kind !== 'host' || alarm.held.hostId !== hostId) continue;
      const { name } = alarm.held.job;
      // What was made after the listing was asked for cannot be in it.
      if (!before.some(({ held }) => held?.kind === 'host' && held.job.name === name)) continue;
      const job = listed.find((one) => one.name === name);
      if (!job || (job.due !== null && Math.abs(job.due - alarm.due) > OFF_MS)) await makeAgain(alarm);
    }
  };

  /** Whose is it? */
  const claim = async (hostId: string, jobs: HostJobs, job: Job): Promise<void> => {
    if (inTheMaking.has(job.name)) return;
    const alarm = runner.list().find((one) => one.holder === 'host' && belongsTo(job.name, one));
    const { held } = alarm ?? {};
    if (held?.kind === 'host' && held.job.name === job.name) return;
    try {
      if (!alarm || held) return await jobs.cancel(job);
      const place = await placeOf(alarm);
      if (place.hostId === hostId) await runner.hold(alarm.id, 'host', heldAs(place, job));
    } catch (error) {
      if (!isExpected(error)) throw error;
      again(hostId);
    }
  };

  /** The host lost it, as one that was restarted loses what it kept in memory. */
  const makeAgain = (alarm: Alarm) =>
    inTurn(alarm.id, async () => {
      const current = runner.list().find(({ id }) => id === alarm.id);
      const { held } = current ?? {};
      if (!current || held?.kind !== 'host' || clock.now() > current.due - ABOUT_DUE_MS) return;
      try {
        const place = await placeOf(current);
        await makeFor(current, held.job.name, place);
        onTrouble(current, `Its alarm was not as it should be with ${held.keeper}, so it was set there anew.`);
      } catch (error) {
        if (!isExpected(error)) throw error;
        again(held.hostId);
        onTrouble(current, `Its alarm is not as it should be with ${held.keeper}, and could not be set anew: ${error.message}`);
      }
    });

  return {
    place: (alarm, place) =>
      inTurn(alarm.id, () => makeFor(alarm, nameFor(alarm), place)),
    move: (id, change) =>
      inTurn(id, async () => {
        const alarm = runner.list().find((one) => one.id === id);
        if (!alarm) throw new AlarmRefusedError(endedAlready);
        const { held, due: from } = alarm;
        if (held?.kind !== 'host') return { alarm: await runner.extend(id, change), from };
        const place = await reachable(placeOf(alarm), 'moved');
        const name = otherName(held.job.name);
        try {
          const moved = await making(name, () =>
            runner.extend(id, change, async ({ due }) => {
              const job = await reachable(place.jobs.place({ name, due, means: place.means }), 'moved');
              return heldAs(place, job);
            }),
          );
          await takeBack(moved, held);
          return { alarm: moved, from };
        } catch (error) {
          // The new job may be there, and nobody owns it.
          void reconcile(place.hostId);
          throw error;
        }
      }),
    cancel: (id, by) =>
      inTurn(id, async () => {
        const { held } = runner.list().find((one) => one.id === id) ?? {};
        const jobs = held?.kind === 'host' ? jobsOn(held.hostId) : null;
        if (held?.kind === 'host' && !jobs) throw new AlarmRefusedError(unreachable(held.keeper, 'cancelled'));
        const release = async () => {
          if (held?.kind === 'host' && jobs) await reachable(jobs.cancel(held.job), 'cancelled');
        };
        try {
          await runner.cancel(id, { why: 'asked', by }, release);
        } catch (error) {
          if (!(error instanceof StorageError)) throw error;
          throw new StorageError(error.code, error.path, `The alarm is still set. ${error.message}`, { cause: error });
        }
      }),
    ended(alarm) {
      if (alarm.holder !== 'host') return;
      const { held } = alarm;
      const gone = inTurn(alarm.id, () => (held?.kind === 'host' ? takeBack(alarm, held) : Promise.resolve()));
      going.add(gone);
      void gone.finally(() => going.delete(gone));
    },
    reconcile,
    async settled() {
      await Promise.allSettled(going);
    },
    stop() {
      stopped = true;
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}

/** A moved alarm's new job stands beside the old one until it is kept, so it has another name. */
const otherName = (name: string): string => (name.endsWith('-b') ? name.slice(0, -2) : `${name}-b`);

const unreachable = (keeper: string, done: 'moved' | 'cancelled'): string =>
  `Its alarm is kept by ${keeper}, and its host is not connected, so it cannot be ${done} now. Connect the host, then try again.`;

async function reachable<T>(work: Promise<T>, done: 'moved' | 'cancelled'): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new AlarmRefusedError(`Its alarm could not be ${done}: ${error.message} ${error.remedy}`);
  }
}

/** What a host, a disk or the alarm's own end may be in the way of. */
const isExpected = (error: unknown): error is HostError | AlarmRefusedError | StorageError =>
  error instanceof HostError || error instanceof AlarmRefusedError || error instanceof StorageError;

const noValue = (): undefined => undefined;
