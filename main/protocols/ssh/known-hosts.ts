import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { fingerprint, keyType } from './fingerprint';
import { matchesHostList } from './patterns';

/** Which host a key is looked up for. */
export interface HostName {
  readonly host: string;
  readonly port: number;
  /** HostKeyAlias: looked up as it is, without a port. */
  readonly alias?: string | null;
}

export interface FilePosition {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** One entry of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost extends FilePosition {
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** The first field: patterns separated by commas, or one hashed name. */
  readonly names: string;
  readonly keyType: string;
  /** In wire form. */
  readonly key: Uint8Array;
}

export type HostKeyVerdict =
  | ({ readonly kind: 'known' } & FilePosition)
  /** `authorities`: @cert-authority lines for this host, which are not supported. */
  | { readonly kind: 'unknown'; readonly authorities: readonly FilePosition[] }
  /** The recorded key that the shown one differs from; of the same type where there is one. */
  | ({ readonly kind: 'changed'; readonly keyType: string; readonly fingerprint: string } & FilePosition)
  | ({ readonly kind: 'revoked' } & FilePosition);

const DEFAULT_PORT = 22;

/** The entries of one file. Comments and lines that are no entry are left out, as OpenSSH does. */
export function parseKnownHosts(file: string, text: string): KnownHost[] {
  return text.split('\n').flatMap((line, index) => {
    const entry = parseEntry(line.replace(/\r$/, ''));
    return entry ? [{ file, line: index + 1, ...entry }] : [];
  });
}

function parseEntry(line: string): Omit<KnownHost, keyof FilePosition> | null {
  const fields = line.split(/[ \t]+/).filter((field) => field !== '');
  const first = fields[0];
  if (first === undefined || first.startsWith('#')) return null;
  const marker = first === '@revoked' ? 'revoked' : first === '@cert-authority' ? 'cert-authority' : 'none';
  if (marker === 'none' && first.startsWith('@')) return null;
  const [names, type, base64] = marker === 'none' ? fields : fields.slice(1);
  if (names === undefined || names.startsWith('@') || type === undefined || base64 === undefined) return null;
  const key = decodeBase64(base64);
  if (key === null || keyType(key) !== type) return null;
  return { marker, names, keyType: type, key };
}

function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** The name as known_hosts has it: lower case, with the port where it is not 22. */
function lookupName({ host, port, alias }: HostName): string {
  if (alias != null) return alias.toLowerCase();
  const name = host.toLowerCase();
  return port === DEFAULT_PORT ? name : `[${name}]:${port}`;
}

/** Whether the first field of an entry names `name` ("nas", "[nas]:2222"). */
function names(entry: KnownHost, name: string): boolean {
  return entry.names.startsWith('|') ? isHashOf(entry.names, name) : matchesHostList(name, entry.names);
}

const SHA1_BYTES = 20;

/** |1|salt|HMAC-SHA1(salt, name), both in base64 (OpenSSH hostfile.c host_hash). */
function isHashOf(field: string, name: string): boolean {
  const [, salt64, hash64] = /^\|1\|([^|]*)\|([^|]*)$/.exec(field) ?? [];
  if (salt64 === undefined || hash64 === undefined) return false;
  const salt = decodeBase64(salt64);
  const hash = decodeBase64(hash64);
  if (salt?.length !== SHA1_BYTES || hash?.length !== SHA1_BYTES) return false;
  return timingSafeEqual(createHmac('sha1', salt).update(name).digest(), hash);
}

/** The entries for `name`, in their order; of all markers. */
export function entriesFor(entries: readonly KnownHost[], name: HostName): KnownHost[] {
  const wanted = lookupName(name);
  return entries.filter((entry) => names(entry, wanted));
}

/**
 * Entries of a host on its other ports' common name, which OpenSSH falls back to; none for port 22 or an
 * alias.
 */
function entriesWithoutPort(entries: readonly KnownHost[], name: HostName): KnownHost[] {
  if (name.alias != null || name.port === DEFAULT_PORT) return [];
  return entriesFor(entries, { host: name.host, port: DEFAULT_PORT });
}

const at = ({ file, line }: FilePosition): FilePosition => ({ file, line });

/**
 * What `entries` (of all files, the user's first) say about `key` (wire form) shown by a host. As OpenSSH's
 * check_host_key: any other recorded key, of whatever type, makes a key a changed one (the types known are
 * asked for first, see orderHostKeyAlgorithms); a host on another port is also known by its key under the
 * plain name. Stricter than OpenSSH in one case: a key revoked under the plain name is revoked on every
 * port.
 */
export function verifyHostKey(
  entries: readonly KnownHost[],
  name: HostName,
  key: Uint8Array,
): HostKeyVerdict {
  const isKey = (entry: KnownHost) => Buffer.compare(entry.key, key) === 0;
  const own = entriesFor(entries, name);
  const plain = entriesWithoutPort(entries, name);
  const revoked = [...own, ...plain].find((entry) => entry.marker === 'revoked' && isKey(entry));
  if (revoked) return { kind: 'revoked', ...at(revoked) };
  const recorded = own.filter((entry) => entry.marker === 'none');
  const known = recorded.find(isKey);
  if (known) return { kind: 'known', ...at(known) };
  const type = keyType(key);
  const other = recorded.find((entry) => entry.keyType === type) ?? recorded[0];
  if (other) {
    return { kind: 'changed', keyType: other.keyType, fingerprint: fingerprint(other.key), ...at(other) };
  }
  const knownPlain = plain.find((entry) => entry.marker === 'none' && isKey(entry));
  if (knownPlain) return { kind: 'known', ...at(knownPlain) };
  return { kind: 'unknown', authorities: own.filter((entry) => entry.marker === 'cert-authority').map(at) };
}

/** The types of the keys recorded for a host, in the order of the entries; see orderHostKeyAlgorithms. */
export function knownKeyTypes(entries: readonly KnownHost[], name: HostName): string[] {
  const typesOf = (found: readonly KnownHost[]) =>
    found.filter((entry) => entry.marker === 'none').map((entry) => entry.keyType);
  const own = typesOf(entriesFor(entries, name));
  return [...new Set(own.length > 0 ? own : typesOf(entriesWithoutPort(entries, name)))];
}

/**
 * `algorithms` (ssh2's serverHostKey) with those first that show a key of the recorded types, so that a
 * server with several keys shows the one that is known. ssh-rsa keys are shown by rsa-sha2-* too (RFC 8332).
 */
export function orderHostKeyAlgorithms<T extends string>(
  algorithms: readonly T[],
  keyTypes: readonly string[],
): T[] {
  const showsKnown = (algorithm: T) =>
    keyTypes.includes(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
  return [...algorithms.filter(showsKnown), ...algorithms.filter((algorithm) => !showsKnown(algorithm))];
}

/**
 * The line that records `key` (wire form) for a host as OpenSSH writes it, without a line end.
 * @param options.hash HashKnownHosts: the name is not readable
 * @throws RangeError when `key` is no key, or the name would not be read back as it is
 */
export function knownHostLine(name: HostName, key: Uint8Array, options: { hash?: boolean } = {}): string {
  const type = keyType(key);
  if (type === null) throw new RangeError('These bytes are no SSH public key');
  const host = lookupName(name);
  if (!/^[^\s,*?!|#@\u0000-\u001f\u007f]+$/.test(host)) {
    throw new RangeError(`known_hosts cannot hold the name ${JSON.stringify(host)}`);
  }
  return `${options.hash === true ? hashName(host) : host} ${type} ${Buffer.from(key).toString('base64')}`;
}

function hashName(name: string): string {
  const salt = randomBytes(SHA1_BYTES);
  const hash = createHmac('sha1', salt).update(name).digest();
  return `|1|${salt.toString('base64')}|${hash.toString('base64')}`;
}
