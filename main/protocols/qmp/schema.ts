/**
 * The part of QEMU's machine protocol that Reveille speaks: names, arguments, results and event data as the
 * QAPI schema of QEMU declares them. Keys keep their QAPI spelling. `Since` is QEMU's version.
 */

/** A value of a known set, or a string that a newer QEMU invented. */
export type Open<Known extends string> = Known | (string & Record<never, never>);

/** QAPI: qapi/run-state.json RunState (colo since 2.8). */
export const RUN_STATES = [
  'debug',
  'inmigrate',
  'internal-error',
  'io-error',
  'paused',
  'postmigrate',
  'prelaunch',
  'finish-migrate',
  'restore-vm',
  'running',
  'save-vm',
  'shutdown',
  'suspended',
  'watchdog',
  'guest-panicked',
  'colo',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** QAPI: qapi/run-state.json ShutdownCause (since 4.0). */
export type ShutdownCause =
  | 'none'
  | 'host-error'
  | 'host-qmp-quit'
  | 'host-qmp-system-reset'
  | 'host-signal'
  | 'host-ui'
  | 'guest-shutdown'
  | 'guest-reset'
  | 'guest-panic'
  | 'subsystem-reset'
  | 'snapshot-load';

/** QAPI: qapi/run-state.json WatchdogAction. */
export type WatchdogAction = 'reset' | 'shutdown' | 'poweroff' | 'pause' | 'debug' | 'none' | 'inject-nmi';

/** QAPI: qapi/run-state.json GuestPanicAction. */
export type GuestPanicAction = 'pause' | 'poweroff' | 'run';

/** QAPI: qapi/run-state.json StatusInfo. */
export interface StatusInfo {
  /** Whether the vCPUs may run. Do not derive a power state from it; `status` says which. */
  running: boolean;
  status: RunState;
}

/** QAPI: qapi/control.json VersionInfo. `package` is free text of the distributor, often empty. */
export interface VersionInfo {
  qemu: { major: number; minor: number; micro: number };
  package: string;
}

/** QAPI: qapi/machine.json CpuInfoFast (since 2.12; `target` since 3.0). */
export interface CpuInfoFast {
  'cpu-index': number;
  'thread-id': number;
  'qom-path'?: string;
  target?: string;
}

/** QAPI: qapi/machine.json MemoryInfo (since 2.11). Bytes. */
export interface MemoryInfo {
  'base-memory': number;
  /** Left out by targets without memory hotplug. */
  'plugged-memory'?: number;
}

/** QAPI: qapi/block-core.json BlockStats, as far as rates need it. Bytes since QEMU began. */
export interface BlockStats {
  stats: { rd_bytes: number; wr_bytes: number };
}

/** QAPI: qapi/char.json ChardevInfo. `filename` is in the encoding of QEMU's command line. */
export interface ChardevInfo {
  label: string;
  filename: string;
  'frontend-open': boolean;
}

/** QAPI: qapi/qom.json ObjectPropertyInfo. */
export interface ObjectPropertyInfo {
  name: string;
  type: string;
}

/** Arguments of a command that takes none. */
export type NoArguments = Record<never, never>;
/** Result of a command that answers with an empty object. */
export type NoResult = Record<never, never>;

export interface QmpCommands {
  /** QAPI: qapi/control.json. Once, after the greeting; sent by the client itself. */
  qmp_capabilities: { arguments: NoArguments; result: NoResult };
  /** QAPI: qapi/control.json query-version. */
  'query-version': { arguments: NoArguments; result: VersionInfo };
  /** QAPI: qapi/control.json query-commands. */
  'query-commands': { arguments: NoArguments; result: { name: string }[] };
  /** QAPI: qapi/control.json quit. QEMU may exit before it answers: the call then fails with `closed`. */
  quit: { arguments: NoArguments; result: NoResult };
  /** QAPI: qapi/run-state.json query-status. */
  'query-status': { arguments: NoArguments; result: StatusInfo };
  /** QAPI: qapi/misc.json query-name; no name when QEMU was started without -name. */
  'query-name': { arguments: NoArguments; result: { name?: string } };
  /** QAPI: qapi/machine.json query-uuid; all zeros when QEMU was started without -uuid. */
  'query-uuid': { arguments: NoArguments; result: { UUID: string } };
  /** QAPI: qapi/machine.json query-current-machine (since 4.0): whether system_wakeup can work at all. */
  'query-current-machine': { arguments: NoArguments; result: { 'wakeup-suspend-support': boolean } };
  /** QAPI: qapi/machine.json query-memory-size-summary (since 2.11). */
  'query-memory-size-summary': { arguments: NoArguments; result: MemoryInfo };
  /** QAPI: qapi/machine.json query-cpus-fast (since 2.12). */
  'query-cpus-fast': { arguments: NoArguments; result: CpuInfoFast[] };
  /** QAPI: qapi/machine.json query-kvm (qapi/accelerator.json in later versions). */
  'query-kvm': { arguments: NoArguments; result: { enabled: boolean; present: boolean } };
  /** QAPI: qapi/char.json query-chardev (`frontend-open` since 2.1). */
  'query-chardev': { arguments: NoArguments; result: ChardevInfo[] };
  /** QAPI: qapi/block-core.json query-blockstats: one entry for each disk of the machine. */
  'query-blockstats': { arguments: NoArguments; result: BlockStats[] };
  /** QAPI: qapi/ui.json screendump: writes the first screen to a file of the host, as PPM unless `format` (since 7.1) says. */
  screendump: { arguments: { filename: string; format?: 'png' | 'ppm' }; result: NoResult };
  /** QAPI: qapi/qom.json qom-get; the result is any JSON value, for the caller to check. */
  'qom-get': { arguments: { path: string; property: string }; result: unknown };
  /** QAPI: qapi/qom.json qom-list. */
  'qom-list': { arguments: { path: string }; result: ObjectPropertyInfo[] };
  /** QAPI: qapi/misc.json stop. Answers success in any state; STOP follows only when vCPUs did run. */
  stop: { arguments: NoArguments; result: NoResult };
  /** QAPI: qapi/misc.json cont. */
  cont: { arguments: NoArguments; result: NoResult };
  /**
   * QAPI: qapi/machine.json system_wakeup. GenericError when the guest does not sleep (since 4.0; before
   * that it answers success). Success does not mean awake: wait for WAKEUP.
   */
  system_wakeup: { arguments: NoArguments; result: NoResult };
  /** QAPI: qapi/machine.json system_powerdown: presses the ACPI power button; the guest may ignore it. */
  system_powerdown: { arguments: NoArguments; result: NoResult };
  /** QAPI: qapi/machine.json system_reset. */
  system_reset: { arguments: NoArguments; result: NoResult };
}
export type QmpCommand = keyof QmpCommands;
export type QmpArguments<C extends QmpCommand> = QmpCommands[C]['arguments'];
export type QmpResult<C extends QmpCommand> = QmpCommands[C]['result'];

/** QAPI: qapi/run-state.json SHUTDOWN and RESET. null where QEMU is older than the member (2.10, 4.0). */
export interface CauseData {
  guest: boolean | null;
  reason: Open<ShutdownCause> | null;
}

/** QAPI: qapi/run-state.json GUEST_PANICKED and GUEST_CRASHLOADED. `info` is raw; its shape varies. */
export interface PanicData {
  action: Open<GuestPanicAction>;
  info?: unknown;
}

export interface QmpEvents {
  /** QAPI: qapi/run-state.json. QEMU exits next, or STOP follows with -no-shutdown. */
  SHUTDOWN: CauseData;
  /** QAPI: qapi/run-state.json. The ACPI power button was pressed. */
  POWERDOWN: NoResult;
  /** QAPI: qapi/run-state.json. */
  RESET: CauseData;
  /** QAPI: qapi/run-state.json. */
  STOP: NoResult;
  /** QAPI: qapi/run-state.json. */
  RESUME: NoResult;
  /** QAPI: qapi/run-state.json. The guest entered ACPI S3. */
  SUSPEND: NoResult;
  /** QAPI: qapi/run-state.json. The guest entered ACPI S4; QEMU shuts down next. */
  SUSPEND_DISK: NoResult;
  /** QAPI: qapi/run-state.json. The guest left ACPI S3. */
  WAKEUP: NoResult;
  /** QAPI: qapi/run-state.json. Rate-limited by QEMU. */
  WATCHDOG: { action: Open<WatchdogAction> };
  /** QAPI: qapi/run-state.json. */
  GUEST_PANICKED: PanicData;
  /** QAPI: qapi/run-state.json (since 5.0). */
  GUEST_CRASHLOADED: PanicData;
  /** QAPI: qapi/char.json (since 2.1). `id` is the port's device id. At most one a second for each port. */
  VSERPORT_CHANGE: { id: string; open: boolean };
  /** QAPI: qapi/block-core.json. `reason` is text for people. */
  BLOCK_IO_ERROR: { device: string; operation: string; action: string; reason: string; nospace?: boolean };
  /** QAPI: qapi/misc.json. `offset` in seconds against the -rtc base. */
  RTC_CHANGE: { offset: number };
}
export type QmpEventName = keyof QmpEvents;

type KnownQmpEvent = {
  [N in QmpEventName]: { known: true; name: N; data: QmpEvents[N]; at: number | null };
}[QmpEventName];

/**
 * `known: false` is an event outside of QmpEvents, or one whose data is not what its name promises.
 * `at`: QEMU's host clock in ms since the epoch; null where QEMU could not read it (it then sends -1).
 */
export type QmpEvent = KnownQmpEvent | { known: false; name: string; data: unknown; at: number | null };
