import { openAlarmStore } from '../../../main/alarms/store';
import { bootedMemory } from '../../../main/demo/guest-system';
import type { InitialState } from '../../../main/demo/machine';
import type { SimulatedQemu, SimulatedQemuOptions } from '../../../main/demo/simulated-qemu';
import type { SimulatedDisk } from '../../../main/demo/simulation';
import { createFleet, type Fleet } from '../../../main/guests/fleet';
import type { Guest } from '../../../main/guests/guest';
import type { FleetEvent, Notice } from '../../../main/guests/notices';
import type { PowerRequest } from '../../../main/guests/power-requests';
import { GUESTS_VERSION, parseRemembered } from '../../../main/guests/remembered';
import { openHistoryLog } from '../../../main/history/open';
import type { FoundGuest, StartRecipe } from '../../../main/hosts/discovery/found';
import { HostError, type GuestHost, type Launched } from '../../../main/hosts/host';
import type { Action, Refusal } from '../../../main/power/actions';
import { byUser } from '../../../main/power/actor';
import { parseWhen } from '../../../main/power/durations';
import type { PowerStateName } from '../../../main/power/states';
import { openDocument } from '../../../main/storage/document';
import { fakeClock, type FakeClock } from '../../fakes/clock';
import { startFaultyQemu, type Fault } from '../../fakes/faulty-qemu';
import type { FakeLink } from '../../fakes/host-link';
import { fakeHostJobs } from '../../fakes/host-jobs';
import { memoryFs, type MemoryFs } from '../../fakes/memory-fs';
import { dialMemory } from '../../fakes/memory-sockets';
import { inVirtualTime, pass, untilSeen } from '../../support/virtual-time';

type HolderChoice = PowerRequest['alarm'];

export const JOB_PREFIX = 'reveille-0000cafe-';
export const DELAYS = { boot: 300, suspend: 50, wake: 50, hibernate: 100, shutdown: 50 };

export interface WorldGuest {
  readonly name: string;
  readonly settings?: Partial<SimulatedQemuOptions>;
  readonly faults?: readonly Fault[];
  /** `off`: no process. */
  readonly initial?: InitialState | { readonly kind: 'off' };
  readonly recipe?: Partial<StartRecipe>;
  readonly found?: Partial<FoundGuest>;
}

/** A guest's definition, and the QEMU that runs it now. */
export interface Slot {
  readonly definition: WorldGuest;
  readonly disk: SimulatedDisk;
  qemu: SimulatedQemu | null;
  pid: number;
  recipe: Partial<StartRecipe>;
  start(initial?: InitialState): Promise<SimulatedQemu>;
}

let worlds = 0;
const uuidOf = (index: number) => `0d3f5b9e-6a53-4c0e-9c53-${String(index + 1).padStart(12, '0')}`;

