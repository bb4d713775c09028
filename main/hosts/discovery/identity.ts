import { createHash } from 'node:crypto';
import type { GuestOwner } from './found';

/** What tells one QEMU process's guest from another's. */
export interface Identity {
  /** The process, as long as it lives: pid and start time. */
  process: string;
  /** Orders processes by age: the oldest keeps the plain key. */
  startOrder: number;
  owner: GuestOwner;
  /** The number that Proxmox knows its guest by; null for others. */
  vmid: number | null;
  uuid: string | null;
  name: string | null;
  /**
   * The first QMP monitor's address as its command line states it, e.g. `unix:/run/a.qmp`; null without one.
   */
  monitor: string | null;
  /** All else it was started with: executable, arguments and folder. */
  command: string;
}

/**
 * Gives every running process the key of its guest. The same command line gives the same key after a restart:
 *
 * 1. The key stands for the UUID (if given and not nil), else the name, else nothing, together with the first
 *    monitor's address. The address is always part of it, so a copied VM that kept its UUID or name is
 *    another guest from the first moment, whether or not the original runs. libvirt keeps UUIDs and names apart
 *    itself and puts its sockets elsewhere at each start: there the UUID or name alone counts. Proxmox tells its
 *    guests apart by number, and lets them be renamed: there the number alone counts.
 * 2. Without a UUID, name and monitor, the whole command line stands for the guest.
 * 3. Processes that still share a key (both without a monitor, say): the oldest keeps it, the others' whole
 *    command line is mixed in; after that (same command twice) the process itself, and that key does not
 *    outlive it.
 *
 * A live process keeps the key it was given: `given` maps `Identity.process` to it, and is updated to these
 * processes. Keys do not depend on the order of `identities`; they are returned in it.
 */
export function assignKeys(identities: readonly Identity[], given: Map<string, string>): string[] {
  const keys = new Map<string, string>();
  const taken = new Set<string>();
  const waiting: Identity[] = [];
  for (const identity of identities) {
    const key = given.get(identity.process);
    if (key === undefined) {
      waiting.push(identity);
    } else {
      keys.set(identity.process, key);
      taken.add(key);
    }
  }
  waiting.sort((a, b) => a.startOrder - b.startOrder || (a.process < b.process ? -1 : 1));
  for (const identity of waiting) {
    const key =
      candidates(identity).find((candidate) => !taken.has(candidate)) ??
      digest(['process', identity.process]);
    keys.set(identity.process, key);
    taken.add(key);
  }
  given.clear();
  for (const [process, key] of keys) given.set(process, key);
  return identities.map(({ process }) => keys.get(process) ?? digest(['process', process]));
}

function candidates(identity: Identity): string[] {
  const { uuid, name, owner, vmid, command, process } = identity;
  const called = uuid !== null ? ['uuid', uuid] : name !== null ? ['name', name] : null;
  const monitor = owner !== 'user' && called !== null ? null : identity.monitor;
  const plain =
    vmid !== null
      ? ['proxmox', `${vmid}`]
      : called === null && monitor === null
        ? ['command', command]
        : [...(called ?? []), 'monitor', monitor ?? ''];
  return [digest(plain), digest([...plain, 'command', command]), digest([...plain, 'process', process])];
}

/** Opaque on purpose: names come from untrusted processes, keys end up in files and messages. */
function digest(parts: readonly string[]): string {
  return `qemu-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
}
