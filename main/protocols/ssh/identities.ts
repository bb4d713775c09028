import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';
import { withTimeout, type Clock } from '../../clock';
import { keyType } from './fingerprint';
import type { SecretReply, SshCredentials } from './types';

/** A key that the user can sign with. */
export interface Identity {
  /** "key /home/me/.ssh/id_ed25519", "agent key me@desk" */
  readonly label: string;
  /** null: it stands in the key file only, which must be decrypted first. */
  readonly publicKey: ParsedKey | null;
  /** @param hash for RSA: sha256 or sha512 @throws SshError when the user cancels; Error when no signature comes about, in words */
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>;
  /** The public key, decrypting the file where it must be. @throws as sign does */
  reveal(): Promise<ParsedKey>;
}

/** Asks for a key file's passphrase; `attempt` counts from 1. @throws when the user cancels */
export type AskPassphrase = (keyPath: string, attempt: number) => Promise<SecretReply>;

/** Keys that were decrypted while connecting, so that a key is asked about once for all hosts on the way. */
export type Keyring = Map<string, ParsedKey>;

export interface IdentityOptions {
  readonly clock: Clock;
  readonly credentials: SshCredentials;
  readonly keyring: Keyring;
  readonly readFile: (path: string) => Promise<Buffer>;
  readonly askPassphrase: AskPassphrase;
}

const PASSPHRASE_ATTEMPTS = 3;
const AGENT_LIST_MS = 5000;
/** An agent may ask its user before it signs. */
const AGENT_SIGN_MS = 120_000;

/**
 * The user's keys in ssh(1)'s order: those of the agent that identity files name, the agent's others (unless
 * identitiesOnly), then the files that the agent does not hold. `notes` says, for people, what could not be used.
 */
export async function listIdentities(options: IdentityOptions): Promise<{ identities: Identity[]; notes: string[] }> {
  const notes: string[] = [];
  const files = await readIdentityFiles(options, notes);
  const agentKeys = await readAgents(options, notes);
  const named = files.flatMap(({ publicKey }) => agentKeys.filter((each) => sameKey(each.publicKey, publicKey)));
  const others = options.credentials.identitiesOnly ? [] : agentKeys.filter((each) => !named.includes(each));
  const alone = files.filter(
    ({ privateFile, publicKey }) => privateFile && !named.some((each) => sameKey(each.publicKey, publicKey)),
  );
  return { identities: [...new Set([...named, ...others, ...alone])], notes };
}

const sameKey = (a: ParsedKey | null, b: ParsedKey | null) =>
  a !== null && b !== null && a.getPublicSSH().equals(b.getPublicSSH());

async function readAgents({ clock, credentials: { agent } }: IdentityOptions, notes: string[]): Promise<Identity[]> {
  if (agent === null) return [];
  if (typeof agent === 'string') return readAgent(clock, agent, notes);
  // Nobody said that these are there.
  return (await Promise.all(agent.map((place) => readAgent(clock, place, [])))).flat();
}

async function readAgent(clock: Clock, place: string, notes: string[]): Promise<Identity[]> {
  const agent = ssh2.createAgent(place);
  try {
    const keys = await withTimeout(clock, AGENT_LIST_MS, agentKeys(agent), () => new Error('it does not answer'));
    return keys.map((key) => agentIdentity(clock, agent, key));
  } catch (error) {
    notes.push(`the key agent at ${place} could not be used (${reason(error)})`);
    return [];
  }
}

const agentKeys = (agent: BaseAgent) =>
  new Promise<ParsedKey[]>((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) return reject(error);
      const parsed = (keys ?? []).map((key) => ssh2.utils.parseKey(key as ParsedKey));
      resolve(parsed.flatMap((key) => (key instanceof Error ? [] : [key].flat())));
    });
  });

function agentIdentity(clock: Clock, agent: BaseAgent, publicKey: ParsedKey): Identity {
  return {
    label: `agent key ${publicKey.comment || publicKey.type}`,
    publicKey,
    reveal: () => Promise.resolve(publicKey),
    sign: (data, hash) =>
      withTimeout(
        clock,
        AGENT_SIGN_MS,
        new Promise<Buffer>((resolve, reject) => {
          // @types/ssh2 knows of no hash; ssh2 itself passes it on (lib/client.js, USERAUTH_PK_OK).
          agent.sign(publicKey, data, (hash === undefined ? {} : { hash }) as { hash: 'sha256' }, (error, signature) => {
            if (error || signature === undefined) reject(error ?? new Error('no signature'));
            else resolve(Buffer.from(signature));
          });
        }),
        () => new Error('the agent did not sign in time'),
      ),
  };
}

