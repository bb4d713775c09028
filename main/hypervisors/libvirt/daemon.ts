import { setMaxListeners } from 'node:events';
import type { Clock } from '../../clock';
import type { Control } from '../../power/standing';
import type { LibvirtClient } from '../../protocols/libvirt/api';
import { connectLibvirt } from '../../protocols/libvirt/client';
import { domainStatus } from '../../protocols/libvirt/domain-states';
import { LibvirtError } from '../../protocols/libvirt/errors';
import type { LibvirtEvent } from '../../protocols/libvirt/events';
import { GET_STATS, LIST, STATS } from '../../protocols/libvirt/flags';
import type { SocketAddress } from '../../protocols/sockets';
import type { HostAccess } from '../machine';
import { trackDomain, type TrackedDomain } from './domain';
import { isDoubtful, runStateOf } from './doubt';
import type { Daemon, DaemonPlace, DomainRecord, Obstacle } from './model';
import { obstacleOf } from './obstacles';
import { sizeOf, stateRecord, UNSIZED, type Size } from './records';

export interface DaemonOptions {
  readonly place: DaemonPlace;
  readonly access: Pick<HostAccess, 'dial'>;
  readonly clock: Clock;
}

/** Waits between tries to connect, in ms; the last repeats. */
const RETRY_MS = [250, 500, 1000, 2000, 5000, 10_000];
/** How often a libvirt that was not there is looked for, in ms. */
const ABSENT_MS = 15_000;
const LIST_MS = 10_000;
const STATE_MS = 5000;
const LANE_DRAIN_MS = 20_000;
/** A call that a QEMU may hold up for as long as it hangs. */
const SIZES_MS = 60 * 60_000;
const SUBSCRIBED = ['lifecycle', 'reboot', 'control-error', 'pmwakeup', 'pmsuspend', 'pmsuspend-disk', 'agent'] as const;

