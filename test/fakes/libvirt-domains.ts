import {
  fakeLibvirtServer,
  type FakeHandler,
  type FakeLibvirtServer,
  type FakeServerOptions,
} from './libvirt-server';
import { wire, type WireDomain, type WireParam } from './libvirt-wire';

/** A domain as libvirt's QEMU driver has it; tests may change it as they like. */
export interface FakeDomain {
  name: string;
  uuid: string;
  /** -1 while it does not run. */
  id: number;
  /** virDomainState and its reason. */
  state: readonly [state: number, reason: number];
  xml: string;
  autostart: boolean;
  managedSave: boolean;
  stats: readonly WireParam[];
}

export interface FakeLibvirtDomains extends FakeLibvirtServer {
  readonly domains: Map<string, FakeDomain>;
  /** Adds a domain that is off; no event. */
  add(domain: Partial<FakeDomain> & { name: string }): FakeDomain;
  /** Puts a domain into a state and sends the lifecycle event: virDomainEventType and its detail. */
  change(
    domain: FakeDomain,
    state: FakeDomain['state'],
    event: readonly [type: number, detail: number],
  ): void;
  /** The guest sleeps (ACPI S3), as QEMU's SUSPEND has it. */
  fallAsleep(domain: FakeDomain): void;
  wakeUp(domain: FakeDomain): void;
}

const RUNNING = 1;
const PAUSED = 3;
const SHUTDOWN = 4;
const SHUTOFF = 5;
const PMSUSPENDED = 7;
const isActive = ({ state: [state] }: FakeDomain) => state !== SHUTOFF && state !== 6;

/**
 * A fakeLibvirtServer whose domains do what they are asked at once, with the events of libvirt 9.0's QEMU
 * driver.
 */
