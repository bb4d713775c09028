/** Where the key agent is. */
export type AgentPlace =
  /** SSH_AUTH_SOCK, or the platform's usual agent. */
  | { readonly kind: 'environment' }
  | { readonly kind: 'none' }
  | { readonly kind: 'path'; readonly path: string };

export type StrictHostKeyChecking =
  /** Unknown keys are refused. */
  | 'yes'
  /** Unknown keys are asked about. */
  | 'ask'
  /** Unknown keys are added unasked, changed ones refused. */
  | 'accept-new'
  /** As accept-new; OpenSSH would even go on with a changed key, which Reveille never does. */
  | 'no';

/** An option that stands in the configuration and that Reveille does not act on, said so that users know. */
export interface IgnoredOption {
  /** As OpenSSH spells it, or as written where it is unknown. */
  readonly option: string;
  /** A sentence for users. */
  readonly why: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** A default that the system's maker sets for everybody and that Reveille does without: no reason to warn. */
  readonly systemDefault?: true;
}

/** How one host is reached and what it accepts, once the configuration was asked (ssh_config(5)). */
export interface HostSettings {
  /** What was asked for: the alias or host as typed. */
  readonly alias: string;
  /** The name or address to dial, lower case. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths, in the order to try. */
  readonly identityFiles: readonly string[];
  /** Nobody named a key: `identityFiles` are OpenSSH's usual ones, and most will not exist. */
  readonly identityFilesAreDefaults: boolean;
  /** Offer only the keys of `identityFiles`, from the agent too. */
  readonly identitiesOnly: boolean;
  readonly identityAgent: AgentPlace;
  /** In reading order; the first one is written to. Empty when switched off ("none"). */
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  /** The name to look a host key up by, instead of host and port. */
  readonly hostKeyAlias: string | null;
  readonly strictHostKeyChecking: StrictHostKeyChecking;
  /** Ways to authenticate in the order to try (publickey, password, ...); null: OpenSSH's order. */
  readonly preferredAuthentications: readonly string[] | null;
  readonly publicKeyAuthentication: boolean;
  readonly passwordAuthentication: boolean;
  readonly keyboardInteractiveAuthentication: boolean;
  /** Times to ask for a password. */
  readonly numberOfPasswordPrompts: number;
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  /** Null: the caller's own. */
  readonly connectTimeoutSeconds: number | null;
}

/** Settings of the host, and of the hosts to go through. */
export interface SshSettings extends HostSettings {
  /** In the order to connect: the first is dialled directly, each next one through the one before. */
  readonly proxyJump: readonly HostSettings[];
  /** Of this host and its hops. */
  readonly ignored: readonly IgnoredOption[];
}

export type ResolvedSettings =
  | { readonly ok: true; readonly settings: SshSettings }
  /** `error`: a sentence for users, with what to do. */
  | { readonly ok: false; readonly error: string; readonly file?: string; readonly line?: number };

/** What the tokens %u %i %d %l, ~ and ${NAME} stand for. */
export interface LocalUser {
  readonly user: string;
  /** null where there is none (Windows). */
  readonly uid: number | null;
  /** Absolute. */
  readonly home: string;
  readonly hostName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the keys of hosts that are known to all users are, unless the configuration says. Default: Unix's places. */
  readonly globalKnownHostsFiles?: readonly string[];
}
