/** ACPI: S3 is `suspended`, S4 is `hibernated`. `paused` is the hypervisor's doing: the guest does not know. */
export type PowerStateName =
  | 'running'
  | 'suspended'
  | 'hibernated'
  | 'paused'
  | 'saved'
  | 'off'
  | 'crashed'
  | 'unknown';

/** How a state is known. */
export type Source = 'event' | 'query' | 'inference';
/** What brought a state about, as far as it was seen. */
export type Cause = 'user' | 'timer' | 'guest' | 'host' | 'unknown';

/** What was observed of a guest; never what is hoped for. */
export interface PowerState {
  readonly name: PowerStateName;
  /** Since when it holds, in ms since the epoch; null when it began before anybody looked. */
  readonly since: number | null;
  readonly source: Source;
  readonly cause: Cause;
  /** Why it is unknown, or what else the user should know about it. */
  readonly detail?: string;
}

/** The labels users read. */
export const stateLabels: Readonly<Record<PowerStateName, string>> = {
  running: 'Running',
  suspended: 'Sleeping',
  hibernated: 'Hibernated',
  paused: 'Paused',
  saved: 'Saved',
  off: 'Off',
  crashed: 'Crashed',
  unknown: 'Unknown',
};

/** The guest holds a state from which an alarm can wake it. */
export const sleeps = (name: PowerStateName): boolean => name === 'suspended' || name === 'hibernated';

/** No machine runs: only a start brings the guest back. */
export const isEnded = (name: PowerStateName): boolean =>
  name === 'off' || name === 'hibernated' || name === 'saved' || name === 'crashed';
