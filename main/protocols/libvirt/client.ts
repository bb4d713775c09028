import type { Duplex } from 'node:stream';
import { eventHub } from '../event-hub';
import type { LibvirtClient, LibvirtOptions } from './api';
import { LibvirtError, type LibvirtCloseReason } from './errors';
import { readEvent } from './events';
import { goodbye } from './goodbye';
import { introduce, type Introduction } from './handshake';
import { keepalive, KEEPALIVE_PROGRAM } from './keepalive';
import { MAX_MESSAGE_BYTES, MESSAGE_TYPE, messageFramer, type Message } from './messages';
import { REMOTE_PROGRAM, type ProcedureName, type ProcedureResult } from './procedures';
import { libvirtRequests, type RequestOptions } from './requests';
import { subscriptions } from './subscriptions';

/**
 * Authenticates and opens `uri` over `stream`, and hands over a client that owns the stream. On failure the
 * stream is destroyed. Protocol: src/rpc/virnetprotocol.x and src/remote/*.x of libvirt.
 * @throws LibvirtError of kind not-libvirt, unsupported-auth, auth-refused, or as LibvirtClient.call
 */
export async function connectLibvirt(stream: Duplex, options: LibvirtOptions): Promise<LibvirtClient> {
  const { clock, uri, readOnly = false, callTimeoutMs = 30_000, handshakeTimeoutMs = 10_000 } = options;
  const framer = messageFramer(options.maxMessageBytes ?? MAX_MESSAGE_BYTES);
  const events = eventHub(options.onListenerError);
  let over: LibvirtCloseReason | null = null;
  let heardAny = false;
  let resolveClosed: (reason: LibvirtCloseReason) => void;
  const closed = new Promise<LibvirtCloseReason>((resolve) => {
    resolveClosed = resolve;
  });

  const stranger = () => (over?.kind === 'protocol' && over.error.kind === 'not-libvirt' ? over.error : null);
  const send = (bytes: Buffer) => void stream.write(bytes);
  const requests = libvirtRequests({ clock, maxInFlight: options.maxInFlight ?? 4, send });
  const pings = keepalive(
    { intervalMs: options.keepaliveIntervalMs ?? 5000, count: options.keepaliveCount ?? 5 },
    {
      clock,
      // A peer that reads nothing gets no more to read.
      send: (bytes) => stream.writableNeedDrain || send(bytes),
      lost: (silentMs) => end({ kind: 'keepalive', silentMs }),
    },
  );

  const end = (reason: LibvirtCloseReason) => {
    if (over) return;
    over = reason;
    pings.stop();
    if (reason.kind === 'closed-here') goodbye(stream);
    else stream.destroy();
    requests.end(reason);
    resolveClosed(reason);
  };
  const breakOff = (detail: string, received: Buffer) => {
    const error = heardAny
      ? new LibvirtError({ kind: 'protocol', detail })
      : new LibvirtError({ kind: 'not-libvirt', received: received.toString('latin1', 0, 80) });
    end({ kind: 'protocol', error });
  };

  /** @returns what is wrong with the message, or null */
  const takeMessage = (message: Message): string | null => {
    const { header, payload } = message;
    if (header.prog === KEEPALIVE_PROGRAM)
      return pings.take(header) ? null : 'a keepalive message that is none';
    switch (header.type) {
      case MESSAGE_TYPE.reply:
      case MESSAGE_TYPE.stream:
        return requests.take(message);
      case MESSAGE_TYPE.message: {
        const event = header.prog === REMOTE_PROGRAM ? readEvent(header.proc, payload) : null;
        if (event) events.emit(event);
        return null;
      }
      default:
        return `a message of the type ${header.type}`;
    }
  };
  const takeChunk = (chunk: Buffer) => {
    pings.heard();
    const { messages, fault } = framer.push(chunk);
    for (const message of messages) {
      if (over) return;
      const wrong = takeMessage(message);
      if (wrong !== null) return breakOff(`it sent ${wrong}`, chunk);
      heardAny = true;
    }
    if (!over && fault !== null) breakOff(`it sent ${fault}`, chunk);
  };

  const endByPeer = () => end({ kind: 'closed-by-peer' });
  // Stays attached for good: a destroyed stream may still report an error, which says nothing new then.
  stream.on('error', (error: Error) => end({ kind: 'stream-error', error }));
  stream.on('end', endByPeer);
  stream.on('close', endByPeer);
  stream.on('data', takeChunk);
  if (stream.errored) end({ kind: 'stream-error', error: stream.errored });
  else if (stream.destroyed || stream.readableEnded) endByPeer();

  const request = (name: ProcedureName, args: object, requestOptions: RequestOptions) =>
    over
      ? Promise.reject(new LibvirtError({ kind: 'closed', procedure: name, cause: over }))
      : requests.request(name, args, requestOptions);
  const call: LibvirtClient['call'] = async (name, ...[args, callOptions = {}]) => {
    const { result } = await request(name, args ?? {}, { timeoutMs: callTimeoutMs, ...callOptions });
    return result as ProcedureResult<typeof name>;
  };

  let introduction: Introduction;
  try {
    introduction = await introduce(
      (name, args, { timeoutMs } = { timeoutMs: handshakeTimeoutMs }) =>
        request(name, args, { timeoutMs, signal: options.signal }).then(({ result }) => result as never),
      { uri, readOnly, authTimeoutMs: options.authTimeoutMs ?? 120_000 },
    );
  } catch (error) {
    end({ kind: 'closed-here' });
    throw stranger() ?? error;
  }
  const { libVersion, features } = introduction;
  if (features.has('keepalive')) pings.start();

  return {
    uri,
    readOnly,
    libVersion,
    supports: (feature) => features.has(feature),
    call,
    async download(name, args, downloadOptions) {
      const { result, data } = await request(name, args, { timeoutMs: callTimeoutMs, ...downloadOptions });
      return { result: result as ProcedureResult<typeof name>, data };
    },
    ...subscriptions(call),
    onEvent: events.listen,
    closed,
    close: () => end({ kind: 'closed-here' }),
  };
}
