import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { devNull, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock';
import type { DaemonPlace } from '../hypervisors/libvirt/model';
import { dial, type SocketAddress } from '../protocols/sockets';
import { collectLocalFile } from './collect-file';
import type { FoundGuest, StartRecipe } from './discovery/found';
import { inheritedFds } from './inherited-fds';
import { createHostJobs } from './jobs/host-jobs';
import { localShell } from './local-shell';
import { HostError, type GuestHost, type Launched } from './host';
import { createHostLibvirt } from './libvirt/host-libvirt';
import { mergeDomains } from './libvirt/merge';
import { localThreadTimes } from './thread-times';

/** What a started QEMU says is kept up to this many characters for the user. */
const OUTPUT_TAIL = 600;

export interface ThisComputerOptions {
  readonly clock: Clock;
  /** Where the output of started guests is written. */
  readonly logDir: string;
  /** Lists the QEMU processes. */
  readonly scan: () => Promise<readonly FoundGuest[]>;
  /** Where libvirt may listen. */
  readonly libvirtPlaces: readonly DaemonPlace[];
}

/** The computer that the app runs on. */
export function thisComputer({ clock, logDir, scan, libvirtPlaces }: ThisComputerOptions): GuestHost {
  const reach = (address: SocketAddress) => dial(address, { clock });
  const libvirt = createHostLibvirt({ dial: reach }, clock);
  const shell = process.platform === 'win32' ? null : localShell(clock);
  return {
    id: 'local',
    name: hostname(),
    kind: 'this-computer',
    simulated: false,
    link: null,
    shell,
    jobs: shell && process.platform === 'linux' ? createHostJobs({ shell, clock, hostName: 'this computer' }) : null,
    // Windows takes half a second of PowerShell for each listing.
    scanEveryMs: process.platform === 'win32' ? 10_000 : 2000,
    async scan() {
      try {
        const [processes, domains] = await Promise.all([scan(), libvirt.list(libvirtPlaces)]);
        return mergeDomains(processes, domains, libvirt.unasked());
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new HostError(
          `The processes of this computer cannot be listed: ${why}`,
          'Reveille tries again by itself.',
          {
            cause: error,
          },
        );
      }
    },
    unasked: libvirt.unasked,
    onListChanged: libvirt.onChanged,
    dial: reach,
    processAlive,
    collectFile: collectLocalFile,
    threadTimes: localThreadTimes,
    launch: (recipe) => launch(recipe, logDir),
    close() {
      libvirt.close();
      return Promise.resolve();
    },
  };
}

async function processAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    // proc(5): the state follows the command in parentheses, which may hold any character.
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    return !/\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return false;
    throw error;
  }
}

/** The guest outlives the app: it is no member of the app's session, and its output goes to a file. */
async function launch(recipe: StartRecipe, logDir: string): Promise<Launched> {
  if (recipe.cwd === null) {
    throw new HostError(
      'The folder that the guest was started in is not known.',
      'Start it yourself, the way it was started before.',
    );
  }
  const logPath = join(logDir, `start-${randomUUID()}.log`);
  const log = await openLog(logPath);
  const nothing = await open(devNull, 'r');
  try {
    const stdio: (number | 'ignore')[] = ['ignore', log.fd, log.fd];
    for (const fd of await inheritedFds()) stdio[fd] = nothing.fd;
    const child = spawn(recipe.executable, recipe.args, {
      cwd: recipe.cwd,
      detached: true,
      stdio: Array.from({ length: stdio.length }, (_, fd) => stdio[fd] ?? 'ignore'),
      windowsHide: true,
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    let isConfirmed = false;
    const exited = new Promise<Awaited<Launched['exited']>>((resolve) => {
      child.once('exit', (code, signal) => {
        if (!isConfirmed) void tail(logPath).then((output) => resolve({ code, signal, output }));
      });
    });
    const confirmed = () => {
      if (isConfirmed) return;
      isConfirmed = true;
      // Where an open file cannot be removed (Windows) it stays, as it does when the app ends first.
      rm(logPath, { force: true }).catch(() => undefined);
    };
    return { pid: child.pid ?? null, exited, confirmed };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await rm(logPath, { force: true });
    throw new HostError(
      `${recipe.executable} could not be run in ${recipe.cwd}: ${why}`,
      'Check that the program and the folder still exist.',
      { cause: error },
    );
  } finally {
    await Promise.all([log.close(), nothing.close()]);
  }
}

/** @throws HostError */
async function openLog(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await open(path, 'w', 0o600);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HostError(
      `It was not started, because its output could not be written to ${path}: ${why}`,
      'Check that the disk has room, and that the folder is yours.',
      { cause: error },
    );
  }
}

async function tail(path: string): Promise<string> {
  try {
    const output = (await readFile(path, 'utf8')).trim().slice(-OUTPUT_TAIL);
    await rm(path);
    return output;
  } catch (error) {
    return `(its output could not be read: ${error instanceof Error ? error.message : String(error)})`;
  }
}
