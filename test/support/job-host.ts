import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { RemoteExec } from '../../main/hosts/ssh/remote';
import { until } from '../guest/deadline';
import { findProgram } from '../guest/run';
import { mountNamespacesPresent, openMountNamespace } from './mount-namespace';
import { endChild } from './ssh-keys';

const SYSTEMD = '/usr/lib/systemd/systemd';
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

export const jobHostsPresent = (): boolean => mountNamespacesPresent();
export const atPresent = (): boolean => findProgram('at') !== undefined && existsSync('/usr/sbin/atd');
/** Whether a systemd of the tests' own can be started: it wants a cgroup. */
export const systemdPresent = (): boolean =>
  existsSync(SYSTEMD) && findProgram('systemd-run') !== undefined && ownCgroup('trial', (made) => made.length > 0);
export const faketimePresent = (): boolean => existsSync(FAKETIME);

export interface JobHostOptions {
  /** Runs at's daemon, with a spool of its own. */
  readonly atd?: boolean;
  /**
   * Runs a user's systemd: `lingering`, or ending with the last session; `as-system`: it is what systemctl --system reaches,
   * by programs of the test's own that say --user instead.
   */
  readonly systemd?: 'lingering' | 'of-sessions' | 'as-system';
  /** The host's clock is off: "+1h". */
  readonly clockOff?: string;
}

/** This computer with other keepers of jobs than its own. */
export interface JobHost {
  readonly shell: RemoteExec;
  /** What runs a command there: an sshd. */
  command(command: readonly string[]): string[];
  /** Runs a shell command there. @returns trimmed standard output */
  run(command: string): Promise<string>;
  /** Files that at keeps. */
  atFiles(): Promise<string[]>;
  /** Files of units that systemd was told to make. */
  unitFiles(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startJobHost({ atd = false, systemd, clockOff }: JobHostOptions = {}): Promise<JobHost> {
  const folder = await mkdtemp(join(tmpdir(), 'job-host-'));
  await chmod(folder, 0o755);
  const at = (path: string) => join(folder, path);
  for (const each of ['run/user/0', 'run/sshd', 'spool/atjobs', 'spool/atspool', 'systemd/linger', 'bin']) {
    await mkdir(at(each), { recursive: true });
  }
  await chmod(at('run/user/0'), 0o700);
  // As Debian's at lays it out; daemon is 1 everywhere.
  await writeFile(at('spool/atjobs/.SEQ'), '', { mode: 0o600 });
  for (const each of ['spool/atjobs', 'spool/atspool', 'spool/atjobs/.SEQ']) await chown(at(each), 1, 1);
  for (const each of ['spool/atjobs', 'spool/atspool']) await chmod(at(each), 0o1770);
  const namespace = await openMountNamespace({
    folder,
    mounts: [
      [at('run'), '/run'],
      [at('spool'), '/var/spool/cron'],
      [at('systemd'), '/var/lib/systemd'],
    ],
  });
  const env = [
    'env',
    ...['-u', 'XDG_RUNTIME_DIR', '-u', 'DBUS_SESSION_BUS_ADDRESS'],
    `PATH=${at('bin')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    ...(clockOff === undefined ? [] : [`LD_PRELOAD=${FAKETIME}`, `FAKETIME=${clockOff}`]),
  ];
  const command = (argv: readonly string[]) => namespace.command([...env, ...argv], '/');
  const exec: RemoteExec['exec'] = (text, { stdin = '' } = {}) => {
    const [program = '', ...args] = command(['/bin/sh', '-c', text]);
    const child = spawn(program, args, { stdio: 'pipe' });
    return collect(child, stdin);
  };
  const children: ChildProcess[] = [];
  const daemon = (argv: readonly string[]) => {
    const [program = '', ...args] = command(argv);
    children.push(spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
  };
  const run = async (text: string) => Buffer.from((await exec(text)).stdout).toString('utf8').trim();
  const cgroup = `reveille-test-${process.pid}-${Date.now()}`;
  let ended = () => {};

  if (atd) {
    daemon(['/usr/sbin/atd', '-f']);
    await until(10_000, 'atd', () => existsSync(at('run/atd.pid')) || undefined);
  }
  if (systemd) {
    await mkdir(at('run/systemd/system'), { recursive: true });
    if (systemd === 'lingering') await writeFile(at(`systemd/linger/${userInfo().username}`), '');
    ended = () => void ownCgroup(cgroup, () => true);
    // What stands for the system's is not found where a user's would be.
    const place = systemd === 'as-system' ? '/run/manager' : '/run/user/0';
    await mkdir(at(place), { recursive: true, mode: 0o700 });
    daemon(['env', `XDG_RUNTIME_DIR=${place}`, 'sh', '-c', IN_CGROUP, cgroup, SYSTEMD]);
    await until(20_000, 'systemd', async () => (await run(`XDG_RUNTIME_DIR=${place} systemctl --user is-system-running`)) === 'running' || undefined);
    if (systemd === 'as-system') {
      await symlink('/run/manager/systemd/private', at('run/systemd/private'));
      for (const program of ['systemctl', 'systemd-run']) await writeFile(at(`bin/${program}`), asUser(program), { mode: 0o755 });
    }
  }
  return {
    shell: { exec },
    command,
    run,
    atFiles: async () => (await readdir(at('spool/atjobs'))).filter((each) => each !== '.SEQ'),
    unitFiles: () => readdir(at(`${systemd === 'as-system' ? 'run/manager' : 'run/user/0'}/systemd/transient`)).catch(() => []),
    async stop() {
      for (const child of children) await endChild(child, 'SIGKILL');
      await namespace.end();
      ended();
    },
  };
}

/** A system's systemd is spoken to as this one: `--user` reaches nobody there. */
const asUser = (program: string): string => `#!/bin/sh
for each; do
  shift
  case $each in --user) exit 1;; --system) ;; *) set -- "$@" "$each";; esac
done
XDG_RUNTIME_DIR=/run/manager exec /usr/bin/${program} --user "$@"
`;

const HIERARCHIES = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

/** Makes it where systemd looks for its own: with a tree for each controller, in systemd's; else in the one. */
const IN_CGROUP = `
for tree in ${HIERARCHIES.join(' ')}; do
  [ -f $tree/cgroup.procs ] && mkdir -p $tree/$0 && echo $$ > $tree/$0/cgroup.procs
done
exec "$1" --user --log-target=null`;

/** Makes a control group, asks about it, and removes it with those that were made in it. */
function ownCgroup(name: string, ask: (made: readonly string[]) => boolean): boolean {
  const made = HIERARCHIES.filter((tree) => existsSync(`${tree}/cgroup.procs`)).map((tree) => `${tree}/${name}`);
  const remove = (path: string) => {
    if (!existsSync(path)) return;
    for (const each of readdirSync(path, { withFileTypes: true })) if (each.isDirectory()) remove(join(path, each.name));
    rmdirSync(path);
  };
  const answer = ask(made);
  for (const tree of ['cpu', 'memory', 'pids', 'devices', 'blkio', 'freezer', 'cpuset', 'cpuacct']) remove(`/sys/fs/cgroup/${tree}/${name}`);
  for (const path of made) remove(path);
  return answer;
}

function collect(child: ChildProcess, stdin: string): ReturnType<RemoteExec['exec']> {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on('data', (chunk: Buffer) => parts.stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => parts.stderr.push(chunk));
  child.stdin?.on('error', () => {});
  child.stdin?.end(stdin);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr), code }),
    );
  });
}