interface FileIdentity extends Identity {
  /** false: only a public key is there, which may name one of the agent's. */
  readonly privateFile: boolean;
}

async function readIdentityFiles(options: IdentityOptions, notes: string[]): Promise<FileIdentity[]> {
  const found = await Promise.all(options.credentials.identityFiles.map((path) => readIdentityFile(options, path, notes)));
  return found.flatMap((each) => each ?? []);
}

async function readIdentityFile(options: IdentityOptions, path: string, notes: string[]): Promise<FileIdentity | null> {
  const data = await readIfThere(options, path, notes);
  if (data === null) return publicOnly(path, await readIfThere(options, `${path}.pub`, notes));
  const parsed = parse(data);
  if (!(parsed instanceof Error)) {
    return parsed.isPrivateKey() ? fileIdentity(options, path, parsed, () => Promise.resolve(parsed)) : publicOnly(path, data);
  }
  if (!/encrypted/i.test(parsed.message)) {
    notes.push(`${path} is no key that Reveille can read (${parsed.message})`);
    return null;
  }
  const publicKey = publicPart(data) ?? publicOnly(path, await readIfThere(options, `${path}.pub`, notes))?.publicKey ?? null;
  return fileIdentity(options, path, publicKey, () => decrypt(options, path, data));
}

async function readIfThere({ readFile }: IdentityOptions, path: string, notes: string[]): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') notes.push(`${path} could not be read (${reason(error)})`);
    return null;
  }
}

function publicOnly(path: string, data: Buffer | null): FileIdentity | null {
  const publicKey = data === null ? null : parse(data);
  if (publicKey === null || publicKey instanceof Error) return null;
  const unusable = () => Promise.reject(new Error(`there is only the public key ${path}`));
  return { label: `key ${path}`, publicKey, privateFile: false, sign: unusable, reveal: () => Promise.resolve(publicKey) };
}

function fileIdentity(
  { keyring }: IdentityOptions,
  path: string,
  publicKey: ParsedKey | null,
  unlock: () => Promise<ParsedKey>,
): FileIdentity {
  const open = async () => {
    const key = keyring.get(path) ?? (await unlock());
    keyring.set(path, key);
    return key;
  };
  return {
    label: `key ${path}`,
    publicKey: publicKey ?? keyring.get(path) ?? null,
    privateFile: true,
    reveal: open,
    async sign(data, hash) {
      const key = await open();
      // sign() returns its errors (ssh2, lib/protocol/keyParser.js).
      const signature: Buffer | Error = key.sign(data, hash);
      if (signature instanceof Error) throw signature;
      return signature;
    },
  };
}

async function decrypt({ askPassphrase }: IdentityOptions, path: string, data: Buffer): Promise<ParsedKey> {
  let left = PASSPHRASE_ATTEMPTS;
  for (let attempt = 1; left > 0; attempt += 1) {
    const { answers, recalled, judged } = await askPassphrase(path, attempt);
    const key = parse(data, answers[0] ?? '');
    await judged?.(!(key instanceof Error));
    if (!(key instanceof Error)) return key;
    if (recalled !== true) left -= 1;
  }
  throw new Error(`its passphrase was wrong ${PASSPHRASE_ATTEMPTS} times`);
}

function parse(data: Buffer, passphrase?: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(data, passphrase);
  return [parsed].flat()[0] ?? new Error('it holds no key');
}

/** The public key in the open part of an OpenSSH private key file (OpenSSH: PROTOCOL.key). null for other formats. */
function publicPart(data: Buffer): ParsedKey | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(data.toString('latin1'))?.[1];
  if (body === undefined) return null;
  const bytes = Buffer.from(body, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const readString = () => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  readString(); // cipher
  readString(); // kdf
  readString(); // kdf options
  at += 4; // number of keys
  const blob = readString();
  const type = keyType(blob);
  const key = type === null ? null : parse(Buffer.from(`${type} ${blob.toString('base64')}`));
  return key instanceof Error ? null : key;
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));
