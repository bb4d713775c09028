import type { Clock } from '../../clock';
import { decode, encode } from './codec';
import { download, type Download, type DownloadStep } from './download';
import {
  LibvirtError,
  readRefusal,
  refusalFailure,
  type LibvirtCloseReason,
  type LibvirtFailure,
} from './errors';
import { encodeMessage, MESSAGE_STATUS, MESSAGE_TYPE, type Message } from './messages';
import { PROCEDURES, PROGRAM_VERSION, type Procedure, type ProcedureName } from './procedures';
import { XdrError } from './xdr';

export interface RequestOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Makes it a download of so many bytes at most. */
  maxBytes?: number;
}

export interface RequestOutcome {
  result: unknown;
  /** What a download has brought; empty for a call. */
  data: Buffer;
}

export interface LibvirtRequests {
  request(name: ProcedureName, args: object, options: RequestOptions): Promise<RequestOutcome>;
  /** Takes a reply or a stream packet. @returns what is wrong with it, or null */
  take(message: Message): string | null;
  /** Rejects every pending request. */
  end(cause: LibvirtCloseReason): void;
}

interface Request {
  serial: number;
  name: ProcedureName;
  procedure: Procedure;
  bytes: Buffer;
  download: Download | null;
  /** What the reply said, while the stream goes on. */
  result: unknown;
  /** Both do nothing once the caller has been given an outcome. */
  succeed(outcome: RequestOutcome): void;
  fail(error: unknown): void;
}

const NO_DATA = Buffer.alloc(0);

/**
 * Pairs calls with replies by serial. At most `maxInFlight` calls are before libvirt, of which one place is
 * kept for urgent ones; a call that its caller gave up keeps its place until libvirt answers, for libvirt
 * still has it.
 */
