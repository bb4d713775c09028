/**
 * The part of the guest agent's protocol that Reveille speaks, as QEMU's qga/qapi-schema.json declares it.
 * Keys keep their QAPI spelling. The guest says all of it: strings are untrusted text of any content.
 */

/** QAPI: qga/qapi-schema.json GuestAgentCommandInfo. */
export interface GuestAgentCommandInfo {
  name: string;
  /** false where the guest's administrator blocked it. */
  enabled: boolean;
  /** false for commands that answer only on failure; left out by agents before 1.7. */
  'success-response'?: boolean;
}

/** QAPI: qga/qapi-schema.json GuestOSInfo (since 2.10). Any of them may be missing. */
export interface GuestOsInfo {
  'kernel-release'?: string;
  'kernel-version'?: string;
  machine?: string;
  id?: string;
  name?: string;
  'pretty-name'?: string;
  version?: string;
  'version-id'?: string;
  variant?: string;
  'variant-id'?: string;
}

/** QAPI: qga/qapi-schema.json GuestNetworkInterface. */
export interface GuestNetworkInterface {
  name: string;
  'hardware-address'?: string;
  'ip-addresses'?: { 'ip-address': string; 'ip-address-type': 'ipv4' | 'ipv6'; prefix: number }[];
}

/** QAPI: qga/qapi-schema.json GuestExecStatus. `out-data` and `err-data` are base64. */
export interface GuestExecStatus {
  exited: boolean;
  exitcode?: number;
  signal?: number;
  'out-data'?: string;
  'err-data'?: string;
  'out-truncated'?: boolean;
  'err-truncated'?: boolean;
}

export type NoArguments = Record<never, never>;
export type NoResult = Record<never, never>;

/** Commands that answer on success. */
export interface AgentCommands {
  'guest-ping': { arguments: NoArguments; result: NoResult };
  'guest-info': {
    arguments: NoArguments;
    result: { version: string; supported_commands: GuestAgentCommandInfo[] };
  };
  'guest-get-osinfo': { arguments: NoArguments; result: GuestOsInfo };
  'guest-get-host-name': { arguments: NoArguments; result: { 'host-name': string } };
  'guest-network-get-interfaces': { arguments: NoArguments; result: GuestNetworkInterface[] };
  /** `login-time` in seconds since the epoch, with a fraction. */
  'guest-get-users': {
    arguments: NoArguments;
    result: { user: string; 'login-time': number; domain?: string }[];
  };
  /** `offset` in seconds east of UTC. */
  'guest-get-timezone': { arguments: NoArguments; result: { zone?: string; offset: number } };
  /** Nanoseconds since the epoch: beyond 2^53, so a bigint. */
  'guest-get-time': { arguments: NoArguments; result: bigint };
  /** `time` in nanoseconds since the epoch; without it the guest takes its RTC's time (not on Windows). */
  'guest-set-time': { arguments: { time?: bigint }; result: NoResult };
  'guest-exec': {
    arguments: {
      path: string;
      arg?: string[];
      env?: string[];
      'input-data'?: string;
      'capture-output'?: boolean;
    };
    result: { pid: number };
  };
  'guest-exec-status': { arguments: { pid: number }; result: GuestExecStatus };
  'guest-file-open': { arguments: { path: string; mode?: string }; result: number };
  /** `buf-b64` is base64; `count` counts bytes before it. */
  'guest-file-read': {
    arguments: { handle: number; count?: number };
    result: { count: number; 'buf-b64': string; eof: boolean };
  };
  'guest-file-write': {
    arguments: { handle: number; 'buf-b64': string; count?: number };
    result: { count: number; eof: boolean };
  };
  'guest-file-close': { arguments: { handle: number }; result: NoResult };
}

/** Commands that answer only when they fail ('success-response': false in the schema). */
export interface AgentSilentCommands {
  /** Success shows as the QMP event SUSPEND. */
  'guest-suspend-ram': NoArguments;
  /** Success shows as SUSPEND_DISK, then the exit of QEMU. */
  'guest-suspend-disk': NoArguments;
  /** Success shows as SUSPEND. */
  'guest-suspend-hybrid': NoArguments;
  /** Success shows as SHUTDOWN or RESET; `halt` shows as nothing at all. */
  'guest-shutdown': { mode?: 'halt' | 'powerdown' | 'reboot' };
}

export type AgentCommand = keyof AgentCommands;
export type AgentArguments<C extends AgentCommand> = AgentCommands[C]['arguments'];
export type AgentResult<C extends AgentCommand> = AgentCommands[C]['result'];
export type AgentSilentCommand = keyof AgentSilentCommands;
