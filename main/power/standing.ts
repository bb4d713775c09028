import type { Fix } from './actions';
import type { PowerStateName } from './states';

/** What is known of the guest agent. Only `answering` lets a guest be put to sleep. */
export type AgentStatus =
  | { readonly status: 'unknown' }
  | { readonly status: 'absent' }
  | { readonly status: 'closed' }
  | { readonly status: 'unreachable'; readonly reason: string; readonly remedy: string }
  | { readonly status: 'silent' }
  | { readonly status: 'answering'; readonly disabled: readonly string[] };

/** Whether the app can reach the machine's control socket. */
export type Control =
  | { readonly status: 'connecting' }
  | { readonly status: 'ready' }
  | { readonly status: 'unavailable'; readonly reason: string; readonly remedy: string };

/** What the machine says of itself about ACPI sleep. `undefined` where it could not be read. */
export interface SleepSupport {
  /** QEMU's disable_s3 is 0. */
  readonly s3?: boolean;
  /** QEMU's disable_s4 is 0. */
  readonly s4?: boolean;
  /** QAPI CurrentMachineParams.wakeup-suspend-support. */
  readonly wakeup?: boolean;
  /** Set when QEMU lacks query-current-machine (before 4.0), so that nobody knows whether it can be woken. */
  readonly tooOld?: string;
}

export type Startable =
  { readonly kind: 'yes' } | { readonly kind: 'no'; readonly reason: string; readonly remedy: string };

/** Who runs the machine: a plain QEMU belongs to whoever started it, a domain to libvirt, which keeps its definition. */
export type Manager = 'qemu' | 'libvirt';

/** Everything the rules need to know about a guest. */
export interface Standing {
  readonly manager: Manager;
  readonly state: PowerStateName;
  /** Why the state is unknown. */
  readonly detail?: string | undefined;
  /** A machine exists: a QEMU process runs, even when the guest in it has shut down (-no-shutdown). */
  readonly exists: boolean;
  readonly control: Control;
  readonly agent: AgentStatus;
  /** null until the machine was asked. */
  readonly sleep: SleepSupport | null;
  /** What was mended in its definition and takes effect at its next start. */
  readonly mended: readonly Fix[];
  readonly start: Startable;
  /** Proxmox's number of the guest, whose definition is Proxmox's. */
  readonly vmid?: number | undefined;
}
