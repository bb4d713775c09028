import { win32 } from 'node:path';
import { parseCommandLine } from './command-line';
import { completeGuests, describeGuest, describeUnreadable, type DescribedGuest } from './describe';
import type { FoundGuest } from './found';
import type { ProcessListOptions } from './process-list';
import { reachByCommandLine } from './reach';
import { relativePaths } from './relative-paths';
import { splitWindowsCommandLine } from './windows-arguments';

interface WindowsProcess {
  ProcessId: number;
  CommandLine: string | null;
  ExecutablePath: string | null;
  /** Ms since the epoch, or null. */
  Started: number | null;
}

const SCRIPT = [
  '[Console]::OutputEncoding = [Text.Encoding]::UTF8; ',
  `Get-CimInstance Win32_Process -Filter "Name like 'qemu-system-%'"`,
  ' | Select-Object ProcessId,CommandLine,ExecutablePath,@{n="Started";e={',
  ' if ($_.CreationDate) { ([DateTimeOffset]$_.CreationDate).ToUnixTimeMilliseconds() } }}',
  ' | ConvertTo-Json -Compress',
].join('');
const POWERSHELL = ['System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe'];
/**
 * Windows PowerShell, which is part of Windows, by its full path: a bare name could be found in the current
 * folder. It prints nothing when no QEMU runs.
 */
export const LIST_COMMAND: readonly [command: string, args: readonly string[]] = [
  win32.join(process.env.SystemRoot ?? 'C:\\Windows', ...POWERSHELL),
  ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', SCRIPT],
];

/**
 * Lists the QEMU processes of a Windows computer. The command line of another user's process is hidden there,
 * and no process's working folder can be read: a recipe with relative paths in it is not startable.
 * @throws when the listing fails or is not the JSON that was asked for
 */
export async function scanWindows(options: ProcessListOptions): Promise<FoundGuest[]> {
  const described: DescribedGuest[] = [];
  const rows = parseList(await options.run(...LIST_COMMAND));
  for (const row of rows) described.push(await describe(row, options));
  return completeGuests(described, options.memory.keys);
}

async function describe(process: WindowsProcess, options: ProcessListOptions): Promise<DescribedGuest> {
  const facts = {
    pid: process.ProcessId,
    startedAt: process.Started,
    startOrder: process.Started ?? 0,
    executable: process.ExecutablePath ?? 'qemu-system',
  };
  if (!process.CommandLine) {
    return describeUnreadable(
      facts,
      'Its command line may not be read: it runs as another user or as administrator.',
    );
  }
  const [program = '', ...args] = splitWindowsCommandLine(process.CommandLine);
  const commandLine = parseCommandLine(args);
  const relative = relativePaths(commandLine, 'win32')[0];
  const executable = process.ExecutablePath ?? program;
  const obstacle =
    relative === undefined
      ? null
      : `It names files relative to a folder that is hidden on Windows (${relative.slice(0, 64)}).`;
  return describeGuest(
    {
      ...facts,
      platform: 'win32',
      executable,
      args,
      commandLine,
      cwd: win32.isAbsolute(executable) ? win32.dirname(executable) : null,
      obstacle,
      qm: null,
      unverified: null,
    },
    async (endpoint) => reachByCommandLine(endpoint, { platform: 'win32', cwd: null, ...hostsOf(options) }),
  );
}

const hostsOf = ({ localHosts }: ProcessListOptions) => (localHosts ? { localHosts } : {});

function parseList(text: string): WindowsProcess[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed === '') return [];
  let json: unknown;
  try {
    json = JSON.parse(trimmed);
  } catch (error) {
    throw new Error(`Windows' process list could not be read: ${trimmed.slice(0, 200)}`, { cause: error });
  }
  return (Array.isArray(json) ? json : [json]).flatMap((row: unknown) => {
    if (typeof row !== 'object' || row === null) return [];
    const { ProcessId, CommandLine, ExecutablePath, Started } = row as Record<string, unknown>;
    if (typeof ProcessId !== 'number') return [];
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    const started = typeof Started === 'number' ? Started : null;
    return [
      { ProcessId, CommandLine: text(CommandLine), ExecutablePath: text(ExecutablePath), Started: started },
    ];
  });
}
