import type { QemuCommandLine } from './command-line';
import type { GuestOwner, StartRecipe } from './found';
import { parseKeyValues } from './options';

export interface RecipeFacts {
  commandLine: QemuCommandLine;
  executable: string;
  /** Without the program's name. */
  args: readonly string[];
  cwd: string | null;
  owner: GuestOwner;
  /** The number that Proxmox knows it by, and the path of its qm, where there is one. */
  vmid: number | null;
  qm: string | null;
  /**
   * Why this user cannot start it here (another user's, inside a container, arguments not exactly known), or
   * null.
   */
  obstacle: string | null;
}

/**
 * How to start the guest again with the same arguments. Reasons not to, in this order: its manager starts it;
 * what the caller found (`obstacle`); its arguments name something that died with the first process, or would
 * not boot it. -pidfile needs no care: QEMU locks the file and takes over one that was left behind. Neither do
 * -sandbox, which hinders nothing that a start needs, nor -S, which the recipe tells of.
 */
export function startRecipe(facts: RecipeFacts): StartRecipe {
  const { commandLine, executable, args, cwd } = facts;
  if (facts.vmid !== null) return proxmoxRecipe(facts.vmid, facts);
  const notStartable =
    managerReason(facts.owner) ??
    facts.obstacle ??
    argumentsReason(commandLine, args) ??
    (cwd === null ? 'The folder it was started in is not known.' : null);
  return {
    executable,
    args: [...args],
    cwd,
    daemonizes: commandLine.daemonizes,
    startsPaused: commandLine.startsPaused,
    ...(notStartable === null ? {} : { notStartable }),
  };
}

function managerReason(owner: GuestOwner): string | null {
  switch (owner) {
    case 'libvirt':
      return 'libvirt manages this guest: start it there.';
    case 'proxmox':
    case 'user':
      return null;
  }
}

/**
 * Proxmox makes QEMU's arguments anew from the guest's configuration, and prepares its disks and network before:
 * `qm start` does all that, and ends when QEMU runs (src/PVE/CLI/qm.pm). A guest that hibernated by itself resumes from
 * its own swap, as after any start.
 */
function proxmoxRecipe(vmid: number, { qm, obstacle }: RecipeFacts): StartRecipe {
  const notStartable =
    qm === null
      ? `Proxmox VE starts this guest, and its program qm is not found here. Start it with qm start ${vmid}.`
      : obstacle === null
        ? null
        : `Proxmox VE starts this guest, and lets root alone do that. Start it with qm start ${vmid}.`;
  return {
    executable: qm ?? 'qm',
    args: ['start', `${vmid}`],
    cwd: '/',
    daemonizes: true,
    startsPaused: false,
    ...(notStartable === null ? {} : { notStartable }),
  };
}

function argumentsReason(commandLine: QemuCommandLine, args: readonly string[]): string | null {
  const descriptor = inheritedDescriptor(commandLine, args);
  if (descriptor !== null) {
    return `It was given open files by the program that started it (${descriptor}): start it with that.`;
  }
  for (const { name } of commandLine.options) {
    if (name === 'incoming')
      return 'It was started to receive a migration (-incoming), so this command does not boot it.';
    if (name === 'loadvm')
      return 'It was started from a snapshot (-loadvm): starting it so again would lose what came after.';
  }
  return null;
}

/** Options that may take descriptors, with the key that a first bare value stands for. */
const DESCRIPTOR_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['chardev', 'backend'],
  ['netdev', 'type'],
  ['nic', 'type'],
  ['net', 'type'],
  ['device', 'driver'],
  ['object', 'qom-type'],
  ['fsdev', 'fsdriver'],
  ['virtfs', 'fsdriver'],
  ['tpmdev', 'type'],
]);
const DESCRIPTOR_KEYS = new Set(['fd', 'fds', 'vhostfd', 'vhostfds', 'sock_fd']);

/** The option that hands QEMU a descriptor it inherited, as `-netdev fd=3`, or null. */
function inheritedDescriptor(commandLine: QemuCommandLine, args: readonly string[]): string | null {
  for (const { name, value } of commandLine.options) {
    if (value === null) continue;
    if (name === 'add-fd') return `-add-fd ${bounded(value)}`;
    const short = /^(?:qmp|qmp-pretty|monitor|serial)$/.test(name)
      ? /^(?:mon:)?unix:(.*)$/s.exec(value)
      : null;
    const impliedKey = DESCRIPTOR_OPTIONS.get(name);
    if (short === null && impliedKey === undefined) continue;
    const given = parseKeyValues(short?.[1] ?? value, impliedKey ?? 'path');
    for (const [key, inner] of given) {
      const last = key.slice(key.lastIndexOf('.') + 1);
      const isDescriptor = last === 'str' && given.get(key.replace(/(?:data\.)?str$/, 'type')) === 'fd';
      if (isDescriptor || DESCRIPTOR_KEYS.has(last)) {
        return `-${name} ${key}=${bounded(inner)}`;
      }
    }
  }
  const path = args.find((arg) => /\/dev\/(?:fd|fdset)\/\d|\/proc\/self\/fd\/\d/.test(arg));
  return path === undefined ? null : (/\/(?:dev|proc\/self)\/(?:fd|fdset)\/\d+/.exec(path)?.[0] ?? null);
}

const bounded = (text: string): string => (text.length > 32 ? `${text.slice(0, 32)}...` : text);