export function createDaemon({ place, access, clock }: DaemonOptions): Daemon {
  const tracked = new Map<string, TrackedDomain>();
  const listeners = new Set<() => void>();
  let client: LibvirtClient | null = null;
  /** The socket that let us in. */
  let entrance: SocketAddress | null = null;
  let lane: Promise<LibvirtClient> | null = null;
  const leftLanes = new Set<LibvirtClient>();
  let readOnly: Obstacle | null = null;
  let control: Control = { status: 'connecting' };
  let present = false;
  let tries = 0;
  let attempt: Promise<void> | null = null;
  let cancelRetry = () => {};
  let closed = false;
  const ending = new AbortController();
  // Every connection that is being made listens to it.
  setMaxListeners(0, ending.signal);
  /** What was last told of each domain's memory and vCPUs, by uuid. */
  const sizes = new Map<string, Size>();
  let sizing: LibvirtClient | null = null;
  /** What was told of the domains beside their states. */
  let announced = '[]';
  /** The listing under way, and the one that follows it for what happened meanwhile. */
  let listing: { readonly running: Promise<void>; next: Promise<void> | null } | null = null;

  const changed = () => {
    for (const listener of [...listeners]) listener();
  };

  const unavailable = ({ reason, remedy }: Obstacle) => {
    control = { status: 'unavailable', reason, remedy };
    for (const domain of tracked.values()) domain.unseen(reason);
    changed();
  };

  const retryLater = (ms: number) => {
    cancelRetry();
    if (!closed) cancelRetry = clock.setTimer(ms, () => void connectNow());
  };

  const connectNow = (): Promise<void> => {
    if (closed || client) return Promise.resolve();
    cancelRetry();
    attempt ??= connect().finally(() => (attempt = null));
    return attempt;
  };

  const connect = async () => {
    try {
      const opened = await open();
      if (closed) return opened.client.close();
      client = opened.client;
      entrance = opened.address;
      readOnly = opened.readOnly;
      present = true;
      watch(opened.client);
      await subscribeAll(opened.client);
      await list(opened.client);
      if (client !== opened.client) throw new LibvirtError({ kind: 'closed', cause: { kind: 'closed-by-peer' } });
      tries = 0;
      control = { status: 'ready' };
      for (const domain of tracked.values()) domain.connected();
      changed();
    } catch (error) {
      if (closed) return;
      client?.close();
      client = null;
      const obstacle = obstacleOf(error, place);
      if (!obstacle) throw error;
      present = !obstacle.absent;
      retryLater(obstacle.absent && tracked.size === 0 ? ABSENT_MS : (RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0));
      tries += 1;
      unavailable(obstacle);
    }
  };

  /** Without lifecycle events states would go stale unseen; the others only tell more. */
  const subscribeAll = async (from: LibvirtClient) => {
    const refused = (await from.subscribe(SUBSCRIBED)).find(({ kind }) => kind === 'lifecycle');
    if (refused) throw new LibvirtError({ kind: 'unsupported', procedure: 'lifecycle events', refusal: refused.refusal });
  };

  /** The first socket that lets this user in; failing that, one to look through. */
  const open = async (): Promise<{ client: LibvirtClient; address: SocketAddress; readOnly: Obstacle | null }> => {
    let refused: unknown = null;
    for (const address of place.sockets) {
      try {
        return { client: await openAt(address, false), address, readOnly: null };
      } catch (error) {
        // The one that says most: nobody listens here says less than that somebody does not let us in.
        const before = obstacleOf(refused, place);
        if (before === null || before.absent) refused = error;
      }
    }
    const why = obstacleOf(refused, place);
    if (!why?.forbidden) throw refused;
    for (const address of place.readOnlySockets) {
      try {
        return { client: await openAt(address, true), address, readOnly: why };
      } catch (error) {
        if (!obstacleOf(error, place)) throw error;
      }
    }
    throw refused;
  };

  const openAt = async (address: SocketAddress, lookOnly: boolean): Promise<LibvirtClient> => {
    const stream = await access.dial(address);
    return connectLibvirt(stream, { clock, uri: place.uri, readOnly: lookOnly, signal: ending.signal });
  };

  const watch = (mine: LibvirtClient) => {
    mine.onEvent((event) => onEvent(mine, event));
    void mine.closed.then((cause) => {
      if (client !== mine) return;
      client = null;
      readOnly = null;
      closeLane();
      if (closed || attempt) return;
      const failure = new LibvirtError({ kind: 'closed', cause });
      unavailable({ absent: false, forbidden: false, reason: `${failure.message}.`, remedy: 'Reveille tries again by itself.' });
      retryLater(0);
    });
  };

  const closeLane = () => {
    void lane?.then(
      (one) => {
        if (one !== client) one.close();
      },
      () => undefined,
    );
    lane = null;
    for (const left of leftLanes) left.close();
  };

  const leaveLane = (left: LibvirtClient) => {
    if (left === client) return;
    lane = null;
    // Whoever still waits on it has given up by then.
    const cancel = clock.setTimer(LANE_DRAIN_MS, () => left.close());
    leftLanes.add(left);
    void left.closed.then(() => {
      cancel();
      leftLanes.delete(left);
    });
  };

  const connectAlone = async (): Promise<LibvirtClient> => {
    if (!client || !entrance) throw new LibvirtError({ kind: 'closed', cause: { kind: 'closed-by-peer' } });
    return openAt(entrance, readOnly !== null);
  };

  const openLane = (): Promise<LibvirtClient> => {
    const opening = connectAlone().catch((error: unknown) => {
      // polkit may ask for each connection, and nobody may be there.
      if (client) return client;
      throw error;
    });
    const forget = () => {
      if (lane === opening) lane = null;
    };
    void opening.then((one) => one.closed.then(forget), forget);
    return (lane = opening);
  };

  const onEvent = (mine: LibvirtClient, event: LibvirtEvent) => {
    if (client !== mine) return;
    switch (event.kind) {
      case 'connection-closed':
        return mine.close();
      case 'unreadable':
        return void relist();
      default: {
        const domain = tracked.get(event.domain.uuid);
        domain?.heard(event);
        // A domain that is not defined goes when it stops.
        const listChanged =
          !domain || (event.kind === 'lifecycle' && ['defined', 'undefined', 'stopped'].includes(event.event));
        if (listChanged) void relist();
      }
    }
  };

  const list = async (from: LibvirtClient) => {
    const asOf = new Map([...tracked.values()].map((domain) => [domain, domain.news]));
    const [stats, saved] = await Promise.all([
      from.call(
        'connect_get_all_domain_stats',
        { doms: [], stats: STATS.state, flags: GET_STATS.noWait },
        { timeoutMs: LIST_MS },
      ),
      from.call('connect_list_all_domains', { need_results: true, flags: LIST.managedSave }, { timeoutMs: LIST_MS }),
    ]);
    if (client !== from) return;
    const withImage = new Set(saved.domains.map(({ uuid }) => uuid));
    const records = stats.retStats.map(({ dom, params }) => ({
      ...stateRecord(dom, params, withImage.has(dom.uuid)),
      ...(sizes.get(dom.uuid) ?? UNSIZED),
    }));
    const listed = new Set(records.map(({ domain }) => domain.uuid));
    for (const [uuid, domain] of [...tracked]) {
      if (listed.has(uuid)) continue;
      tracked.delete(uuid);
      domain.gone();
    }
    await Promise.all(
      records.map((record) => {
        const domain = tracked.get(record.domain.uuid) ?? trackDomain(daemon, record, clock);
        tracked.set(record.domain.uuid, domain);
        domain.listed(record);
        return judge(from, domain, record, asOf.get(domain) ?? domain.news);
      }),
    );
    announce();
    void readSizes(from);
  };

  const announce = () => {
    const now = JSON.stringify(
      [...tracked.values()].map(({ record: { domain, memoryMiB, vcpus } }) => [domain.uuid, domain.name, memoryMiB, vcpus]),
    );
    if (now === announced) return;
    announced = now;
    changed();
  };

  /**
   * libvirt asks each QEMU for these, and one that hangs holds the answer up: the list does not wait for it, and it is
   * asked for again only when it has come.
   */
  const readSizes = async (from: LibvirtClient) => {
    if (sizing === from) return;
    sizing = from;
    try {
      const args = { doms: [], stats: STATS.balloon | STATS.vcpu, flags: GET_STATS.noWait };
      const { retStats } = await from.call('connect_get_all_domain_stats', args, { timeoutMs: SIZES_MS });
      for (const { dom, params } of retStats) {
        sizes.set(dom.uuid, sizeOf(params));
        const domain = tracked.get(dom.uuid);
        domain?.listed({ ...domain.record, ...sizeOf(params) });
      }
      if (client === from) announce();
    } catch (error) {
      // Then they are not known: the list does without.
      if (!(error instanceof LibvirtError)) throw error;
    } finally {
      if (sizing === from) sizing = null;
    }
  };

  /** Believes libvirt, or asks QEMU where that may be wrong. */
  const judge = async (from: LibvirtClient, domain: TrackedDomain, said: Pick<DomainRecord, 'status' | 'saved'>, asOf: number) => {
    const seen = isDoubtful(from, domain, said.status) ? await askQemu(from, domain) : null;
    if (client !== from) return;
    if (seen === null) domain.told(said.status, said.saved, asOf);
    else domain.toldByQemu(seen, said.status, asOf);
  };

  const askQemu = async (from: LibvirtClient, { ref }: TrackedDomain) => {
    try {
      const cmd = '{"execute":"query-status"}';
      const { result } = await from.call('domain_monitor_command', { dom: ref, cmd }, { timeoutMs: STATE_MS });
      return runStateOf(result);
    } catch (error) {
      // Then libvirt's word is all there is. A QEMU that hangs is no fault of its libvirt.
      if (error instanceof LibvirtError && (error.refusal !== null || error.kind === 'timeout')) return null;
      throw error;
    }
  };

  const relist = (): Promise<void> => {
    const from = client;
    if (!from) return Promise.resolve();
    if (listing) return (listing.next ??= listing.running.then(relist));
    const running = list(from)
      .catch((error: unknown) => failedUnder(from, error))
      .finally(() => (listing = null));
    listing = { running, next: null };
    return running;
  };

  /** A daemon that does not answer as it should is connected to anew; one that is gone is told by `closed`. */
  const failedUnder = (from: LibvirtClient, error: unknown) => {
    if (!(error instanceof LibvirtError)) throw error;
    // A call that never left waited behind others of ours.
    const unsent = error.failure.kind === 'timeout' && !error.failure.sent;
    if (!unsent && error.kind !== 'refused' && error.kind !== 'unsupported') from.close();
  };

  const daemon: Daemon = {
    place,
    get control() {
      return control;
    },
    get present() {
      return present;
    },
    get client() {
      return client;
    },
    get readOnly() {
      return readOnly;
    },
    domains: () => [...tracked.values()],
    onChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    connectNow,
    relist,
    agentLane: () => lane ?? openLane(),
    leaveLane,
    connectAlone,
    async look(domain) {
      const from = client;
      const one = tracked.get(domain.ref.uuid);
      if (!from) return connectNow();
      if (!one) return;
      const asOf = one.news;
      const options = { timeoutMs: STATE_MS };
      try {
        const [code, { result: saved }] = await Promise.all([
          from.call('domain_get_state', { dom: one.ref }, options),
          from.call('domain_has_managed_save_image', { dom: one.ref }, options),
        ]);
        if (client !== from) return;
        await judge(from, one, { status: domainStatus(code), saved }, asOf);
      } catch (error) {
        failedUnder(from, error);
        await relist();
      }
    },
    close() {
      closed = true;
      ending.abort(new LibvirtError({ kind: 'closed', cause: { kind: 'closed-here' } }));
      cancelRetry();
      closeLane();
      client?.close();
      client = null;
      listeners.clear();
    },
  };
  return daemon;
}
