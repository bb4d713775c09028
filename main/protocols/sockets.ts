import { connect, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock';

/** Where a socket listens. `pipe` is a Windows named pipe such as \\.\pipe\qmp. */
export type SocketAddress =
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number }
  | { kind: 'pipe'; path: string };

/** missing: no such socket or host. refused: nobody listens. permission: not for this user. */
/** `busy`: somebody listens, but takes no further client: another one holds the socket (unix(7) connect, EAGAIN). */
export type DialErrorCode = 'missing' | 'refused' | 'busy' | 'permission' | 'timeout' | 'other';

export interface DialErrorDetails {
  readonly cause?: unknown;
  /** What the message says, apart, for users: where more is known than the code tells. */
  readonly told?: { readonly reason: string; readonly remedy: string };
}

export class DialError extends Error {
  readonly told: DialErrorDetails['told'];

  constructor(
    readonly code: DialErrorCode,
    readonly address: SocketAddress,
    message: string,
    { cause, told }: DialErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DialError';
    this.told = told;
  }
}

/** The longest path of a unix socket, in bytes: sun_path of unix(7) without its NUL; macOS has less. */
const MAX_UNIX_PATH = process.platform === 'linux' ? 107 : 103;

/**
 * Connects to `address`, within `timeoutMs` (3000 unless given). The socket emits no data until the caller
 * attaches, so no greeting is lost; an error before that is kept in its `errored`.
 * @throws DialError
 */
export function dial(
  address: SocketAddress,
  { clock, timeoutMs = 3000 }: { clock: Clock; timeoutMs?: number },
): Promise<Duplex> {
  if (address.kind === 'unix' && Buffer.byteLength(address.path) > MAX_UNIX_PATH) {
    // Node would cut the path and connect to whatever is there.
    const detail = `its path is longer than the ${MAX_UNIX_PATH} bytes that a socket can have`;
    return Promise.reject(new DialError('other', address, describe('other', formatAddress(address), detail)));
  }
  return new Promise((resolve, reject) => {
    const target =
      address.kind === 'tcp' ? { host: address.host, port: address.port } : { path: address.path };
    const socket = connect({ ...target, noDelay: true });
    const cancelTimer = clock.setTimer(timeoutMs, () => {
      socket.destroy();
      reject(new DialError('timeout', address, describe('timeout', formatAddress(address))));
    });
    socket.once('connect', () => {
      cancelTimer();
      resolve(socket);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      cancelTimer();
      reject(dialError(address, error));
    });
  });
}

function dialError(address: SocketAddress, error: NodeJS.ErrnoException): DialError {
  const code = dialErrorCode(error.code);
  return new DialError(code, address, describe(code, formatAddress(address), error.message), {
    cause: error,
  });
}

function dialErrorCode(code: string | undefined): DialErrorCode {
  switch (code) {
    case 'ENOENT':
    case 'ENOTFOUND':
      return 'missing';
    case 'ECONNREFUSED':
      return 'refused';
    case 'EAGAIN':
      return 'busy';
    case 'EACCES':
    case 'EPERM':
      return 'permission';
    case 'ETIMEDOUT':
      return 'timeout';
    default:
      return 'other';
  }
}

function describe(code: DialErrorCode, where: string, detail = ''): string {
  switch (code) {
    case 'missing':
      return `There is no ${where}. Check the address, and that the guest is running.`;
    case 'refused':
      return `Nobody listens at ${where}. The guest that did has probably ended.`;
    case 'busy':
      return `Another program is connected to ${where}, which takes one at a time. End that program’s connection.`;
    case 'permission':
      return `You may not connect to ${where}. Run Reveille as the user who runs QEMU, or get access to it.`;
    case 'timeout':
      return `${where} did not answer in time. Check the address and the firewall.`;
    case 'other':
      return `${where} cannot be reached: ${detail}`;
  }
}

/** What a user typed as an address, or why it is none. */
export type ParsedAddress = { ok: true; address: SocketAddress } | { ok: false; error: string };

const FORMS = 'unix:/path, tcp:host:port or \\\\.\\pipe\\name';
const PIPE = /^(?:\\\\|\/\/)[.?][\\/]pipe[\\/](.+)$/i;
const QEMU_OPTIONS = /,(?:server|nowait|wait|nodelay|reconnect|telnet|path|id)\b/;

/** Reads unix:/path, /path, tcp:host:port, host:port, [::1]:port and \\.\pipe\name. */
export function parseAddress(text: string): ParsedAddress {
  const typed = text.trim();
  if (typed === '') return { ok: false, error: `Type an address: ${FORMS}.` };
  if (/[\u0000-\u001f\u007f]/.test(typed))
    return { ok: false, error: 'An address has no control characters in it.' };
  if (QEMU_OPTIONS.test(typed)) {
    return { ok: false, error: 'Leave out QEMU’s options: the address ends before the first comma.' };
  }
  const pipe = PIPE.exec(typed)?.[1];
  if (pipe !== undefined) return { ok: true, address: { kind: 'pipe', path: `\\\\.\\pipe\\${pipe}` } };
  if (typed.startsWith('unix:')) return parseUnixPath(typed.slice('unix:'.length));
  if (typed.startsWith('tcp:')) return parseHostPort(typed.slice('tcp:'.length));
  if (typed.startsWith('/') || !typed.includes(':')) return parseUnixPath(typed);
  return parseHostPort(typed);
}

function parseUnixPath(path: string): ParsedAddress {
  if (path === '') return { ok: false, error: 'Give the path of the socket: unix:/path.' };
  if (!/^(?:\/|[A-Za-z]:[\\/])/.test(path)) {
    return { ok: false, error: `“${path}” is no absolute path. Type an address: ${FORMS}.` };
  }
  return { ok: true, address: { kind: 'unix', path } };
}

function parseHostPort(text: string): ParsedAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? [];
  if (digits === undefined) {
    const hint =
      isIPv6(text) || text.split(':').length > 2 ? `; write an IPv6 address in brackets: [::1]:4444` : '';
    return { ok: false, error: `“${text}” is not host:port${hint}.` };
  }
  const host = bracketed ?? plain ?? '';
  if (bracketed !== undefined && !isIPv6(bracketed))
    return { ok: false, error: `“${bracketed}” is no IPv6 address.` };
  if (host === '')
    return { ok: false, error: `Name the host before the port, for example 127.0.0.1:${digits}.` };
  if (/[\s/\\@,]/.test(host)) return { ok: false, error: `“${host}” is no host name.` };
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535)
    return { ok: false, error: `“${digits}” is no port; it is a number from 1 to 65535.` };
  return { ok: true, address: { kind: 'tcp', host, port } };
}

/** The form that parseAddress reads back: unix:/path, tcp:host:port, tcp:[::1]:port or \\.\pipe\name. */
export function formatAddress(address: SocketAddress): string {
  switch (address.kind) {
    case 'unix':
      return `unix:${address.path}`;
    case 'pipe':
      return address.path;
    case 'tcp':
      return `tcp:${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  }
}
