import type { HostAccess } from '../hypervisors/machine';
import type { FoundGuest, StartRecipe } from './discovery/found';

/** A process that was started on a host. */
export interface Launched {
  /** null when the host does not tell. */
  readonly pid: number | null;
  /** Resolves when the process ends, with what it said last; QEMU's own -daemonize ends it with code 0. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null; readonly output: string }>;
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

/** A computer whose guests are listed and controlled. */
export interface GuestHost extends HostAccess {
  readonly id: string;
  readonly name: string;
  readonly kind: 'this-computer' | 'demo';
  readonly simulated: boolean;
  /** @throws HostError */
  scan(): Promise<readonly FoundGuest[]>;
  /** Starts `recipe` detached from this app, never through a shell. @throws HostError */
  launch(recipe: StartRecipe): Promise<Launched>;
  close(): Promise<void>;
}
