import { PassThrough, type Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import { SshError } from '../../protocols/ssh/errors';
import { shellQuote } from '../../protocols/ssh/shell';
import { DialError, formatAddress, type DialErrorCode, type SocketAddress } from '../../protocols/sockets';
import { joined, type Joined } from './joined';
import { parseId, permissionDetail, permissionRemedy } from './permission';
import { RecordsError, runScript } from './records';
import { RELAYS, relayCommand, TELLING_RELAYS, type Relay } from './relays';
import { secretToken, type RemoteHost } from './remote';
import { parseForbidden, SOCKET_CHECK } from './socket-check';

export interface ReachOptions {
  readonly remote: RemoteHost;
  readonly clock: Clock;
  /** For messages: "nas". */
  readonly hostName: string;
}

export interface Reach {
  /** @throws DialError */
  dial(address: SocketAddress): Promise<Duplex>;
  /**
   * How unix sockets of the host are reached, as far as it is known: by the server itself, or through a program on
   * the host, which takes a session (MaxSessions) for each socket.
   */
  readonly way: () => 'not-known' | 'forwarded' | Relay;
}

/** The longest path of a unix socket on Linux, in bytes: sun_path of unix(7) without its NUL. */
const MAX_PATH = 107;
const PROBE_MS = 10_000;

/** Opens sockets of one host through its connection; what works there is remembered for as long as this lives. */
export function createReach({ remote, clock, hostName }: ReachOptions): Reach {
  let forwarding: 'not-known' | 'works' | 'off' = 'not-known';
  let relay: Relay | null = null;

  const fail = (code: DialErrorCode, address: SocketAddress, message: string, cause?: unknown): DialError =>
    new DialError(code, address, message, { cause });
  const failWith = (code: DialErrorCode, address: SocketAddress, reason: string, remedy: string): DialError =>
    new DialError(code, address, `${reason} ${remedy}`, { told: { reason, remedy } });
  const notAllowed = (address: SocketAddress): DialError =>
    failWith('permission', address, `You may not connect to ${where(address)}.`, 'Connect as the user who runs QEMU.');
  const where = (address: SocketAddress): string =>
    `${formatAddress(address).replaceAll('\0', '@')} on ${hostName}`;
  const missing = (address: SocketAddress): DialError =>
    fail(
      'missing',
      address,
      `There is no ${where(address)}. Check the address, and that the guest is running.`,
    );
  const refused = (address: SocketAddress, cause?: unknown): DialError =>
    fail(
      'refused',
      address,
      `Nobody listens at ${where(address)}. The guest that did has probably ended.`,
      cause,
    );
  const busy = (address: SocketAddress): DialError =>
    fail(
      'busy',
      address,
      `Another program is connected to ${where(address)}, which takes one at a time. End that program’s connection.`,
    );
  const refusedOrBusy = (address: SocketAddress): DialError =>
    failWith(
      'other',
      address,
      `Nobody listens at ${where(address)}, or another program holds it.`,
      `If the guest runs, end that program’s connection. With perl or python3 on ${hostName} Reveille could tell.`,
    );
  const unclear = (address: SocketAddress, why: string, cause?: unknown): DialError =>
    fail('other', address, `${where(address)} cannot be reached: ${why}`, cause);

  async function dialUnix(address: SocketAddress & { kind: 'unix' }): Promise<Duplex> {
    const { path } = address;
    const isAbstract = path.startsWith('\0');
    if (!isAbstract && Buffer.byteLength(path) > MAX_PATH) {
      throw unclear(address, `its path is longer than the ${MAX_PATH} bytes that a socket can have.`);
    }
    if (isAbstract || forwarding === 'off') return dialThroughRelay(address);
    try {
      const stream = await remote.openUnix(path);
      forwarding = 'works';
      return stream;
    } catch (error) {
      if (!isChannelRefusal(error)) throw sshFailure(address, error);
      await lookWhy(address);
      // It is there and may be used: nobody listens, its queue is full, or the server forwards no unix sockets.
      return forwarding === 'works' ? askHost(address) : dialThroughRelay(address);
    }
  }

  /** The server forwards, but not to this socket: what connect(2) says of it on the host. */
  async function askHost(address: SocketAddress & { kind: 'unix' }): Promise<Duplex> {
    const marker = secretToken();
    const command = relayCommand(address.path, marker, TELLING_RELAYS);
    const { stdout } = await remote.exec(command, { timeoutMs: PROBE_MS }).catch((error: unknown) => {
      throw sshFailure(address, error);
    });
    const said = new PassThrough();
    said.end(stdout);
    const answer = await answerIn(said, marker, address);
    said.destroy();
    switch (answer.kind) {
      case 'connected':
        // There was room again for the one that asked, and so for this one.
        return remote.openUnix(address.path).catch((error: unknown) => {
          throw isChannelRefusal(error) ? busy(address) : sshFailure(address, error);
        });
      case 'failed':
        return relayFailure(address, answer.text);
      case 'ended':
      case 'none':
        throw refusedOrBusy(address);
    }
  }

  async function answerIn(stream: Duplex, marker: string, address: SocketAddress): Promise<Joined> {
    try {
      return await joined(stream, marker, clock);
    } catch (error) {
      stream.destroy();
      throw unclear(address, error instanceof Error ? error.message : String(error), error);
    }
  }

  /** OpenSSH says "open failed" whatever it was. @throws DialError where the host's files explain it */
  async function lookWhy(address: SocketAddress & { kind: 'unix' }): Promise<void> {
    const path = shellQuote(address.path);
    const script = `${SOCKET_CHECK}
rec id; id
check ${path}
[ "$state" != open ] || [ -S ${path} ] || state=no-socket
rec "state $state"
case $state in forbidden) forbid ${path}; owners;; esac`;
    const records = await runScript(remote, script, { timeoutMs: PROBE_MS }).catch((error: unknown) => {
      throw sshFailure(address, error);
    });
    const user = parseId(records.find(({ name }) => name === 'id')?.body ?? '');
    switch (records.find(({ name }) => name === 'state')?.words[0] ?? '') {
      case 'missing':
        throw missing(address);
      case 'no-socket':
        throw unclear(address, 'it is a file of another kind than a socket.');
      case 'forbidden': {
        const forbidden = parseForbidden(records).get(address.path);
        if (user && forbidden) {
          throw failWith('permission', address, permissionDetail(user, forbidden), permissionRemedy(user, forbidden));
        }
        throw notAllowed(address);
      }
    }
  }

  async function dialThroughRelay(address: SocketAddress & { kind: 'unix' }): Promise<Duplex> {
    const marker = secretToken();
    const isAbstract = address.path.startsWith('\0');
    const usable: readonly Relay[] = isAbstract ? TELLING_RELAYS : RELAYS;
    const stream = await remote
      .execStream(relayCommand(address.path, marker, usable.filter((name) => relay === null || name === relay)))
      .catch((error: unknown) => {
        throw sshFailure(address, error);
      });
    const answer = await answerIn(stream, marker, address);
    switch (answer.kind) {
      case 'connected':
        if (!isAbstract && forwarding === 'not-known') forwarding = 'off';
        relay = answer.relay;
        return stream;
      case 'none': {
        stream.destroy();
        if (relay !== null) {
          // The program that served before is gone.
          relay = null;
          return dialThroughRelay(address);
        }
        throw failWith(
          'other',
          address,
          `${where(address)} cannot be reached: its SSH server does not forward unix sockets.`,
          'Set AllowStreamLocalForwarding yes in its sshd_config, or install perl, python3, socat or nc there.',
        );
      }
      case 'failed':
        stream.destroy();
        return relayFailure(address, answer.text);
      case 'ended':
        stream.destroy();
        await lookWhy(address);
        throw refusedOrBusy(address);
    }
  }

  async function relayFailure(address: SocketAddress & { kind: 'unix' }, text: string): Promise<never> {
    if (/refused/i.test(text)) throw refused(address);
    // unix(7), connect: EAGAIN
    if (/temporarily unavailable/i.test(text)) throw busy(address);
    if (/no such file|not a directory/i.test(text)) throw missing(address);
    if (/denied|not permitted/i.test(text) && !address.path.startsWith('\0')) {
      await lookWhy(address);
      throw notAllowed(address);
    }
    throw unclear(address, text);
  }

  function sshFailure(address: SocketAddress, error: unknown): unknown {
    if (error instanceof RecordsError) return unclear(address, `${error.message}.`, error);
    if (!(error instanceof SshError)) return error;
    const code = error.kind === 'timeout' ? 'timeout' : 'other';
    return fail(
      code,
      address,
      `${where(address)} cannot be reached: ${error.message} ${error.remedy}`,
      error,
    );
  }

  return {
    async dial(address) {
      switch (address.kind) {
        case 'unix':
          return dialUnix(address);
        case 'tcp':
          return remote.openTcp(address.host, address.port).catch((error: unknown) => {
            if (isChannelRefusal(error) && !isForbidden(error) && /refused/i.test(textsOf(error)))
              throw refused(address, error);
            throw sshFailure(address, error);
          });
        case 'pipe':
          throw unclear(address, 'it is a pipe of Windows.');
      }
    },
    way: () => (forwarding === 'works' ? 'forwarded' : (relay ?? 'not-known')),
  };
}

const isChannelRefusal = (error: unknown): boolean => error instanceof SshError && error.kind === 'channel';
const isForbidden = (error: unknown): boolean => error instanceof SshError && error.code === 'forbidden';

function textsOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message;
}
