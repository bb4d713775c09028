import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import type { FoundGuest } from '../hosts/discovery/found';
import { HostError, type GuestHost } from '../hosts/host';
import type { Machine } from '../hypervisors/machine';
import { createQemuMachine } from '../hypervisors/qemu/machine';
import type { Control } from '../power/standing';
import { formatAddress } from '../protocols/sockets';
import type { Document } from '../storage/document';
import { createSaver } from '../storage/saver';
import { createGuest, type Guest, type GuestChange } from './guest';
import type { History } from './history';
import { firstSeen, guestId, type Remembered } from './remembered';

/** Hosts are looked at no more often than this, in ms. */
export const SCAN_EVERY_MS = 2000;

export type HostStatus =
  | { readonly kind: 'looking' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string };

export interface Registry {
  /** Looks at the hosts from now on; resolves when each was looked at once. */
  start(): Promise<void>;
  /** Resolves when what is known is kept, or could not be. */
  stop(): Promise<void>;
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
  readonly onRemoved: (id: string) => void;
  readonly onHost: (hostId: string) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Knows every guest: those that the hosts list, those that were added by hand, and those that are remembered. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, hosts, document, history, onGuest, onRemoved, onHost, onProblem } = options;
  const guests = new Map<string, Guest>();
  const statuses = new Map<string, HostStatus>(hosts.map(({ id }) => [id, { kind: 'looking' }]));
  /** The scan under way at each host, and the one that follows it for those who asked meanwhile. */
  const scans = new Map<string, { readonly running: Promise<void>; next: Promise<void> | null }>();
  const timers = new Map<string, () => void>();
  let stopped = false;
  const saver = createSaver(
    document,
    () => [...guests.values()].map(({ remembered }) => remembered).filter(worthKeeping),
    onProblem,
  );

  const create = (remembered: Remembered): Guest => {
    const guest = createGuest({ clock, history, remembered, onRemember: () => saver.touch() });
    guests.set(guest.id, guest);
    guest.subscribe((change) => onGuest(guest, change));
    return guest;
  };

  const drop = (guest: Guest) => {
    guest.close();
    guests.delete(guest.id);
    saver.touch();
    onRemoved(guest.id);
  };

  /** The guest's machine, or a new one when its process is another, or its sockets have been found out meanwhile. */
  const machineOf = (host: GuestHost, found: FoundGuest, guest: Guest): Machine => {
    if (guest.machine && guest.found && sameSockets(guest.found, found)) return guest.machine;
    return createQemuMachine(
      {
        pid: found.pid,
        monitors: found.monitors,
        agent: found.agent ?? manualAgent(guest),
        machineType: found.machine,
      },
      host,
      clock,
    );
  };

  const attach = (host: GuestHost, found: FoundGuest): string => {
    const byHand = [...guests.values()].find(
      ({ hostId, remembered: { manual } }) =>
        hostId === host.id &&
        manual !== null &&
        found.monitors.some((address) => formatAddress(address) === formatAddress(manual.monitor)),
    );
    const known = byHand ?? guests.get(guestId(host.id, found.key));
    const guest = known ?? create(firstSeen(host.id, found));
    const control = outOfReach(found);
    if (control) guest.attachUncontrolled(found, control);
    else guest.attach(found, machineOf(host, found, guest));
    return guest.id;
  };

  const scan = async (host: GuestHost) => {
    const before = statuses.get(host.id);
    let status: HostStatus;
    try {
      const found = await host.scan();
      if (stopped) return;
      const seen = new Set(found.map((one) => attach(host, one)));
      for (const guest of guests.values()) {
        if (guest.hostId === host.id && !seen.has(guest.id)) absent(host, guest);
      }
      status = { kind: 'ready' };
    } catch (error) {
      status = failed(error);
    }
    statuses.set(host.id, status);
    if (JSON.stringify(before) !== JSON.stringify(status)) onHost(host.id);
  };

  const absent = (host: GuestHost, guest: Guest) => {
    const { manual } = guest.remembered;
    if (manual) {
      if (!guest.machine || guest.found) {
        guest.attachManual(
          createQemuMachine(
            { pid: null, monitors: [manual.monitor], agent: manualAgent(guest), machineType: null },
            host,
            clock,
          ),
        );
      }
      return;
    }
    const keeps = worthKeeping(guest.remembered);
    guest.absent();
    if (!guest.machine && !keeps) drop(guest);
  };

  const rescan = (host: GuestHost): Promise<void> => {
    if (stopped) return Promise.resolve();
    const under = scans.get(host.id);
    if (under) return (under.next ??= under.running.then(() => rescan(host)));
    timers.get(host.id)?.();
    const running = scan(host).finally(() => {
      scans.delete(host.id);
      if (!stopped)
        timers.set(
          host.id,
          clock.setTimer(SCAN_EVERY_MS, () => void rescan(host)),
        );
    });
    scans.set(host.id, { running, next: null });
    return running;
  };

  for (const remembered of document.value) create(remembered);
  return {
    async start() {
      await Promise.all(hosts.map(rescan));
    },
    async stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      for (const guest of guests.values()) guest.close();
      await Promise.all([...scans.values()].map(({ running }) => running));
      await saver.flush();
    },
    guests: () => [...guests.values()],
    guest: (id) => guests.get(id),
    status: (hostId) => statuses.get(hostId) ?? { kind: 'looking' },
    async rescan(hostId) {
      const host = hosts.find(({ id }) => id === hostId);
      if (host) await rescan(host);
    },
    add(remembered) {
      const guest = create(remembered);
      saver.touch();
      const host = hosts.find(({ id }) => id === remembered.hostId);
      if (host) absent(host, guest);
      return guest;
    },
    remove(id) {
      const guest = guests.get(id);
      if (guest) drop(guest);
    },
  };
}

const sameSockets = (a: FoundGuest, b: FoundGuest): boolean =>
  a.pid === b.pid && isDeepStrictEqual([a.monitors, a.agent], [b.monitors, b.agent]);

function failed(error: unknown): HostStatus {
  if (error instanceof HostError) return { kind: 'failed', message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: 'failed',
    message: `Reveille met a fault of its own when it looked at the guests: ${message}`,
    remedy: 'Reveille tries again by itself. If it stays, report it.',
  };
}

/** A guest that ended can only be shown again if it could be controlled while it ran, or was added by hand. */
const worthKeeping = ({ manual, recipe, last }: Remembered): boolean =>
  manual !== null || (recipe !== null && last.name !== 'unknown');

const manualAgent = ({ remembered: { manual } }: Guest) =>
  manual?.agent ? { address: manual.agent, chardev: null } : null;

/** Why a listed process is not even tried. */
function outOfReach({ owner, problem }: FoundGuest): Control | null {
  if (owner === 'libvirt') {
    return {
      status: 'unavailable',
      reason: 'This guest belongs to libvirt, which holds its monitor.',
      remedy: 'Control it with virsh or virt-manager; Reveille controls plain QEMU guests.',
    };
  }
  if (!problem || problem.reason === 'another-user') return null;
  return {
    status: 'unavailable',
    reason: problem.detail,
    remedy:
      problem.reason === 'no-monitor'
        ? 'Start it with -qmp unix:/path/to/socket,server=on,wait=off.'
        : 'Run Reveille as the user who runs QEMU.',
  };
}
