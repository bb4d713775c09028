import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterAll } from 'vitest';
import type { RemoteHost } from '../../../../main/hosts/ssh/remote';

/** Shells that a host's /bin/sh may be, as far as this computer has them; bash becomes POSIX when it is called sh. */
export const SHELLS = ['dash', 'busybox', 'bash'].filter(
  (shell) => existsSync(`/usr/bin/${shell}`) || existsSync(`/bin/${shell}`),
);

export interface LocalRemoteOptions {
  /** The login shell and its arguments before the command. */
  readonly login?: readonly string[];
  /** What `sh` is on the host. */
  readonly shell?: string;
  /** Runs as this user and group id, and in these groups. */
  readonly uid?: number;
  readonly groups?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  readonly openUnix?: RemoteHost['openUnix'];
  readonly openTcp?: RemoteHost['openTcp'];
}

export interface LocalRemote extends RemoteHost {
  /** Commands, as they were given to the login shell. */
  readonly commands: string[];
  /** The processes of execStream. */
  readonly streams: ChildProcess[];
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const fileOf = (program: string): string =>
  ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((folder) => join(folder, program)).find(existsSync) ??
  program;

function pathOf({ shell = 'dash' }: LocalRemoteOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  folders.push(folder);
  symlinkSync(fileOf(shell), join(folder, 'sh'));
  chmodSync(folder, 0o755);
  return `${folder}:/usr/sbin:/usr/bin:/sbin:/bin`;
}

/** This computer as a host: commands run in a local shell, as another user if asked for. */
export function localRemote(options: LocalRemoteOptions = {}): LocalRemote {
  const commands: string[] = [];
  const streams: ChildProcess[] = [];
  const path = pathOf(options);
  const run = (command: string): ChildProcess => {
    commands.push(command);
    const { uid, groups = [], login = ['/bin/sh', '-c'] } = options;
    const others = groups.length > 0 ? ['--groups', groups.join(',')] : ['--clear-groups'];
    const as =
      uid === undefined ? [] : ['/usr/bin/setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, ...others];
    const argv = [...as, ...login, command];
    return spawn(argv[0]!, argv.slice(1), { env: { PATH: path, ...options.env }, stdio: 'pipe', cwd: '/' });
  };
  return {
    commands,
    streams,
    exec: (command, { stdin = '' } = {}) =>
      new Promise((resolve, reject) => {
        const child = run(command);
        const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
        child.stdout!.on('data', (chunk: Buffer) => parts.stdout.push(chunk));
        child.stderr!.on('data', (chunk: Buffer) => parts.stderr.push(chunk));
        child.stdin!.on('error', () => {});
        child.stdin!.end(stdin);
        child.on('error', reject);
        child.on('close', (code) =>
          resolve({ stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr), code }),
        );
      }),
    execStream: async (command) => {
      const child = run(command);
      streams.push(child);
      child.stdin!.on('error', () => {});
      return Duplex.from({ readable: child.stdout!, writable: child.stdin! });
    },
    openUnix: options.openUnix ?? ((socket) => connected(connect({ path: socket }))),
    openTcp: options.openTcp ?? ((host, port) => connected(connect({ host, port }))),
  };
}

const connected = (socket: ReturnType<typeof connect>): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });
