import type { JsonObject } from './qemu-json';

/** An event of QMP, before QEMU stamps it. */
export interface MachineEvent {
  name: string;
  data?: JsonObject;
}

/** The run states that the simulation knows (QAPI: qapi/run-state.json RunState). */
export type RunState = 'prelaunch' | 'running' | 'paused' | 'suspended' | 'shutdown';

/** How a guest sleeps, by the names of the agent's commands. */
export type SleepMode = 'ram' | 'disk' | 'hybrid';

/** The modes of guest-shutdown (QAPI: qga/qapi-schema.json). */
export type ShutdownMode = 'powerdown' | 'halt' | 'reboot';

/** How long the guest's system takes, in ms of its own time. */
export interface Delays {
  boot: number;
  suspend: number;
  /** From WAKEUP until the agent answers. */
  wake: number;
  hibernate: number;
  shutdown: number;
}

export interface NetworkInterface {
  name: string;
  mac: string;
  addresses: { address: string; prefix: number }[];
}

export interface MachineSettings {
  name: string;
  uuid: string;
  memoryMiB: number;
  vcpus: number;
  /** A machine type with its version (pc-i440fx-9.2, pc-q35-9.2), or `none`: a board without ACPI. */
  machine: string;
  qemuVersion: { major: number; minor: number; micro: number; package: string };
  s3: boolean;
  s4: boolean;
  /** Whether the guest's system offers hybrid sleep; needs s3 and s4. */
  hybrid: boolean;
  /**
   * `absent`: the machine has no channel for it; `closed`: it has one, and no agent runs behind it;
   * `silent`: an agent holds it open and never answers.
   */
  agent: 'running' | 'absent' | 'closed' | 'silent';
  agentVersion: string;
  /** What guest-get-osinfo answers, with its QAPI keys. */
  os: JsonObject;
  hostName: string;
  interfaces: NetworkInterface[];
  users: { user: string; loginTime: number }[];
  /** Whether the guest's agent can set the alarm of its clock (RTC), as a Linux guest's can. */
  wakeClock: boolean;
  /** As QEMU's -no-shutdown: a guest that shuts down leaves QEMU running, stopped. */
  noShutdown: boolean;
}

/** What the guest's RAM holds: gone with a reset or a shutdown, kept by S3 and by the image of S4. */
export interface GuestMemory {
  bootId: string;
  /** On the monotonic clock, in ms; moved by the time that the vCPUs were stopped. */
  bootedAt: number;
  /** How far the guest's clock is behind, in ms. */
  clockLagMs: number;
  /** `write` is called with all that was written, when the file is closed; it throws what the system refuses. */
  openFiles: Map<number, { rest: Buffer; write?: (text: string) => void }>;
  lastFileHandle: number;
}

/** What survives the QEMU process. */
export interface SimulatedDisk {
  hibernationImage: GuestMemory | null;
}

/** The guest's own system: what happens inside the machine. */
export interface GuestSystem {
  supports(mode: SleepMode): boolean;
  /** Goes to sleep, in a while. */
  suspend(mode: SleepMode): void;
  /** Shuts down, in a while. */
  shutdown(mode: ShutdownMode): void;
  /** Wakes from S3 without anybody's asking QEMU: its RTC alarm, a key, a magic packet. */
  wakeByItself(): void;
  /** Whether the agent holds its port open, which VSERPORT_CHANGE and query-chardev tell. */
  agentOpensPort(): boolean;
  /** Whether the agent gets to see what is written to its port. */
  agentRuns(): boolean;
  /** null while no system runs. */
  memory(): GuestMemory | null;
  /** Time since the boot, sleeps included, in ms. */
  uptimeMs(): number;
  /** The guest's wall clock, in ms since the epoch. */
  timeMs(): number;
  /** Has the RTC wake the guest in `ms`, in the place of what it was to do; null: not at all. */
  setWakeAlarm(ms: number | null): void;
  /** When the RTC wakes it, by `rtcMs`; null: not at all. */
  wakeAlarm(): number | null;
  /** The RTC's time, in ms since the epoch. */
  rtcMs(): number;
  /** Sets the guest's clock and its RTC; without a time, the clock by the RTC, which counts whole seconds. */
  setTime(timeMs: number | null): void;
}

/** The machine as QMP sees it. */
export interface Machine {
  readonly settings: MachineSettings;
  readonly guest: GuestSystem;
  status(): RunState;
  supportsWakeup(): boolean;
  stop(): void;
  cont(): 'done' | 'needs-reset';
  wakeup(): 'done' | 'not-suspended';
  pressPowerButton(): void;
  reset(): void;
  quit(): void;
}
