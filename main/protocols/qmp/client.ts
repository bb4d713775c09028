import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import { eventHub } from '../event-hub';
import { encodeJson, jsonFramer, parseJsonObject, type JsonObject } from '../json-messages';
import { QmpError, type QmpCloseReason } from './errors';
import { readGreeting, readMessage, type QmpVersion } from './messages';
import { qmpRequests } from './requests';
import type { QmpArguments, QmpCommand, QmpEvent, QmpResult } from './schema';

export interface QmpOptions {
  clock: Clock;
  /** How long QEMU may take to greet, in ms; 3000 unless given. */
  greetingTimeoutMs?: number;
  /** How long a call may take, its wait for a free slot included, in ms; 10 000 unless given. */
  callTimeoutMs?: number;
  /** The largest message that is read, in bytes; 16 MiB unless given. */
  maxMessageBytes?: number;
  /** Calls before QEMU at once, 8 unless given (docs/interop/qmp-spec); more wait here in their order. */
  maxInFlight?: number;
  /** Gets what an event listener throws; without it that becomes an uncaught exception. */
  onListenerError?: (error: unknown, event: QmpEvent) => void;
}

export interface QmpCallOptions {
  /** Stops waiting; the call rejects with the signal's reason. QEMU may still carry it out. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

export interface QmpClient {
  readonly version: QmpVersion;
  /** @throws QmpError of kind command, timeout, closed or protocol; or the reason of the signal */
  call<C extends QmpCommand>(
    command: C,
    ...rest: Record<never, never> extends QmpArguments<C>
      ? [args?: QmpArguments<C>, options?: QmpCallOptions]
      : [args: QmpArguments<C>, options?: QmpCallOptions]
  ): Promise<QmpResult<C>>;
  /**
   * Calls `listener` for every event, in order; returns the way to stop. Events that came while nobody
   * listened, from the greeting on, go to the first listener (the newest 256 of them).
   */
  onEvent(listener: (event: QmpEvent) => void): () => void;
  /** Resolves once, when the connection is over; never rejects. */
  readonly closed: Promise<QmpCloseReason>;
  /** Ends the connection, and with it every pending call. Idempotent. */
  close(): void;
}

/**
 * Waits for QEMU's greeting on `stream`, negotiates no capabilities, and hands over a client that owns the
 * stream. On failure the stream is destroyed. Protocol: docs/interop/qmp-spec.
 * @throws QmpError of kind no-greeting, not-qmp, closed, timeout or command
 */
export async function connectQmp(stream: Duplex, options: QmpOptions): Promise<QmpClient> {
  const { clock, greetingTimeoutMs = 3000, callTimeoutMs = 10_000 } = options;
  const framer = jsonFramer(options.maxMessageBytes ?? 16 * 1024 * 1024);
  const events = eventHub(options.onListenerError);
  const requests = qmpRequests({
    clock,
    maxInFlight: options.maxInFlight ?? 8,
    send: (message) => void stream.write(`${encodeJson(message)}\r\n`),
  });

  let over: QmpCloseReason | null = null;
  let version: QmpVersion | null = null;
  let greeted: (version: QmpVersion) => void;
  let notGreeted: (error: QmpError) => void;
  let resolveClosed: (reason: QmpCloseReason) => void;
  const greeting = new Promise<QmpVersion>((resolve, reject) => {
    greeted = resolve;
    notGreeted = reject;
  });
  const closed = new Promise<QmpCloseReason>((resolve) => {
    resolveClosed = resolve;
  });

  const end = (reason: QmpCloseReason) => {
    if (over) return;
    over = reason;
    cancelGreetingTimer();
    stream.destroy();
    notGreeted(new QmpError({ kind: 'closed', cause: reason }));
    requests.end(reason);
    resolveClosed(reason);
  };
  const refuseGreeting = (error: QmpError) => {
    notGreeted(error);
    end({ kind: 'protocol', error });
  };
  const breakOff = (detail: string) => {
    end({ kind: 'protocol', error: new QmpError({ kind: 'protocol', detail }) });
  };

  const takeGreeting = (text: string, message: JsonObject | null) => {
    version = message && readGreeting(message);
    if (!version) return refuseGreeting(new QmpError({ kind: 'not-qmp', received: text.slice(0, 80) }));
    cancelGreetingTimer();
    greeted(version);
  };
  const takeMessage = (text: string) => {
    const json = parseJsonObject(text);
    if (!version) return takeGreeting(text, json);
    if (!json) return breakOff(`it sent what is not JSON: ${JSON.stringify(text.slice(0, 80))}`);
    const message = readMessage(json);
    switch (message.kind) {
      case 'event':
        return events.emit(message.event);
      case 'return':
      case 'error':
        return requests.answer(message);
      case 'unknown':
        return breakOff(`it sent neither an answer nor an event: ${JSON.stringify(text.slice(0, 80))}`);
    }
  };
  const takeChunk = (chunk: Buffer) => {
    const { messages, fault } = framer.push(chunk);
    for (const text of messages) {
      if (over) return;
      takeMessage(text);
    }
    if (over || !fault) return;
    if (!version) refuseGreeting(new QmpError({ kind: 'not-qmp', received: fault.received }));
    else breakOff(`it sent ${fault.detail}: ${JSON.stringify(fault.received)}`);
  };

  const cancelGreetingTimer = clock.setTimer(greetingTimeoutMs, () => {
    refuseGreeting(new QmpError({ kind: 'no-greeting', waitedMs: greetingTimeoutMs }));
  });
  const endByPeer = () => end({ kind: 'closed-by-peer' });
  // Stays attached for good: a destroyed stream may still report an error, which says nothing new then.
  stream.on('error', (error: Error) => end({ kind: 'stream-error', error }));
  stream.on('end', endByPeer);
  stream.on('close', endByPeer);
  stream.on('data', takeChunk);
  if (stream.errored) end({ kind: 'stream-error', error: stream.errored });
  else if (stream.destroyed || stream.readableEnded) endByPeer();

  const call: QmpClient['call'] = (command, ...[args, callOptions = {}]) => {
    if (over) return Promise.reject(new QmpError({ kind: 'closed', command, cause: over }));
    return requests.call(command, args ?? {}, { timeoutMs: callTimeoutMs, ...callOptions });
  };

  const negotiated = await greeting;
  try {
    await call('qmp_capabilities');
  } catch (error) {
    end({ kind: 'closed-here' });
    throw error;
  }
  return {
    version: negotiated,
    call,
    onEvent: events.listen,
    closed,
    close: () => end({ kind: 'closed-here' }),
  };
}
