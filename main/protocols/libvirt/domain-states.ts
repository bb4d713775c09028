/** A word of a known set, or the number of a newer libvirt's as text. */
export type Open<Known extends string> = Known | (string & Record<never, never>);

/**
 * libvirt/libvirt-domain.h virDomainState and, for each, its reasons (virDomainRunningReason and so on), by
 * their numbers.
 */
export const DOMAIN_STATES = [
  ['nostate', ['unknown']],
  [
    'running',
    [
      'unknown',
      'booted',
      'migrated',
      'restored',
      'from-snapshot',
      'unpaused',
      'migration-canceled',
      'save-canceled',
      'wakeup',
      'crashed',
      'postcopy',
      'postcopy-failed',
    ],
  ],
  ['blocked', ['unknown']],
  [
    'paused',
    [
      'unknown',
      'user',
      'migration',
      'save',
      'dump',
      'ioerror',
      'watchdog',
      'from-snapshot',
      'shutting-down',
      'snapshot',
      'crashed',
      'starting-up',
      'postcopy',
      'postcopy-failed',
      'api-error',
    ],
  ],
  ['shutdown', ['unknown', 'user']],
  [
    'shutoff',
    ['unknown', 'shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from-snapshot', 'daemon'],
  ],
  ['crashed', ['unknown', 'panicked']],
  ['pmsuspended', ['unknown']],
] as const;

type StateRow = (typeof DOMAIN_STATES)[number];
/** `unknown`: a state of a newer libvirt. */
export type DomainState = StateRow[0] | 'unknown';
/** What a state and its reason can be, as one union. */
export type DomainStatus =
  | { [Row in StateRow as Row[0]]: { state: Row[0]; reason: Open<Row[1][number]> } }[StateRow[0]]
  | { state: 'unknown'; reason: string };

/** Names what domain_get_state answers, or state.state and state.reason of the stats. */
export function domainStatus({ state, reason }: { state: number; reason: number }): DomainStatus {
  const row = DOMAIN_STATES[state];
  if (!row) return { state: 'unknown', reason: `${state}/${reason}` };
  const reasons: readonly string[] = row[1];
  return { state: row[0], reason: reasons[reason] ?? String(reason) };
}

/**
 * libvirt/libvirt-domain.h virDomainEventType and, for each, its details (virDomainEventStartedDetailType and
 * so on).
 */
export const LIFECYCLE_EVENTS = [
  ['defined', ['added', 'updated', 'renamed', 'from-snapshot']],
  ['undefined', ['removed', 'renamed']],
  ['started', ['booted', 'migrated', 'restored', 'from-snapshot', 'wakeup']],
  [
    'suspended',
    [
      'paused',
      'migrated',
      'ioerror',
      'watchdog',
      'restored',
      'from-snapshot',
      'api-error',
      'postcopy',
      'postcopy-failed',
    ],
  ],
  ['resumed', ['unpaused', 'migrated', 'from-snapshot', 'postcopy', 'postcopy-failed']],
  ['stopped', ['shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from-snapshot']],
  ['shutdown', ['finished', 'guest', 'host']],
  ['pmsuspended', ['memory', 'disk']],
  ['crashed', ['panicked', 'crashloaded']],
] as const;

type LifecycleRow = (typeof LIFECYCLE_EVENTS)[number];
/** What happened to a domain. `unknown`: something of a newer libvirt. */
export type LifecycleChange =
  | { [Row in LifecycleRow as Row[0]]: { event: Row[0]; detail: Open<Row[1][number]> } }[LifecycleRow[0]]
  | { event: 'unknown'; detail: string };

/** Names what remote_domain_event_lifecycle_msg says. */
export function lifecycleChange({ event, detail }: { event: number; detail: number }): LifecycleChange {
  const row = LIFECYCLE_EVENTS[event];
  if (!row) return { event: 'unknown', detail: `${event}/${detail}` };
  const details: readonly string[] = row[1];
  return { event: row[0], detail: details[detail] ?? String(detail) };
}
