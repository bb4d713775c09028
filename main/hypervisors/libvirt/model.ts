import type { Control } from '../../power/standing';
import type { PowerState } from '../../power/states';
import type { LibvirtClient } from '../../protocols/libvirt/api';
import type { DomainStatus } from '../../protocols/libvirt/domain-states';
import type { LibvirtDomain } from '../../protocols/libvirt/values';
import type { SocketAddress } from '../../protocols/sockets';

/** Where a libvirt may listen, the preferred first. */
export interface DaemonPlace {
  readonly scope: 'system' | 'session';
  readonly uri: string;
  readonly sockets: readonly SocketAddress[];
  /** Sockets that let anybody look and nobody act. */
  readonly readOnlySockets: readonly SocketAddress[];
}

/** Why a libvirt cannot be connected to. */
export interface Obstacle {
  /** Nobody listens. */
  readonly absent: boolean;
  /** Somebody does, and does not let this user act. */
  readonly forbidden: boolean;
  /** Sentences for users. */
  readonly reason: string;
  readonly remedy: string;
}

/** One libvirt of a host: its connection, kept alive, and its domains. */
export interface Daemon {
  readonly place: DaemonPlace;
  readonly control: Control;
  /** A socket of it was found. */
  readonly present: boolean;
  /** Set while the connection is there. */
  readonly client: LibvirtClient | null;
  /**
   * A further connection for calls that wait for a guest's agent, so that they hold up nobody: libvirt takes five calls
   * of a connection at once. @throws LibvirtError or DialError
   */
  agentLane(): Promise<LibvirtClient>;
  /** A call on it got no answer in time: whoever asks next gets another connection. */
  leaveLane(lane: LibvirtClient): void;
  /** A connection for one call that may take long, or may never be answered; the caller closes it. @throws as agentLane */
  connectAlone(): Promise<LibvirtClient>;
  /** Why nothing may be done through this connection; null when it may. */
  readonly readOnly: Obstacle | null;
  domains(): readonly Domain[];
  /** Calls `listener` when domains came or went, or the connection did. */
  onChanged(listener: () => void): () => void;
  /** Looks for it at once, if it is not connected. Resolves when it is, or cannot be now. */
  connectNow(): Promise<void>;
  /** Asks for every domain's state. Never rejects. */
  relist(): Promise<void>;
  /** Asks for one domain's state. Never rejects. */
  look(domain: Domain): Promise<void>;
  close(): void;
}

/** What the daemon's listing tells of a domain. */
export interface DomainRecord {
  readonly domain: LibvirtDomain;
  readonly status: DomainStatus;
  readonly saved: boolean;
  /** In MiB. */
  readonly memoryMiB: number | null;
  readonly vcpus: number | null;
}

export type DomainNews =
  | { readonly kind: 'state'; readonly state: PowerState }
  | { readonly kind: 'reset' }
  /** The guest's agent opened or closed its channel. */
  | { readonly kind: 'agent'; readonly connected: boolean }
  /** Its definition became another, or the one that is in force did: it was started or stopped. */
  | { readonly kind: 'definition' }
  /** The connection to its daemon came or went. */
  | { readonly kind: 'connection' };

/** One domain of a daemon, for as long as it is defined there. It outlives the connection. */
export interface Domain {
  readonly daemon: Daemon;
  readonly ref: LibvirtDomain;
  readonly record: DomainRecord;
  readonly state: PowerState;
  /** A QEMU runs for it. */
  readonly active: boolean;
  /** It went to ACPI S4 and has not stopped yet. */
  readonly sleptToDisk: boolean;
  /**
   * libvirt takes it for something else than QEMU does: it fell asleep or woke while libvirt was away, and libvirt
   * refuses what does not fit its idea.
   */
  readonly outOfStep: boolean;
  subscribe(listener: (news: DomainNews) => void): () => void;
}
