import { posix, win32 } from 'node:path';
import type { QemuCommandLine } from './command-line';
import type { FoundGuest, FoundProblem } from './found';
import { assignKeys, type Identity } from './identity';
import { ownerOf, proxmoxIdOf } from './ownership';
import type { Reach, Reached } from './reach';
import { startRecipe } from './recipe';

/** A QEMU process as its platform's listing tells of it. */
export interface QemuProcess {
  pid: number;
  /** Milliseconds since the Unix epoch, or null. */
  startedAt: number | null;
  /** Grows with the time of start; compares processes of one scan. */
  startOrder: number;
  platform: NodeJS.Platform;
  executable: string;
  /** Without the program's name. */
  args: readonly string[];
  commandLine: QemuCommandLine;
  cwd: string | null;
  /** Why this user cannot start the same command, as a sentence, or null. */
  obstacle: string | null;
  /** The path of Proxmox's qm; null where there is none. */
  qm: string | null;
  /** Said when the program file may not be read, so that only its own claims make it a QEMU. */
  unverified: string | null;
}

/** A guest that still needs its key, which depends on the other processes. */
export interface DescribedGuest {
  guest: Omit<FoundGuest, 'key'>;
  identity: Identity;
  /** A socket's address could not be found yet: look at the process again at the next scan. */
  incomplete: boolean;
}

const MAX_NAME_LENGTH = 200;

export const processId = (pid: number, startOrder: number): string => `${pid}/${startOrder}`;

/** Puts together what is known of one QEMU process. `reach` finds where its sockets are connected to. */
export async function describeGuest(qemu: QemuProcess, reach: Reach): Promise<DescribedGuest> {
  const { commandLine } = qemu;
  const monitors: Reached[] = [];
  for (const endpoint of commandLine.monitors) monitors.push(await reach(endpoint));
  const agent = commandLine.agent ? await reach(commandLine.agent.endpoint) : null;

  const addresses = monitors.flatMap((monitor) => (monitor.reachable ? [monitor.address] : []));
  const owner = ownerOf(commandLine);
  const vmid = owner === 'proxmox' ? proxmoxIdOf(commandLine) : null;
  const problem = problemOf(qemu, monitors);
  return {
    guest: {
      pid: qemu.pid,
      startedAt: qemu.startedAt,
      name: displayName(qemu),
      uuid: commandLine.uuid,
      memoryMiB: commandLine.memoryMiB,
      vcpus: commandLine.vcpus,
      machine: commandLine.machine,
      monitors: [
        ...addresses.filter(({ kind }) => kind !== 'tcp'),
        ...addresses.filter(({ kind }) => kind === 'tcp'),
      ],
      agent:
        commandLine.agent && agent?.reachable
          ? { address: agent.address, chardev: commandLine.agent.chardev }
          : null,
      owner,
      ...(vmid === null ? {} : { vmid }),
      recipe: startRecipe({ ...qemu, owner, vmid }),
      ...(problem ? { problem } : {}),
    },
    identity: {
      process: processId(qemu.pid, qemu.startOrder),
      startOrder: qemu.startOrder,
      owner,
      vmid,
      uuid: commandLine.uuid,
      name: commandLine.name,
      monitor: monitors.find((monitor) => monitor.stated !== null)?.stated ?? null,
      command: JSON.stringify([qemu.executable, qemu.cwd, qemu.args]),
    },
    incomplete: [...monitors, agent].some(
      (reached) => reached !== null && !reached.reachable && reached.later,
    ),
  };
}

/** A QEMU of which only the process is known. */
export function describeUnreadable(
  facts: Pick<QemuProcess, 'pid' | 'startedAt' | 'startOrder' | 'executable'>,
  detail: string,
): DescribedGuest {
  const identity = processId(facts.pid, facts.startOrder);
  return {
    guest: {
      pid: facts.pid,
      startedAt: facts.startedAt,
      name: fallbackName(facts.executable, facts.pid),
      uuid: null,
      memoryMiB: null,
      vcpus: null,
      machine: null,
      monitors: [],
      agent: null,
      owner: 'user',
      recipe: null,
      problem: { reason: 'command-line-unreadable', detail },
    },
    identity: {
      process: identity,
      startOrder: facts.startOrder,
      owner: 'user',
      vmid: null,
      uuid: null,
      name: null,
      monitor: null,
      command: identity,
    },
    incomplete: false,
  };
}

