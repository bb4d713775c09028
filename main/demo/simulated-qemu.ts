import type { Clock } from '../clock';
import type { StartRecipe } from '../hosts/discovery/found';
import { openAgentChannel, type AgentChannel } from './agent-channel';
import { faithfulBehaviour, type Behaviour } from './behaviour';
import { throttleEvents } from './event-throttle';
import { createMachine, type InitialState } from './machine';
import type { LocalAddress } from './one-client-server';
import { openQmpChannel, type QmpChannel } from './qmp-channel';
import type { JsonValue } from './qemu-json';
import { recipeFor } from './recipe';
import type { Delays, GuestSystem, MachineSettings, RunState, SimulatedDisk } from './simulation';
import { socketsOf } from './socket-paths';

type GivenSettings = Pick<MachineSettings, 'name' | 'uuid'> & Partial<MachineSettings>;

export type SimulatedQemuOptions = GivenSettings & {
  /** Where the sockets go: a directory that only this user can enter. */
  dir: string;
  clock: Clock;
  initial?: InitialState;
  delays?: Partial<Delays>;
  /** What the guest hibernates to; give the same again to start the guest again. */
  disk?: SimulatedDisk;
  behaviour?: Behaviour;
  platform?: NodeJS.Platform;
};

export interface SimulatedQemu {
  readonly settings: MachineSettings;
  readonly qmp: LocalAddress;
  readonly agent: LocalAddress | null;
  readonly recipe: StartRecipe;
  /** What happens inside the guest without anybody's asking QEMU. */
  readonly guest: Pick<
    GuestSystem,
    'suspend' | 'shutdown' | 'wakeByItself' | 'memory' | 'uptimeMs' | 'timeMs' | 'wakeAlarm' | 'setWakeAlarm'
  >;
  status(): RunState;
  /** Resolves when the process has ended, however it did, and its sockets are gone. */
  readonly exited: Promise<Exit>;
  /** As SIGTERM: says SHUTDOWN, then ends. Idempotent. */
  stop(): Promise<Exit>;
  /** As SIGKILL: ends without a word. Idempotent. */
  kill(): Promise<Exit>;
}

/** How the process ended, as the system tells its parent. */
export interface Exit {
  readonly code: number | null;
  readonly signal: 'SIGKILL' | null;
}

const DEFAULT_DELAYS: Delays = { boot: 2000, suspend: 400, wake: 300, hibernate: 1500, shutdown: 1000 };

const DEFAULT_SETTINGS: Omit<MachineSettings, 'name' | 'uuid'> = {
  memoryMiB: 2048,
  vcpus: 2,
  machine: 'pc-i440fx-7.2',
  qemuVersion: { major: 7, minor: 2, micro: 22, package: '' },
  s3: true,
  s4: true,
  hybrid: false,
  agent: 'running',
  agentVersion: '7.2.22',
  os: {},
  hostName: 'localhost',
  interfaces: [],
  users: [],
  wakeClock: false,
  noShutdown: false,
};

export const withDefaults = (given: GivenSettings): MachineSettings => ({
  ...DEFAULT_SETTINGS,
  hostName: given.name,
  ...given,
});

/**
 * Starts a simulated QEMU: a machine with a guest in it that speaks QMP and the agent's protocol on real
 * sockets. Nothing runs while nothing happens: it has no timer but for what the guest is just doing.
 * @throws Error when its sockets cannot be made
 */
export async function startSimulatedQemu(options: SimulatedQemuOptions): Promise<SimulatedQemu> {
  const {
    dir,
    clock,
    initial,
    delays,
    disk,
    behaviour = faithfulBehaviour,
    platform = process.platform,
    ...rest
  } = options;
  const settings = withDefaults(rest);
  const { qmp, agent } = socketsOf(settings, dir, platform);

  let monitor: QmpChannel | null = null;
  let agentPort: AgentChannel | null = null;
  let exiting = false;
  let announceExit: (exit: Exit) => void = () => undefined;
  const exited = new Promise<Exit>((resolve) => {
    announceExit = resolve;
  });

  const throttle = throttleEvents(clock, (event) => monitor?.sendEvent(event));
  const closeSockets = (file: 'remove' | 'leave') =>
    Promise.all([monitor?.close(file), agentPort?.close(file)]);
  const end = (exit: Exit) => {
    if (exiting) return;
    exiting = true;
    machine.off();
    throttle.stop();
    void closeSockets(exit.signal ? 'leave' : 'remove').then(() => announceExit(exit));
  };

  const machine = createMachine({
    settings,
    delays: { ...DEFAULT_DELAYS, ...delays },
    clock,
    disk: disk ?? { hibernationImage: null },
    powerButton: (guest) => behaviour.powerButton(guest),
    resumesImage: (image) => behaviour.resumesImage(image),
    onEvent(event) {
      const shown = behaviour.event(event);
      if (shown) throttle.push(shown);
    },
    onAgentChange: () => agentPort?.flush(),
    onExit: () => end({ code: 0, signal: null }),
  });

  const chardevs = (): JsonValue => [
    { 'frontend-open': true, filename: `${qmp.kind}:${qmp.path},server=on`, label: 'compat_monitor0' },
    ...(agent
      ? [
          {
            'frontend-open': machine.guest.agentOpensPort(),
            filename: `${agentPort?.connected() ? '' : 'disconnected:'}${agent.kind}:${agent.path},server=on`,
            label: 'qga0',
          },
        ]
      : []),
  ];

  try {
    monitor = await openQmpChannel({ address: qmp, machine, clock, behaviour, chardevs });
    if (agent) {
      agentPort = await openAgentChannel({
        address: agent,
        target: { guest: machine.guest, settings },
        behaviour,
      });
    }
  } catch (error) {
    await closeSockets('remove');
    throw new Error(`The simulated QEMU ${settings.name} cannot open its sockets in ${dir}`, {
      cause: error,
    });
  }
  machine.powerOn(initial ?? { kind: 'booting' });

  return {
    settings,
    qmp,
    agent,
    recipe: recipeFor(settings, qmp, agent, platform),
    guest: machine.guest,
    status: machine.status,
    exited,
    stop() {
      machine.terminate();
      return exited;
    },
    kill() {
      end({ code: null, signal: 'SIGKILL' });
      return exited;
    },
  };
}
