import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import type { History } from '../history/history';
import { isLent } from '../hosts/discovery/ownership';
import type { GuestHost } from '../hosts/host';
import { isDomain, type Listed } from '../hosts/listed';
import { createLibvirtMachine } from '../hypervisors/libvirt/machine';
import type { Machine } from '../hypervisors/machine';
import { createQemuMachine, type QemuTarget } from '../hypervisors/qemu/machine';
import type { Control } from '../power/standing';
import { formatAddress, type SocketAddress } from '../protocols/sockets';
import type { Document } from '../storage/document';
import { createSaver } from '../storage/saver';
import { createGuest, type Guest, type GuestChange, type GuestOptions } from './guest';
import { createHostHistory } from './host-history';
import { watchHost, type HostStatus, type HostWatch } from './host-watch';
import { firstSeen, guestId, type Remembered } from './remembered';

export interface Registry {
  /** Looks at the hosts from now on; resolves when each was looked at once. */
  start(): Promise<void>;
  /** Closes the hosts; resolves when what is known is kept, or could not be. */
  stop(): Promise<void>;
  hosts(): readonly GuestHost[];
  /** Watches one more host, or `host` in the place of the one with its id. Resolves when it was looked at. */
  addHost(host: GuestHost): Promise<void>;
  /** Forgets the host and its guests. */
  removeHost(hostId: string): Promise<void>;
  guests(): readonly Guest[];
  guest(id: string): Guest | undefined;
  status(hostId: string): HostStatus;
  /** Looks at the host now; resolves when its guests are attached. Never rejects. */
  rescan(hostId: string): Promise<void>;
  /** Puts a guest that was described by hand on the list. */
  add(remembered: Remembered): Guest;
  /** Takes a guest off the list and forgets it. */
  remove(id: string): void;
}

export interface RegistryOptions {
  readonly clock: Clock;
  readonly hosts: readonly GuestHost[];
  readonly document: Document<Remembered[]>;
  readonly history: History;
  readonly onGuest: (guest: Guest, change: GuestChange) => void;
  /** `name`: what it was called. */
  readonly onRemoved: (id: string, name: string) => void;
  readonly onHost: (hostId: string) => void;
  /** The connection to the host became another, or there is one to watch. */
  readonly onReach: (host: GuestHost) => void;
  /** The host was looked at, and its guests are attached. */
  readonly onLooked: (hostId: string) => void;
  readonly broughtBy: GuestOptions['broughtBy'];
  readonly onProblem: (error: unknown) => void;
}

