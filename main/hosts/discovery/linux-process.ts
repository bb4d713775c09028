import { realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { parseCommandLine, type QemuCommandLine } from './command-line';
import { describeGuest, describeUnreadable, type DescribedGuest } from './describe';
import { linuxReach } from './linux-reach';
import { parseKeyValues, type Option } from './options';
import { isCapabilityProbe } from './ownership';
import { openFiles, type ListeningSockets } from './proc-sockets';
import { readProcFile, readProcessLink, splitNulStrings, startTime } from './procfs';
import type { Bytes, ProcessStat, Program } from './procfs';
import type { Reach } from './reach';
import { isQemuProgram } from './program-names';
import { relativePaths } from './relative-paths';

/** What one scan knows of the computer, beside its processes. */
export interface LinuxViewer {
  /** The effective user id that the processes are looked at with. */
  uid: number;
  /** The looker's namespaces, as /proc/self/ns names them; null when hidden. */
  namespaces: { mnt: string | null; net: string | null };
  bootTime: number | null;
  /** The path of Proxmox's qm; null where there is none. */
  qm: string | null;
}

/** What a close look reads of a process, of this computer or of another one. */
export interface LinuxProcessReader {
  commandLine(): Promise<Bytes>;
  /** `cwd`, `root`, `ns/mnt`, `ns/net`; null when gone or denied. */
  link(name: string): string | null;
  effectiveUid(): Promise<number | null>;
  /** Link texts of its descriptors; none when they may not be listed. */
  openFiles(): Promise<string[]>;
  /**
   * -daemonize moves QEMU to / after its files were opened (os_setup_post in QEMU's os-posix.c). The folder
   * before that is its shell's PWD, believed only if one of the `relative` paths that it names is found open
   * there, or is a socket there; null when nothing says so.
   */
  folderBeforeDaemonize(relative: readonly string[]): Promise<string | null>;
  reach(place: Place): Reach;
}

/** What one scan of this computer knows beside the process. */
export interface LinuxSurroundings extends LinuxViewer {
  root: string;
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
  around: LinuxViewer,
  reader: LinuxProcessReader,
): Promise<Examined> {
  if (program.kind === 'program' && !isQemuProgram(posix.basename(program.path)))
    return { kind: 'not-a-guest' };
  const text = await reader.commandLine();
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
  if (commandLine.daemonizes && (await isOnItsWay(reader))) return { kind: 'in-between' };
  const executable = program.kind === 'program' ? program.path : argv0;
  const place = await findPlace(commandLine, around, reader);
  const described = await describeGuest(
    {
      ...facts,
      platform: 'linux',
      executable,
      args,
      commandLine,
      cwd: place.cwd,
      obstacle:
        (await userObstacle(program, commandLine, around, reader)) ??
        place.obstacle ??
        (exact ? null : 'Its arguments are not valid UTF-8 text, so they cannot be repeated exactly.'),
      qm: around.qm,
      unverified:
        program.kind === 'denied'
          ? 'It runs as another user, so its program could not be checked: this is what it says itself.'
          : null,
    },
    reader.reach(place),
  );
  return {
    kind: 'guest',
    described,
    sameCommand: JSON.stringify([executable, args]),
    daemonizes: commandLine.daemonizes,
  };
}

/**
 * -daemonize: QEMU forks twice, and the first process waits until the last has set the guest up. They are no parent and
 * child (os_daemonize in QEMU's os-posix.c), but only the last one has a main loop, whose signals come by a signalfd
 * (qemu_signal_init in util/main-loop.c).
 */
async function isOnItsWay(reader: LinuxProcessReader): Promise<boolean> {
  const files = await reader.openFiles();
  return files.length > 0 && !files.includes('anon_inode:[signalfd]');
}

/** Whether two namespaces, both known, are not the same. */
export const differs = (ours: string | null, theirs: string | null): boolean =>
  ours !== null && theirs !== null && ours !== theirs;

export interface Place {
  cwd: string | null;
  network: string | null;
  otherFiles: boolean;
  /** Why the command cannot be repeated from here, or null. */
  obstacle: string | null;
}

async function findPlace(
  commandLine: QemuCommandLine,
  around: LinuxViewer,
  reader: LinuxProcessReader,
): Promise<Place> {
  const [cwd, rootFolder] = [reader.link('cwd'), reader.link('root')];
  const [mounts, network] = [reader.link('ns/mnt'), reader.link('ns/net')];
  // QEMU's own -chroot comes after its sockets are made: they are still where we see them.
  const changesRoot = commandLine.options.some((option) => setBy(option, 'chroot'));
  const changedRoot =
    rootFolder !== null && rootFolder !== '/' && !changesRoot;
  if (differs(around.namespaces.mnt, mounts) || changedRoot) {
    const obstacle =
      'It runs in a container, a sandbox or a system service with files of its own: start it there.';
    return { cwd, network, otherFiles: true, obstacle };
  }
  if (cwd === null || cwd.endsWith(' (deleted)')) {
    const obstacle = cwd === null ? null : 'The folder it was started in was deleted.';
    return { cwd: null, network, otherFiles: false, obstacle };
  }
  const hasMoved = changesRoot || (commandLine.daemonizes && cwd === '/');
  const relative = hasMoved ? relativePaths(commandLine, 'linux') : [];
  if (relative.length === 0) return { cwd, network, otherFiles: false, obstacle: null };
  const before = await reader.folderBeforeDaemonize(relative);
  const obstacle =
    before === null
      ? `It left the folder it was started in (${changesRoot ? '-chroot' : '-daemonize, which moves it to the background'}).`
      : null;
  return { cwd: before, network, otherFiles: false, obstacle };
}

/** Reads a process of this computer. */
export function procReader(pid: number, around: LinuxSurroundings): LinuxProcessReader {
  const { root } = around;
  return {
    commandLine: () => readProcFile(`${root}/${pid}/cmdline`),
    link: (name) => readProcessLink(root, pid, name),
    async effectiveUid() {
      const status = await readProcFile(`${root}/${pid}/status`);
      const uid =
        status.kind === 'bytes' ? /^Uid:\t\d+\t(\d+)/m.exec(status.bytes.toString('latin1'))?.[1] : undefined;
      return uid === undefined ? null : Number(uid);
    },
    openFiles: () => openFiles(root, pid),
    folderBeforeDaemonize: (relative) => folderBeforeDaemonize(pid, relative, root),
    reach: ({ cwd, otherFiles, network }) =>
      linuxReach({
        root,
        pid,
        cwd,
        otherFiles,
        otherNetwork: differs(around.namespaces.net, network),
        sockets: () => around.sockets(pid, network),
        ...(around.localHosts ? { localHosts: around.localHosts } : {}),
      }),
  };
}

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

/**
 * Whether QEMU, which was started as root then, becomes another user (-runas) or goes to another root folder (-chroot).
 * Newer ones take both as -run-with KEY=.. (os_parse_cmd_args in QEMU's os-posix.c and system/vl.c).
 */
function setBy({ name, value }: Option, option: 'runas' | 'chroot', key: string = option): boolean {
  return name === option || (name === 'run-with' && parseKeyValues(value ?? '', null).has(key));
}

async function userObstacle(
  program: Program,
  commandLine: QemuCommandLine,
  around: LinuxViewer,
  reader: LinuxProcessReader,
): Promise<string | null> {
  const other = 'It runs as another user: start it as that user.';
  if (program.kind === 'denied') return other;
  const uid = await reader.effectiveUid();
  const wasRoot = commandLine.options.some((option) => setBy(option, 'runas', 'user') || setBy(option, 'chroot'));
  if (wasRoot) return around.uid === 0 ? null : 'It was started as root (-runas or -chroot): start it as root.';
  return uid !== null && uid !== around.uid ? other : null;
}
