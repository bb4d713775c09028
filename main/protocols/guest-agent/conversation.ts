import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import { encodeJson, parseJsonObject, type JsonObject } from '../json-messages';
import { AgentError } from './errors';
import { agentReader, SENTINEL } from './reader';
import type { AgentAnswer } from './results';

/**
 * The one conversation that an agent can hold: its answers have no id, so only one command is out at a time,
 * and the caller waits for each of these to settle before the next.
 */
export interface AgentConversation {
  /**
   * Makes sure that the next answer belongs to the next command; does nothing where that is sure already.
   * @throws AgentError of kind silent or closed
   */
  synchronise(signal?: AbortSignal): Promise<void>;
  /** @throws AgentError of kind timeout, closed, protocol or command */
  ask(command: string, args: object, timeoutMs: number, signal?: AbortSignal): Promise<AgentAnswer>;
  /** @throws AgentError of kind timeout or closed when it could not be written */
  tell(
    command: string,
    args: object,
    timeoutMs: number,
  ): Promise<{ refusal: Promise<AgentError>; cancel: () => void }>;
  readonly closed: Promise<AgentError>;
  close(): void;
}

/** What the conversation waits for now. */
interface Awaited {
  kind: 'sync' | 'answer' | 'write';
  command?: string;
  take(json: JsonObject | null, text: string): void;
  fail(error: unknown): void;
}

