/**
 * What failed. name: the host name is not known. unreachable: no way to the host. refused: nobody listens.
 * timeout: no answer in time. host-key: the key was not accepted. authentication: the user was not.
 * closed: the connection is over. protocol: not SSH, or nothing in common. channel: one command or stream was
 * refused, the connection stands.
 */
export type SshErrorKind =
  | 'name'
  | 'unreachable'
  | 'refused'
  | 'timeout'
  | 'host-key'
  | 'authentication'
  | 'closed'
  | 'protocol'
  | 'channel';

/** What failed, more closely, where somebody has to tell cases apart. */
export type SshErrorCode =
  /** host-key: verifyHostKey said no. */
  | 'not-accepted'
  /** host-key: another key than the accepted one came up while connected. */
  | 'key-changed-meanwhile'
  /** authentication: the user cancelled a question. */
  | 'cancelled'
  /** authentication: the server took nothing that there was to offer. */
  | 'denied'
  /** authentication: the server cut the attempts short (MaxAuthTries). */
  | 'too-many-attempts'
  /** authentication: the password must be changed first. */
  | 'password-expired'
  /** closed: by this app. */
  | 'closed-here'
  /** closed: the other side ended it. */
  | 'closed-by-peer'
  /** closed: the peer stopped answering. */
  | 'vanished'
  /** channel: the server opened none. */
  | 'open-failed'
  /** channel: forbidden by the server's configuration. */
  | 'forbidden'
  /** channel: an exec said more than it may. */
  | 'too-much-output'
  | 'other';

export interface SshErrorDetails {
  readonly code?: SshErrorCode;
  readonly remedy: string;
  readonly cause?: unknown;
}

/** An SSH connection or a call on it failed; `message` and `remedy` are for people and hold no secret. */
export class SshError extends Error {
  readonly kind: SshErrorKind;
  readonly code: SshErrorCode;
  /** What to do next. */
  readonly remedy: string;

  constructor(kind: SshErrorKind, message: string, { code = 'other', remedy, cause }: SshErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SshError';
    this.kind = kind;
    this.code = code;
    this.remedy = remedy;
  }
}