/**
 * Gives every guest its key (see `assignKeys`), and takes from a guest the unix sockets that a later QEMU has
 * taken over: QEMU unlinks a socket's path before it listens there, so connecting would reach the other
 * guest.
 */
export function completeGuests(
  described: readonly DescribedGuest[],
  givenKeys: Map<string, string>,
): FoundGuest[] {
  const keys = assignKeys(
    described.map(({ identity }) => identity),
    givenKeys,
  );
  const latest = new Map<string, DescribedGuest>();
  for (const one of described) {
    for (const path of unixPaths(one)) {
      const other = latest.get(path);
      if (!other || isLater(one.identity, other.identity)) latest.set(path, one);
    }
  }
  return described.map((one, at) => {
    const { guest } = one;
    const key = keys[at] ?? one.identity.process;
    const successor = unixPaths(one)
      .map((path) => latest.get(path))
      .find((other) => other !== one);
    if (successor === undefined) return { key, ...guest };
    const keeps = (address: { kind: string; path?: string }): boolean =>
      address.kind !== 'unix' || latest.get(address.path ?? '') === one;
    const monitors = guest.monitors.filter(keeps);
    const agent = guest.agent && keeps(guest.agent.address) ? guest.agent : null;
    const problem: FoundProblem = {
      reason: 'monitor-unreachable',
      detail: `Another QEMU with the same path took its socket over (process ${successor.guest.pid}).`,
    };
    return { key, ...guest, monitors, agent, ...(monitors.length === 0 ? { problem } : {}) };
  });
}

const isLater = (a: Identity, b: Identity): boolean =>
  a.startOrder > b.startOrder || (a.startOrder === b.startOrder && a.process > b.process);

function unixPaths({ guest }: DescribedGuest): string[] {
  const addresses = guest.agent ? [...guest.monitors, guest.agent.address] : guest.monitors;
  return addresses.flatMap((address) => (address.kind === 'unix' ? [address.path] : []));
}

function problemOf(qemu: QemuProcess, monitors: readonly Reached[]): FoundProblem | null {
  const { commandLine } = qemu;
  if (monitors.length === 0) {
    const example = qemu.platform === 'win32' ? 'tcp:127.0.0.1:4444' : 'unix:/path/to/guest.qmp';
    const has = commandLine.hasHumanMonitor
      ? 'It has a monitor for people only, no QMP monitor.'
      : 'It has no QMP monitor.';
    const file = commandLine.readsConfigFile ? ' (Its -readconfig file was not read.)' : '';
    return {
      reason: 'no-monitor',
      detail: `${has}${file} To manage it here, start it with -qmp ${example},server=on,wait=off.`,
    };
  }
  const [reason, ...others] = monitors.flatMap((monitor) => (monitor.reachable ? [] : [monitor.why]));
  if (reason !== undefined && others.length + 1 === monitors.length) {
    return { reason: 'monitor-unreachable', detail: `Its QMP monitor cannot be used: it ${reason}.` };
  }
  return qemu.unverified === null ? null : { reason: 'another-user', detail: qemu.unverified };
}

function displayName(qemu: QemuProcess): string {
  const { commandLine } = qemu;
  const baseName = qemu.platform === 'win32' ? win32.basename : posix.basename;
  const image = commandLine.images.find(
    (path) => !/^[A-Za-z][A-Za-z0-9+.-]+:/.test(path) || /^[A-Za-z]:[\\/]/.test(path),
  );
  const socket = commandLine.monitors.find((monitor) => monitor.kind === 'unix');
  const fromFile = image ?? (socket?.kind === 'unix' ? socket.path : null);
  const name =
    commandLine.name ??
    (fromFile === null ? '' : baseName(fromFile).replace(/(?<=.)\.[A-Za-z0-9]{1,8}$/, ''));
  return (
    [...name.slice(0, MAX_NAME_LENGTH * 2)].slice(0, MAX_NAME_LENGTH).join('') ||
    fallbackName(qemu.executable, qemu.pid)
  );
}

function fallbackName(executable: string, pid: number): string {
  return `${executable.split(/[/\\]/).at(-1) ?? 'QEMU'} (process ${pid})`;
}
