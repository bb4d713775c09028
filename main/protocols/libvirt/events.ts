import { decode, int, struct, type Codec } from './codec';
import { lifecycleChange, type LifecycleChange, type Open } from './domain-states';
import { domain, type LibvirtDomain } from './values';
import { XdrError } from './xdr';

/** What the server tells on its own. */
export type LibvirtEvent =
  | ({ kind: 'lifecycle'; domain: LibvirtDomain } & LifecycleChange)
  /** The guest has restarted; its process and id are the same. */
  | { kind: 'reboot'; domain: LibvirtDomain }
  /**
   * The guest went to sleep (ACPI S3), or is hibernating (S4), or woke up. A lifecycle event says the state.
   */
  | { kind: 'pmsuspend' | 'pmsuspend-disk' | 'pmwakeup'; domain: LibvirtDomain }
  /** The guest's agent opened or closed its channel. */
  | {
      kind: 'agent';
      domain: LibvirtDomain;
      state: Open<'connected' | 'disconnected'>;
      reason: Open<'unknown' | 'domain-started' | 'channel'>;
    }
  /** libvirt lost QEMU's monitor: it can no longer control the domain. */
  | { kind: 'control-error'; domain: LibvirtDomain }
  /** The daemon lost what it forwards to, such as virtqemud behind virtproxyd. No further events come. */
  | { kind: 'connection-closed'; reason: Open<'error' | 'eof' | 'keepalive' | 'client'> }
  /**
   * An event of a known procedure that has another shape than it should: what is known may be out of date.
   */
  | { kind: 'unreadable'; procedure: string; detail: string };

export type SubscribableEvent = Exclude<LibvirtEvent['kind'], 'connection-closed' | 'unreadable'>;

/** libvirt-domain.h virDomainEventID */
export const EVENT_IDS: Readonly<Record<SubscribableEvent, number>> = {
  lifecycle: 0,
  reboot: 1,
  'control-error': 7,
  pmwakeup: 11,
  pmsuspend: 12,
  'pmsuspend-disk': 14,
  agent: 18,
};

interface EventProcedure {
  name: string;
  read(payload: Buffer): LibvirtEvent;
}

function event<T>(
  name: string,
  message: Codec<T, never>,
  read: (message: T) => LibvirtEvent,
): EventProcedure {
  return { name, read: (payload) => read(decode(message, payload)) };
}

const word = (words: readonly string[], number: number) => words[number] ?? String(number);
const ofDomain = struct({ callbackID: int, dom: domain });
const ofDomainWithReason = struct({ callbackID: int, reason: int, dom: domain });

/** The events of src/remote/remote_protocol.x (REMOTE_PROC_…, remote_…_msg), by procedure number. */
const EVENTS = new Map<number, EventProcedure>([
  [
    318,
    event(
      'domain_event_callback_lifecycle',
      struct({ callbackID: int, dom: domain, event: int, detail: int }),
      ({ dom, ...numbers }) => ({ kind: 'lifecycle', domain: dom, ...lifecycleChange(numbers) }),
    ),
  ],
  [319, event('domain_event_callback_reboot', ofDomain, ({ dom }) => ({ kind: 'reboot', domain: dom }))],
  [
    325,
    event('domain_event_callback_control_error', ofDomain, ({ dom }) => ({
      kind: 'control-error',
      domain: dom,
    })),
  ],
  [
    329,
    event('domain_event_callback_pmwakeup', ofDomainWithReason, ({ dom }) => ({
      kind: 'pmwakeup',
      domain: dom,
    })),
  ],
  [
    330,
    event('domain_event_callback_pmsuspend', ofDomainWithReason, ({ dom }) => ({
      kind: 'pmsuspend',
      domain: dom,
    })),
  ],
  [
    332,
    event('domain_event_callback_pmsuspend_disk', ofDomainWithReason, ({ dom }) => ({
      kind: 'pmsuspend-disk',
      domain: dom,
    })),
  ],
  [
    348,
    event(
      'domain_event_callback_agent_lifecycle',
      struct({ callbackID: int, dom: domain, state: int, reason: int }),
      ({ dom, state, reason }) => ({
        kind: 'agent',
        domain: dom,
        // virConnectDomainEventAgentLifecycleState counts from 1.
        state: word(['0', 'connected', 'disconnected'], state),
        reason: word(['unknown', 'domain-started', 'channel'], reason),
      }),
    ),
  ],
  [
    362,
    event('connect_event_connection_closed', struct({ reason: int }), ({ reason }) => ({
      kind: 'connection-closed',
      // libvirt-common.h virConnectCloseReason
      reason: word(['error', 'eof', 'keepalive', 'client'], reason),
    })),
  ],
]);

/** Reads an event of the remote program; null for a procedure that nobody here subscribes to. */
export function readEvent(procedure: number, payload: Buffer): LibvirtEvent | null {
  const known = EVENTS.get(procedure);
  if (!known) return null;
  try {
    return known.read(payload);
  } catch (error) {
    if (!(error instanceof XdrError)) throw error;
    return { kind: 'unreadable', procedure: known.name, detail: error.message };
  }
}
