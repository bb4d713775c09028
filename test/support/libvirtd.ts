import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { until } from '../guest/deadline';
import { commandLineOf } from '../guest/processes';
import { findProgram } from '../guest/run';
import { mountNamespacesPresent, openMountNamespace, type MountNamespace } from './mount-namespace';
import { reaping } from './reaper';
import { accountId } from './sshd';
import { recordEvents, virshFor, type VirshEvents, type VirshResult } from './virsh';

const LIBVIRTD = '/usr/sbin/libvirtd';

/** Whether a private libvirtd can be run here, which takes root. */
export const libvirtdPresent = (): boolean =>
  existsSync(LIBVIRTD) && findProgram('virsh') !== undefined && mountNamespacesPresent();

/** Where libvirt has its files, seen from within the daemon's mount namespace. */
export const SYSTEM_SOCKET_DIR = '/run/libvirt';

export interface LibvirtdOptions {
  /** The system's daemon, or that of a user (nobody), which has no read-only socket. */
  readonly scope?: 'system' | 'session';
  /** How the read-write socket authenticates. libvirt exempts root from polkit. */
  readonly auth?: 'none' | 'polkit' | 'sasl';
  /**
   * Whose socket names it has: libvirt-sock, or virtqemud-sock as on hosts with modular daemons. Debian 12 has no
   * modular daemons, so it is the monolithic one under that name.
   */
  readonly daemon?: 'libvirtd' | 'virtqemud';
  /** Names of a test sshd's accounts, in its order: libvirtd refuses users that its system does not know. */
  readonly accounts?: readonly string[];
  /** Further lines of libvirtd.conf; they win over the harness's own. */
  readonly config?: readonly string[];
  /** Definitions that are there when it starts: by name, the domain's XML. A way to have hundreds at once. */
  readonly domains?: ReadonlyMap<string, string>;
}

export interface TestLibvirtd {
  /** A private folder, gone after stop(). */
  readonly folder: string;
  /** Folder of the sockets as everybody sees it; within the namespace the system's is SYSTEM_SOCKET_DIR. */
  readonly socketDir: string;
  readonly socket: string;
  readonly readOnlySocket: string;
  /** The URI of a connection to `socket`, from everywhere. */
  readonly uri: string;
  /** @throws Error when the daemon does not run */
  readonly pid: number;
  /** Runs virsh. @returns its trimmed output. @throws Error with virsh's words */
  virsh(...args: string[]): Promise<string>;
  tryVirsh(...args: string[]): Promise<VirshResult>;
  /** `virsh domstate --reason`: "running (booted)". */
  domstate(domain: string): Promise<string>;
  /** Defines a domain by its XML. */
  define(xml: string): Promise<void>;
  /** Records the events that another client sees. */
  recordEvents(): Promise<VirshEvents>;
  /** What runs a command where libvirt's files are at their usual places: an sshd, the app. */
  inNamespace(command: readonly string[], cwd?: string): string[];
  /** An executable file that runs `program` so, with whatever arguments it is given. */
  wrapper(program: string): Promise<string>;
  /** The process ids of the QEMUs that it has started. */
  guestProcesses(): number[];
  /** What the daemon has logged. */
  log(): string;
  /** Ends the daemon by SIGKILL; its guests go on. */
  kill(): Promise<void>;
  /** Ends the daemon in order unless it has been killed, and starts it again; its guests go on. */
  restart(): Promise<void>;
  /** Ends the daemon, its guests and whatever runs in its namespace, and removes the folder. */
  stop(): Promise<void>;
}

