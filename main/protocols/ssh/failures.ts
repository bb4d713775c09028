import { SshError } from './errors';
import type { SshEndpoint } from './types';
import { describeEndpoint, describeHost, printable } from './words';

/** An Error as Node or ssh2 raise it: with an errno's name, an SSH reason number, or ssh2's idea of where it arose. */
interface RawError extends Error {
  readonly code?: unknown;
  readonly level?: unknown;
  readonly reason?: unknown;
}

const TRY_LATER = 'Reveille can try again; check the host and the network if it goes on.';

/** Why a TCP connection did not come about. */
export function dialFailure(endpoint: SshEndpoint, error: Error): SshError {
  const where = describeHost(endpoint);
  // Node tries a name's addresses in turn and then reports all of their errors.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? first.code : undefined;
  const cause = error;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
    case 'EAI_FAIL':
      return new SshError('name', `The name ${endpoint.host} is not known.`, {
        remedy: 'Check its spelling, and that this computer’s name service answers; or give the IP address.',
        cause,
      });
    case 'ECONNREFUSED':
      return refused(where, cause);
    case 'ETIMEDOUT':
      return new SshError('timeout', `${where} did not answer.`, {
        remedy: 'Check that the host is on, the address, and the firewall.',
        cause,
      });
    default:
      return new SshError('unreachable', `${where} cannot be reached: ${error.message || String(code)}.`, {
        remedy: 'Check the network connection of this computer and of the host.',
        cause,
      });
  }
}

const refused = (where: string, cause: Error) =>
  new SshError('refused', `Nobody listens at ${where}.`, {
    remedy: 'Check the port, and that the SSH server runs there (systemctl status ssh).',
    cause,
  });

/** Why a jump host did not connect on to `next`. OpenSSH says what connect(2) said; others say little. */
export function jumpFailure(jump: SshEndpoint, next: SshEndpoint, error: RawError): SshError {
  const where = `${describeHost(next)}, as seen from ${describeHost(jump)}`;
  const said = printable(error.message);
  if (error.reason === OPEN_PROHIBITED) {
    return new SshError('unreachable', `${describeHost(jump)} does not let ${jump.user} connect on to ${describeHost(next)}.`, {
      code: 'forbidden',
      remedy: 'Its sshd_config must allow it: AllowTcpForwarding, PermitOpen.',
      cause: error,
    });
  }
  if (/refused/i.test(said)) return refused(where, error);
  if (/unknown host|not known|resolve/i.test(said)) {
    return new SshError('name', `${describeHost(jump)} does not know the name ${next.host}.`, {
      remedy: 'Jump hosts look names up themselves: give the name or address that is valid there.',
      cause: error,
    });
  }
  if (/timed out/i.test(said)) {
    return new SshError('timeout', `${where}, did not answer.`, { remedy: 'Check that the host is on.', cause: error });
  }
  return new SshError('unreachable', `${where}, cannot be reached: ${said}.`, {
    remedy: 'Try ssh on the jump host itself.',
    cause: error,
  });
}

/** RFC 4254, 5.1: SSH_OPEN_ADMINISTRATIVELY_PROHIBITED */
const OPEN_PROHIBITED = 1;
/** RFC 4254, 5.1: SSH_OPEN_UNKNOWN_CHANNEL_TYPE */
const OPEN_UNKNOWN_TYPE = 3;

/** Whether ssh2's error says that the server opened no channel (RFC 4254, 5.1), and not that the connection ended. */
export const isOpenFailure = (error: RawError): boolean => typeof error.reason === 'number';

/** Why a stream to `what` was not opened. */
export function openFailure(endpoint: SshEndpoint, what: string, error: RawError): SshError {
  const prohibited = error.reason === OPEN_PROHIBITED || error.reason === OPEN_UNKNOWN_TYPE;
  return new SshError('channel', `${describeHost(endpoint)} opened no way to ${what}: ${printable(error.message)}.`, {
    code: prohibited ? 'forbidden' : 'open-failed',
    remedy: prohibited
      ? 'Its SSH server does not allow it: see AllowStreamLocalForwarding, AllowTcpForwarding and DisableForwarding in sshd_config.'
      : `Check that it is there and that ${endpoint.user} may open it, and that sshd_config allows forwarding.`,
    cause: error,
  });
}

export const closedHere = (endpoint: SshEndpoint): SshError =>
  new SshError('closed', `The connection to ${describeHost(endpoint)} was closed by Reveille.`, {
    code: 'closed-here',
    remedy: 'Connect again.',
  });

export const closedByPeer = (endpoint: SshEndpoint, cause?: unknown): SshError =>
  new SshError('closed', `${describeHost(endpoint)} closed the connection.`, {
    code: 'closed-by-peer',
    remedy: TRY_LATER,
    ...(cause === undefined ? {} : { cause }),
  });

const vanished = (endpoint: SshEndpoint, cause: Error) =>
  new SshError('closed', `${describeHost(endpoint)} stopped answering.`, { code: 'vanished', remedy: TRY_LATER, cause });

export const stepTimeout = (endpoint: SshEndpoint, waitingFor: string, ms: number): SshError =>
  new SshError('timeout', `${describeHost(endpoint)} kept Reveille waiting for ${waitingFor} for ${Math.round(ms / 100) / 10} s.`, {
    remedy: 'Check that an SSH server listens at this port, and that the host is not overloaded.',
  });

/** What ssh2 reported about a connection that is being made or stands, in our terms. */
export function connectionFailure(endpoint: SshEndpoint, error: RawError, stage: 'handshake' | 'authentication' | 'ready'): SshError {
  const said = printable(error.message);
  const where = describeHost(endpoint);
  if (error.level === 'client-timeout') return vanished(endpoint, error);
  if (stage === 'authentication' && /too many authentication failures/i.test(said)) {
    return new SshError('authentication', `${where} cut the attempts to authenticate as ${endpoint.user} short: ${said}.`, {
      code: 'too-many-attempts',
      remedy: 'Name the right key (IdentityFile) and set IdentitiesOnly yes for this host, so that an agent’s other keys are not tried first.',
      cause: error,
    });
  }
  if (stage === 'handshake' && error.level === 'handshake') {
    return new SshError('protocol', `${where} and Reveille could not agree on how to encrypt: ${said}.`, {
      remedy: 'Update the SSH server of the host; it may know outdated algorithms only.',
      cause: error,
    });
  }
  if (stage === 'handshake' && error.level === 'protocol' && /lost before handshake/i.test(said)) {
    return new SshError('closed', `${where} closed the connection before it said anything as an SSH server.`, {
      code: 'closed-by-peer',
      remedy: 'Check the port; the server may also be turning this computer away (MaxStartups, fail2ban).',
      cause: error,
    });
  }
  if (error.level === 'client-socket' || (stage !== 'handshake' && typeof error.code === 'number')) {
    const peer = closedByPeer(endpoint, error);
    return new SshError('closed', `${peer.message.slice(0, -1)}: ${said}.`, { code: peer.code, remedy: peer.remedy, cause: error });
  }
  return new SshError('protocol', `The conversation with ${describeEndpoint(endpoint)} broke off: ${said}.`, {
    remedy: stage === 'handshake' ? 'Check that an SSH server listens at this port.' : TRY_LATER,
    cause: error,
  });
}
