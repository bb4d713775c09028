import { posix } from 'node:path';
import type { Clock } from '../../clock';
import { reachThroughSockets } from '../discovery/linux-reach';
import {
  differs,
  examineProcess,
  type Examined,
  type LinuxProcessReader,
  type LinuxViewer,
} from '../discovery/linux-process';
import { parseTcpListeners, parseUnixSockets, type ListeningSockets } from '../discovery/proc-sockets';
import type { Program } from '../discovery/procfs';
import { isQemuProgram, mayBecomeQemu } from '../discovery/program-names';
import type { SeenProcess, Survey } from './discovery-parse';

/** A shell script that starts QEMU bears QEMU's name, perhaps, until it has: it is looked at again while it is young. */
const YOUNG_SECONDS = 10;

/** What one survey says to all its processes. */
export interface RemoteSurroundings {
  readonly viewer: LinuxViewer;
  readonly uptimeSeconds: number;
  readonly sockets: ListeningSockets;
  /** Names and addresses of the host, in lower case. */
  readonly localHosts: ReadonlySet<string>;
}

export function surroundingsOf(
  survey: Survey,
  addresses: readonly string[],
  clock: Clock,
): RemoteSurroundings {
  // Big-endian machines that run QEMU guests: s390x, ppc64 (ppc64le is little-endian).
  const order = /^(s390x?|ppc|ppc64|mips|mips64)$/.test(survey.machine ?? '') ? 'BE' : 'LE';
  return {
    viewer: {
      uid: survey.user.uid,
      namespaces: survey.namespaces,
      // By this computer's clock, which times of start are compared with.
      bootTime: Math.round(clock.now() - survey.uptimeSeconds * 1000),
      qm: survey.qm,
    },
    uptimeSeconds: survey.uptimeSeconds,
    sockets: {
      unix: parseUnixSockets(Buffer.from(survey.unixSockets, 'latin1').toString('utf8')),
      // The parser passes over the table's heading.
      tcp: parseTcpListeners(`\n${survey.tcpSockets}`, order),
    },
    localHosts: new Set([survey.hostName.toLowerCase(), ...addresses]),
  };
}

/** The rules of this computer's processes (linux-process.ts), applied to one of another computer. */
export async function examineRemote(process: SeenProcess, around: RemoteSurroundings): Promise<Examined> {
  const program = programOf(process);
  const examined = await examineProcess(
    process.pid,
    process.stat,
    program,
    around.viewer,
    reader(process, around),
  );
  const age = around.uptimeSeconds - process.stat.startTicks / 100;
  const isQemu = program.kind === 'program' && isQemuProgram(posix.basename(program.path));
  const maySoonBe = !isQemu && mayBecomeQemu(process.stat.comm) && age < YOUNG_SECONDS;
  return examined.kind === 'not-a-guest' && maySoonBe ? { kind: 'in-between' } : examined;
}

/** A path that is not UTF-8 text cannot be sent back to the host. */
function exactTarget({ links }: SeenProcess, name: string): string | null {
  const link = links.get(name);
  return link?.exact ? link.target : null;
}

function programOf(process: SeenProcess): Extract<Program, { kind: 'program' | 'denied' }> {
  const path = exactTarget(process, 'exe');
  if (path === null) return { kind: 'denied' };
  const replaced = path.endsWith(' (deleted)');
  return { kind: 'program', path: replaced ? path.slice(0, -' (deleted)'.length) : path, replaced };
}

function reader(process: SeenProcess, around: RemoteSurroundings): LinuxProcessReader {
  return {
    commandLine: async () => process.command,
    link: (name) => exactTarget(process, name),
    effectiveUid: async () => process.euid,
    openFiles: async () => [...process.files.values()],
    folderBeforeDaemonize: async (relative) => {
      const { pwd } = process;
      if (pwd === null) return null;
      const open = new Set(process.files.values());
      const folders = [pwd.stated, ...(pwd.real === null ? [] : [pwd.real])];
      const isOpen = (path: string): boolean =>
        folders.some((folder) => open.has(posix.resolve(folder, path)));
      return relative.some(isOpen) ? pwd.stated : null;
    },
    reach: ({ cwd, otherFiles, network }) => {
      const otherNetwork = differs(around.viewer.namespaces.net, network);
      return reachThroughSockets({
        cwd,
        otherFiles,
        otherNetwork,
        sockets: async () => (otherNetwork ? NO_SOCKETS : around.sockets),
        localHosts: () => around.localHosts,
        inodeOf: (fd) => /^socket:\[(\d+)\]$/.exec(process.files.get(fd) ?? '')?.[1] ?? null,
        openFiles: async () => [...process.files.values()],
        // Through /proc/PID/root the host would follow an absolute symbolic link of the container in its own files.
        pathInside: async () => null,
      });
    },
  };
}

/** The survey lists the sockets of the network that the session is in. */
const NO_SOCKETS: ListeningSockets = { unix: new Map(), tcp: new Map() };
