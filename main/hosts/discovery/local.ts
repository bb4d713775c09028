import type { Clock } from '../../clock';
import type { FoundGuest } from './found';
import { createLinuxScanMemory, scanLinux, type LinuxScanMemory } from './linux';
import { scanMacos } from './macos';
import { createProcessListMemory, type ProcessListMemory } from './process-list';
import type { RunCommand } from './run-command';
import { scanWindows } from './windows';

/** What `scanThisComputer` needs; make it once, by `createScanDeps`, and give it to every scan. */
export interface ScanDeps {
  clock: Clock;
  run: RunCommand;
  /** What the last scan learnt. */
  linux: LinuxScanMemory;
  list: ProcessListMemory;
  /** Where procfs is mounted; /proc unless given. */
  procRoot?: string;
}

export const createScanDeps = (clock: Clock, run: RunCommand): ScanDeps => ({
  clock,
  run,
  linux: createLinuxScanMemory(),
  list: createProcessListMemory(),
});

/**
 * Lists the QEMU guests that run on this computer now, in no particular order. Cheap enough for every 2 s on
 * Linux and macOS; on Windows it starts PowerShell (about half a second), so ask less often there.
 * @throws when the operating system's process list cannot be read, and on an operating system without one
 * here
 */
export function scanThisComputer(platform: NodeJS.Platform, deps: ScanDeps): Promise<FoundGuest[]> {
  switch (platform) {
    case 'linux':
      return scanLinux({
        clock: deps.clock,
        memory: deps.linux,
        ...(deps.procRoot === undefined ? {} : { root: deps.procRoot }),
      });
    case 'darwin':
      return scanMacos({ run: deps.run, memory: deps.list, uid: process.getuid?.() ?? -1 });
    case 'win32':
      return scanWindows({ run: deps.run, memory: deps.list });
    default:
      return Promise.reject(new Error(`QEMU processes cannot be listed on ${platform}.`));
  }
}