export function fakeLibvirtDomains(options: FakeServerOptions = {}): FakeLibvirtDomains {
  const domains = new Map<string, FakeDomain>();
  const server = fakeLibvirtServer(options);
  let ids = 0;
  const empty = Buffer.alloc(0);

  const add: FakeLibvirtDomains['add'] = (given) => {
    const number = (domains.size + 1).toString(16).padStart(12, '0');
    const domain: FakeDomain = {
      uuid: `5eeb11e0-0000-4000-8000-${number}`,
      id: -1,
      state: [SHUTOFF, 0],
      xml: `<domain type='kvm'><name>${given.name}</name></domain>`,
      autostart: false,
      managedSave: false,
      stats: [],
      ...given,
    };
    if (isActive(domain) && domain.id < 0) domain.id = ids += 1;
    domains.set(domain.uuid, domain);
    return domain;
  };
  const tell = (eventId: number, proc: number, { name, uuid, id }: FakeDomain, ...rest: readonly number[]) =>
    server.emit(eventId, proc, Buffer.concat([wire.domain({ name, uuid, id }), ...rest.map(wire.int)]));
  /** The power management events say their reason before the domain. */
  const tellPower = (eventId: number, proc: number, { name, uuid, id }: FakeDomain) =>
    server.emit(eventId, proc, Buffer.concat([wire.int(0), wire.domain({ name, uuid, id })]));
  const change: FakeLibvirtDomains['change'] = (domain, state, event) => {
    domain.state = state;
    if (!isActive(domain)) domain.id = -1;
    else if (domain.id < 0) domain.id = ids += 1;
    tell(0, 318, domain, ...event);
  };
  // The orders of libvirt 9.0's qemuProcessHandlePMSuspend, …PMWakeup, …PMSuspendDisk and …Shutdown.
  const fallAsleep = (domain: FakeDomain) => {
    tellPower(12, 330, domain);
    change(domain, [PMSUSPENDED, 0], [7, 0]);
  };
  const wakeUp = (domain: FakeDomain) => {
    tellPower(11, 329, domain);
    change(domain, [RUNNING, 8], [2, 4]);
  };
  const shutDown = (domain: FakeDomain) => {
    change(domain, [SHUTDOWN, 0], [6, 1]);
    change(domain, [SHUTOFF, 1], [5, 0]);
  };
  const hibernate = (domain: FakeDomain) => {
    tellPower(14, 332, domain);
    change(domain, [PMSUSPENDED, 0], [7, 1]);
    shutDown(domain);
  };

  type Ask = (
    domain: FakeDomain,
    args: Parameters<FakeHandler>[0]['args'],
  ) => Buffer | { error: { code: number; message: string } };
  const ofDomain =
    (ask: Ask): FakeHandler =>
    ({ args }) => {
      const { name, uuid } = args.domain();
      const domain = domains.get(uuid);
      if (!domain)
        return {
          error: { code: 42, message: `Domain not found: no domain with matching uuid '${uuid}' (${name})` },
        };
      return ask(domain, args);
    };
  const invalid = (message: string) => ({
    error: { code: 55, message: `Requested operation is not valid: ${message}` },
  });
  const whileRunning = (act: (domain: FakeDomain) => void) =>
    ofDomain((domain) => {
      if (domain.state[0] === PMSUSPENDED) return invalid('domain is pmsuspended');
      if (!isActive(domain)) return invalid('domain is not running');
      act(domain);
      return empty;
    });
  const asWire = ({ name, uuid, id }: FakeDomain): WireDomain => ({ name, uuid, id });

  Object.assign(server.answers, {
    59: () => wire.text('fake.example'),
    273({ args }) {
      const [need, flags] = [args.int(), args.uint()];
      const wanted = [...domains.values()].filter(
        (domain) =>
          (!(flags & 3) || (flags & (isActive(domain) ? 1 : 2)) !== 0) &&
          (!(flags & 0x300) || (flags & (domain.managedSave ? 0x100 : 0x200)) !== 0),
      );
      const listed = need ? wanted.map((domain) => wire.domain(asWire(domain))) : [];
      return Buffer.concat([wire.list(listed), wire.uint(wanted.length)]);
    },
    24({ args }) {
      const uuid = args.uuid();
      const domain = domains.get(uuid);
      return domain ? wire.domain(asWire(domain)) : { error: { code: 42, message: 'Domain not found' } };
    },
    14: ofDomain(({ xml }) => wire.text(xml)),
    15: ofDomain(({ autostart }) => wire.int(autostart ? 1 : 0)),
    212: ofDomain(({ state }) => Buffer.concat(state.map(wire.int))),
    183: ofDomain(({ managedSave }) => wire.int(managedSave ? 1 : 0)),
    344({ args }) {
      const asked = Array.from({ length: args.uint() }, () => args.domain().uuid);
      const wanted = [...domains.values()].filter(({ uuid }) => asked.length === 0 || asked.includes(uuid));
      return wire.list(
        wanted.map((domain) =>
          Buffer.concat([
            wire.domain(asWire(domain)),
            wire.params([
              ['state.state', 1, domain.state[0]],
              ['state.reason', 1, domain.state[1]],
              ...domain.stats,
            ]),
          ]),
        ),
      );
    },
    34: whileRunning((domain) => change(domain, [PAUSED, 1], [3, 0])),
    28: whileRunning((domain) => change(domain, [RUNNING, 5], [4, 0])),
    258: whileRunning(shutDown),
    27: whileRunning((domain) => tell(1, 319, domain)),
    245: whileRunning((domain) => tell(1, 319, domain)),
    234: ofDomain((domain) => {
      if (!isActive(domain)) return invalid('domain is not running');
      change(domain, [SHUTOFF, 2], [5, 1]);
      return empty;
    }),
    196: ofDomain((domain) => {
      if (isActive(domain)) return invalid('domain is already running');
      const restored = domain.managedSave;
      domain.managedSave = false;
      change(domain, [RUNNING, restored ? 3 : 1], [2, restored ? 2 : 0]);
      return wire.domain(asWire(domain));
    }),
    182: whileRunning((domain) => {
      domain.managedSave = true;
      change(domain, [SHUTOFF, 5], [5, 4]);
    }),
    184: ofDomain((domain) => {
      domain.managedSave = false;
      return empty;
    }),
    261: ofDomain((domain, args) => {
      const [target, duration] = [args.uint(), args.uhyper()];
      if (duration !== 0n)
        return {
          error: { code: 74, message: 'argument unsupported: Duration not supported. Use 0 for now' },
        };
      if (domain.state[0] !== RUNNING) return invalid('domain is not running');
      if (target === 1) hibernate(domain);
      else fallAsleep(domain);
      return empty;
    }),
    267: ofDomain((domain) => {
      if (!isActive(domain)) return invalid('domain is not running');
      if (domain.state[0] !== PMSUSPENDED) {
        const said =
          "unable to execute QEMU command 'system_wakeup': Unable to wake up: guest is not in suspended state";
        return { error: { code: 1, message: `internal error: ${said}` } };
      }
      wakeUp(domain);
      return empty;
    }),
    350({ args }) {
      const xml = args.text();
      const uuid = /<uuid>([^<]+)<\/uuid>/.exec(xml)?.[1];
      const name = /<name>([^<]+)<\/name>/.exec(xml)?.[1];
      if (name === undefined) return { error: { code: 27, domain: 20, message: 'XML error: missing name' } };
      const known = uuid === undefined ? undefined : domains.get(uuid);
      const domain = known ?? add({ name, xml, ...(uuid === undefined ? {} : { uuid }) });
      domain.xml = xml;
      tell(0, 318, domain, 0, known ? 1 : 0);
      return wire.domain(asWire(domain));
    },
    ...options.answers,
  } satisfies Record<number, FakeHandler>);

  return Object.assign(server, { domains, add, change, fallAsleep, wakeUp });
}
