import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import { agentConversation } from './conversation';
import type { AgentError } from './errors';
import { readResult } from './results';
import type {
  AgentArguments,
  AgentCommand,
  AgentResult,
  AgentSilentCommand,
  AgentSilentCommands,
} from './schema';

export interface AgentOptions {
  clock: Clock;
  /** How long the agent may take to synchronise, in ms; 2000 unless given. */
  syncTimeoutMs?: number;
  /** How long the agent may take to answer a command that was sent, in ms; 5000 unless given. */
  callTimeoutMs?: number;
  /** The largest message that is read, in bytes; 4 MiB unless given. */
  maxMessageBytes?: number;
}

export interface AgentCallOptions {
  /** Stops waiting; the call rejects with the signal's reason. What was sent may still be carried out. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What is left to hear of a command that answers only when it fails. */
export interface SentCommand {
  /**
   * Resolves with an AgentError of kind command if the agent refuses; otherwise stays pending forever, so
   * race it against the QMP event that shows success, and against a time-out.
   */
  refusal: Promise<AgentError>;
  /** Says that the outcome is known. Idempotent; not needed before the next call. */
  cancel(): void;
}

/** Asks an agent, whatever carries the messages. */
export interface AgentCalls {
  /**
   * Sends one command and waits for its answer. Calls are carried out one at a time in the order they were
   * made; after a time-out the next one synchronises first.
   * @throws AgentError of kind silent, closed, timeout, protocol or command; or the reason of the signal
   */
  call<C extends AgentCommand>(
    command: C,
    ...rest: Record<never, never> extends AgentArguments<C>
      ? [args?: AgentArguments<C>, options?: AgentCallOptions]
      : [args: AgentArguments<C>, options?: AgentCallOptions]
  ): Promise<AgentResult<C>>;
}

export interface AgentClient extends AgentCalls {
  /**
   * Sends a command that answers only when it fails; resolves when it is written.
   * @throws AgentError of kind silent, closed or timeout when it could not be sent
   */
  sendWithoutReply<C extends AgentSilentCommand>(
    command: C,
    args?: AgentSilentCommands[C],
  ): Promise<SentCommand>;
  /** Resolves once with how the connection ended; never rejects. */
  readonly closed: Promise<AgentError>;
  /** Ends the connection, and with it every pending call. Idempotent. */
  close(): void;
}

/**
 * Synchronises with the agent behind `stream` and hands over a client that owns the stream. On failure the
 * stream is destroyed.
 * @throws AgentError of kind silent or closed
 */
export async function openAgent(stream: Duplex, options: AgentOptions): Promise<AgentClient> {
  const { clock, syncTimeoutMs = 2000, callTimeoutMs = 5000, maxMessageBytes = 4 * 1024 * 1024 } = options;
  const conversation = agentConversation(stream, { clock, syncTimeoutMs, maxMessageBytes });
  const inTurn = turns();

  try {
    await inTurn(() => conversation.synchronise());
  } catch (error) {
    conversation.close();
    throw error;
  }
  return {
    async call(command, ...[args, { signal, timeoutMs = callTimeoutMs } = {}]) {
      signal?.throwIfAborted();
      const answer = inTurn(async () => {
        await conversation.synchronise(signal);
        return conversation.ask(command, args ?? {}, timeoutMs, signal);
      });
      return readResult(command, await unlessAborted(signal, answer));
    },
    sendWithoutReply: (command, args) =>
      inTurn(async () => {
        await conversation.synchronise();
        return conversation.tell(command, args ?? {}, callTimeoutMs);
      }),
    closed: conversation.closed,
    close: conversation.close,
  };
}

/** Carries out jobs one after the other, in the order they came; a failed one does not stop the next. */
function turns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };
}

/** Lets the caller go when the signal aborts while `promise` still waits for its turn. */
function unlessAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as unknown);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
