import type { RunCommand } from './run-command';

/** For the systems whose processes are listed by a program: macOS and Windows. */
export interface ProcessListOptions {
  run: RunCommand;
  memory: ProcessListMemory;
  /** This computer's host names and addresses, in lower case. */
  localHosts?: () => ReadonlySet<string>;
}

/** What a scan keeps for the next one. */
export interface ProcessListMemory {
  /** Identity of a live process to its guest's key. */
  keys: Map<string, string>;
  /** Identity of a live process to what does not change in its life. */
  places: Map<string, ProcessPlace>;
}

/** Where a process runs; null what could not be read. */
export interface ProcessPlace {
  program: string | null;
  cwd: string | null;
}

export const createProcessListMemory = (): ProcessListMemory => ({ keys: new Map(), places: new Map() });
