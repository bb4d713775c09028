import type { ConfigItem, LoadedConfig } from './config-file';
import { collectOptions } from './config-options';
import type { RawOptions } from './config-options';
import { expandPath, hostNameOf } from './config-tokens';
import type { TokenValues } from './config-tokens';
import { isUsualDefault } from './config-unsupported';
import { matchesPatterns } from './patterns';
import type { AgentPlace, HostSettings, IgnoredOption, LocalUser, ResolvedSettings } from './settings';
import { formatTarget, parseTarget } from './target';
import type { SshTarget } from './target';

/** OpenSSH's, in its order, without the kinds that only an agent can use here (FIDO). */
const DEFAULT_IDENTITIES = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519', '~/.ssh/id_dsa'];
const DEFAULT_KNOWN_HOSTS = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
const DEFAULT_GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
/** More hosts on the way are a circle: an alias whose ProxyJump leads back to itself. */
const MAX_HOSTS = 16;

/** What `ssh target` would do with `config` (ssh_config(5)). Nothing that the configuration names is run. */
export function resolveSettings(config: LoadedConfig, target: SshTarget, local: LocalUser): ResolvedSettings {
  const items = [
    { kind: 'included', items: config.user } as const,
    { kind: 'included', items: config.system } as const,
  ];
  const ignored: IgnoredOption[] = [...config.problems];
  const hosts: HostSettings[] = [];
  let next: { target: SshTarget; through: readonly SshTarget[] | null } | null = { target, through: null };
  const circle = {
    ok: false,
    error:
      `ProxyJump leads in a circle on the way to ${formatTarget(target)}. ` +
      'Give the hosts to go through “ProxyJump none”.',
  } as const;
  while (next !== null) {
    if (hosts.length >= MAX_HOSTS) return circle;
    const one = resolveHost(items, next.target, local, ignored);
    if (!one.ok) return one;
    hosts.unshift(one.settings);
    // As `ssh -J first,second target` is `ssh -J first second` below: a host that another's list names last is
    // reached by the rest of that list, and the first of a list by what its own configuration says.
    const through: readonly SshTarget[] = next.through ?? one.through;
    const last = through.at(-1);
    const rest = through.slice(0, -1);
    if (last !== undefined && isSame(last, one.settings)) return circle;
    next = last === undefined ? null : { target: last, through: rest.length > 0 ? rest : null };
  }
  const own = hosts.at(-1);
  if (own === undefined) throw new Error('A chain of hosts has its target');
  const system = filesOf(config.system);
  const marked = unique(ignored).map((entry) =>
    entry.file !== undefined && system.has(entry.file) && isUsualDefault(entry)
      ? { ...entry, systemDefault: true as const }
      : entry,
  );
  return { ok: true, settings: { ...own, proxyJump: hosts.slice(0, -1), ignored: marked } };
}

const filesOf = (items: readonly ConfigItem[]): Set<string> =>
  new Set(items.flatMap((item) => (item.kind === 'line' ? [item.line.file] : [...filesOf(item.items)])));

/** As ssh(1) finds a host that would be reached through itself ("jumphost loop"). */
function isSame(hop: SshTarget, { host, port, user }: HostSettings): boolean {
  return hop.host === host && (hop.port ?? 22) === port && (hop.user === undefined || hop.user === user);
}

type ResolvedHost =
  | { readonly ok: true; readonly settings: HostSettings; readonly through: readonly SshTarget[] }
  | (ResolvedSettings & { readonly ok: false });

function resolveHost(
  items: readonly ConfigItem[],
  target: SshTarget,
  local: LocalUser,
  ignored: IgnoredOption[],
): ResolvedHost {
  const { raw, ignored: unread } = collectOptions(items, target, local.user);
  ignored.push(...unread);
  const ignore = (option: string, why: string) => ignored.push({ option, why });
  const host = hostNameOf(raw.hostName, target.host);
  const dialled = host === null ? null : parseTarget(host);
  if (host === null || dialled?.ok !== true || dialled.target.host !== host) {
    return {
      ok: false,
      error: `HostName “${raw.hostName ?? target.host}” of ${target.host} is no name to connect to.`,
    };
  }
  const { proxy } = raw;
  if (proxy?.kind === 'unreadable') {
    const { file, line } = proxy.line;
    return { ok: false, error: `ProxyJump of ${target.host} cannot be read. ${proxy.why}`, file, line };
  }
  if (proxy?.kind === 'command' && proxy.command !== null) {
    const { file, line } = proxy.line;
    const why =
      'Reveille runs no commands to connect; it connects directly. Use ProxyJump where it can do the same.';
    ignored.push({ option: 'ProxyCommand', why, file, line });
  }
  const settings = toSettings(raw, { alias: target.host, host }, local, ignore);
  return { ok: true, settings, through: proxy?.kind === 'jump' ? proxy.hosts : [] };
}

