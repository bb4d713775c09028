import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { until } from '../guest/deadline';

/** A private view of the file system, in which folders of a test's lie over the system's own. */
export interface MountNamespace {
  /** What runs `command` in it: an argument vector without a shell. Relative paths are `cwd`'s. */
  command(command: readonly string[], cwd?: string): string[];
  /** The processes in it, but for the one that keeps it open. */
  processes(): number[];
  /** Ends, with SIGKILL, every process in it, closes it, and removes its folder. */
  end(): Promise<void>;
}

export interface MountNamespaceOptions {
  /** Goes with the namespace. */
  readonly folder: string;
  /** [what, over which file or folder]; a folder that is missing is made, and stays. */
  readonly mounts: readonly (readonly [from: string, to: string])[];
}

/**
 * Keeps the namespace open until its standard input ends, which it does when the test's process ends in whatever
 * way, and then ends all that runs in it and removes the folder that is its name.
 */
const KEEPER = `
for pair; do
  to=\${pair#*:}
  [ -e "$to" ] || mkdir -p "$to"
  mount --bind "\${pair%%:*}" "$to" || exit
done
echo ready
read -r end
ours=$(readlink /proc/$$/ns/mnt)
for process in /proc/[0-9]*; do
  pid=\${process#/proc/}
  if [ "$pid" != $$ ] && [ "$(readlink $process/ns/mnt 2>/dev/null)" = "$ours" ]; then kill -9 $pid 2>/dev/null; fi
done
rm -rf "$0"
exit 0`;

/** Whether such a namespace can be had, which takes root. */
export function mountNamespacesPresent(): boolean {
  if (process.platform !== 'linux') return false;
  const trial = ['--mount', '--propagation', 'private', 'mount', '--bind', '/etc', '/etc'];
  return spawnSync('unshare', trial, { stdio: 'ignore' }).status === 0;
}

/** @throws Error with the words of unshare or mount */
export async function openMountNamespace({ folder, mounts }: MountNamespaceOptions): Promise<MountNamespace> {
  const pairs = mounts.map(([from, to]) => `${from}:${to}`);
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', KEEPER, folder, ...pairs];
  const keeper = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  let failure = '';
  keeper.once('error', (error) => (failure = error.message));
  keeper.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => (failure += text));
  keeper.stdin.on('error', () => undefined); // it ended by itself, which `exitCode` shows
  const ended = new Promise<void>((resolve) => keeper.once('close', () => resolve()));
  await until(10_000, 'a private mount namespace', () => {
    if (keeper.exitCode !== null || keeper.pid === undefined)
      throw new Error(`No private mount namespace: ${failure.trim() || `status ${keeper.exitCode}`}`);
    return said.includes('ready') || undefined;
  });
  const pid = keeper.pid!;
  const name = namespaceOf(pid);
  const processes = () =>
    readdirSync('/proc')
      .filter((each) => /^\d+$/.test(each))
      .map(Number)
      .filter((each) => each !== pid && namespaceOf(each) === name);

  return {
    // nsenter leaves its caller's folder, as it may not be there on the other side.
    command: (command, cwd = process.cwd()) => [
      ...['nsenter', '--mount', '--target', String(pid), '--', 'sh', '-c', 'cd "$0" && exec "$@"', cwd],
      ...command,
    ],
    processes,
    async end() {
      keeper.stdin.end();
      await ended;
      // What was being started when the keeper looked.
      for (const each of processes()) killIfThere(each);
      await until(10_000, 'end of what ran in the mount namespace', () => processes().length === 0 || undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** undefined for a process that is gone or a zombie. */
function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
