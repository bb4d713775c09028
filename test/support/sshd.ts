import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { endChild, makeKey, until, type KeyType, type TestKey } from './ssh-keys';

const SSHD = '/usr/sbin/sshd';
const PROGRAMS = [SSHD, '/usr/bin/ssh-keygen', '/usr/bin/ssh-agent', '/usr/bin/ssh-add'];

/** Whether a private OpenSSH server can be run here. */
export const sshdPresent = process.platform === 'linux' && PROGRAMS.every((path) => existsSync(path));

/** Whether test accounts can be given to it, which takes a private mount namespace. */
export const accountsPresent = sshdPresent && canMount();

function canMount(): boolean {
  const trial = ['-m', '--propagation', 'private', 'mount', '--bind', '/etc/passwd', '/etc/passwd'];
  return spawnSync('unshare', trial, { stdio: 'ignore' }).status === 0;
}

/** A user that only this server knows; the system's own files are not changed. */
export interface TestAccount {
  readonly name: string;
  /** The login shell; /bin/sh unless given. */
  readonly shell?: string;
  /** Without one, no password is accepted. */
  readonly password?: string;
  /** Files in the home directory: name to content. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface SshdOptions {
  /** Types of host keys, or ready ones. Default: ed25519. */
  readonly hostKeys?: readonly (KeyType | TestKey)[];
  /** Accepted for every account and for the user who runs the test. */
  readonly authorizedKeys?: readonly (TestKey | string)[];
  /** Needs `accountsPresent`. */
  readonly accounts?: readonly TestAccount[];
  /** The content of /etc/pam.d/sshd for this server (with UsePAM yes). Needs `accountsPresent`. */
  readonly pam?: string;
  /** Lines of sshd_config; they win over the harness's own. */
  readonly config?: readonly string[];
  readonly port?: number;
  /** What runs the server's command, in another mount namespace for example. */
  readonly within?: (command: readonly string[]) => readonly string[];
  /** Its sessions see no processes but its own, as on a computer of their own. Needs `accountsPresent`. */
  readonly ownProcesses?: boolean;
}

export interface TestSshd {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The user who runs the test. */
  readonly user: string;
  readonly hostKeys: readonly TestKey[];
  /** A private folder for keys and sockets, gone after stop(). */
  readonly folder: string;
  /** The home directory of an account. */
  home(account: string): string;
  /** What the server has logged (LogLevel VERBOSE) since the start or the last clearLog(). */
  log(): string;
  clearLog(): void;
  /** Resolves when the log has a line that matches. */
  logged(pattern: RegExp): Promise<void>;
  /** The process that listens. */
  listener(): number;
  /** The processes that serve connections, and what they run. */
  sessions(): number[];
  /** Signals those processes, not the listening one. */
  signalSessions(signal: NodeJS.Signals): void;
  /** Ends the server and its sessions at once, and starts it again with the same port and keys. */
  restart(): Promise<void>;
  /** As restart, without the start: connections are refused. */
  kill(): Promise<void>;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
}

