import type { Clock } from '../../clock';
import { SshError } from '../../protocols/ssh/errors';
import type { SocketAddress } from '../../protocols/sockets';
import { completeGuests } from '../discovery/describe';
import type { FoundGuest, FoundProblem } from '../discovery/found';
import type { Examined } from '../discovery/linux-process';
import { liveGuests } from '../discovery/linux';
import { HostError } from '../host';
import { NotLinuxError, parseSurvey, type Survey } from './discovery-parse';
import { examineRemote, surroundingsOf } from './discovery-process';
import { discoveryScript, type KnownProcess } from './discovery-script';
import { permissionDetail, permissionRemedy, type Forbidden, type RemoteUser } from './permission';
import { RecordsError, runScript } from './records';
import type { RemoteExec } from './remote';

/** What a scan of a host keeps for the next one: a process that was seen is only named then. One for each host. */
export interface RemoteScanMemory {
  readonly looked: Map<number, { startTicks: number; comm: string; result: Examined }>;
  /** Identity of a live process to its guest's key. */
  readonly keys: Map<string, string>;
  /** The host's own addresses, as they were last told. */
  addresses: readonly string[];
}

export const createRemoteScanMemory = (): RemoteScanMemory => ({
  looked: new Map(),
  keys: new Map(),
  addresses: [],
});

/** What a host says of itself along with its guests. */
export interface RemoteScan {
  readonly guests: readonly FoundGuest[];
  readonly hostName: string;
  readonly user: RemoteUser;
  /** Other users' processes are hidden from this user, so there may be more guests. */
  readonly othersHidden: boolean;
  /** QEMU's programs that were found in the usual folders; guests may run others. */
  readonly emulators: readonly string[];
  /** Proxmox's guests, VM id to pid, also those that are hidden from this user. */
  readonly proxmox: ReadonlyMap<number, number>;
}

export interface RemoteScanOptions {
  readonly remote: RemoteExec;
  readonly memory: RemoteScanMemory;
  readonly clock: Clock;
}

const SCAN_MS = 15_000;
const MAX_SCAN_BYTES = 32 * 1024 * 1024;

/**
 * Lists the QEMU guests of a Linux host, by one exec. All text in them comes from the host's processes.
 * @throws HostError
 */
export async function scanRemote({ remote, memory, clock }: RemoteScanOptions): Promise<RemoteScan> {
  const survey = await surveyOf(remote, memory);
  memory.addresses = survey.addresses ?? memory.addresses;
  const around = surroundingsOf(survey, memory.addresses, clock);

  const stats = new Map<number, { comm: string; parent: number }>();
  for (const [pid, parent] of survey.known) {
    const known = memory.looked.get(pid);
    if (known) stats.set(pid, { comm: known.comm, parent });
  }
  for (const process of survey.processes) {
    const { pid, stat } = process;
    stats.set(pid, stat);
    const result = await examineRemote(process, around);
    memory.looked.set(pid, { startTicks: stat.startTicks, comm: stat.comm, result });
  }
  for (const pid of memory.looked.keys()) if (!stats.has(pid)) memory.looked.delete(pid);

  const guests = completeGuests(liveGuests(stats, memory.looked), memory.keys);
  const { hostName, user, othersHidden, emulators, proxmox } = survey;
  return {
    guests: guests.map((guest) => permitted(guest, survey)),
    ...{ hostName, user, othersHidden, emulators, proxmox },
  };
}

async function surveyOf(remote: RemoteExec, memory: RemoteScanMemory): Promise<Survey> {
  const known: KnownProcess[] = [];
  for (const [pid, { startTicks, comm, result }] of memory.looked) {
    const isSettled =
      result.kind === 'not-a-guest' || (result.kind === 'guest' && !result.described.incomplete);
    if (isSettled) known.push({ pid, startTicks, comm });
  }
  try {
    const limits = { timeoutMs: SCAN_MS, maxBytes: MAX_SCAN_BYTES };
    return parseSurvey(await runScript(remote, discoveryScript(known), limits));
  } catch (error) {
    throw scanError(error);
  }
}

function scanError(error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof NotLinuxError) {
    return new HostError(
      `${error.message}: guests are listed on Linux hosts only.`,
      'Add its guests by hand.',
      options,
    );
  }
  if (error instanceof RecordsError) {
    const remedy =
      'Try ssh HOST true: its login shell must run commands, its start-up files must not end it, and /bin/sh must be POSIX.';
    return new HostError(`Its processes cannot be listed: ${error.message}.`, remedy, options);
  }
  if (error instanceof SshError)
    return new HostError(`Its processes cannot be listed: ${error.message}`, error.remedy, options);
  return error;
}

/** Takes from a guest the sockets that this user may not connect to; they are tested anew by each scan. */
function permitted(guest: FoundGuest, { forbidden, user }: Survey): FoundGuest {
  const obstacleTo = (address: SocketAddress): Forbidden | undefined => {
    const found = address.kind === 'unix' ? forbidden.get(address.path) : undefined;
    // Some shells test the mode alone, and an access list may say otherwise: connecting shows it.
    return found?.ownership?.mode.endsWith('+') ? undefined : found;
  };
  const agent = guest.agent && obstacleTo(guest.agent.address) ? null : guest.agent;
  const monitors = guest.monitors.filter((address) => !obstacleTo(address));
  const [first] = guest.monitors;
  const obstacle = first && monitors.length === 0 ? obstacleTo(first) : undefined;
  if (!obstacle) return { ...guest, agent, monitors, ...(guest.problem && { problem: remedied(guest.problem) }) };
  const problem: FoundProblem = {
    reason: 'permission',
    detail: permissionDetail(user, obstacle),
    remedy: permissionRemedy(user, obstacle),
  };
  return { ...guest, agent, monitors, problem };
}

const MONITOR = '-qmp unix:/path/to/socket,server=on,wait=off';

/** What helps on a host that is connected to. */
function remedied(problem: FoundProblem): FoundProblem {
  switch (problem.reason) {
    case 'monitor-unreachable':
      return { remedy: `Give it a monitor that other programs of the host can reach: ${MONITOR}.`, ...problem };
    case 'command-line-unreadable':
      return { remedy: 'Connect as the user who runs QEMU, or as root.', ...problem };
    case 'no-monitor':
    case 'permission':
    case 'another-user':
    case 'libvirt':
      return problem;
  }
}
