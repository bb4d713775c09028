import type { Clock } from '../../clock';
import { createDaemon } from '../../hypervisors/libvirt/daemon';
import type { Daemon, DaemonPlace } from '../../hypervisors/libvirt/model';
import { nodeSleepOf, suspendNode } from '../../hypervisors/libvirt/node';
import type { HostAccess } from '../../hypervisors/machine';
import type { ListedDomain, Unasked } from '../listed';

/** The libvirts of one host. */
export interface HostLibvirt {
  /** The domains that are known; the first time, it waits a moment for libvirt to answer. Never rejects. */
  list(places: readonly DaemonPlace[]): Promise<readonly ListedDomain[]>;
  unasked(): readonly Unasked[];
  /** Calls `listener` when domains came or went, or a connection did. */
  onChanged(listener: () => void): () => void;
  /** The host can be reached again. */
  connectNow(): void;
  /** Whether the system's libvirt can put the host to sleep. Never rejects. */
  nodeSleep(): ReturnType<typeof nodeSleepOf>;
  /** Puts the host to sleep until its clock wakes it. @throws NodeSleepError */
  suspendNode(seconds: number): Promise<void>;
  close(): void;
}

/** How long the first list waits for libvirt, in ms: a libvirt that hangs holds up no other guests. */
const FIRST_MS = 2000;

export function createHostLibvirt(access: Pick<HostAccess, 'dial'>, clock: Clock): HostLibvirt {
  const daemons = new Map<string, Daemon>();
  const listeners = new Set<() => void>();
  let closed = false;

  const begin = (place: DaemonPlace): Promise<void> => {
    const daemon = createDaemon({ place, access, clock });
    daemons.set(place.uri, daemon);
    daemon.onChanged(() => {
      for (const listener of [...listeners]) listener();
    });
    return daemon.connectNow();
  };

  const systemOne = (): Daemon | undefined => [...daemons.values()].find(({ place }) => place.scope === 'system');

  return {
    async list(places) {
      const fresh = closed ? [] : places.filter(({ uri }) => !daemons.has(uri));
      if (fresh.length > 0) await within(clock, FIRST_MS, Promise.all(fresh.map(begin)));
      return [...daemons.values()].flatMap((daemon) => daemon.domains().map((domain) => listedOf(daemon, domain)));
    },
    unasked: () =>
      [...daemons.values()].flatMap((daemon) => {
        const { control, readOnly, present } = daemon;
        const keyPrefix = prefixOf(daemon);
        // Domains are listed, but nothing may be done to them.
        if (readOnly) return [{ keyPrefix, reason: readOnly.reason, remedy: readOnly.remedy, listed: true, notable: true }];
        if (control.status === 'ready') return [];
        const notable = control.status === 'unavailable' && (present || daemon.domains().length > 0);
        return control.status === 'unavailable'
          ? [{ keyPrefix, reason: control.reason, remedy: control.remedy, notable }]
          : [{ keyPrefix, reason: 'libvirt is being connected to.', remedy: 'Wait a moment.', notable }];
      }),
    onChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    connectNow() {
      for (const daemon of daemons.values()) void daemon.connectNow();
    },
    nodeSleep: () => nodeSleepOf(systemOne()),
    suspendNode: (seconds) => suspendNode(systemOne(), seconds),
    close() {
      closed = true;
      for (const daemon of daemons.values()) daemon.close();
      listeners.clear();
    },
  };
}

const prefixOf = ({ place }: Daemon): string => `libvirt:${place.scope}:`;

const listedOf = (daemon: Daemon, domain: ReturnType<Daemon['domains']>[number]): ListedDomain => {
  const { ref, record } = domain;
  return {
    key: `${prefixOf(daemon)}${ref.uuid}`,
    name: ref.name,
    uuid: ref.uuid,
    memoryMiB: record.memoryMiB,
    vcpus: record.vcpus,
    machine: null,
    domain,
  };
};

async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => (cancel = clock.setTimer(ms, resolve)));
  try {
    await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