export function agentConversation(
  stream: Duplex,
  options: { clock: Clock; syncTimeoutMs: number; maxMessageBytes: number },
): AgentConversation {
  const { clock, syncTimeoutMs } = options;
  let over: string | null = null;
  let synced = false;
  /** The id of a synchronisation that has had no answer yet. */
  let unanswered: number | null = null;
  let awaited: Awaited | null = null;
  /** A command that answers only when it fails, and may do so yet. */
  let told: { command: string; refuse: (error: AgentError) => void } | null = null;
  let resolveClosed: (error: AgentError) => void;
  const closed = new Promise<AgentError>((resolve) => {
    resolveClosed = resolve;
  });

  const loseSync = () => {
    synced = false;
    reader.skip();
  };
  const hearTold = (json: JsonObject | null) => {
    const error = json && errorOf(json, told?.command ?? '');
    if (error) told?.refuse(error);
    told = null;
    // The one answer that was still out has come, so nothing else is.
    const answered = error !== null || (json !== null && Object.hasOwn(json, 'return'));
    if (answered && !awaited) synced = true;
    else reader.skip();
  };
  const reader = agentReader(options.maxMessageBytes, {
    onMessage(text, afterSentinel) {
      const json = parseJsonObject(text);
      if (awaited?.kind === 'sync') {
        if (afterSentinel) awaited.take(json, text);
        else if (told) hearTold(json);
      } else if (afterSentinel) {
        // The answer to a synchronisation that somebody gave up.
      } else if (awaited?.kind === 'answer') awaited.take(json, text);
      else if (told) hearTold(json);
      else loseSync();
    },
    onSentinel() {
      // Answers come in the order of the commands: what was told before the synchronisation was not refused.
      told = null;
    },
    onFault({ detail, received }) {
      told = null;
      synced = false;
      if (awaited?.kind !== 'answer') return;
      awaited.fail(protocolError(awaited.command, `it sent ${detail}: ${JSON.stringify(received)}`));
    },
  });

  const closedError = (command?: string) =>
    new AgentError({
      kind: 'closed',
      detail: over ?? 'it is not open',
      ...(command === undefined ? {} : { command }),
    });
  const end = (how: string) => {
    if (over !== null) return;
    over = how;
    told = null;
    stream.destroy();
    awaited?.fail(closedError(awaited.command));
    resolveClosed(closedError());
  };

  /** Waits for one message, or until `take` is otherwise called, and leaves no timer or listener behind. */
  const wait = <T>(
    what: { kind: Awaited['kind']; command?: string; ms: number; expired: () => AgentError },
    signal: AbortSignal | undefined,
    start: (give: { resolve(value: T): void; reject(error: unknown): void }) => Awaited['take'],
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as unknown);
      const done = (settle: () => void) => {
        if (awaited !== own) return;
        awaited = null;
        cancelTimer();
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const own: Awaited = {
        kind: what.kind,
        ...(what.command === undefined ? {} : { command: what.command }),
        take: (json, text) => take(json, text),
        fail: (error) => done(() => reject(error)),
      };
      const abandon = (error: unknown) => {
        if (what.kind === 'answer') loseSync();
        own.fail(error);
      };
      const abort = () => abandon(signal?.reason);
      const cancelTimer = clock.setTimer(what.ms, () => abandon(what.expired()));
      signal?.addEventListener('abort', abort, { once: true });
      awaited = own;
      const take = start({ resolve: (value) => done(() => resolve(value)), reject: own.fail });
    });

  const encode = (command: string, args: object) => `${encodeJson({ execute: command, arguments: args })}\n`;

  stream.on('error', (error: Error) => end(`the connection broke (${error.message})`));
  stream.on('end', () => end('the connection was closed by the other end'));
  stream.on('close', () => end('the connection was closed by the other end'));
  stream.on('data', (chunk: Buffer) => {
    if (over === null) reader.push(chunk);
  });
  if (stream.destroyed || stream.readableEnded) {
    end(
      stream.errored
        ? `the connection broke (${stream.errored.message})`
        : 'the connection was closed already',
    );
  }

  return {
    async synchronise(signal) {
      if (over !== null) throw closedError();
      if (synced) return;
      // While an earlier request has not even left, another one would only pile up behind it.
      const queued = unanswered !== null && stream.writableLength > 0;
      const id = queued ? (unanswered as number) : randomInt(2 ** 31);
      unanswered = id;
      // qemu-ga answers a leading sentinel with a parse error, which would pass for the refusal of what was
      // told. In that case its parser is known to be between two messages, and needs no sentinel.
      const lead = told ? Buffer.alloc(0) : Buffer.of(SENTINEL);
      const expired = () => {
        told = null;
        return new AgentError({ kind: 'silent', waitedMs: syncTimeoutMs });
      };
      await wait<void>({ kind: 'sync', ms: syncTimeoutMs, expired }, signal, ({ resolve }) => {
        if (!queued) stream.write(Buffer.concat([lead, Buffer.from(encode('guest-sync-delimited', { id }))]));
        return (json) => (json?.return === id ? resolve() : reader.skip());
      });
      unanswered = null;
      synced = true;
    },

    async ask(command, args, timeoutMs, signal) {
      if (over !== null) throw closedError(command);
      const expired = () => new AgentError({ kind: 'timeout', command, waitedMs: timeoutMs });
      return wait<AgentAnswer>(
        { kind: 'answer', command, ms: timeoutMs, expired },
        signal,
        ({ resolve, reject }) => {
          stream.write(encode(command, args));
          return (json, text) => {
            const error = json && errorOf(json, command);
            if (error) reject(error);
            else if (json && Object.hasOwn(json, 'return')) resolve({ value: json.return, message: text });
            else {
              loseSync();
              const beginning = JSON.stringify(text.slice(0, 80));
              reject(protocolError(command, `it is neither a result nor an error: ${beginning}`));
            }
          };
        },
      );
    },

    async tell(command, args, timeoutMs) {
      if (over !== null) throw closedError(command);
      synced = false;
      let cancel = () => {};
      const refusal = new Promise<AgentError>((refuse) => {
        const own = { command, refuse };
        told = own;
        cancel = () => {
          if (told === own) told = null;
        };
      });
      const expired = () => {
        cancel();
        return new AgentError({ kind: 'timeout', command, waitedMs: timeoutMs });
      };
      await wait<void>({ kind: 'write', command, ms: timeoutMs, expired }, undefined, ({ resolve }) => {
        stream.write(encode(command, args), (error) => {
          if (!error) resolve();
        });
        return () => {};
      });
      return { refusal, cancel };
    },

    closed,
    close: () => end('it was closed by this program'),
  };
}

const protocolError = (command: string | undefined, detail: string) =>
  new AgentError({ kind: 'protocol', detail, ...(command === undefined ? {} : { command }) });

function errorOf(json: JsonObject, command: string): AgentError | null {
  if (typeof json.error !== 'object' || json.error === null) return null;
  const { class: errorClass, desc } = json.error as JsonObject;
  if (typeof errorClass !== 'string' || typeof desc !== 'string') return null;
  return new AgentError({ kind: 'command', command, errorClass, desc });
}
