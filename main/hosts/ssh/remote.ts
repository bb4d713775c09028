import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** What most of this folder needs of a connection. */
export interface RemoteExec {
  /**
   * Has the login shell run `command`. `stdin` is sent to it and closed.
   * @throws SshError
   */
  exec(
    command: string,
    options?: { readonly timeoutMs?: number; readonly maxBytes?: number; readonly stdin?: string },
  ): Promise<{ readonly stdout: Uint8Array; readonly stderr: Uint8Array; readonly code: number | null }>;
}

/** What reaching sockets needs of it, too. */
export interface RemoteHost extends RemoteExec {
  /**
   * Has the login shell run `command`, with its stdin and stdout as a stream. Takes one of the server's sessions
   * (MaxSessions) for as long as the stream lives. @throws SshError
   */
  execStream(command: string): Promise<Duplex>;
  /** A stream to a unix socket of the host. @throws SshError kind `channel` when the server refuses */
  openUnix(path: string): Promise<Duplex>;
  /** A stream to a TCP port as the host sees it. @throws SshError kind `channel` when the server refuses */
  openTcp(host: string, port: number): Promise<Duplex>;
}

/** A word that nobody on the host can guess. */
export const secretToken = (): string => randomBytes(16).toString('hex');
