import { realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { parseCommandLine, type QemuCommandLine } from './command-line';
import { describeGuest, describeUnreadable, type DescribedGuest } from './describe';
import { linuxReach } from './linux-reach';
import { isCapabilityProbe } from './ownership';
import { openFiles, type ListeningSockets } from './proc-sockets';
import { readProcFile, readProcessLink, splitNulStrings, startTime } from './procfs';
import type { ProcessStat, Program } from './procfs';
import { isQemuProgram } from './program-names';
import { relativePaths } from './relative-paths';

/** What one scan knows beside the process. */
export interface LinuxSurroundings {
  root: string;
  /** This app's effective user id. */
  uid: number;
  /** This app's namespaces, as /proc/self/ns names them; null when hidden. */
  namespaces: { mnt: string | null; net: string | null };
  bootTime: number | null;
  /** Listening sockets of the process's network namespace. */
  sockets: (pid: number, network: string | null) => Promise<ListeningSockets>;
  localHosts?: () => ReadonlySet<string>;
}

export type Examined =
  | { kind: 'guest'; described: DescribedGuest; sameCommand: string; daemonizes: boolean }
  | { kind: 'not-a-guest' }
  /** It ended, or is just being started: to be looked at again. */
  | { kind: 'in-between' };

/**
 * Looks closely at one process. Its program file says whether it is a QEMU; where that may not be read
 * (another user's process) its first argument does, and the guest says so.
 */
export async function examineProcess(
  pid: number,
  process: ProcessStat,
  program: Extract<Program, { kind: 'program' | 'denied' }>,
  around: LinuxSurroundings,
): Promise<Examined> {
  const { root } = around;
  if (program.kind === 'program' && !isQemuProgram(posix.basename(program.path)))
    return { kind: 'not-a-guest' };
  const text = await readProcFile(`${root}/${pid}/cmdline`);
  const facts = { pid, startedAt: startTime(around.bootTime, process), startOrder: process.startTicks };
  if (text.kind === 'gone') return { kind: 'in-between' };
  if (text.kind !== 'bytes') {
    if (program.kind === 'denied') return { kind: 'not-a-guest' };
    const detail =
      text.kind === 'denied'
        ? 'Its command line may not be read by this user.'
        : 'Its command line is too long to be a real one.';
    const described = describeUnreadable({ ...facts, executable: program.path }, detail);
    return { kind: 'guest', described, sameCommand: described.identity.process, daemonizes: false };
  }
  if (text.bytes.length === 0) return { kind: 'in-between' };
  const { strings, exact } = splitNulStrings(text.bytes);
  const [argv0 = '', ...args] = strings;
  if (program.kind === 'denied' && !isQemuProgram(posix.basename(argv0))) return { kind: 'not-a-guest' };

  const commandLine = parseCommandLine(args);
  if (commandLine.printsAndExits || isCapabilityProbe(commandLine)) return { kind: 'not-a-guest' };
  const executable = program.kind === 'program' ? program.path : argv0;
  const place = await findPlace(pid, commandLine, around);
  const described = await describeGuest(
    {
      ...facts,
      platform: 'linux',
      executable,
      args,
      commandLine,
      cwd: place.cwd,
      obstacle:
        (await userObstacle(pid, program, commandLine, around)) ??
        place.obstacle ??
        (exact ? null : 'Its arguments are not valid UTF-8 text, so they cannot be repeated exactly.'),
      unverified:
        program.kind === 'denied'
          ? 'It runs as another user, so its program could not be checked: this is what it says itself.'
          : null,
    },
    linuxReach({
      root,
      pid,
      cwd: place.cwd,
      otherFiles: place.otherFiles,
      otherNetwork: differs(around.namespaces.net, place.network),
      sockets: () => around.sockets(pid, place.network),
      ...(around.localHosts ? { localHosts: around.localHosts } : {}),
    }),
  );
  return {
    kind: 'guest',
    described,
    sameCommand: JSON.stringify([executable, args]),
    daemonizes: commandLine.daemonizes,
  };
}

const differs = (ours: string | null, theirs: string | null): boolean =>
  ours !== null && theirs !== null && ours !== theirs;

interface Place {
  cwd: string | null;
  network: string | null;
  otherFiles: boolean;
  /** Why the command cannot be repeated from here, or null. */
  obstacle: string | null;
}

async function findPlace(
  pid: number,
  commandLine: QemuCommandLine,
  around: LinuxSurroundings,
): Promise<Place> {
  const link = (name: string): string | null => readProcessLink(around.root, pid, name);
  const [cwd, rootFolder, mounts, network] = [link('cwd'), link('root'), link('ns/mnt'), link('ns/net')];
  // QEMU's own -chroot comes after its sockets are made: they are still where we see them.
  const changedRoot =
    rootFolder !== null && rootFolder !== '/' && !commandLine.options.some(({ name }) => name === 'chroot');
  if (differs(around.namespaces.mnt, mounts) || changedRoot) {
    const obstacle =
      'It runs in a container, a sandbox or a system service with files of its own: start it there.';
    return { cwd, network, otherFiles: true, obstacle };
  }
  if (cwd === null || cwd.endsWith(' (deleted)')) {
    const obstacle = cwd === null ? null : 'The folder it was started in was deleted.';
    return { cwd: null, network, otherFiles: false, obstacle };
  }
  if (!commandLine.daemonizes) return { cwd, network, otherFiles: false, obstacle: null };
  const relative = relativePaths(commandLine, 'linux');
  if (cwd !== '/' || relative.length === 0) return { cwd, network, otherFiles: false, obstacle: null };
  const before = await folderBeforeDaemonize(pid, relative, around.root);
  const obstacle =
    before === null ? 'It moved to the background (-daemonize) and left the folder it was started in.' : null;
  return { cwd: before, network, otherFiles: false, obstacle };
}

/**
 * -daemonize moves QEMU to / after its files were opened (os_setup_post in QEMU's os-posix.c). The folder
 * before that is its shell's PWD, believed only if a file that it names is found open there, or a socket of
 * it exists there.
 */
async function folderBeforeDaemonize(
  pid: number,
  relative: readonly string[],
  root: string,
): Promise<string | null> {
  const environment = await readProcFile(`${root}/${pid}/environ`);
  if (environment.kind !== 'bytes') return null;
  const pwd = splitNulStrings(environment.bytes)
    .strings.find((entry) => entry.startsWith('PWD=/'))
    ?.slice(4);
  if (pwd === undefined) return null;
  const open = new Set(await openFiles(root, pid));
  for (const path of relative) {
    const full = posix.resolve(pwd, path);
    try {
      if (open.has(await realpath(full)) || (await stat(full)).isSocket()) return pwd;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG'].includes(code)) throw error;
    }
  }
  return null;
}

async function userObstacle(
  pid: number,
  program: Program,
  commandLine: QemuCommandLine,
  around: LinuxSurroundings,
): Promise<string | null> {
  const other = 'It runs as another user: start it as that user.';
  if (program.kind === 'denied') return other;
  const status = await readProcFile(`${around.root}/${pid}/status`);
  const uid =
    status.kind === 'bytes' ? /^Uid:\t\d+\t(\d+)/m.exec(status.bytes.toString('latin1'))?.[1] : undefined;
  // -runas: QEMU starts as root and becomes the other user itself.
  const changedUser = commandLine.options.some(({ name }) => name === 'runas') && around.uid === 0;
  return uid !== undefined && Number(uid) !== around.uid && !changedUser ? other : null;
}
