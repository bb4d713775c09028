import type { Duplex } from 'node:stream';
import type { Action, Fix, Refusal } from '../power/actions';
import type { AgentStatus, Control, SleepSupport } from '../power/standing';
import type { Cause, PowerState } from '../power/states';
import type { SocketAddress } from '../protocols/sockets';

/** What a hypervisor needs of the host that its machines run on. */
export interface HostAccess {
  /** @throws DialError */
  dial(address: SocketAddress): Promise<Duplex>;
  /** Whether the process runs; a zombie does not. */
  processAlive(pid: number): Promise<boolean>;
  /**
   * Has something on the host write one file, and reads it: `write` is given the path of an empty file that only this
   * user can reach, and that is gone afterwards. Missing where it cannot be done.
   * @throws Error in words for the user, also when the file is larger than `maxBytes`; what `write` throws
   */
  collectFile?(write: (path: string) => Promise<void>, maxBytes: number): Promise<Uint8Array>;
  /**
   * The CPU time that threads of a process have had up to now, together, in ms; null where the host does not tell it.
   * @throws Error when the host cannot be asked
   */
  threadTimes?(pid: number, threads: readonly number[]): Promise<number | null>;
}

/** What happens to a machine. States carry the hypervisor's own idea of the cause; it knows nothing of our requests. */
export type MachineEvent =
  | { readonly kind: 'state'; readonly state: PowerState }
  | { readonly kind: 'reset'; readonly cause: Cause }
  /** Control, agent or sleep support changed. */
  | { readonly kind: 'standing' };

/** A request that was handed over. Only what is observed afterwards tells whether it did anything. */
export interface Performed {
  /** Resolves if the guest refuses later on; stays pending otherwise. */
  readonly refusal: Promise<Refusal> | null;
  /** How it was asked, for the history: "through the guest agent". */
  readonly by: string;
  /** The outcome is known: nothing more is expected from the request. Idempotent. */
  end(): void;
}

export interface ClockReport {
  /** How far the guest's clock was behind this computer's, in ms; negative when it was ahead. */
  readonly behindMs: number;
  /** The same after it was set. */
  readonly leftMs: number;
}

export type Fact<T> = { readonly value: T } | { readonly missing: string };

/** Whether a guest's own clock can wake it. Sentences for users. */
export type WakeClock = { readonly value: 'rtc' } | { readonly missing: string; readonly remedy?: string };

/** What the guest agent tells about the guest. Strings are the guest's own words. */
export interface AgentFacts {
  readonly uptimeSeconds: Fact<number>;
  readonly os: Fact<string>;
  readonly hostName: Fact<string>;
  readonly addresses: Fact<string[]>;
}

export interface MachineFacts extends AgentFacts {
  readonly hypervisor: Fact<string>;
  readonly machine: Fact<string>;
  readonly memoryMiB: Fact<number>;
  readonly vcpus: Fact<number>;
}

/** What a machine uses now. Rates are per second, over the time since the last look at this machine. */
export interface MachineStats {
  /** Of all its vCPUs, in percent of one: 200 is two busy vCPUs. */
  readonly cpuPercent: Fact<number>;
  /** What the guest uses of its memory, as its balloon driver tells, in MiB. */
  readonly memoryUsedMiB: Fact<number>;
  readonly memoryMiB: Fact<number>;
  /** In bytes per second, of all disks. */
  readonly diskRead: Fact<number>;
  readonly diskWritten: Fact<number>;
  /** In bytes per second, of all interfaces. */
  readonly netReceived: Fact<number>;
  readonly netSent: Fact<number>;
}

/** Nothing can be had, for this reason. */
export function noStats(reason: string): MachineStats {
  const missing = { missing: reason };
  return {
    cpuPercent: missing,
    memoryUsedMiB: missing,
    memoryMiB: missing,
    diskRead: missing,
    diskWritten: missing,
    netReceived: missing,
    netSent: missing,
  };
}

/** A picture of the guest's screen. */
export interface Screenshot {
  /** `image/png`, or `image/x-portable-pixmap` (PPM P6). */
  readonly mime: string;
  readonly bytes: Uint8Array;
}

/** A change of a guest's definition, to be read before it is made. */
export interface Mending {
  /** The whole definition, as it is and as it would be. */
  readonly before: string;
  readonly after: string;
  /** When it takes effect. */
  readonly effect: 'next-start' | 'now';
}

/** One guest as its hypervisor shows it. */
export interface Machine {
  readonly state: PowerState;
  /** Whether there is a machine to talk to; a QEMU whose guest has shut down (-no-shutdown) still exists. */
  readonly exists: boolean;
  /** It stays when its guest is off, and is asked to start it. */
  readonly persistent: boolean;
  readonly control: Control;
  readonly agent: AgentStatus;
  /** null until the machine was asked. */
  readonly sleep: SleepSupport | null;
  readonly hasAgentChannel: boolean;
  /** What was mended in its definition and takes effect at its next start. */
  readonly mended: readonly Fix[];
  /** Kinds of the host's devices that it was given ("pci", "usb"): such guests may not come back from sleep. */
  readonly hostDevices: readonly string[];
  /** The machine type, where it is known: "pc-q35-7.2". */
  readonly machineType: string | null;
  subscribe(listener: (event: MachineEvent) => void): () => void;
  /** Asks the hypervisor for the state anew; resolves when `state` is fresh, or could not be made so. Never rejects. */
  look(): Promise<void>;
  /** Asks the agent for a sign of life within `timeoutMs`; `agent` is fresh afterwards. Never rejects. */
  lookAtAgent(timeoutMs?: number): Promise<AgentStatus>;
  /** @throws RefusedError when the hypervisor or the agent refuses at once */
  perform(action: Action): Promise<Performed>;
  /** Sets the guest's clock to this computer's. @throws Error in words for the user */
  setClock(): Promise<ClockReport>;
  /**
   * The guest kernel's boot id (Linux): the same after a resume, another after a boot. null where there is none.
   * @throws Error when the agent does not answer
   */
  readBootId(): Promise<string | null>;
  /** Whether the guest's own clock can wake it from S3, asked afresh. Never rejects for what the agent does. */
  wakeClock(): Promise<WakeClock>;
  /**
   * Has the guest's own clock wake it in `seconds`, in the place of what it was to do before.
   * @returns when that is by this computer's clock in ms, as read back
   * @throws Error in words for the user
   */
  setWakeAlarm(seconds: number): Promise<{ readonly at: number }>;
  /** The guest's own clock wakes it no more. @throws Error in words for the user */
  clearWakeAlarm(): Promise<void>;
  /** Who is signed in to the guest, as its agent tells. Never rejects. */
  signedInUsers(): Promise<Fact<string[]>>;
  facts(): Promise<MachineFacts>;
  /** Never rejects: what cannot be had says why. */
  stats(): Promise<MachineStats>;
  /** @throws Error in words for the user when there is no screen, or no picture of it */
  screenshot(): Promise<Screenshot>;
  /** What `fix` would change. @throws RefusedError */
  mending(fix: Fix): Promise<Mending>;
  /** Makes the change that was read. @throws RefusedError, also when the definition became another since */
  mend(read: Mending): Promise<void>;
  /** Its host lists its process no more: what was heard of its end is all that there will be. */
  unlisted(): void;
  /** Lets go of the machine's sockets; the machine itself is not touched. */
  close(): void;
}