export function libvirtRequests(use: {
  clock: Clock;
  maxInFlight: number;
  send(bytes: Buffer): void;
}): LibvirtRequests {
  const { clock, maxInFlight, send } = use;
  const maxSlow = Math.max(1, maxInFlight - 1);
  const inFlight = new Map<number, Request>();
  const urgent = new Set<Request>();
  const slow = new Set<Request>();
  let slowInFlight = 0;
  let lastSerial = 0;

  const launch = (request: Request) => {
    inFlight.set(request.serial, request);
    if (!request.procedure.urgent) slowInFlight += 1;
    send(request.bytes);
  };
  const sendNext = () => {
    for (const queue of [urgent, slow]) {
      for (const request of queue) {
        if (inFlight.size >= maxInFlight || (queue === slow && slowInFlight >= maxSlow)) break;
        queue.delete(request);
        launch(request);
      }
    }
  };
  const release = (request: Request) => {
    inFlight.delete(request.serial);
    if (!request.procedure.urgent) slowInFlight -= 1;
    sendNext();
  };
  const fail = (request: Request, failure: LibvirtFailure) => request.fail(new LibvirtError(failure));
  const broken = (request: Request, detail: string) =>
    fail(request, { kind: 'protocol', procedure: request.name, detail });

  const proceed = (request: Request, step: DownloadStep, payload: Buffer) => {
    switch (step.kind) {
      case 'wait':
        return;
      case 'send':
        return send(streamEnd(request, step.status));
      case 'done':
        request.succeed({ result: request.result, data: step.data });
        return release(request);
      case 'over':
        return release(request);
      case 'error':
        failByServer(request, payload);
        return step.replied ? release(request) : undefined;
      case 'too-long':
        return tooLong(request);
      case 'broken':
        broken(request, step.detail);
        return release(request);
    }
  };

  const tooLong = (request: Request) => {
    const maxBytes = request.download?.maxBytes ?? 0;
    fail(request, { kind: 'too-long', procedure: request.name, maxBytes });
  };

  const failByServer = (request: Request, payload: Buffer) => {
    try {
      fail(request, refusalFailure(request.name, readRefusal(payload)));
    } catch (error) {
      if (!(error instanceof XdrError)) throw error;
      broken(request, `an error that cannot be read: ${error.message}`);
    }
  };

  const takeResult = (request: Request, payload: Buffer) => {
    try {
      request.result = decode(request.procedure.result, payload);
    } catch (error) {
      if (!(error instanceof XdrError)) throw error;
      broken(request, error.message);
    }
    if (request.download) return proceed(request, request.download.begin(), NO_DATA);
    request.succeed({ result: request.result, data: NO_DATA });
    release(request);
  };

  const giveUp = (request: Request, error: unknown) => {
    urgent.delete(request);
    slow.delete(request);
    request.fail(error);
  };

  const enqueue = (request: Request) => {
    (request.procedure.urgent ? urgent : slow).add(request);
    sendNext();
  };

  return {
    request: (name, args, options) =>
      new Promise((resolve, reject) => {
        const { timeoutMs, signal, maxBytes } = options;
        if (signal?.aborted) return reject(signal.reason as unknown);
        const serial = (lastSerial = (lastSerial % 0xffffffff) + 1);
        const procedure: Procedure = PROCEDURES[name];
        const bytes = encodeCall(name, procedure, serial, args);
        if (!Buffer.isBuffer(bytes)) return reject(bytes);

        let open = true;
        const once = (give: () => void) => {
          if (!open) return;
          open = false;
          cancelTimer();
          signal?.removeEventListener('abort', onAbort);
          give();
        };
        const request: Request = {
          serial,
          name,
          procedure,
          bytes,
          download: maxBytes === undefined ? null : download(maxBytes),
          result: null,
          succeed: (outcome) => once(() => resolve(outcome)),
          fail: (error) =>
            once(() => {
              reject(error);
              const step = inFlight.has(serial) ? request.download?.giveUp() : undefined;
              if (step) proceed(request, step, NO_DATA);
            }),
        };
        const onAbort = () => giveUp(request, signal?.reason);
        const cancelTimer = clock.setTimer(timeoutMs, () => {
          const sent = inFlight.has(serial);
          giveUp(request, new LibvirtError({ kind: 'timeout', procedure: name, waitedMs: timeoutMs, sent }));
        });
        signal?.addEventListener('abort', onAbort, { once: true });
        enqueue(request);
      }),

    take({ header, payload }) {
      const stream = header.type === MESSAGE_TYPE.stream;
      const request = inFlight.get(header.serial);
      // A stream that is over here may not yet be over there; libvirt drops its packets, too.
      if (!request) return stream ? null : `a reply to no call (serial ${header.serial})`;
      const { program, number } = request.procedure;
      if (header.prog !== program || header.vers !== PROGRAM_VERSION || header.proc !== number) {
        return `a reply to ${request.name} that names procedure ${header.proc} of program ${header.prog}`;
      }
      if (stream) {
        if (!request.download) return `a stream that ${request.name} does not have`;
        proceed(request, request.download.take(header.status, payload), payload);
        return null;
      }
      switch (header.status) {
        case MESSAGE_STATUS.ok:
          takeResult(request, payload);
          return null;
        case MESSAGE_STATUS.error:
          failByServer(request, payload);
          release(request);
          return null;
        default:
          return `a reply with the unknown status ${header.status}`;
      }
    },

    end(cause) {
      const pending = [...inFlight.values(), ...urgent, ...slow];
      inFlight.clear();
      urgent.clear();
      slow.clear();
      for (const request of pending) fail(request, { kind: 'closed', procedure: request.name, cause });
    },
  };
}

const headerOf = ({ program, number }: Procedure, serial: number) => ({
  prog: program,
  vers: PROGRAM_VERSION,
  proc: number,
  serial,
});

function encodeCall(
  name: ProcedureName,
  procedure: Procedure,
  serial: number,
  args: object,
): Buffer | LibvirtError {
  const header = { ...headerOf(procedure, serial), type: MESSAGE_TYPE.call, status: MESSAGE_STATUS.ok };
  try {
    return encodeMessage(header, encode<never>(procedure.args, args as never));
  } catch (error) {
    if (!(error instanceof XdrError || error instanceof RangeError)) throw error;
    return new LibvirtError({ kind: 'arguments', procedure: name, detail: error.message });
  }
}

function streamEnd({ procedure, serial }: Request, status: 'ok' | 'error'): Buffer {
  return encodeMessage(
    { ...headerOf(procedure, serial), type: MESSAGE_TYPE.stream, status: MESSAGE_STATUS[status] },
    NO_DATA,
  );
}
