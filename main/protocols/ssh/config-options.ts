import type { ConfigItem } from './config-file';
import type { ConfigLine } from './config-lines';
import { walkActive } from './config-match';
import { unsupported } from './config-unsupported';
import {
  command,
  commaList,
  files,
  jumpHosts,
  oneOf,
  oneWord,
  seconds,
  wholeNumber,
  yesOrNo,
} from './config-values';
import type { Value } from './config-values';
import type { IgnoredOption, StrictHostKeyChecking } from './settings';
import type { SshTarget } from './target';
import { hostNameOf } from './config-tokens';

/**
 * The first of ProxyJump and ProxyCommand wins, even when it says none; but a command comes after "ProxyJump
 * none".
 */
export type Proxy =
  | { readonly kind: 'jump'; readonly hosts: readonly SshTarget[] }
  | { readonly kind: 'command'; readonly command: string | null; readonly line: ConfigLine }
  | { readonly kind: 'unreadable'; readonly why: string; readonly line: ConfigLine };

/** What the configuration says for one host, with tokens not yet replaced. */
export interface RawOptions {
  hostName?: string;
  port?: number;
  user?: string;
  identityFiles: string[];
  identityAgent?: string;
  identitiesOnly?: boolean;
  userKnownHostsFiles?: readonly string[];
  globalKnownHostsFiles?: readonly string[];
  hashKnownHosts?: boolean;
  hostKeyAlias?: string;
  strictHostKeyChecking?: StrictHostKeyChecking;
  preferredAuthentications?: readonly string[];
  publicKeyAuthentication?: boolean;
  passwordAuthentication?: boolean;
  keyboardInteractiveAuthentication?: boolean;
  numberOfPasswordPrompts?: number;
  addressFamily?: 'any' | 'inet' | 'inet6';
  connectTimeoutSeconds?: number | null;
  ignoreUnknown?: string;
  proxy?: Proxy;
}

type Single = Exclude<keyof RawOptions, 'identityFiles' | 'proxy'>;

/** Reads a line into the option where nothing before it did: the first value wins. */
function first<K extends Single>(
  key: K,
  read: (line: ConfigLine) => Value<NonNullable<RawOptions[K]> | RawOptions[K]>,
) {
  return (raw: RawOptions, line: ConfigLine): string | null => {
    const found = read(line);
    if (!found.ok) return found.why;
    if (raw[key] === undefined) Object.assign(raw, { [key]: found.value });
    return null;
  };
}

const strictness = oneOf<StrictHostKeyChecking>({
  yes: 'yes',
  true: 'yes',
  ask: 'ask',
  'accept-new': 'accept-new',
  no: 'no',
  false: 'no',
  off: 'no',
});

type Reader = (raw: RawOptions, line: ConfigLine) => string | null;

const keyboard = first('keyboardInteractiveAuthentication', yesOrNo);

/** By keyword; each returns why a line could not be read. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['hostname', first('hostName', oneWord)],
  ['port', first('port', wholeNumber(1, 65_535))],
  ['user', first('user', oneWord)],
  ['identityfile', addIdentityFile],
  ['identityagent', first('identityAgent', oneWord)],
  ['identitiesonly', first('identitiesOnly', yesOrNo)],
  ['userknownhostsfile', first('userKnownHostsFiles', files)],
  ['globalknownhostsfile', first('globalKnownHostsFiles', files)],
  ['hashknownhosts', first('hashKnownHosts', yesOrNo)],
  ['hostkeyalias', first('hostKeyAlias', oneWord)],
  ['stricthostkeychecking', first('strictHostKeyChecking', strictness)],
  ['preferredauthentications', first('preferredAuthentications', commaList)],
  [
    'pubkeyauthentication',
    first(
      'publicKeyAuthentication',
      oneOf({ yes: true, true: true, no: false, false: false, unbound: true, 'host-bound': true }),
    ),
  ],
  ['passwordauthentication', first('passwordAuthentication', yesOrNo)],
  ['kbdinteractiveauthentication', keyboard],
  ['challengeresponseauthentication', keyboard],
  ['numberofpasswordprompts', first('numberOfPasswordPrompts', wholeNumber(0, 2 ** 31 - 1))],
  ['addressfamily', first('addressFamily', oneOf({ any: 'any', inet: 'inet', inet6: 'inet6' } as const))],
  ['connecttimeout', first('connectTimeoutSeconds', seconds)],
  ['ignoreunknown', first('ignoreUnknown', oneWord)],
  ['proxyjump', setProxy],
  ['proxycommand', setProxy],
]);

function addIdentityFile(raw: RawOptions, line: ConfigLine): string | null {
  const found = oneWord(line);
  if (!found.ok) return found.why;
  raw.identityFiles.push(found.value);
  return null;
}

function setProxy(raw: RawOptions, line: ConfigLine): string | null {
  const before = raw.proxy;
  if (line.keyword === 'proxycommand') {
    if (before && !(before.kind === 'jump' && before.hosts.length === 0)) return null;
    const found = command(line);
    if (!found.ok) return found.why;
    raw.proxy = { kind: 'command', command: found.value, line };
    return null;
  }
  if (before) return null;
  const found = jumpHosts(line);
  raw.proxy = found.ok ? { kind: 'jump', hosts: found.value } : { kind: 'unreadable', why: found.why, line };
  return null;
}

export interface Collected {
  readonly raw: RawOptions;
  readonly ignored: readonly IgnoredOption[];
}

/** The options that apply to `target`; what the user typed comes before what the files say. */
export function collectOptions(
  items: readonly ConfigItem[],
  target: SshTarget,
  localUser: string,
): Collected {
  const raw: RawOptions = {
    identityFiles: [],
    ...(target.user !== undefined && { user: target.user }),
    ...(target.port !== undefined && { port: target.port }),
  };
  const ignored: IgnoredOption[] = [];
  const ignore = (line: ConfigLine, option: string, why: string) => {
    ignored.push({ option, why, file: line.file, line: line.line });
  };
  const subject = {
    alias: target.host,
    localUser,
    hostName: () => hostNameOf(raw.hostName, target.host) ?? target.host,
    user: () => raw.user ?? localUser,
  };
  walkActive(items, subject, {
    apply(line) {
      const read = READERS.get(line.keyword);
      if (!read) {
        const found = unsupported(line, raw.ignoreUnknown ?? '');
        if (found && !ignored.some(({ option }) => option === found.option))
          ignore(line, found.option, found.why);
        return;
      }
      const why = read(raw, line);
      if (why !== null) ignore(line, line.written, why);
    },
    undecided: (line, why) => ignore(line, `Match ${line.words.join(' ')}`, why),
  });
  return { raw, ignored };
}
