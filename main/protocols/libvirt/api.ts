import type { Clock } from '../../clock';
import type { LibvirtCloseReason, LibvirtRefusal } from './errors';
import type { LibvirtEvent, SubscribableEvent } from './events';
import type { LibvirtFeature, LibvirtVersion } from './handshake';
import type { ProcedureArguments, ProcedureName, ProcedureResult } from './procedures';

export interface LibvirtOptions {
  clock: Clock;
  /** What the daemon is to open, without transport: qemu:///system, qemu:///session, test:///default. */
  uri: string;
  /** Asks for a connection that may not change anything; needed on libvirt-sock-ro. */
  readOnly?: boolean;
  /** How long a call may take, its wait for a free place included, in ms; 30 000 unless given. */
  callTimeoutMs?: number;
  /** The same for each call of the handshake; 10 000 unless given. */
  handshakeTimeoutMs?: number;
  /** How long polkit may ask the user for a password, in ms; 120 000 unless given. */
  authTimeoutMs?: number;
  /** Gives up connecting; the promise rejects with the signal's reason. Not looked at afterwards. */
  signal?: AbortSignal;
  /**
   * Pings go out after so long without a byte, in ms; 5000 unless given (libvirtd.conf
   * keepalive_interval).
   */
  keepaliveIntervalMs?: number;
  /** Pings without an answer after which libvirt is lost; 5 unless given (libvirtd.conf keepalive_count). */
  keepaliveCount?: number;
  /**
   * Calls before libvirt at once; 4 unless given. With the 5 of libvirtd.conf's max_client_requests the
   * daemon stops reading, keepalive included.
   */
  maxInFlight?: number;
  /** The largest message that is read, in bytes; what libvirt itself allows unless given. */
  maxMessageBytes?: number;
  /** Gets what an event listener throws; without it that becomes an uncaught exception. */
  onListenerError?: (error: unknown, event: LibvirtEvent) => void;
}

export interface LibvirtCallOptions {
  /** Stops waiting; the call rejects with the signal's reason. libvirt may still carry it out. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** An event that this libvirt, or this driver of it, does not send. */
export interface EventRefusal {
  kind: SubscribableEvent;
  refusal: LibvirtRefusal;
}

export interface LibvirtClient {
  readonly uri: string;
  readonly readOnly: boolean;
  /** The daemon's own version. */
  readonly libVersion: LibvirtVersion;
  supports(feature: LibvirtFeature): boolean;
  /**
   * Calls a procedure of the remote or qemu program; procedures.ts has their names, arguments and results.
   * @throws LibvirtError of kind refused, unsupported, timeout, arguments, protocol or closed; or the
   * signal's reason
   */
  call<P extends ProcedureName>(
    name: P,
    ...rest: Record<never, never> extends ProcedureArguments<P>
      ? [args?: ProcedureArguments<P>, options?: LibvirtCallOptions]
      : [args: ProcedureArguments<P>, options?: LibvirtCallOptions]
  ): Promise<ProcedureResult<P>>;
  /**
   * Calls a procedure that answers by a stream, and reads it to its end.
   * @throws LibvirtError as `call`, or of kind too-long
   */
  download<P extends 'domain_screenshot'>(
    name: P,
    args: ProcedureArguments<P>,
    options: LibvirtCallOptions & { maxBytes: number },
  ): Promise<{ result: ProcedureResult<P>; data: Buffer }>;
  /**
   * Has libvirt send these events of all domains; what is subscribed already is left as it is.
   * @returns what this libvirt does not have. @throws LibvirtError of kind timeout, protocol or closed
   */
  subscribe(kinds: readonly SubscribableEvent[]): Promise<EventRefusal[]>;
  unsubscribe(kinds: readonly SubscribableEvent[]): Promise<void>;
  /**
   * Calls `listener` for every event, in order; returns the way to stop. Events that came while nobody
   * listened go to the first listener (the newest 256 of them).
   */
  onEvent(listener: (event: LibvirtEvent) => void): () => void;
  /** Resolves once, when the connection is over; never rejects. */
  readonly closed: Promise<LibvirtCloseReason>;
  /** Ends the connection, and with it every pending call. Idempotent. */
  close(): void;
}
