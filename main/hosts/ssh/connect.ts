import type { Clock } from '../../clock';
import { resolveSettings } from '../../protocols/ssh/config';
import { loadConfig, type ConfigPlaces, type ConfigReader } from '../../protocols/ssh/config-file';
import { connectSsh } from '../../protocols/ssh/connection';
import { SshError } from '../../protocols/ssh/errors';
import type { KnownHostsFs } from '../../protocols/ssh/known-hosts-file';
import type { AgentPlace, HostSettings, LocalUser, SshSettings } from '../../protocols/ssh/settings';
import { parseTarget } from '../../protocols/ssh/target';
import type { SshConnection, SshEndpoint, SshStep } from '../../protocols/ssh/types';
import { placeOf, secretAsker } from './ask-secret';
import { acceptsKey, knownTypes, readKnownHosts, type AcceptedOnce } from './host-keys';
import type { Questions } from './questions';
import type { Secrets } from './secrets';

/** What connecting needs of this computer and its user. */
export interface SshSurroundings {
  readonly clock: Clock;
  readonly reader: ConfigReader;
  readonly places: ConfigPlaces;
  readonly knownHostsFs: KnownHostsFs;
  readonly local: LocalUser;
  /** Where the agent is now when nothing else says so; null: none. Several: places where one may be. */
  usualAgent(): string | readonly string[] | null;
  readonly questions: Questions;
  readonly secrets: Secrets;
  readonly once: AcceptedOnce;
}

/**
 * What ~/.ssh/config makes of an address.
 * @throws SshError of kind name for what is no address, or an unusable configuration
 */
export async function settingsFor(address: string, { reader, places, local }: SshSurroundings): Promise<SshSettings> {
  const parsed = parseTarget(address);
  if (!parsed.ok) throw new SshError('name', parsed.error, { remedy: 'Type it like me@nas or ssh://me@nas:2222.' });
  const resolved = resolveSettings(await loadConfig(reader, places), parsed.target, local);
  if (resolved.ok) return resolved.settings;
  const where = resolved.file === undefined ? 'Change the address.' : `Look at ${resolved.file} line ${resolved.line ?? 1}.`;
  throw new SshError('name', resolved.error, { remedy: where });
}

export interface Connecting {
  readonly address: string;
  /** null for a connection test. */
  readonly hostId: string | null;
  readonly signal: AbortSignal;
  readonly onStep: (step: SshStep) => void;
  readonly onSettings?: (settings: SshSettings) => void;
}

/** Connects as `ssh ADDRESS` would, asking the user what only the user knows. @throws SshError */
export async function connectTo({ address, hostId, signal, onStep, onSettings }: Connecting, around: SshSurroundings): Promise<SshConnection> {
  const settings = await settingsFor(address, around);
  onSettings?.(settings);
  const all = [...settings.proxyJump, settings];
  const endpoints = await Promise.all(all.map((one) => endpointOf(one, around)));
  const target = endpoints.at(-1);
  if (!target) throw new Error('There is always a host to connect to');
  const settingsOf = (endpoint: SshEndpoint): HostSettings => all[endpoints.indexOf(endpoint)] ?? settings;
  const connected = new AbortController();
  try {
    return await connectSsh({
      clock: around.clock,
      target,
      jumps: endpoints.slice(0, -1),
      signal,
      onStep,
      verifyHostKey: async (presented, withdrawn) => {
        const address = placeOf(presented.endpoint);
        const { host, port, type: keyType, fingerprint } = presented;
        const done = await around.questions.turn(`host-key:${host}:${port} ${fingerprint}`, withdrawn);
        return acceptsKey(presented, settingsOf(presented.endpoint), {
          fs: around.knownHostsFs,
          once: around.once,
          ask: (about) =>
            around.questions.askHostKey({ kind: 'host-key', hostId, address, keyType, fingerprint, ...about }, withdrawn),
        }).finally(done);
      },
      askSecret: secretAsker(hostId, around, connected.signal),
    });
  } finally {
    connected.abort();
  }
}

async function endpointOf(settings: HostSettings, around: SshSurroundings): Promise<SshEndpoint> {
  const { host, port, user, hostKeyAlias, identityFiles, identitiesOnly, publicKeyAuthentication } = settings;
  const { addressFamily, connectTimeoutSeconds: seconds } = settings;
  return {
    host,
    port,
    user,
    hostKeyAlias,
    knownKeyTypes: knownTypes(await readKnownHosts(settings, around.knownHostsFs), settings),
    credentials: {
      agent: publicKeyAuthentication ? agentAt(settings.identityAgent, around) : null,
      identityFiles: publicKeyAuthentication ? identityFiles : [],
      identitiesOnly,
      methods: methodsOf(settings),
      passwordPrompts: settings.numberOfPasswordPrompts,
    },
    addressFamily,
    connectTimeoutMs: seconds === null || seconds === 0 ? null : Math.min(seconds, MAX_CONNECT_SECONDS) * 1000,
  };
}

/** A ConnectTimeout beyond this is as good as none. */
const MAX_CONNECT_SECONDS = 600;

/** The ways to authenticate in the order of ssh_config(5), without those that are switched off. */
function methodsOf(settings: HostSettings): string[] {
  const allowed: Readonly<Record<string, boolean>> = {
    publickey: settings.publicKeyAuthentication,
    'keyboard-interactive': settings.keyboardInteractiveAuthentication,
    password: settings.passwordAuthentication,
  };
  return (settings.preferredAuthentications ?? Object.keys(allowed)).filter((name) => allowed[name] === true);
}

function agentAt(place: AgentPlace, around: Pick<SshSurroundings, 'usualAgent'>): ReturnType<SshSurroundings['usualAgent']> {
  switch (place.kind) {
    case 'environment':
      return around.usualAgent();
    case 'none':
      return null;
    case 'path':
      return place.path;
  }
}
