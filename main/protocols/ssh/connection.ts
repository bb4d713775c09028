import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { withTimeout, type Clock } from '../../clock';
import { channelStream } from './channel-stream';
import { SshError } from './errors';
import { finishCommand, startCommand, type Running } from './exec';
import { execQueue, type SessionUse } from './exec-queue';
import { closedByPeer, closedHere, isOpenFailure, openFailure, stepTimeout } from './failures';
import { openHops } from './hops';
import type { Link } from './link';
import type { ConnectSshOptions, SshConnection } from './types';
import { describeHost } from './words';

const STEP_TIMEOUT_MS = 10_000;
/** 12 s until a vanished peer is noticed. ssh2 counts from the last answer: intervalMs x (maxMissed + 1). */
const KEEPALIVE = { intervalMs: 4000, maxMissed: 2 } as const;

/**
 * Connects to `target`, through `jumps`, verifies the key of each computer before anything about the user is sent,
 * and authenticates.
 * @throws SshError, or what `verifyHostKey` or `askSecret` rejected with if that is one
 */
export async function connectSsh(options: ConnectSshOptions): Promise<SshConnection> {
  const stepTimeoutMs = options.stepTimeoutMs ?? STEP_TIMEOUT_MS;
  const links = await openHops({
    ...options,
    stepTimeoutMs,
    keepalive: options.keepalive ?? KEEPALIVE,
    readFile: options.readFile ?? readFile,
    keyring: new Map(),
  });
  return connectionOver(links, options.clock, stepTimeoutMs);
}

function connectionOver(links: readonly Link[], clock: Clock, stepTimeoutMs: number): SshConnection {
  const link = links.at(-1);
  if (!link) throw new Error('A connection has at least one link');
  const queue = execQueue<Running>({
    clock,
    isRefusal: (error) => error instanceof Error && isOpenFailure(error),
    noRoom: (limit) => noRoom(link, limit),
  });
  let hasRun = false;
  const pending = new Set<(why: SshError) => void>();
  link.onOver((why) => {
    for (const reject of pending) reject(why);
    pending.clear();
    queue.close(why);
  });

  /** Rejects with the link's end, should that come first. */
  const whileLinked = <T>(work: () => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const over = link.over();
      if (over) return reject(over);
      pending.add(reject);
      work()
        .then(resolve, reject)
        .finally(() => pending.delete(reject));
    });

  type Opened = (error: Error | undefined, channel: ClientChannel) => void;
  const open = (what: string, ask: (opened: Opened) => void): Promise<Duplex> =>
    whileLinked(() => {
      let late = false;
      const stream = new Promise<Duplex>((resolve, reject) => {
        try {
          ask((error, channel) => {
            if (error) reject(isOpenFailure(error) ? openFailure(link.endpoint, what, error) : closedByPeer(link.endpoint, error));
            else if (late || link.over()) channel.close();
            else resolve(channelStream(channel, link));
          });
        } catch (error) {
          reject(closedByPeer(link.endpoint, error));
        }
      });
      return withTimeout(clock, stepTimeoutMs, stream, () => {
        late = true;
        return stepTimeout(link.endpoint, `a way to ${what}`, stepTimeoutMs);
      });
    });

  const run = async (command: string, use: SessionUse, timeoutMs?: number) => {
    try {
      const slot = await queue.acquire(() => startCommand(link, clock, command, timeoutMs), use);
      hasRun = true;
      return slot;
    } catch (error) {
      if (!(error instanceof Error && isOpenFailure(error))) throw error;
      throw hasRun ? noSession(link, error) : neverASession(link, error);
    }
  };

  return {
    target: link.endpoint,
    serverSoftware: link.serverSoftware,
    authenticatedBy: link.authenticatedBy,
    exec: (command, options = {}) =>
      whileLinked(async () => finishCommand(link, clock, await run(command, 'command', options.timeoutMs), options)),
    execStream: (command) =>
      whileLinked(async () => {
        const { session, release, evicted } = await run(command, 'stream');
        session.channel.stderr.resume();
        const stream = channelStream(session.channel, link).once('close', release);
        void evicted.then(() => stream.destroy(noRoom(link, queue.limit())));
        return stream;
      }),
    openUnix: (path) => open(path, (opened) => link.client.openssh_forwardOutStreamLocal(path, opened)),
    openTcp: (host, port) =>
      open(`${host} port ${port}`, (opened) => link.client.forwardOut('127.0.0.1', 0, host, port, opened)),
    ping: (timeoutMs) =>
      whileLinked(() => withTimeout(clock, timeoutMs, answered(link), () => stepTimeout(link.endpoint, 'a sign of life', timeoutMs))),
    heardAt: () => link.heardAt(),
    closed: new Promise((resolve) => void link.onOver(resolve)),
    async close() {
      for (const each of [...links].reverse()) each.end(closedHere(each.endpoint));
      await Promise.all(links.map((each) => each.gone));
    },
  };
}

/**
 * Any answer will do: what is taken back here (cancel-tcpip-forward, RFC 4254, 7.1) was never asked for. OpenSSH's
 * keepalive requests are known to ssh2, but not offered.
 */
const answered = (link: Link): Promise<void> =>
  new Promise((resolve, reject) => {
    try {
      link.client.unforwardIn('127.0.0.1', 1, () => resolve());
    } catch (error) {
      reject(closedByPeer(link.endpoint, error));
    }
  });

const noSession = (link: Link, error: Error) =>
  new SshError('channel', `${describeHost(link.endpoint)} opened no session for a command.`, {
    code: 'open-failed',
    remedy: 'Commands that hang there may hold all sessions; MaxSessions in sshd_config limits them.',
    cause: error,
  });

/** OpenSSH: with MaxSessions 0 it forwards, and runs nothing. */
const neverASession = (link: Link, error: Error) =>
  new SshError('channel', `${describeHost(link.endpoint)} runs no commands: it opens no session at all.`, {
    code: 'open-failed',
    remedy: 'Raise MaxSessions in its sshd_config (10 unless set), and restart its SSH server.',
    cause: error,
  });

const noRoom = (link: Link, limit: number) =>
  new SshError(
    'channel',
    limit === 1
      ? `${describeHost(link.endpoint)} opens one session at a time, which commands need.`
      : `${describeHost(link.endpoint)} opens ${limit} sessions at a time. Commands need one, and the others are in use.`,
    { code: 'open-failed', remedy: 'Raise MaxSessions in its sshd_config, or let it forward unix sockets (AllowStreamLocalForwarding yes).' },
  );
