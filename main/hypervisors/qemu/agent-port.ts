import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import type { AgentStatus } from '../../power/standing';
import { openAgent, type AgentClient } from '../../protocols/guest-agent/client';
import { AgentError } from '../../protocols/guest-agent/errors';
import { DialError, formatAddress, type SocketAddress } from '../../protocols/sockets';
import type { HostAccess } from '../machine';

export interface AgentPort {
  readonly status: AgentStatus;
  /** Something else tells what the agent is: its port is closed, the guest sleeps. */
  assume(status: AgentStatus): void;
  /** Synchronises once; `status` tells the result. Never rejects. */
  probe(syncTimeoutMs?: number): Promise<AgentStatus>;
  /**
   * Runs `work` with a conversation of its own. The socket takes one client, so conversations follow each other, and it
   * is left free between them for others.
   * @throws AgentError or DialError when there is no conversation; what `work` throws
   */
  talk<T>(work: (agent: AgentClient) => Promise<T>): Promise<T>;
  /** The same for a conversation that goes on after `work`; the caller ends it by `end`. */
  hold<T>(work: (agent: AgentClient) => Promise<T>): Promise<{ value: T; end: () => void }>;
  close(): void;
}

const SYNC_MS = 3000;
const CALL_MS = 5000;
/**
 * How long a lent socket is held for what an agent may answer yet, in ms. Proxmox VE's tools wait 3 s for an answer to
 * guest-ping (src/PVE/QemuServer/Agent.pm qga_check_running), and longer to all else.
 */
const LENT_HOLD_MS = 2000;
/** A lent socket that somebody else holds is tried again for so long, in ms. */
const LENT_QUIET_MS = 5000;
const LENT_RETRY_MS = 250;

export interface AgentPortOptions {
  readonly access: HostAccess;
  readonly clock: Clock;
  /** Whether the guest runs: what comes of a conversation with one that sleeps tells nothing of its agent. */
  readonly isAwake: () => boolean;
  /** Another program needs the socket free: it is never held while there is nothing to say. */
  readonly isLent: boolean;
  /** `status` became another. */
  readonly onChange: () => void;
}

/** The guest agent's socket of one machine. */
export function createAgentPort(
  address: SocketAddress | null,
  { access, clock, isAwake, isLent, onChange }: AgentPortOptions,
): AgentPort {
  let status: AgentStatus = address ? { status: 'unknown' } : { status: 'absent' };
  let tail: Promise<unknown> = Promise.resolve();
  let open: Duplex | null = null;
  let closed = false;

  const become = (next: AgentStatus) => {
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    if (!closed) onChange();
  };

  const learn = (next: AgentStatus) => become(isAwake() ? next : { status: 'unknown' });

  const dial = async (to: SocketAddress): Promise<Duplex> => {
    const deadline = clock.monotonic() + LENT_QUIET_MS;
    for (;;) {
      try {
        return await access.dial(to);
      } catch (error) {
        const mayPass = error instanceof DialError && error.code === 'busy';
        if (!isLent || closed || !mayPass || clock.monotonic() >= deadline) throw error;
        await new Promise<void>((resolve) => void clock.setTimer(LENT_RETRY_MS, resolve));
      }
    }
  };

  const connect = async (syncTimeoutMs: number): Promise<AgentClient> => {
    if (!address) throw new AgentError({ kind: 'closed', detail: 'this guest has no agent channel' });
    try {
      const stream = await dial(address);
      open = stream;
      if (closed) stream.destroy();
      return await openAgent(stream, { clock, syncTimeoutMs, callTimeoutMs: CALL_MS });
    } catch (error) {
      learn(statusOf(error, address));
      throw error;
    }
  };

  /** One conversation at a time: the next begins when `finished` of this one settles. */
  const queue = async <T>(begin: () => Promise<{ value: T; finished: Promise<void> }>): Promise<T> => {
    const turn = tail.then(begin);
    tail = turn.then(
      ({ finished }) => finished,
      () => undefined,
    );
    return (await turn).value;
  };

  const port: AgentPort = {
    get status() {
      return status;
    },
    assume: become,
    async probe(syncTimeoutMs = SYNC_MS) {
      if (!address) return status;
      await queue(async () => {
        try {
          const agent = await connect(isLent ? Math.min(syncTimeoutMs, LENT_HOLD_MS) : syncTimeoutMs);
          try {
            const info = await agent.call('guest-info');
            const disabled = info.supported_commands
              .filter(({ enabled }) => !enabled)
              .map(({ name }) => name);
            learn({ status: 'answering', disabled });
          } finally {
            agent.close();
          }
        } catch (error) {
          learn(statusOf(error, address));
        }
        return { value: undefined, finished: Promise.resolve() };
      });
      return status;
    },
    async talk(work) {
      const { value, end } = await port.hold(work);
      end();
      return value;
    },
    hold: (work) =>
      queue(async () => {
        const agent = await connect(SYNC_MS);
        try {
          const value = await work(agent);
          const cancel = isLent ? clock.setTimer(LENT_HOLD_MS, () => agent.close()) : () => undefined;
          const finished = agent.closed.then(cancel);
          return { value: { value, end: () => agent.close() }, finished };
        } catch (error) {
          agent.close();
          throw error;
        }
      }),
    close() {
      closed = true;
      open?.destroy();
    },
  };
  return port;
}

function statusOf(error: unknown, address: SocketAddress): AgentStatus {
  // One that refuses to tell its commands has answered all the same.
  if (error instanceof AgentError)
    return error.kind === 'command' ? { status: 'answering', disabled: [] } : { status: 'silent' };
  if (!(error instanceof DialError)) throw error;
  const where = formatAddress(address);
  if (error.told) return { status: 'unreachable', ...error.told };
  if (error.code === 'permission') {
    return {
      status: 'unreachable',
      reason: `You may not open the agent’s socket ${where}.`,
      remedy: 'Run Reveille as the user who runs QEMU, or give your user access to the socket.',
    };
  }
  if (error.code === 'busy') {
    return {
      status: 'unreachable',
      reason: `Another program holds the agent’s socket ${where}.`,
      remedy: 'End that program’s connection; the agent talks to one at a time. Reveille tries again by itself.',
    };
  }
  return {
    status: 'unreachable',
    reason: `The agent’s socket cannot be reached: ${error.message}`,
    remedy: 'Look at the chardev of org.qemu.guest_agent.0 in the guest’s QEMU command.',
  };
}
