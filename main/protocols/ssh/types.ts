import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import type { SshError } from './errors';

/** How to prove to one host who the user is. What the server does not offer is not tried. */
export interface SshCredentials {
  /**
   * The agent: a socket's path (SSH_AUTH_SOCK), or a Windows pipe. Several: the usual places, of which none has to
   * be there. null: none (IdentityAgent none).
   */
  readonly agent: string | readonly string[] | null;
  /** Private keys, absolute paths, in the order to try; missing files are passed over as ssh(1) does. */
  readonly identityFiles: readonly string[];
  /** IdentitiesOnly: of the agent's keys, only those that `identityFiles` names are tried. */
  readonly identitiesOnly: boolean;
  /** The ways to try, in this order: publickey, keyboard-interactive, password. Default: all, in this order. */
  readonly methods?: readonly string[];
  /** How often the user is asked for a password or to answer prompts. Default 3. */
  readonly passwordPrompts?: number;
}

/** One computer on the way, the last one being the host itself. */
export interface SshEndpoint {
  /** Name or address to connect to, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** HostKeyAlias: the name under which its key is known. null: `host`. */
  readonly hostKeyAlias: string | null;
  /** Types of the keys known for it ("ssh-ed25519"), preferred in the key exchange so that a known host looks known. */
  readonly knownKeyTypes: readonly string[];
  readonly credentials: SshCredentials;
  /** The kind of address to dial; no say where a jump host dials. Default: any. */
  readonly addressFamily?: 'any' | 'inet' | 'inet6';
  /** In place of `stepTimeoutMs` while this computer is connected to; null: not. */
  readonly connectTimeoutMs?: number | null;
}

/** A key that a server presented, before anything about the user was sent. */
export interface PresentedHostKey {
  /** hostKeyAlias, or else the host. */
  readonly host: string;
  readonly port: number;
  /** "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa". */
  readonly type: string;
  /** The key in its wire form (RFC 4253, 6.6): what known_hosts holds in base64. */
  readonly key: Buffer;
  /** As OpenSSH prints it: SHA256:, base64 without padding. */
  readonly fingerprint: string;
  readonly endpoint: SshEndpoint;
}

/** A secret that only the user has. `attempt` counts from 1; above 1 the answer before was wrong. */
export type SecretRequest =
  | { readonly kind: 'passphrase'; readonly endpoint: SshEndpoint; readonly keyPath: string; readonly attempt: number }
  | { readonly kind: 'password'; readonly endpoint: SshEndpoint; readonly attempt: number }
  | {
      readonly kind: 'prompts';
      readonly endpoint: SshEndpoint;
      readonly attempt: number;
      /** The server's own words (RFC 4256), free of control characters; may be empty. */
      readonly name: string;
      readonly instruction: string;
      readonly prompts: readonly { readonly text: string; readonly echo: boolean }[];
    };

/** What to send for a secret that was asked for. */
export interface SecretReply {
  /** One for each prompt; one in all for a passphrase or password. */
  readonly answers: readonly string[];
  /** Nobody was asked: it does not count among the questions that may be asked. */
  readonly recalled?: boolean;
  /**
   * Told at most once whether it was right: the server took it, or the key opened. Not told when that did not come
   * out, because the connection ended first. Waited for before anything else is asked; must not reject.
   */
  readonly judged?: (right: boolean) => Promise<void>;
}

/** What a connection is built of, in order, for each computer on the way. */
export type SshStepName = 'name' | 'tcp' | 'host-key' | 'authentication';

export interface SshStep {
  readonly name: SshStepName;
  readonly endpoint: SshEndpoint;
  /** What was found: an address, a fingerprint, how the user was authenticated ("key ~/.ssh/id_ed25519"). */
  readonly detail: string;
}

