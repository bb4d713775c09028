import type { Cause, PowerStateName } from '../../power/states';
import type { DomainStatus, LifecycleChange } from '../../protocols/libvirt/domain-states';

/** A state as libvirt tells it, in the app's words. */
export interface DomainState {
  readonly name: PowerStateName;
  readonly cause: Cause;
  readonly detail?: string;
}

const state = (name: PowerStateName, cause: Cause = 'unknown', detail?: string): DomainState => ({
  name,
  cause,
  ...(detail === undefined ? {} : { detail }),
});

const DISK_ERROR = 'The hypervisor paused it after a disk error. Look at its disks, then resume it.';
const PANICKED = 'The guest’s kernel panicked.';
const VANISHED = 'Its QEMU ended without a word: it was killed, or it crashed.';
const NOT_STARTED = 'Its last start failed.';
const MIGRATED = 'It was migrated to another host.';

const pausedDetails: Readonly<Record<string, string>> = {
  migration: 'It is being migrated, or was restored and not resumed yet.',
  save: 'It is being saved.',
  dump: 'Its memory is being dumped.',
  ioerror: DISK_ERROR,
  watchdog: 'Its watchdog paused it.',
  'from-snapshot': 'It was restored from a snapshot.',
  'shutting-down': 'It is shutting down.',
  snapshot: 'A snapshot is being made.',
  'starting-up': 'It is being started.',
  migrated: 'It is being migrated.',
  restored: 'It was restored, and not resumed yet.',
  postcopy: 'It is being migrated.',
  'postcopy-failed': 'Its migration failed.',
};

/**
 * What domain_get_state and the stats tell (libvirt-domain.h virDomainState and the reasons of each).
 * @param saved it has a managed save image
 */
export function stateOf(status: DomainStatus, saved: boolean): DomainState {
  switch (status.state) {
    case 'running':
    case 'blocked':
      return state('running');
    case 'paused':
      return status.reason === 'crashed'
        ? state('crashed', 'guest', PANICKED)
        : state('paused', status.reason === 'user' ? 'host' : 'unknown', pausedDetails[status.reason]);
    case 'shutdown':
      return state('running', 'unknown', 'It is shutting down.');
    case 'shutoff':
      if (saved) return state('saved', 'host');
      if (status.reason === 'crashed') return state('crashed', 'unknown', VANISHED);
      if (status.reason === 'failed') return state('off', 'host', NOT_STARTED);
      return state('off', status.reason === 'destroyed' ? 'host' : 'unknown');
    case 'crashed':
      return state('crashed', 'guest', PANICKED);
    case 'pmsuspended':
      return state('suspended');
    case 'nostate':
    case 'unknown':
      return state('unknown', 'unknown', `libvirt tells no state that Reveille knows (${status.state}, ${status.reason}).`);
  }
}

/** What happened before a domain stopped, which its last event does not tell. */
export interface Before {
  /** It went to ACPI S4. */
  readonly sleptToDisk: boolean;
  /** Who asked for the end, where an event told. */
  readonly endedBy: Cause | null;
  /** It ran. */
  readonly ran: boolean;
}

/**
 * The state that a lifecycle event brings (libvirt-domain.h virDomainEventType); null for one that brings none. A domain
 * that was saved stopped with detail `saved`, whether libvirt manages the image or not.
 */
export function stateAfter(change: LifecycleChange, { sleptToDisk, endedBy, ran }: Before): DomainState | null {
  switch (change.event) {
    case 'started':
      // Whether it runs or is paused is told next.
      if (change.detail === 'restored' || change.detail === 'from-snapshot') return null;
      return state('running', change.detail === 'wakeup' ? 'unknown' : 'host');
    case 'resumed':
      return state('running', change.detail === 'wakeup' ? 'unknown' : 'host');
    case 'suspended':
      return state('paused', 'host', pausedDetails[change.detail]);
    case 'pmsuspended':
      // S4 ends in a stop, which follows.
      return change.detail === 'disk' ? null : state('suspended', 'guest');
    case 'crashed':
      return state('crashed', 'guest', PANICKED);
    case 'stopped':
      switch (change.detail) {
        case 'shutdown':
          return sleptToDisk ? state('hibernated', 'guest', 'Starting it resumes it.') : state('off', endedBy ?? 'unknown');
        case 'crashed':
          return state('crashed', 'unknown', VANISHED);
        case 'failed':
          // So libvirt calls the end of a QEMU that was killed, too (measured, 9.0).
          return ran ? state('crashed', 'unknown', VANISHED) : state('off', 'host', NOT_STARTED);
        case 'migrated':
          return state('off', 'host', MIGRATED);
        case 'saved':
          return state('saved', 'host');
        default:
          return state('off', 'host');
      }
    case 'defined':
    case 'undefined':
    case 'shutdown':
    case 'unknown':
      return null;
  }
}
