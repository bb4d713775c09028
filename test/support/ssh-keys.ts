import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from '../../main/protocols/ssh/fingerprint';

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface TestKey {
  /** The private key's file; the public one stands beside it, with .pub. */
  readonly path: string;
  /** One line of authorized_keys. */
  readonly publicLine: string;
  /** The wire form. */
  readonly blob: Buffer;
  readonly fingerprint: string;
}

export interface KeyOptions {
  readonly type?: KeyType;
  readonly bits?: number;
  readonly passphrase?: string;
  readonly comment?: string;
  /** PEM: OpenSSH's format until 7.8, whose encrypted files do not show the public key. */
  readonly format?: 'OpenSSH' | 'PEM';
}

let serial = 0;

/** Makes a key pair in `folder`. */
export function makeKey(folder: string, options: KeyOptions = {}): TestKey {
  const { type = 'ed25519', bits, passphrase = '', comment = 'test', format = 'OpenSSH' } = options;
  const path = join(folder, `id_${type}_${(serial += 1)}`);
  const args = ['-q', '-t', type, '-N', passphrase, '-C', comment, '-f', path];
  if (bits !== undefined) args.push('-b', String(bits));
  if (format === 'PEM') args.push('-m', 'PEM');
  execFileSync('ssh-keygen', args);
  const publicLine = readFileSync(`${path}.pub`, 'utf8').trim();
  const blob = Buffer.from(publicLine.split(' ')[1]!, 'base64');
  return { path, publicLine, blob, fingerprint: fingerprint(blob) };
}

export interface TestAgent {
  /** What SSH_AUTH_SOCK would be. */
  readonly socket: string;
  /** Keys without a passphrase. */
  add(...keys: TestKey[]): void;
  stop(): Promise<void>;
}

/** Runs a private ssh-agent. */
export async function startAgent(folder: string): Promise<TestAgent> {
  const socket = join(folder, `agent-${(serial += 1)}`);
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await until(() => existsSync(socket), 'ssh-agent listens');
  return {
    socket,
    add(...keys) {
      execFileSync('ssh-add', ['-q', ...keys.map(({ path }) => path)], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    },
    stop: () => endChild(child),
  };
}

/** Waits for a condition, at most 10 s. */
export async function until(holds: () => boolean, what: string | (() => string)): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`It did not come to pass: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Signals a process that the caller started, and waits for its end. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}
