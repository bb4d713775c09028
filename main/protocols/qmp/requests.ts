import type { Clock } from '../../clock';
import { ShapeError } from '../shape';
import { QmpError, type QmpCloseReason } from './errors';
import type { QmpMessage } from './messages';
import { resultShapes } from './results';
import type { QmpArguments, QmpCommand, QmpResult } from './schema';

export type QmpAnswer = Extract<QmpMessage, { kind: 'return' | 'error' }>;

export interface QmpRequests {
  call<C extends QmpCommand>(
    command: C,
    args: QmpArguments<C>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QmpResult<C>>;
  answer(answer: QmpAnswer): void;
  /** Rejects every pending call. */
  end(cause: QmpCloseReason): void;
}

/** A call, waiting for its turn or for its answer. */
interface Request {
  id: number;
  command: QmpCommand;
  args: object;
  /** Both do nothing once the caller has been given an outcome. */
  succeed(value: unknown): void;
  fail(error: unknown): void;
}

/**
 * Pairs calls with answers. At most `maxInFlight` are before QEMU; a call that its caller gave up keeps its
 * place among them until QEMU answers, for QEMU still has it. An answer with an unknown id is dropped, as
 * docs/interop/qmp-spec demands.
 */
export function qmpRequests(options: {
  clock: Clock;
  maxInFlight: number;
  send(message: object): void;
}): QmpRequests {
  const { clock, maxInFlight, send } = options;
  /** In the order they were sent. */
  const inFlight = new Map<unknown, Request>();
  const waiting = new Set<Request>();
  let lastId = 0;

  const sendNext = () => {
    for (const request of waiting) {
      if (inFlight.size >= maxInFlight) return;
      waiting.delete(request);
      inFlight.set(request.id, request);
      send({ execute: request.command, arguments: request.args, id: request.id });
    }
  };

  /** Gives the caller one outcome, once, and leaves no timer or listener behind. */
  const outcomeOf = (
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
    expire: () => void,
    abort: () => void,
  ) => {
    let open = true;
    const cancelTimer = clock.setTimer(timeoutMs, expire);
    signal?.addEventListener('abort', abort, { once: true });
    return (give: () => void) => {
      if (!open) return;
      open = false;
      cancelTimer();
      signal?.removeEventListener('abort', abort);
      give();
    };
  };

  const call = <C extends QmpCommand>(
    command: C,
    args: QmpArguments<C>,
    callOptions: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QmpResult<C>> =>
    new Promise((resolve, reject) => {
      const { timeoutMs, signal } = callOptions;
      if (signal?.aborted) return reject(signal.reason as unknown);
      const giveUp = (error: unknown) => {
        waiting.delete(request);
        request.fail(error);
      };
      const once = outcomeOf(
        callOptions,
        () => giveUp(new QmpError({ kind: 'timeout', command, waitedMs: timeoutMs })),
        () => giveUp(signal?.reason),
      );
      const request: Request = {
        id: (lastId += 1),
        command,
        args,
        succeed: (value) =>
          once(() => {
            const result = readResult(command, value);
            if (result.ok) resolve(result.value);
            else reject(result.error);
          }),
        fail: (error) => once(() => reject(error)),
      };
      waiting.add(request);
      sendNext();
    });

  /**
   * QEMU leaves the id out when it failed before it could read one; it answers in the order of the requests
   * as long as out-of-band execution is not enabled, so such an error belongs to the oldest.
   */
  const requestOf = (answer: QmpAnswer): Request | undefined => {
    if (answer.kind === 'error' && answer.id === undefined) return inFlight.values().next().value;
    return inFlight.get(answer.id);
  };

  return {
    call,
    answer(answer) {
      const request = requestOf(answer);
      if (!request) return;
      inFlight.delete(request.id);
      if (answer.kind === 'return') request.succeed(answer.value);
      else {
        const { errorClass, desc } = answer;
        request.fail(new QmpError({ kind: 'command', command: request.command, errorClass, desc }));
      }
      sendNext();
    },
    end(cause) {
      const pending = [...inFlight.values(), ...waiting];
      inFlight.clear();
      waiting.clear();
      for (const request of pending) {
        request.fail(new QmpError({ kind: 'closed', command: request.command, cause }));
      }
    },
  };
}

function readResult<C extends QmpCommand>(
  command: C,
  value: unknown,
): { ok: true; value: QmpResult<C> } | { ok: false; error: QmpError } {
  try {
    return { ok: true, value: resultShapes[command](value, 'return') };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { ok: false, error: new QmpError({ kind: 'protocol', command, detail: error.message }) };
  }
}
