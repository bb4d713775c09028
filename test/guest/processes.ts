import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { until } from './deadline';

/** The argument vector of a running process, or undefined when there is none (any more), or a zombie. */
export function commandLineOf(pid: number): string[] | undefined {
  let bytes: string;
  try {
    bytes = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  return bytes === '' ? undefined : bytes.replace(/\0$/, '').split('\0');
}

/** Process ids of the QEMUs whose command line names a file in `dir`, whoever started them. */
export function findGuestProcesses(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isGuestOf(dir, pid));
}

/** Whether that process runs and is a QEMU whose command line names a file in `dir`. */
export function isGuestOf(dir: string, pid: number): boolean {
  const [program, ...args] = commandLineOf(pid) ?? [];
  if (program === undefined || !path.basename(program).startsWith('qemu-system-')) return false;
  const inside = `${path.resolve(dir).replaceAll(',', ',,')}/`;
  // A path follows "=", ":" or a quote: path=/dir/qmp.sock, unix:/dir/qmp.sock, {"path":"/dir/qmp.sock"}.
  return args.some(
    (arg) => arg.startsWith(inside) || ['=', ':', '"'].some((mark) => arg.includes(mark + inside)),
  );
}

/** Ends, with SIGKILL, every QEMU that uses `dir`, also one that the app started, and sees them gone. */
export async function endGuestProcesses(dir: string): Promise<void> {
  for (const pid of findGuestProcesses(dir)) killGuest(dir, pid, 'SIGKILL');
  await until(10_000, `end of the guests in ${dir}`, () =>
    findGuestProcesses(dir).length === 0 ? true : undefined,
  );
}

/** Sends a signal to that process if it still is a QEMU that uses `dir`. @returns whether it was sent */
export function killGuest(dir: string, pid: number, signal: NodeJS.Signals): boolean {
  if (!isGuestOf(dir, pid)) return false;
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
