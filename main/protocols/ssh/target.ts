import { isIPv6 } from 'node:net';

/** Where ssh is asked to go; `host` may be an alias of ~/.ssh/config, and is without brackets for IPv6. */
export interface SshTarget {
  readonly host: string;
  /** Absent where the user typed none: the configuration says, or the local user's name is taken. */
  readonly user?: string;
  /** Absent where the user typed none: the configuration says, or 22. */
  readonly port?: number;
}

/** What a user typed, or why it is no target and what to type instead. */
export type ParsedTarget = { ok: true; target: SshTarget } | { ok: false; error: string };

const EXAMPLES = 'me@nas, nas or ssh://me@nas:2222';
/** Nobody's host name or alias, and what a shell, a pattern or a URI would take for its own. */
const NO_HOST =
  /^-|[\s/\\@"'`$;&|<>(){}*?!#,=[\]%]|[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

const no = (error: string): ParsedTarget => ({ ok: false, error });

/** Reads me@nas, nas, nas:2222, ssh://me@nas:2222, me@[::1]:2222 and ::1. Errors never repeat a password. */
export function parseTarget(text: string): ParsedTarget {
  const typed = text.trim();
  if (typed === '') return no(`Type a host: ${EXAMPLES}.`);
  if (CONTROL.test(typed)) return no('A host has no control characters or line breaks in it.');
  const uri = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(typed);
  if (uri) return parseUri(uri[1] ?? '', uri[2] ?? '');
  if (/^ssh\s/.test(typed)) return no(`Leave out the command: type only the host, like ${EXAMPLES}.`);
  // The last @ ends the user's name: directory services have names like me@example.org.
  const at = typed.lastIndexOf('@');
  return build(at < 0 ? undefined : typed.slice(0, at), typed.slice(at + 1));
}

function parseUri(scheme: string, rest: string): ParsedTarget {
  if (scheme.toLowerCase() !== 'ssh') return no(`“${scheme}://” is not SSH. Type a host: ${EXAMPLES}.`);
  const authority = rest.replace(/\/$/, '');
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? undefined : authority.slice(0, at);
  if (user?.includes(':') === true)
    return no('Leave the password out of the address: it is asked for when it is needed.');
  if (user?.includes(';') === true) return no(`Leave out what follows the “;” in the user’s name.`);
  const address = authority.slice(at + 1);
  if (/[/?#]/.test(address)) return no('An SSH address ends after the port; leave out the path.');
  const name = user === undefined ? undefined : decode(user);
  if (name === null) return no('The user’s name has a “%” that two hexadecimal digits do not follow.');
  return build(name, address);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function build(user: string | undefined, address: string): ParsedTarget {
  if (user !== undefined) {
    if (user === '') return no(`Name the user before the “@”, or leave out the “@”: ${EXAMPLES}.`);
    if (user.startsWith('-') || /\s/.test(user) || CONTROL.test(user))
      return no(`“${user}” is no user name.`);
  }
  const split = splitPort(address);
  if (!split.ok) return split;
  const { host, port } = split;
  return {
    ok: true,
    target: { host, ...(user !== undefined && { user }), ...(port !== undefined && { port }) },
  };
}

type Split = { ok: true; host: string; port: number | undefined } | { ok: false; error: string };

function splitPort(address: string): Split {
  const fail = (error: string): Split => ({ ok: false, error });
  if (address === '') return fail(`Name the host: ${EXAMPLES}.`);
  if (isIPv6(address)) return { ok: true, host: address, port: undefined };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined)
    return fail(`“${address}” is no host. Write an IPv6 address with a port as [::1]:2222.`);
  if (host === '') return fail(`Name the host before the port: nas:${digits ?? '22'}.`);
  if (bracketed !== undefined && !isIPv6(bracketed)) return fail(`“${bracketed}” is no IPv6 address.`);
  if (bracketed === undefined && (NO_HOST.test(host) || host.length > 255))
    return fail(`“${host.slice(0, 80)}” is no host name.`);
  if (digits === undefined) return { ok: true, host, port: undefined };
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) return fail(`“${digits}” is no port; it is a number from 1 to 65535.`);
  return { ok: true, host, port };
}

/** The form that parseTarget reads back: me@nas, nas:2222, me@[::1]:2222. */
export function formatTarget({ host, user, port }: SshTarget): string {
  const name = user === undefined ? '' : `${user}@`;
  if (port === undefined) return `${name}${host}`;
  return `${name}${host.includes(':') ? `[${host}]` : host}:${port}`;
}