/** A host with simulated guests, and a fleet that watches them, in virtual time. Its file mocks one-client-server. */
export async function createWorld(
  definitions: readonly WorldGuest[],
  options: { readonly fs?: MemoryFs; readonly clock?: FakeClock; readonly link?: FakeLink; readonly jobs?: boolean } = {},
) {
  const link = options.link ?? null;
  const clock = options.clock ?? fakeClock();
  const fs = options.fs ?? memoryFs();
  worlds += 1;
  const dir = `/w${worlds}`;
  const launches: StartRecipe[] = [];
  const confirmed: StartRecipe[] = [];
  const listed: FoundGuest[] = [];
  const trouble: { scan: Error | null; launch: Error | null; launchExits: number | null; unlistedMs: number } = {
    scan: null,
    launch: null,
    launchExits: null,
    unlistedMs: 0,
  };
  /** Until when a process that was started is not listed yet. */
  let listedFrom = 0;
  let lastPid = 1000;

  const slots = definitions.map((definition, index): Slot => {
    const slot: Slot = {
      definition,
      disk: { hibernationImage: null },
      qemu: null,
      pid: 0,
      recipe: definition.recipe ?? {},
      async start(initial = { kind: 'booting' }) {
        const qemu = await startFaultyQemu(
          {
            ...{
              name: definition.name,
              uuid: uuidOf(index),
              dir,
              clock,
              delays: DELAYS,
              platform: 'linux',
              disk: slot.disk,
            },
            initial:
              slot.recipe.startsPaused === true && initial.kind === 'booting'
                ? { kind: 'prelaunch' }
                : initial,
            ...definition.settings,
          },
          ...(definition.faults ?? []),
        );
        lastPid += 1;
        const pid = lastPid;
        Object.assign(slot, { qemu, pid });
        void qemu.exited.then(() => slot.pid === pid && Object.assign(slot, { qemu: null }));
        return qemu;
      },
    };
    return slot;
  });

  const foundOf = ({ qemu, pid, recipe, definition }: Slot): FoundGuest[] =>
    qemu
      ? [
          {
            key: `test:${qemu.settings.uuid}`,
            pid,
            startedAt: null,
            name: definition.name,
            uuid: qemu.settings.uuid,
            memoryMiB: qemu.settings.memoryMiB,
            vcpus: qemu.settings.vcpus,
            machine: null,
            monitors: [qemu.qmp],
            agent: qemu.agent ? { address: qemu.agent, chardev: 'qga0' } : null,
            owner: 'user',
            recipe: { ...qemu.recipe, ...recipe },
            ...definition.found,
          },
        ]
      : [];

  /** The host's jobs wake its guests, by the sockets of their monitors, as a key would, or start what does not run. */
  const hostJobs = fakeHostJobs(clock, clock.monotonic, ({ means }) => {
    const listening = slots.find(({ qemu }) => 'socket' in means && qemu?.qmp.kind === 'unix' && qemu.qmp.path === means.socket);
    if (means.kind === 'qmp' || (means.kind === 'start' && means.from === 'hybrid')) listening?.qemu?.guest.wakeByItself();
    if (means.kind === 'start' && !listening) void slots.find((_, index) => means.recipe.args.includes(uuidOf(index)))?.start();
    return true;
  });

  const host: GuestHost = {
    id: 'local',
    name: 'test-host',
    kind: 'this-computer',
    simulated: false,
    link,
    scanEveryMs: 2000,
    async scan() {
      if (link && link.state.kind !== 'ready') throw new HostError('The host is not connected.', 'Wait.');
      if (trouble.scan) throw new HostError(trouble.scan.message, 'Try again.', { cause: trouble.scan });
      return clock.monotonic() < listedFrom ? [] : [...slots.flatMap(foundOf), ...listed];
    },
    shell: null,
    jobs: options.jobs === true ? hostJobs.connect() : null,
    unasked: () => [],
    onListChanged: () => () => undefined,
    dial: (address) => (link ? link.carry(address, dialMemory) : dialMemory(address)),
    // As long as nobody can look, it is not known to have ended.
    processAlive: async (pid) =>
      (link !== null && link.state.kind !== 'ready') || slots.some((slot) => slot.qemu !== null && slot.pid === pid),
    async launch(recipe): Promise<Launched> {
      if (link && link.state.kind !== 'ready') throw new HostError('The host is not connected.', 'Wait.');
      if (trouble.launch) throw new HostError(trouble.launch.message, 'Mend it.');
      launches.push(recipe);
      if (trouble.launchExits !== null) {
        return {
          pid: 1,
          exited: Promise.resolve({ code: trouble.launchExits, signal: null, output: 'qemu: no such disk' }),
          confirmed: () => confirmed.push(recipe),
        };
      }
      const slot = slots.find((_, index) => recipe.args.includes(uuidOf(index)));
      if (!slot) throw new HostError('No such guest.', 'None.');
      const qemu = await slot.start();
      const exited = recipe.daemonizes
        ? Promise.resolve({ code: 0, signal: null, output: '' })
        : qemu.exited.then((exit) => ({ ...exit, output: '' }));
      listedFrom = clock.monotonic() + trouble.unlistedMs;
      return { pid: slot.pid, exited, confirmed: () => confirmed.push(recipe) };
    },
    close: () => Promise.resolve(),
  };

  for (const slot of slots) {
    const initial = slot.definition.initial ?? { kind: 'up', uptimeMs: 60_000 };
    if (initial.kind !== 'off') await slot.start(initial);
  }

  /** One run of the app on this host. */
  async function open(disk: MemoryFs) {
    const notices: Notice[] = [];
    const events: FleetEvent[] = [];
    const [guests, alarms, history] = await Promise.all([
      openDocument({
        dir: '/p',
        name: 'guests',
        version: GUESTS_VERSION,
        parse: parseRemembered,
        empty: [],
        fs: disk,
        clock,
      }),
      openAlarmStore({ dir: '/p', fs: disk, clock }),
      openHistoryLog({ dir: '/p', fs: disk, clock }),
    ]);
    const fleet = createFleet({
      clock,
      hosts: [host],
      documents: { guests, alarms, history },
      onGuest: () => undefined,
      onHost: () => undefined,
      onNotice(notice) {
        notices.push(notice);
        return () => void (notices.includes(notice) && notices.splice(notices.indexOf(notice), 1));
      },
      onEvent: (event) => events.push(event),
      jobPrefix: JOB_PREFIX,
    });
    await inVirtualTime(clock, fleet.start());
    return { ...fleetTools(clock, fleet, notices), events };
  }

  return {
    clock,
    fs,
    host,
    launches,
    /** The starts that were told to have been seen. */
    confirmed,
    listed,
    trouble,
    hostJobs,
    slot(name: string): Slot {
      const slot = slots.find(({ definition }) => definition.name === name);
      if (!slot) throw new Error(`No definition ${name}`);
      return slot;
    },
    qemu(name: string): SimulatedQemu {
      const { qemu } = this.slot(name);
      if (!qemu) throw new Error(`${name} has no process`);
      return qemu;
    },
    hibernated: (slot: Slot) => Object.assign(slot.disk, { hibernationImage: bootedMemory(clock, 60_000) }),
    open,
    ...(await open(fs)),
  };
}