function toSettings(
  raw: RawOptions,
  { alias, host }: { alias: string; host: string },
  local: LocalUser,
  ignore: (option: string, why: string) => void,
): HostSettings {
  const port = raw.port ?? 22;
  const user = raw.user ?? local.user;
  const hostKeyAlias = raw.hostKeyAlias?.toLowerCase() ?? null;
  const values: TokenValues = { alias, host, port, user, hostKeyAlias: hostKeyAlias ?? alias };
  const paths = (option: string, templates: readonly string[]) =>
    templates.flatMap((template) => {
      const expanded = expandPath(template, values, local);
      if (expanded.ok) return [expanded.value];
      ignore(option, expanded.why);
      return [];
    });
  const noKeys = raw.identityFiles.length === 0;
  const named = raw.identityFiles.filter((file) => file.toLowerCase() !== 'none');
  return {
    alias,
    host,
    port,
    user,
    identityFiles: [...new Set(paths('IdentityFile', noKeys ? DEFAULT_IDENTITIES : named))],
    identityFilesAreDefaults: noKeys,
    identitiesOnly: raw.identitiesOnly ?? false,
    identityAgent: agentPlace(raw.identityAgent, values, local, ignore),
    userKnownHostsFiles: paths('UserKnownHostsFile', raw.userKnownHostsFiles ?? DEFAULT_KNOWN_HOSTS),
    globalKnownHostsFiles: paths(
      'GlobalKnownHostsFile',
      raw.globalKnownHostsFiles ?? local.globalKnownHostsFiles ?? DEFAULT_GLOBAL_KNOWN_HOSTS,
    ),
    hashKnownHosts: raw.hashKnownHosts ?? false,
    hostKeyAlias,
    strictHostKeyChecking: raw.strictHostKeyChecking ?? 'ask',
    preferredAuthentications: raw.preferredAuthentications ?? null,
    publicKeyAuthentication: raw.publicKeyAuthentication ?? true,
    passwordAuthentication: raw.passwordAuthentication ?? true,
    keyboardInteractiveAuthentication: raw.keyboardInteractiveAuthentication ?? true,
    numberOfPasswordPrompts: raw.numberOfPasswordPrompts ?? 3,
    addressFamily: raw.addressFamily ?? 'any',
    connectTimeoutSeconds: raw.connectTimeoutSeconds ?? null,
  };
}

function agentPlace(
  template: string | undefined,
  values: TokenValues,
  local: LocalUser,
  ignore: (option: string, why: string) => void,
): AgentPlace {
  if (template === undefined || template === 'SSH_AUTH_SOCK') return { kind: 'environment' };
  if (template.toLowerCase() === 'none') return { kind: 'none' };
  const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(template)?.[1];
  if (variable !== undefined) {
    const path = local.env[variable];
    if (path !== undefined && path !== '') return { kind: 'path', path };
    ignore('IdentityAgent', `The environment has no ${variable}; no agent is asked.`);
    return { kind: 'none' };
  }
  // A pipe of Windows is no path to be resolved.
  if (/^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(template)) return { kind: 'path', path: template };
  const expanded = expandPath(template, values, local);
  if (expanded.ok) return { kind: 'path', path: expanded.value };
  ignore('IdentityAgent', `${expanded.why} No agent is asked.`);
  return { kind: 'none' };
}

function unique(ignored: readonly IgnoredOption[]): IgnoredOption[] {
  const byText = new Map(ignored.map((entry) => [JSON.stringify(entry), entry] as const));
  return [...byText.values()];
}

/** The Host aliases of the configuration that are names and not patterns, in its order, for a picker. */
export function listAliases(config: LoadedConfig): string[] {
  const aliases = new Set<string>();
  const visit = (items: readonly ConfigItem[]) => {
    for (const item of items) {
      if (item.kind === 'included') visit(item.items);
      else if (item.line.keyword === 'host') {
        const { words } = item.line;
        const names = words.filter((word) => !/[*?]/.test(word) && !word.startsWith('!'));
        for (const name of names) if (matchesPatterns(name, words) && parseTarget(name).ok) aliases.add(name);
      }
    }
  };
  visit(config.user);
  visit(config.system);
  return [...aliases];
}