/** Knows every guest: those that the hosts list, those that were added by hand, and those that are remembered. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, hosts, document, history, onGuest, onRemoved, onHost, broughtBy, onProblem } = options;
  const guests = new Map<string, Guest>();
  const watches = new Map<string, HostWatch>();
  const hostHistory = createHostHistory({ clock, history });
  /** A host that was edited is another one with the same id: its guests' machines must be reached through the new one. */
  const reachedThrough = new WeakMap<Machine, GuestHost>();
  const guestsOf = (hostId: string) => [...guests.values()].filter((guest) => guest.hostId === hostId);
  const saver = createSaver(
    document,
    () => [...guests.values()].map(({ remembered }) => remembered).filter(worthKeeping),
    onProblem,
  );

  const create = (remembered: Remembered): Guest => {
    const guest = createGuest({
      clock,
      history,
      remembered,
      link: () => watches.get(remembered.hostId)?.host.link?.state ?? null,
      lastHeard: () => watches.get(remembered.hostId)?.host.link?.lastReady ?? null,
      broughtBy,
      onRemember: () => saver.touch(),
    });
    guests.set(guest.id, guest);
    guest.subscribe((change) => onGuest(guest, change));
    return guest;
  };

  const drop = (guest: Guest) => {
    guest.close();
    guests.delete(guest.id);
    saver.touch();
    onRemoved(guest.id, guest.remembered.name);
  };

  /** The guest's machine, or a new one when its process is another, or its sockets have been found out meanwhile. */
  const machineOf = (host: GuestHost, found: Listed, guest: Guest): Machine => {
    const { machine } = guest;
    if (machine && guest.found && isSameMachine(guest.found, found) && reachedThrough.get(machine) === host) return machine;
    if (isDomain(found)) {
      const fresh = createLibvirtMachine(found.domain, clock);
      reachedThrough.set(fresh, host);
      return fresh;
    }
    const { pid, machine: machineType } = found;
    return machineOn(host, { pid, ...socketsOf(found.monitors, found.agent ?? manualAgent(guest)), machineType });
  };

  const machineOn = (host: GuestHost, target: QemuTarget): Machine => {
    const machine = createQemuMachine(target, host, clock);
    reachedThrough.set(machine, host);
    return machine;
  };

  const attach = (host: GuestHost, found: Listed): string => {
    const byHand = [...guests.values()].find(
      ({ hostId, remembered: { manual } }) =>
        hostId === host.id &&
        manual !== null &&
        !isDomain(found) &&
        found.monitors.some((address) => formatAddress(address) === formatAddress(manual.monitor)),
    );
    const known = byHand ?? guests.get(guestId(host.id, found.key));
    const guest = known ?? create(firstSeen(host.id, found));
    const control = outOfReach(found);
    if (control) guest.attachUncontrolled(found, control);
    else guest.attach(found, machineOf(host, found, guest));
    return guest.id;
  };

  const found = (host: GuestHost, listed: readonly Listed[]) => {
    const seen = new Set(listed.map((one) => attach(host, one)));
    const unasked = host.unasked();
    for (const guest of guestsOf(host.id)) {
      if (seen.has(guest.id)) continue;
      const hidden = unasked.find(({ keyPrefix, listed }) => listed !== true && guest.remembered.key.startsWith(keyPrefix));
      if (hidden) guest.unasked({ status: 'unavailable', reason: hidden.reason, remedy: hidden.remedy });
      else absent(host, guest);
    }
  };

  const absent = (host: GuestHost, guest: Guest) => {
    const { manual } = guest.remembered;
    if (manual) {
      if (guest.machine && !guest.found && reachedThrough.get(guest.machine) === host) return;
      const sockets = socketsOf([manual.monitor], manualAgent(guest));
      guest.attachManual(machineOn(host, { pid: null, ...sockets, machineType: null }));
      return;
    }
    // A domain that libvirt does not list is not defined any more.
    const keeps = guest.remembered.manager === 'qemu' && worthKeeping(guest.remembered);
    guest.absent();
    if (!guest.machine && !keeps) drop(guest);
  };

  const watch = (host: GuestHost): HostWatch => {
    const one = watchHost({
      clock,
      host,
      onFound(listed) {
        found(host, listed);
        options.onLooked(host.id);
      },
      onStatus: () => onHost(host.id),
      onReach() {
        hostHistory.look(host);
        options.onReach(host);
        onHost(host.id);
        for (const guest of guestsOf(host.id)) guest.reachChanged();
      },
    });
    watches.set(host.id, one);
    options.onReach(host);
    onHost(host.id);
    return one;
  };

  for (const host of hosts) watch(host);
  for (const remembered of document.value) create(remembered);
  return {
    async start() {
      for (const { host } of watches.values()) hostHistory.look(host);
      await Promise.all([...watches.values()].map((one) => one.rescan()));
    },
    async stop() {
      hostHistory.stop();
      for (const guest of guests.values()) guest.close();
      await Promise.all([...watches.values()].map(end));
      await saver.flush();
    },
    hosts: () => [...watches.values()].map(({ host }) => host),
    async addHost(host) {
      await watches.get(host.id)?.stop();
      const one = watch(host);
      for (const guest of guestsOf(host.id)) guest.reachChanged();
      await one.rescan();
    },
    async removeHost(hostId) {
      for (const guest of guestsOf(hostId)) drop(guest);
      const one = watches.get(hostId);
      watches.delete(hostId);
      hostHistory.forget(hostId);
      onHost(hostId);
      if (one) await end(one);
    },
    guests: () => [...guests.values()],
    guest: (id) => guests.get(id),
    status: (hostId) => watches.get(hostId)?.status ?? { kind: 'looking' },
    async rescan(hostId) {
      await watches.get(hostId)?.rescan();
    },
    add(remembered) {
      const guest = create(remembered);
      saver.touch();
      const host = watches.get(remembered.hostId)?.host;
      if (host) absent(host, guest);
      return guest;
    },
    remove(id) {
      const guest = guests.get(id);
      if (guest) drop(guest);
    },
  };
}

const isSameMachine = (a: Listed, b: Listed): boolean => {
  if (isDomain(a) || isDomain(b)) return isDomain(a) && isDomain(b) && a.domain === b.domain;
  return a.pid === b.pid && isDeepStrictEqual([a.monitors, a.agent], [b.monitors, b.agent]);
};

/** A look that waits for a host that does not answer ends with the connection. */
const end = async (watch: HostWatch): Promise<void> => {
  await Promise.all([watch.stop(), watch.host.close()]);
};

/** A guest that ended can only be shown again if it could be controlled while it ran, or was added by hand. */
const worthKeeping = ({ manager, manual, recipe, last }: Remembered): boolean =>
  manager === 'libvirt' ||
  manual !== null || (recipe !== null && last.name !== 'unknown');

/** A monitor of the guest's own may be held; one that its manager needs is used only where there is no other. */
function socketsOf(
  monitors: readonly SocketAddress[],
  agent: QemuTarget['agent'],
): Pick<QemuTarget, 'monitors' | 'monitorsAreLent' | 'agent'> {
  const own = monitors.filter((address) => !isLent(address));
  return {
    monitors: own.length > 0 ? own : monitors,
    monitorsAreLent: own.length === 0 && monitors.length > 0,
    agent: agent && { ...agent, isLent: isLent(agent.address) },
  };
}

const manualAgent = ({ remembered: { manual } }: Guest) =>
  manual?.agent ? { address: manual.agent, chardev: null } : null;

/** Why a listed process is not even tried. */
function outOfReach(found: Listed): Control | null {
  if (isDomain(found)) return null;
  const { owner, problem } = found;
  if (owner === 'libvirt' && !problem) {
    return {
      status: 'unavailable',
      reason: 'This guest belongs to libvirt, which holds its monitor and is not asked here.',
      remedy: 'Control it with virsh or virt-manager.',
    };
  }
  if (!problem || problem.reason === 'another-user') return null;
  return {
    status: 'unavailable',
    reason: problem.detail,
    remedy:
      problem.remedy ??
      (problem.reason === 'no-monitor'
        ? 'Start it with -qmp unix:/path/to/socket,server=on,wait=off.'
        : 'Run Reveille as the user who runs QEMU.'),
  };
}