function fleetTools(clock: FakeClock, fleet: Fleet, notices: Notice[]) {
  const guest = (name: string): Guest => {
    const found = fleet.guests().find(({ remembered }) => remembered.name === name);
    if (!found) throw new Error(`No guest ${name}`);
    return found;
  };
  const until = <T>(what: string | (() => string), look: () => T | undefined | null | false, ms?: number) =>
    untilSeen(clock, what, look, ms);
  const requestOf = (action: Action, text: string, startAccepted: boolean, alarm: HolderChoice = 'app'): PowerRequest => {
    const parsed = parseWhen(text, clock.now());
    if (!parsed.ok) throw new Error(parsed.message);
    return { action, when: parsed.when, startAccepted, by: byUser, alarm };
  };
  /** Asks, without waiting. */
  const ask = (name: string, action: Action, text = '', startAccepted = true, alarm?: HolderChoice): Promise<Refusal | null> =>
    fleet.setPowerState(guest(name), requestOf(action, text, startAccepted, alarm));
  const idle = (name: string, ms = 400_000) =>
    until(
      `nothing under way with ${name}`,
      () => guest(name).pending === null && guest(name).queue.waiting === 0,
      ms,
    );
  return {
    fleet,
    notices,
    guest,
    until,
    ask,
    idle,
    pass: (ms: number) => pass(clock, ms),
    done: <T>(promise: Promise<T>, ms?: number) => inVirtualTime(clock, promise, ms),
    /** Asks, and waits for the outcome. */
    async set(name: string, action: Action, text = '', startAccepted = true, alarm?: HolderChoice): Promise<Refusal | null> {
      const refusal = await inVirtualTime(clock, ask(name, action, text, startAccepted, alarm), 120_000);
      await idle(name);
      return refusal;
    },
    async shows(name: string, state: PowerStateName, ms?: number) {
      await until(
        () => `${name} is ${state}, not ${JSON.stringify(guest(name).state)}`,
        () => guest(name).state.name === state,
        ms,
      );
      return guest(name).state;
    },
    /** Its agent was looked at, and it can be put to sleep. */
    ready: (name: string) =>
      until(
        `${name} is ready`,
        () => guest(name).machine?.agent.status === 'answering' && guest(name).remembered.bootId !== null,
        60_000,
      ),
    /** Newest first. */
    texts: (name: string): string[] => fleet.history.of(guest(name).id).map(({ text }) => text),
    alarm: (name: string) => fleet.alarmOf(guest(name).id),
    stop: () => inVirtualTime(clock, fleet.stop(), 60_000),
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
