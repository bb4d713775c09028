import type { SleepAction } from '../../power/actions';
import type { StartRecipe } from '../discovery/found';

/**
 * How a job on the host wakes the guest. Paths, URIs and arguments are data there: nothing in them is executed.
 * `from`: the sleep that it is in. A hybrid one may have ended as a hibernation: then the guest is started.
 */
export type WakeMeans =
  /** A sleeping QEMU, by QMP at a unix socket of the host. */
  | { readonly kind: 'qmp'; readonly socket: string }
  /** A domain of libvirt's. */
  | { readonly kind: 'virsh'; readonly uri: string; readonly uuid: string; readonly from: SleepAction }
  /**
   * A QEMU of no manager's that may have ended: started unless it runs already, which a listener at `socket` or a process
   * with the very same arguments tells. One that runs in a hybrid sleep is woken by QMP at `socket`.
   */
  | { readonly kind: 'start'; readonly recipe: StartRecipe; readonly socket: string | null; readonly from: 'hibernate' | 'hybrid' }
  /** Proxmox VE's own program. */
  | { readonly kind: 'qm'; readonly vmid: number; readonly from: SleepAction };

/** Whether it outlives its host's restart: what it had in memory is on its disk. */
export const isOnDisk = (means: WakeMeans): boolean => means.kind !== 'qmp' && means.from !== 'suspend';

export interface JobSpec {
  /** `JOB_NAME` */
  readonly name: string;
  /** By this computer's clock, in ms. The host's own may be off: it is told how long to wait. */
  readonly due: number;
  readonly means: WakeMeans;
}

/** What keeps a job on a host: systemd with its timers, at, or a process that waits. */
export const JOB_KINDS = ['systemd-user', 'systemd-system', 'at', 'sleeper'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** A job that waits on a host. Plain data: it may be kept in a document. */
export interface Job {
  readonly name: string;
  readonly kind: JobKind;
  /** The unit, at's number, or `PID:START TIME` of the sleeper (proc(5) starttime, in ticks). */
  readonly ref: string;
  /** By this computer's clock, in ms, as far as the host tells. */
  readonly due: number | null;
}

/** For users: what would keep a job. */
export interface JobKeeper {
  readonly kind: JobKind;
  /** "a systemd timer on nas" */
  readonly name: string;
  /** What it survives and what it does not, in one sentence. */
  readonly survives: string;
}

export type JobOffer =
  | { readonly keeper: JobKeeper }
  /** Sentences for users. */
  | { readonly missing: string; readonly remedy: string };

/** Names of jobs: letters, digits and hyphens, at most 100. */
export const JOB_NAME = /^reveille-[a-z0-9-]{1,91}$/;

/** Jobs of Reveille on one host, run by that host, that wake guests when nobody of ours is there. */
export interface HostJobs {
  /** The most durable keeper that this host has for these means. @throws HostError */
  offers(means: WakeMeans): Promise<JobOffer>;
  /**
   * Makes the job in place of any by the same name, and reads back that it is there.
   * @throws HostError when there is none now; RangeError for a name that is none
   */
  place(spec: JobSpec): Promise<Job>;
  /** All jobs of this user there whose names begin with `prefix`; one that is due is listed until it is done. @throws HostError when not all can be known */
  list(prefix: string): Promise<Job[]>;
  /** Gone afterwards, also while it runs; nothing is left of it. Idempotent. @throws HostError */
  cancel(job: Job): Promise<void>;
}
