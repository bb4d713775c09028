import { posix } from 'node:path';
import { parseCommandLine } from './command-line';
import { completeGuests, describeGuest, processId, type DescribedGuest } from './describe';
import type { FoundGuest } from './found';
import type { ProcessListOptions, ProcessPlace } from './process-list';
import { isQemuProgram } from './program-names';
import { splitPsCommand, type PsCommand } from './ps-arguments';
import { reachByCommandLine } from './reach';
import { relativePaths } from './relative-paths';

/** lstart is in UTC and English; the locale's character set is UTF-8, or ps would escape other letters. */
export const PS_COMMAND: readonly [command: string, args: readonly string[]] = [
  '/usr/bin/env',
  [
    'LC_ALL=',
    'LC_TIME=C',
    'LC_CTYPE=UTF-8',
    'TZ=UTC0',
    '/bin/ps',
    '-axww',
    '-o',
    'pid=,uid=,lstart=,command=',
  ],
];
const LSOF = '/usr/sbin/lsof';

export interface MacosScanOptions extends ProcessListOptions {
  /** This app's user id. */
  uid: number;
}

interface MacosProcess {
  pid: number;
  uid: number;
  startedAt: number | null;
  command: PsCommand;
}

/**
 * Lists the QEMU processes of a Mac, UTM's among them. `ps` prints arguments joined by spaces, so a recipe is
 * startable only when there is one way to split them; the program file and working folder come from lsof.
 * @throws when ps fails
 */
export async function scanMacos(options: MacosScanOptions): Promise<FoundGuest[]> {
  const processes = parsePs(await options.run(...PS_COMMAND));
  await findPlaces(processes, options);
  const described: DescribedGuest[] = [];
  for (const process of processes) {
    const guest = await describe(process, options);
    if (guest) described.push(guest);
  }
  return completeGuests(described, options.memory.keys);
}

async function describe(process: MacosProcess, options: MacosScanOptions): Promise<DescribedGuest | null> {
  const { pid, uid, startedAt, command } = process;
  const commandLine = parseCommandLine(command.args);
  const { program, cwd } = options.memory.places.get(identityOf(process)) ?? { program: null, cwd: null };
  // The listing shows what a process calls itself; its program file is the better witness.
  const isQemu =
    program === null || isQemuProgram(posix.basename(program)) || posix.basename(program) === 'QEMULauncher';
  if (commandLine.printsAndExits || !isQemu) return null;
  const executable = program ?? command.program;
  const relative = relativePaths(commandLine, 'darwin');
  return describeGuest(
    {
      pid,
      startedAt,
      startOrder: startedAt ?? 0,
      platform: 'darwin',
      executable,
      args: command.args,
      commandLine,
      cwd: cwd ?? (relative.length === 0 ? '/' : null),
      obstacle: obstacleOf(command, executable, uid, options.uid),
      qm: null,
      unverified: null,
    },
    async (endpoint) =>
      reachByCommandLine(endpoint, {
        platform: 'darwin',
        cwd,
        ...(options.localHosts ? { localHosts: options.localHosts } : {}),
      }),
  );
}

const identityOf = ({ pid, startedAt }: MacosProcess): string => processId(pid, startedAt ?? 0);

function obstacleOf(command: PsCommand, executable: string, uid: number, ownUid: number): string | null {
  if (/-softmmu$|\/UTM\.app\//.test(command.program)) return 'UTM manages this guest: start it there.';
  if (uid !== ownUid) return 'It runs as another user: start it as that user.';
  if (!command.unambiguous) return "The exact command can't be read on this system.";
  return posix.isAbsolute(executable) ? null : "The program's file can't be read on this system.";
}

const ROW = /^\s*(\d+)\s+(\d+)\s+(\w{3}\s+\w{3}\s+\d+\s+\d\d:\d\d:\d\d\s+\d{4})\s(.*)$/;

function parsePs(text: string): MacosProcess[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, uid, lstart, text] = ROW.exec(line) ?? [];
    const command = text === undefined ? null : splitPsCommand(text.trimStart());
    if (command === null || lstart === undefined) return [];
    const startedAt = Date.parse(`${lstart} UTC`);
    return [
      { pid: Number(pid), uid: Number(uid), startedAt: Number.isNaN(startedAt) ? null : startedAt, command },
    ];
  });
}

/**
 * Finds program and working folder of the processes that are new. lsof's field output: a line `p<pid>`, then
 * `f<descriptor>` and `n<name>`; the first `txt` is the program.
 */
async function findPlaces(
  processes: readonly MacosProcess[],
  { run, memory }: MacosScanOptions,
): Promise<void> {
  const live = new Set(processes.map(identityOf));
  for (const identity of memory.places.keys()) if (!live.has(identity)) memory.places.delete(identity);
  const fresh = processes.filter((process) => !memory.places.has(identityOf(process)));
  if (fresh.length === 0) return;
  let text: string;
  try {
    text = await run(LSOF, [
      '-w',
      '-a',
      '-p',
      fresh.map(({ pid }) => pid).join(','),
      '-d',
      'cwd,txt',
      '-F',
      'pfn',
    ]);
  } catch {
    // lsof fails as a whole when one of the processes has just ended. The guests are listed without these two
    // facts, their recipes say so, and the next scan asks again.
    return;
  }
  const byPid = new Map<number, ProcessPlace>();
  let place: ProcessPlace = { program: null, cwd: null };
  let descriptor = '';
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) byPid.set(Number(value), (place = { program: null, cwd: null }));
    else if (line.startsWith('f')) descriptor = value;
    else if (line.startsWith('n') && descriptor === 'cwd') place.cwd ??= value;
    else if (line.startsWith('n') && descriptor === 'txt') place.program ??= value;
  }
  for (const process of fresh) {
    const found = byPid.get(process.pid);
    if (found) memory.places.set(identityOf(process), found);
  }
}
