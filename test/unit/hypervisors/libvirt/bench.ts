import { createDaemon } from '../../../../main/hypervisors/libvirt/daemon';
import type { Daemon, DaemonPlace, Domain, DomainNews } from '../../../../main/hypervisors/libvirt/model';
import { DialError, type DialErrorCode } from '../../../../main/protocols/sockets';
import { PROCEDURES, type ProcedureName } from '../../../../main/protocols/libvirt/procedures';
import { fakeClock, type FakeClock } from '../../../fakes/clock';
import { fakeLibvirtDomains, type FakeDomain, type FakeLibvirtDomains } from '../../../fakes/libvirt-domains';
import { QEMU_ANSWER, type FakeConnection, type FakeServerOptions } from '../../../fakes/libvirt-server';
import { wire, type WireCursor, wireCursor } from '../../../fakes/libvirt-wire';
import { inVirtualTime, pass, untilSeen } from '../../../support/virtual-time';

export const PLACE: DaemonPlace = {
  scope: 'system',
  uri: 'qemu:///system',
  sockets: [
    { kind: 'unix', path: '/run/virtqemud-sock' },
    { kind: 'unix', path: '/run/libvirt-sock' },
  ],
  readOnlySockets: [{ kind: 'unix', path: '/run/libvirt-sock-ro' }],
};
export const MONITOR = QEMU_ANSWER + 1;
export const AGENT = QEMU_ANSWER + 3;
export const [RUNNING, PAUSED, SHUTOFF, ASLEEP] = [[1, 1] as const, [3, 1] as const, [5, 0] as const, [7, 0] as const];

/** A call as the server heard it. */
export interface Heard {
  readonly name: ProcedureName;
  /** The connection that it came through: from 0. */
  readonly by: number;
  readonly args: WireCursor;
}

/** A scripted libvirt, and the way to it. */
export interface Reach {
  readonly clock: FakeClock;
  readonly server: FakeLibvirtDomains;
  /** What happens at a socket: an error, or `open`; every socket of PLACE but the second is missing unless given. */
  readonly sockets: Map<string, DialErrorCode | 'open'>;
  readonly dialled: string[];
  readonly access: { dial: Parameters<typeof createDaemon>[0]['access']['dial'] };
  /** The connections that watch its domains, the lost ones included: one at a time. */
  watchers(): FakeConnection[];
  /** The calls that name one of `names`, all without; but not those that ask how large the domains are. */
  heard(...names: readonly ProcedureName[]): Heard[];
  until<T>(what: string | (() => string), look: () => T | undefined | null | false, ms?: number): Promise<T>;
  done<T>(promise: Promise<T>, ms?: number): Promise<T>;
  pass(ms: number): Promise<void>;
}

/** How large all domains are: virDomainStatsTypes BALLOON and VCPU. It is asked aside, whenever the list is. */
function asksSizes({ name, args }: Heard): boolean {
  return name === 'connect_get_all_domain_stats' && args.uint() === 0 && args.uint() === 12;
}

export function createReach(options: FakeServerOptions = {}): Reach {
  const clock = fakeClock();
  const server = fakeLibvirtDomains(options);
  const sockets = new Map<string, DialErrorCode | 'open'>([['/run/libvirt-sock', 'open']]);
  const dialled: string[] = [];
  const heard: Reach['heard'] = (...names) =>
    server.connections.flatMap((connection, by) =>
      connection.heard.flatMap(({ header, payload }): Heard[] => {
        const known = Object.entries(PROCEDURES).find(
          ([, { program, number }]) => header.type === 0 && program === header.prog && number === header.proc,
        );
        if (!known) return [];
        const name = known[0] as ProcedureName;
        if (names.length > 0 && !names.includes(name)) return [];
        return asksSizes({ name, by, args: wireCursor(payload) }) ? [] : [{ name, by, args: wireCursor(payload) }];
      }),
    );
  return {
    clock,
    server,
    sockets,
    dialled,
    access: {
      async dial(address) {
        const path = address.kind === 'unix' ? address.path : '';
        dialled.push(path);
        const outcome = sockets.get(path) ?? 'missing';
        if (outcome !== 'open') throw new DialError(outcome, address, `${path} is ${outcome}.`);
        return server.connect();
      },
    },
    watchers: () => server.connections.filter(({ subscriptions }) => subscriptions.size > 0),
    heard,
    until: (what, look, ms) => untilSeen(clock, what, look, ms),
    done: (promise, ms) => inVirtualTime(clock, promise, ms),
    pass: (ms) => pass(clock, ms),
  };
}

/** A daemon before a scripted libvirt. */
export interface Bench extends Reach {
  readonly daemon: Daemon;
  /** @throws Error when it is not listed */
  domain(name: string): Domain;
  /** What is told of a domain from now on. */
  watch(name: string): DomainNews[];
  /** The names of the states that are told of a domain from now on, in order. */
  states(name: string): string[];
  /** Until the daemon knows `name` in `state`. */
  shows(name: string, state: Domain['state']['name'], ms?: number): Promise<Domain['state']>;
  /** The connection breaks; nobody listens until `sockets` says otherwise. */
  stop(): void;
}

type Given = Partial<FakeDomain> & { name: string };

/** Not connected yet. */
export function createBench(domains: readonly Given[] = [], options: FakeServerOptions = {}): Bench {
  const reach = createReach(options);
  for (const one of domains) reach.server.add(one);
  const daemon = createDaemon({ place: PLACE, access: reach.access, clock: reach.clock });
  const domain = (name: string) => {
    const found = daemon.domains().find(({ ref }) => ref.name === name);
    if (!found) throw new Error(`${name} is not listed`);
    return found;
  };
  return {
    ...reach,
    daemon,
    domain,
    watch(name) {
      const news: DomainNews[] = [];
      domain(name).subscribe((one) => news.push(one));
      return news;
    },
    states(name) {
      const states: string[] = [];
      domain(name).subscribe((news) => news.kind === 'state' && states.push(news.state.name));
      return states;
    },
    async shows(name, state, ms) {
      const now = () => daemon.domains().find(({ ref }) => ref.name === name)?.state;
      await reach.until(
        () => `${name} is ${state}, not ${now()?.name ?? 'gone'}`,
        () => now()?.name === state,
        ms,
      );
      return now()!;
    },
    stop() {
      reach.sockets.clear();
      for (const connection of reach.server.connections) connection.hangUp();
    },
  };
}

export async function createReadyBench(domains: readonly Given[] = [], options: FakeServerOptions = {}): Promise<Bench> {
  const bench = createBench(domains, options);
  await bench.done(bench.daemon.connectNow());
  if (bench.daemon.control.status !== 'ready') throw new Error(JSON.stringify(bench.daemon.control));
  // What it asks aside after the listing.
  await bench.pass(5);
  return bench;
}

/** Sends an event that says nothing but its domain. */
export function tell(bench: Reach, what: 'reboot' | 'pmwakeup' | 'pmsuspend-disk' | 'control-error', domain: FakeDomain) {
  const [id, proc, hasReason] = (
    { reboot: [1, 319, false], pmwakeup: [11, 329, true], 'pmsuspend-disk': [14, 332, true], 'control-error': [7, 325, false] } as const
  )[what];
  bench.server.emit(id, proc, Buffer.concat([...(hasReason ? [wire.int(0)] : []), wire.domain(domain)]));
}

/** The guest's agent opens (1) or closes (2) its channel. */
export const tellAgent = (bench: Reach, domain: FakeDomain, state: 1 | 2) =>
  bench.server.emit(18, 348, Buffer.concat([wire.domain(domain), wire.int(state), wire.int(2)]));
