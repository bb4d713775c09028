import { SshError } from '../../protocols/ssh/errors';
import {
  knownHostLine,
  knownKeyTypes,
  parseKnownHosts,
  verifyHostKey,
  type FilePosition,
  type HostName,
  type KnownHost,
} from '../../protocols/ssh/known-hosts';
import { appendKnownHost, KnownHostsError, type KnownHostsFs } from '../../protocols/ssh/known-hosts-file';
import type { HostSettings } from '../../protocols/ssh/settings';
import type { PresentedHostKey } from '../../protocols/ssh/types';
import type { HostKeyAnswer } from './questions';

/** Keys that the user accepted for this run only. */
export type AcceptedOnce = Set<string>;

/** What a user is told who is asked about a key. */
export interface UnknownKey {
  /** Where an accepted key would be saved; null when it cannot be. */
  readonly file: string | null;
  /** The @cert-authority lines that are about this host, and that are not heeded. */
  readonly authorities: readonly FilePosition[];
}

const nameOf = ({ host, port, hostKeyAlias }: HostSettings): HostName => ({ host, port, alias: hostKeyAlias });

/** @throws SshError of kind host-key for a file that is there and cannot be read */
export async function readKnownHosts(
  { userKnownHostsFiles, globalKnownHostsFiles }: HostSettings,
  fs: Pick<KnownHostsFs, 'read'>,
): Promise<KnownHost[]> {
  const files = [...userKnownHostsFiles, ...globalKnownHostsFiles];
  const parsed = await Promise.all(files.map(async (file) => parseKnownHosts(file, await textOf(file, fs))));
  return parsed.flat();
}

async function textOf(file: string, fs: Pick<KnownHostsFs, 'read'>): Promise<string> {
  try {
    return Buffer.from(await fs.read(file)).toString('latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new SshError('host-key', `The known host keys cannot be read: ${String(error)}`, {
      remedy: `Make ${file} readable for your user.`,
      cause: error,
    });
  }
}

/** The types of the keys that are known for a host, so that it is asked for one of them. */
export const knownTypes = (entries: readonly KnownHost[], settings: HostSettings): string[] =>
  knownKeyTypes(entries, nameOf(settings));

/**
 * Whether a host may show `presented`: a known key may; an unknown one is asked about; a changed or revoked one never.
 * @throws SshError of kind host-key, with both fingerprints, the file and the line; also when it cannot be saved
 */
export async function acceptsKey(
  presented: PresentedHostKey,
  settings: HostSettings,
  { fs, once, ask }: { fs: KnownHostsFs; once: AcceptedOnce; ask: (about: UnknownKey) => Promise<HostKeyAnswer> },
): Promise<boolean> {
  const name = nameOf(settings);
  const verdict = verifyHostKey(await readKnownHosts(settings, fs), name, presented.key);
  const shown = `${presented.type} ${presented.fingerprint}`;
  switch (verdict.kind) {
    case 'known':
      return true;
    case 'changed':
      throw new SshError(
        'host-key',
        `The host key of ${settings.host} has changed. It is now ${shown}; ${verdict.file} line ${verdict.line} has ${verdict.keyType} ${verdict.fingerprint}. Somebody may be listening in.`,
        {
          remedy: `Find out why. If the host was set up anew, remove the old key: ssh-keygen -R '${hostField(name)}' -f '${verdict.file.replaceAll("'", "'\\''")}'.`,
        },
      );
    case 'revoked':
      throw new SshError('host-key', `The host key of ${settings.host} (${shown}) is revoked in ${verdict.file} line ${verdict.line}.`, {
        remedy: 'Do not connect. Ask whoever runs the host for its new key.',
      });
    case 'unknown':
      break;
  }
  const { authorities } = verdict;
  const remembered = `${hostField(name)} ${presented.fingerprint}`;
  if (once.has(remembered)) return true;
  const file = settings.userKnownHostsFiles.find((path) => !isNowhere(path)) ?? null;
  if (settings.strictHostKeyChecking === 'yes') {
    const text = `The host key of ${settings.host} (${shown}) is not known, and StrictHostKeyChecking is yes.`;
    throw new SshError('host-key', `${text}${unheeded(authorities)}`, {
      remedy: `Add the key to ${file ?? 'known_hosts'} yourself, or set StrictHostKeyChecking to ask.`,
    });
  }
  const answer = settings.strictHostKeyChecking === 'ask' ? await ask({ file, authorities }) : 'save';
  if (answer === 'refuse') return false;
  if (answer === 'once' || file === null) once.add(remembered);
  else await record(knownHostLine(name, presented.key, { hash: settings.hashKnownHosts }), file, fs);
  return true;
}

async function record(line: string, file: string, fs: KnownHostsFs): Promise<void> {
  try {
    await appendKnownHost([file], fs, line);
  } catch (error) {
    if (!(error instanceof KnownHostsError)) throw error;
    const remedy = 'Mend that, or accept the key for this run only.';
    throw new SshError('host-key', error.message, { remedy, cause: error });
  }
}

const hostField = ({ host, port, alias }: HostName): string => alias ?? (port === 22 ? host : `[${host}]:${port}`);

/** What people give for UserKnownHostsFile so that nothing is kept. */
const isNowhere = (path: string): boolean => path === '/dev/null' || /^(.*\\)?nul$/i.test(path);

function unheeded(authorities: readonly FilePosition[]): string {
  if (authorities.length === 0) return '';
  const where = authorities.map(({ file, line }) => `${file} line ${line}`).join(', ');
  return ` Keys that an authority signed are not supported: @cert-authority in ${where} is not heeded.`;
}
