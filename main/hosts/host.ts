import type { HostAccess } from '../hypervisors/machine';
import type { StartRecipe } from './discovery/found';
import type { Listed, Unasked } from './listed';
import type { HostJobs } from './jobs/job';
import type { HostLink } from './ssh/link';
import type { RemoteExec } from './ssh/remote';

/** The id of the demo's host: of it and its guests nothing is kept. */
export const DEMO_HOST = 'demo';

/** A process that was started on a host. */
export interface Launched {
  /** null when the host does not tell. */
  readonly pid: number | null;
  /**
   * Resolves when the process ends before `confirmed` is called, with what it said last; QEMU's own -daemonize ends it
   * with code 0.
   */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null; readonly output: string }>;
  /** The guest was seen running: what was kept of the process's words is removed. Idempotent; never throws. */
  confirmed(): void;
}

/** A host could not be looked at, or did not start a guest. */
export class HostError extends Error {
  constructor(
    message: string,
    readonly remedy: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'HostError';
  }
}

/** A file that a host was to hand over. Sizes in bytes. */
export const tooLarge = (size: number, most: number): HostError =>
  new HostError(
    `It is too large to be fetched: ${Math.ceil(size / 2 ** 20)} MiB, and ${Math.floor(most / 2 ** 20)} MiB are the most.`,
    'Make it smaller.',
  );

/** A computer whose guests are listed and controlled. */
export interface GuestHost extends HostAccess {
  readonly id: string;
  readonly name: string;
  readonly kind: 'this-computer' | 'demo' | 'ssh';
  readonly simulated: boolean;
  /** The connection that the host is reached by; null for one that is always there. */
  readonly link: HostLink | null;
  /** Runs scripts of POSIX sh there, by `runScript`; throws HostError. null where there is none (Windows, the demo). */
  readonly shell: RemoteExec | null;
  /** Jobs that the host does by itself; null where it is known to keep none (no Linux, the demo). */
  readonly jobs: HostJobs | null;
  /** How long to wait between two scans, in ms. */
  readonly scanEveryMs: number;
  /** @throws HostError */
  scan(): Promise<readonly Listed[]>;
  /** What the last scan could not ask. */
  unasked(): readonly Unasked[];
  /** Calls `listener` when the host tells by itself that guests came, went or changed. */
  onListChanged(listener: () => void): () => void;
  /** Starts `recipe` detached from this app, never through a shell. @throws HostError */
  launch(recipe: StartRecipe): Promise<Launched>;
  close(): Promise<void>;
}