/** Runs a private libvirtd with an empty configuration, as hosts have it without systemd and D-Bus. */
export async function startLibvirtd(options: LibvirtdOptions = {}): Promise<TestLibvirtd> {
  const folder = await mkdtemp(join(tmpdir(), 'libvirtd-'));
  await chmod(folder, 0o755);
  const plan = await layOut(folder, options);
  const { socket, readOnlySocket, uri } = plan;
  const namespace = await openMountNamespace({ folder, mounts: plan.mounts });
  const daemon = createDaemon(folder, namespace, plan);
  const tryVirsh = virshFor(uri);
  const virsh = async (...args: string[]) => {
    const { code, stdout, stderr } = await tryVirsh(...args);
    if (code !== 0) throw new Error(`virsh ${args.join(' ')}: ${stderr.trim()}`);
    return stdout.trim();
  };
  const stop = async () => {
    await daemon.kill();
    await namespace.end();
  };
  let files = 0;
  try {
    await daemon.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    socketDir: dirname(socket),
    socket,
    readOnlySocket,
    uri,
    get pid() {
      return daemon.pid();
    },
    virsh,
    tryVirsh,
    domstate: (domain) => virsh('domstate', '--reason', domain),
    async define(xml) {
      const file = join(folder, `define-${(files += 1)}.xml`);
      await writeFile(file, xml);
      await virsh('define', file);
    },
    recordEvents: () => recordEvents(uri),
    inNamespace: namespace.command,
    async wrapper(program) {
      const file = join(folder, `run-${(files += 1)}`);
      const quoted = namespace.command([program], '.').map((word) => (word === '.' ? '"$PWD"' : `'${word}'`));
      await writeFile(file, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`, { mode: 0o755 });
      return file;
    },
    guestProcesses: () =>
      namespace.processes().filter((pid) => commandLineOf(pid)?.[0]?.includes('qemu-system-') ?? false),
    log: daemon.log,
    kill: daemon.kill,
    async restart() {
      await daemon.end();
      await daemon.start();
    },
    stop,
  };
}

interface Plan {
  /** [folder of ours, libvirt's] */
  readonly mounts: readonly (readonly [string, string])[];
  readonly command: readonly string[];
  readonly socket: string;
  readonly readOnlySocket: string;
  /** What it listens on at first, and what that is renamed to. */
  readonly renames: readonly (readonly [from: string, to: string])[];
  readonly uri: string;
  /** Of a connection that no authentication hinders. */
  readonly probeUri: string;
}

/** Makes libvirt's folders and configuration. */
async function layOut(folder: string, options: LibvirtdOptions): Promise<Plan> {
  const { scope = 'system', daemon = 'libvirtd', domains } = options;
  const isSystem = scope === 'system';
  const etc = join(folder, isSystem ? 'etc' : 'home/.config/libvirt');
  const run = join(folder, isSystem ? 'run' : 'run/libvirt');
  const directories = ['lib', 'cache', 'log'].map((each) => join(folder, each));
  for (const each of [join(etc, 'qemu'), run, ...directories]) await mkdir(each, { recursive: true });
  await writeFile(join(etc, 'libvirtd.conf'), daemonConf(options));
  await writeFile(join(etc, 'qemu.conf'), QEMU_CONF + (isSystem ? SYSTEM_QEMU_CONF : ''));
  for (const [name, xml] of domains ?? []) await writeFile(join(etc, 'qemu', `${name}.xml`), xml);
  const base = daemon === 'libvirtd' ? 'libvirt' : daemon;
  const [socket, readOnlySocket] = [join(run, `${base}-sock`), join(run, `${base}-sock-ro`)];
  const uriOf = (path: string) => `qemu+unix:///${scope}?socket=${path}`;
  const listens = ['libvirt-sock', ...(isSystem ? ['libvirt-sock-ro'] : [])].map((each) => join(run, each));
  return {
    mounts: isSystem
      ? [
          [etc, '/etc/libvirt'],
          [run, SYSTEM_SOCKET_DIR],
          ...directories.map((each) => [each, `/var/${basename(each)}/libvirt`] as const),
          ...(await knownAccounts(folder, options.accounts ?? [])),
        ]
      : [],
    // Its usual place, beside the folder of the sockets, would be every daemon's.
    command: [...(isSystem ? [] : await asUser(folder)), LIBVIRTD, '--pid-file', join(run, 'libvirtd.pid')],
    socket,
    readOnlySocket,
    renames: listens.map((each) => [each, each.replace('/libvirt-sock', `/${base}-sock`)]),
    uri: uriOf(socket),
    probeUri: uriOf(isSystem ? readOnlySocket : socket),
  };
}

/** The system's users and groups with the accounts among them. */
async function knownAccounts(folder: string, names: readonly string[]): Promise<[string, string][]> {
  if (names.length === 0) return [];
  const lineOf = {
    passwd: (name: string, id: number) => `${name}:x:${id}:${id}::/:/bin/sh\n`,
    group: (name: string, id: number) => `${name}:x:${id}:\n`,
  };
  return Promise.all(
    (['passwd', 'group'] as const).map(async (file) => {
      const added = names.map((name, index) => lineOf[file](name, accountId(index))).join('');
      await writeFile(join(folder, file), (await readFile(join('/etc', file), 'utf8')) + added, { mode: 0o644 });
      return [join(folder, file), join('/etc', file)] as [string, string];
    }),
  );
}

/** What runs a command as nobody, whose home directory and runtime directory are in `folder`. */
async function asUser(folder: string): Promise<string[]> {
  const places = [`HOME=${join(folder, 'home')}`, `XDG_RUNTIME_DIR=${join(folder, 'run')}`];
  const NOBODY = '65534';
  for (const each of ['home', 'run']) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, join(folder, each)]);
  return [
    ...['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'],
    ...['env', '-u', 'XDG_CONFIG_HOME', '-u', 'XDG_CACHE_HOME', '-u', 'XDG_DATA_HOME', ...places],
  ];
}

function daemonConf({ scope, auth = 'none', config = [] }: LibvirtdOptions): string {
  const own = scope === 'session' ? [] : [`auth_unix_rw = "${auth}"`, 'auth_unix_ro = "none"'];
  const replaced = new Set(config.map(nameOf));
  const lines = [...config, ...own.filter((line) => !replaced.has(nameOf(line))), 'host_uuid_source = "machine-id"'];
  return `${lines.join('\n')}\n`;
}

const nameOf = (line: string) => line.split('=')[0]!.trim();

/** What needs a whole host (AppArmor, other users, cgroups, virtlogd) is off. */
const QEMU_CONF = `
security_driver = "none"
cgroup_controllers = []
namespaces = []
seccomp_sandbox = 0
stdio_handler = "file"
`;
const SYSTEM_QEMU_CONF = `
user = "+0"
group = "+0"
dynamic_ownership = 0
remember_owner = 0
`;

function createDaemon(folder: string, namespace: MountNamespace, { command, renames, probeUri }: Plan) {
  let running: number | null = null;
  let log = '';

  async function start(): Promise<void> {
    for (const each of renames.flat()) await rm(each, { force: true });
    const [program, ...args] = namespace.command(reaping(command), '/');
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let failure: Error | undefined;
    let said = '';
    child.once('error', (error) => (failure = error));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    await until(20_000, `sockets of libvirtd in ${folder}`, () => {
      if (failure) throw failure;
      if (child.exitCode !== null) throw new Error(`libvirtd ended:\n${log}`);
      running = Number.parseInt(said, 10) || null;
      return (running !== null && renames.every(([listens]) => existsSync(listens))) || undefined;
    });
    for (const [from, to] of renames) await rename(from, to);
    // It accepts connections before its drivers are ready, and answers when they are.
    const { code, stderr } = await virshFor(probeUri, { readOnly: probeUri.endsWith('-ro') })('uri');
    if (code !== 0) throw new Error(`libvirtd does not answer: ${stderr}\n${log}`);
  }

  const ended = (signal: NodeJS.Signals) => async () => {
    const pid = running;
    if (pid === null) return;
    if (commandLineOf(pid)) process.kill(pid, signal);
    await until(20_000, `end of libvirtd by ${signal}`, () => commandLineOf(pid) === undefined || undefined);
    running = null;
  };

  return {
    start,
    kill: ended('SIGKILL'),
    end: ended('SIGTERM'),
    log: () => log,
    pid(): number {
      if (running === null) throw new Error('libvirtd does not run');
      return running;
    },
  };
}