/** Runs a private OpenSSH server on loopback. */
export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  // Accounts must be able to pass through.
  const folder = await mkdtemp(join(tmpdir(), 'reveille-sshd-'));
  await chmod(folder, 0o755);
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  const hostKeys = (options.hostKeys ?? ['ed25519']).map((each) =>
    typeof each === 'string' ? makeKey(folder, { type: each }) : each,
  );
  const port = options.port ?? (await freePort());
  const user = userInfo().username;
  const home = (account: string) => join(folder, 'home', account);
  await writeAuthorizedKeys(folder, [user, ...(options.accounts ?? []).map(({ name }) => name)], options.authorizedKeys ?? []);
  const config = join(folder, 'sshd_config');
  await writeFile(config, configText(options, { folder, port, hostKeys }));
  const command = [SSHD, '-D', '-e', '-f', config];
  const isPrivate = (options.accounts ?? []).length > 0 || options.pam !== undefined;
  const plain = isPrivate ? await inPrivateNamespace(folder, options, home, command) : command;
  const there = options.within?.(plain) ?? plain;
  const argv = options.ownProcesses === true ? [...OWN_PROCESSES, ...there] : there;

  let log = '';
  let child: ChildProcess | null = null;
  const start = async () => {
    const started = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    const from = log.length;
    started.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    await until(() => {
      if (started.exitCode !== null) throw new Error(`sshd ended with ${started.exitCode}:\n${log}`);
      return log.slice(from).includes('Server listening on');
    }, () => `sshd listens; it said:\n${log}`);
  };
  const listener = () => {
    if (child?.pid === undefined) throw new Error('sshd does not run');
    const pid = options.ownProcesses === true ? childOf(child.pid) : child.pid;
    if (pid === undefined) throw new Error('sshd has ended');
    return pid;
  };
  const sessions = () => (child === null ? [] : descendants(listener()));
  const signalSessions = (signal: NodeJS.Signals) => {
    for (const pid of sessions()) signalIfThere(pid, signal);
  };
  const kill = async () => {
    if (!child) return;
    const pids = sessions();
    await endChild(child, 'SIGKILL');
    for (const pid of pids) signalIfThere(pid, 'SIGKILL');
    await until(() => pids.every((pid) => !running(pid)), 'sessions have ended');
    child = null;
  };
  await start();
  return {
    host: '127.0.0.1',
    port,
    user,
    hostKeys,
    folder,
    home,
    log: () => log,
    clearLog: () => void (log = ''),
    logged: (pattern) => until(() => pattern.test(log), () => `sshd logs ${String(pattern)}; it said:\n${log}`),
    listener,
    sessions,
    signalSessions,
    kill,
    async restart() {
      await kill();
      await start();
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Places {
  readonly folder: string;
  readonly port: number;
  readonly hostKeys: readonly TestKey[];
}

function configText(options: SshdOptions, { folder, port, hostKeys }: Places): string {
  const { config = [], accounts = [] } = options;
  const isSetEnv = (line: string) => line.startsWith('SetEnv ');
  const variables = config.filter(isSetEnv).map((line) => line.slice('SetEnv '.length));
  // The start-up files of whoever runs the tests are no part of them: they take long, and killed they leave locks.
  if (accounts.length === 0 && !variables.some((each) => each.includes('HOME='))) variables.push(`HOME="${folder}"`);
  // The first value of an option counts, also of this one.
  const lines = [
    ...(variables.length === 0 ? [] : [`SetEnv ${variables.join(' ')}`]),
    ...config.filter((line) => !isSetEnv(line)),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map(({ path }) => `HostKey ${path}`),
    `AuthorizedKeysFile ${folder}/authorized_keys/%u`,
    'PidFile none',
    'StrictModes no',
    'PermitRootLogin yes',
    'UseDNS no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'LogLevel VERBOSE',
    'MaxStartups 500',
    ...(hasPenalties() ? ['PerSourcePenalties no'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** OpenSSH 9.8 and later turn away clients that fail often. */
function hasPenalties(): boolean {
  const version = /OpenSSH_(\d+)\.(\d+)/.exec(spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr);
  return version !== null && Number(version[1]) * 100 + Number(version[2]) >= 908;
}

async function writeAuthorizedKeys(folder: string, users: readonly string[], keys: readonly (TestKey | string)[]) {
  await mkdir(join(folder, 'authorized_keys'));
  const text = keys.map((key) => `${typeof key === 'string' ? key : key.publicLine}\n`).join('');
  for (const user of users) await writeFile(join(folder, 'authorized_keys', user), text, { mode: 0o644 });
}

const OWN_PROCESSES = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];

/** User and group ids of the accounts, in their order: numbers that no user of the system has. */
export const accountId = (index: number): number => 61_000 + index;

/** Runs `command` where /etc/passwd, /etc/shadow and PAM's sshd service are others. */
async function inPrivateNamespace(
  folder: string,
  { accounts = [], pam }: SshdOptions,
  home: (account: string) => string,
  command: readonly string[],
): Promise<string[]> {
  let passwd = readFileSync('/etc/passwd', 'utf8');
  let shadow = readFileSync('/etc/shadow', 'utf8');
  for (const [index, { name, shell = '/bin/sh', password, files = {} }] of accounts.entries()) {
    const uid = accountId(index);
    passwd += `${name}:x:${uid}:${uid}::${home(name)}:${shell}\n`;
    shadow += `${name}:${password === undefined ? '*' : hashed(password)}:19000:0:99999:7:::\n`;
    await mkdir(home(name), { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(home(name), file), content);
    for (const path of [home(name), ...Object.keys(files).map((file) => join(home(name), file))]) await chown(path, uid, uid);
  }
  const mounts: [string, string][] = [
    [join(folder, 'passwd'), '/etc/passwd'],
    [join(folder, 'shadow'), '/etc/shadow'],
  ];
  await writeFile(join(folder, 'passwd'), passwd, { mode: 0o644 });
  await writeFile(join(folder, 'shadow'), shadow, { mode: 0o600 });
  if (pam !== undefined) {
    mounts.push([join(folder, 'pam'), '/etc/pam.d/sshd']);
    await writeFile(join(folder, 'pam'), pam, { mode: 0o644 });
  }
  const script = mounts.map(([from, to]) => `mount --bind '${from}' '${to}' && `).join('');
  return ['unshare', '-m', '--propagation', 'private', 'sh', '-c', `${script}exec "$@"`, 'sh', ...command];
}

const hashed = (password: string) =>
  execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n`, encoding: 'utf8' }).trim();

export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

const childOf = (pid: number): number | undefined => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? undefined : Number(children.split(' ')[0]);
};

/** proc(5), stat: the parent is the second field after the name in parentheses. */
function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const fields = statOf(Number(name));
    if (fields) parents.set(Number(name), Number(fields[1]));
  }
  const below = (pid: number): number[] =>
    [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return below(root);
}

function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return null;
    throw error;
  }
}

const running = (pid: number) => !['Z', 'X', undefined].includes(statOf(pid)?.[0]);

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
