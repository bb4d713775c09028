import type { Behaviour, Wire } from '../../../../main/demo/behaviour';
import { answer } from '../../../../main/demo/commands';
import type { JsonObject } from '../../../../main/demo/qemu-json';
import type { SimulatedQemu, SimulatedQemuOptions } from '../../../../main/demo/simulated-qemu';
import type { HostAccess, Machine, MachineEvent } from '../../../../main/hypervisors/machine';
import { createQemuMachine, type QemuTarget } from '../../../../main/hypervisors/qemu/machine';
import type { SocketAddress } from '../../../../main/protocols/sockets';
import type { RunState } from '../../../../main/protocols/qmp/schema';
import { fakeClock, type FakeClock } from '../../../fakes/clock';
import { startFaultyQemu, type Fault } from '../../../fakes/faulty-qemu';
import { dialMemory } from '../../../fakes/memory-sockets';
import { inVirtualTime, untilSeen } from '../../../support/virtual-time';

/** A simulated QEMU in memory, and the machine of it that is tested. The file that uses it mocks one-client-server. */
export interface Bench {
  readonly clock: FakeClock;
  readonly qemu: SimulatedQemu;
  readonly machine: Machine;
  readonly events: readonly MachineEvent[];
  /** The names of the states that were told, in order. */
  states(): string[];
  until<T>(what: string | (() => string), look: () => T | undefined | null | false, ms?: number): Promise<T>;
  /** Until the machine is in `state`. */
  shows(state: Machine['state']['name'], ms?: number): Promise<Machine['state']>;
  done<T>(promise: Promise<T>, ms?: number): Promise<T>;
  /** The process is gone for the host, too. */
  readonly process: { alive: boolean };
}

export interface BenchOptions {
  readonly settings?: Partial<SimulatedQemuOptions>;
  readonly faults?: readonly Fault[];
  readonly target?: Partial<QemuTarget>;
  /** Its sockets are needed by another program, too. */
  readonly lent?: boolean;
  readonly dial?: (address: SocketAddress) => ReturnType<HostAccess['dial']>;
  readonly clock?: FakeClock;
  /** What the host offers beyond sockets and processes. */
  readonly access?: Partial<HostAccess>;
}

export const DELAYS = { boot: 300, suspend: 50, wake: 50, hibernate: 100, shutdown: 50 };
const UUID = '0d3f5b9e-6a53-4c0e-9c53-31d6b2a7f001';
const PID = 4711;
let benches = 0;

/** Starts the QEMU alone. */
export async function startQemu(
  clock: FakeClock,
  options: Pick<BenchOptions, 'settings' | 'faults'> = {},
): Promise<SimulatedQemu> {
  benches += 1;
  return startFaultyQemu(
    {
      ...{ name: 'nas', uuid: UUID, dir: `/bench-${benches}`, clock, delays: DELAYS, platform: 'linux' },
      initial: { kind: 'up', uptimeMs: 60_000 },
      ...options.settings,
    },
    ...(options.faults ?? []),
  );
}

export async function createBench(options: BenchOptions = {}): Promise<Bench> {
  const clock = options.clock ?? fakeClock();
  const qemu = await startQemu(clock, options);
  const process = { alive: true };
  void qemu.exited.then(() => (process.alive = false));
  const machine = createQemuMachine(
    {
      pid: PID,
      monitors: [qemu.qmp],
      monitorsAreLent: options.lent ?? false,
      agent: qemu.agent ? { address: qemu.agent, chardev: 'qga0', isLent: options.lent ?? false } : null,
      machineType: null,
      ...options.target,
    },
    { dial: options.dial ?? dialMemory, processAlive: () => Promise.resolve(process.alive), ...options.access },
    clock,
  );
  const events: MachineEvent[] = [];
  machine.subscribe((event) => events.push(event));
  const until: Bench['until'] = (what, look, ms) => untilSeen(clock, what, look, ms);
  return {
    clock,
    qemu,
    machine,
    events,
    states: () => events.flatMap((event) => (event.kind === 'state' ? [event.state.name] : [])),
    until,
    async shows(state, ms) {
      await until(
        () => `${state}, not ${machine.state.name}`,
        () => machine.state.name === state,
        ms,
      );
      return machine.state;
    },
    done: (promise, ms) => inVirtualTime(clock, promise, ms),
    process,
  };
}

/** A bench whose machine is connected, and whose agent was looked at. */
export async function createReadyBench(options: BenchOptions = {}): Promise<Bench> {
  const bench = await createBench(options);
  await bench.until(
    'the machine is ready',
    () => bench.machine.control.status === 'ready' && bench.machine.sleep !== null,
  );
  await bench.until(
    'the agent is known',
    () => bench.machine.agent.status !== 'unknown' || bench.machine.state.name !== 'running',
  );
  return bench;
}

/** A hand on the wire of the monitor: says what the simulation would not. */
export interface Tap {
  readonly fault: Fault;
  event(name: string, data?: JsonObject): void;
  raw(text: string): void;
  /** Drops the connection, as a QEMU does that goes on running. */
  hangUp(): void;
}

export function tap(): Tap {
  let wire: Wire | null = null;
  const current = () => {
    if (!wire) throw new Error('Nobody is connected to the monitor');
    return wire;
  };
  const raw = (text: string) => current().write(Buffer.from(text));
  return {
    fault: (before: Behaviour) => ({
      ...before,
      send(message, to) {
        if (message.channel === 'qmp') wire = to;
        before.send(message, to);
      },
    }),
    event(name, data) {
      raw(
        `${JSON.stringify({ event: name, ...(data ? { data } : {}), timestamp: { seconds: -1, microseconds: -1 } })}\r\n`,
      );
    },
    raw,
    hangUp: () => current().destroy(),
  };
}

/** query-status answers what `status` holds, whatever the simulation does. */
export const reports =
  (status: { now: RunState }): Fault =>
  (before) => ({
    ...before,
    qmp: {
      ...before.qmp,
      'query-status': {
        parameters: [],
        run: () => answer({ status: status.now, running: status.now === 'running' }),
      },
    },
  });