export interface ConnectSshOptions {
  readonly clock: Clock;
  readonly target: SshEndpoint;
  /** ProxyJump: computers to go through, the first one is reached from here. */
  readonly jumps?: readonly SshEndpoint[];
  /**
   * Whether the key is the host's; may take as long as a user does. false ends the connection as `host-key`; what it
   * rejects with becomes connectSsh's rejection (so a caller can say why in its own SshError). `withdrawn` is
   * aborted when the answer is no longer of use: the server hung up, or connecting was given up.
   */
  readonly verifyHostKey: (key: PresentedHostKey, withdrawn: AbortSignal) => Promise<boolean>;
  /** null when the user cancelled. */
  readonly askSecret: (request: SecretRequest, withdrawn: AbortSignal) => Promise<SecretReply | null>;
  /** Called as each step has passed. */
  readonly onStep?: (step: SshStep) => void;
  /** Called with what a server sends to be shown before authentication, free of control characters. */
  readonly onBanner?: (text: string, endpoint: SshEndpoint) => void;
  /** Reads a private or public key. Default: the file system. */
  readonly readFile?: (path: string) => Promise<Buffer>;
  /** Reaches the first computer in another way than TCP. */
  readonly transport?: () => Promise<Duplex>;
  /** The longest wait for the server in one step, in ms; time spent in dialogs does not count. Default 10000. */
  readonly stepTimeoutMs?: number;
  /** A vanished peer is noticed after intervalMs x (maxMissed + 1). Default 4000 and 2: 12 s. */
  readonly keepalive?: { readonly intervalMs: number; readonly maxMissed: number };
  /** Gives up; connectSsh then rejects as `closed`. */
  readonly signal?: AbortSignal;
}

export interface ExecOptions {
  /** From the moment the command was sent, in ms; queueing does not count. Default 15000. */
  readonly timeoutMs?: number;
  /** Of stdout and stderr together. Default 4 MiB; more ends the command as kind `channel`, code `too-much-output`. */
  readonly maxBytes?: number;
  /** Sent as the command's stdin, which is then closed. Default: empty. */
  readonly stdin?: string | Uint8Array;
}

export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** null when a signal ended the command, or the server does not tell. */
  readonly code: number | null;
  /** "SIGKILL" */
  readonly signal: string | null;
}

/** An authenticated connection. Every pending call rejects as `closed` when it ends. */
export interface SshConnection {
  readonly target: SshEndpoint;
  /** The server's software, as it says: "OpenSSH_9.2p1 Debian-2". */
  readonly serverSoftware: string;
  /** How the user was authenticated: "key /home/me/.ssh/id_ed25519", "agent key me@desk", "password". */
  readonly authenticatedBy: string;
  /**
   * Has the login shell run `command`, as it is: quote with `posix` (shell.ts). Start-up files of that shell may
   * add to stdout and stderr: use `marked` where the output is parsed. Waits its turn under the server's MaxSessions.
   * When it is given up, the server is asked to kill it; sshd does not do that to what root runs.
   * @throws SshError timeout, closed, channel
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /**
   * Has the login shell run `command`, with its stdin and stdout as a stream. It takes one of the server's sessions
   * (MaxSessions) until the stream is closed. The last session is never given to a stream.
   * @throws SshError timeout, closed, channel
   */
  execStream(command: string): Promise<Duplex>;
  /**
   * A stream to a unix socket on the host. It does not count against MaxSessions. OpenSSH does not say why it
   * refuses (missing, permission, AllowStreamLocalForwarding no): look with exec.
   * @throws SshError channel, closed, timeout
   */
  openUnix(path: string): Promise<Duplex>;
  /** A stream to a TCP port as the host sees it. @throws SshError channel, closed, timeout */
  openTcp(host: string, port: number): Promise<Duplex>;
  /**
   * Resolves when the server has answered. Takes no session, and no shell has a part in it. @throws SshError timeout
   * after `timeoutMs`, closed
   */
  ping(timeoutMs: number): Promise<void>;
  /** When the server last said anything, in ms since the epoch. */
  heardAt(): number;
  /** Resolves once the connection is over: kind `closed`, or what broke it. Never rejects. */
  readonly closed: Promise<SshError>;
  /** Ends the connection, its streams and its jumps. Idempotent. */
  close(): Promise<void>;
}
