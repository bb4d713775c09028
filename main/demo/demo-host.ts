import { rm } from 'node:fs/promises';
import type { Clock } from '../clock';
import type { FoundGuest, StartRecipe } from '../hosts/discovery/found';
import { DEMO_HOST, HostError, type GuestHost, type Launched } from '../hosts/host';
import { dial } from '../protocols/sockets';
import { demoGuests, type DemoGuest } from './demo-guests';
import { bootedMemory } from './guest-system';
import { cpuTime } from './load';
import type { InitialState } from './machine';
import { recipeFor } from './recipe';
import { startSimulatedQemu, withDefaults, type SimulatedQemu } from './simulated-qemu';
import type { MachineSettings, SimulatedDisk } from './simulation';
import { makeSocketDirectory, socketsOf } from './socket-paths';

/** A guest of the demo that has no process now, as an app remembers one that it once saw running. */
export interface SwitchedOffGuest extends Omit<FoundGuest, 'pid' | 'startedAt'> {
  /** Starting it resumes it. */
  hibernated: boolean;
  /** The boot id that a resumed guest has. */
  bootId: string | null;
}

/** A simulated host: its guests are no processes, but speak the protocols of real ones on real sockets. */
export interface DemoHost extends GuestHost {
  readonly kind: 'demo';
  readonly simulated: true;
  /**
   * The guests that run or sleep. Their pids are no process's: beyond what a system counts to, so that none
   * can be signalled.
   */
  guests(): readonly FoundGuest[];
  /** The others, which a start brings back. */
  switchedOff(): readonly SwitchedOffGuest[];
  /** Calls `listener` when a guest has started or ended. Returns the way to stop. */
  onListChanged(listener: () => void): () => void;
  /** Ends all guests and removes their sockets. Idempotent. */
  close(): Promise<void>;
}

export interface DemoHostOptions {
  clock: Clock;
  /** Where the directory of the sockets is made; else where temporary files go. */
  dir?: string;
  guests?: readonly DemoGuest[];
  /** How the simulated QEMUs hand over files; without it their screens are not shown. */
  collectFile?: NonNullable<GuestHost['collectFile']>;
}

/** No system's process ids reach 2^40 (Windows' have 32 bits), and process.kill refuses it. */
const FIRST_PID = 2 ** 40;

interface Slot {
  settings: MachineSettings;
  disk: SimulatedDisk;
  recipe: StartRecipe;
  running: { qemu: SimulatedQemu; pid: number; startedAt: number } | null;
  starting: boolean;
}

/**
 * Opens the demo's host with all its guests as they are when a demo opens.
 * @throws Error when the sockets cannot be made
 */
export async function startDemoHost({
  clock,
  dir: base,
  guests = demoGuests,
  collectFile,
}: DemoHostOptions): Promise<DemoHost> {
  const dir = await makeSocketDirectory(base);
  const listeners = new Set<() => void>();
  let lastPid = FIRST_PID;
  let closing: Promise<void> | null = null;

  const changed = () => {
    if (closing) return;
    for (const listener of [...listeners]) listener();
  };

  const slots = guests.map(({ settings: given, opens }): Slot => {
    const settings = withDefaults(given);
    const { qmp, agent } = socketsOf(settings, dir, process.platform);
    return {
      settings,
      disk: { hibernationImage: opens.kind === 'hibernated' ? bootedMemory(clock, opens.uptimeMs) : null },
      recipe: recipeFor(settings, qmp, agent),
      running: null,
      starting: false,
    };
  });

  const start = async (slot: Slot, initial: InitialState, ranForMs: number) => {
    slot.starting = true;
    try {
      const qemu = await startSimulatedQemu({ ...slot.settings, dir, clock, disk: slot.disk, initial });
      lastPid += 1;
      const running = { qemu, pid: lastPid, startedAt: clock.now() - ranForMs };
      slot.running = running;
      void qemu.exited.then(() => {
        slot.running = null;
        changed();
      });
      return running;
    } finally {
      slot.starting = false;
    }
  };

  const describe = ({ settings, recipe }: Slot): Omit<FoundGuest, 'pid' | 'startedAt'> => {
    const { qmp, agent } = socketsOf(settings, dir, process.platform);
    return {
      key: `demo:${settings.uuid}`,
      name: settings.name,
      uuid: settings.uuid,
      memoryMiB: settings.memoryMiB,
      vcpus: settings.vcpus,
      machine: settings.machine,
      monitors: [qmp],
      agent: agent ? { address: agent, chardev: 'qga0' } : null,
      owner: 'user',
      recipe,
    };
  };

  const found = () =>
    slots.flatMap((slot): FoundGuest[] =>
      slot.running ? [{ ...describe(slot), pid: slot.running.pid, startedAt: slot.running.startedAt }] : [],
    );

  const close = async () => {
    await Promise.all(slots.flatMap(({ running }) => (running ? [running.qemu.stop()] : [])));
    await rm(dir, { recursive: true, force: true });
  };

  try {
    await Promise.all(
      slots.map(async (slot, index) => {
        const opens = guests[index]?.opens;
        if (opens && opens.kind !== 'hibernated') await start(slot, opens, opens.uptimeMs);
      }),
    );
  } catch (error) {
    await close();
    throw error;
  }

  return {
    id: DEMO_HOST,
    name: 'Demo',
    kind: 'demo',
    simulated: true,
    link: null,
    shell: null,
    jobs: null,
    scanEveryMs: 2000,
    guests: found,
    scan: () => Promise.resolve(found()),
    unasked: () => [],
    switchedOff: () =>
      slots
        .filter(({ running }) => !running)
        .map((slot) => ({
          ...describe(slot),
          hibernated: slot.disk.hibernationImage !== null,
          bootId: slot.disk.hibernationImage?.bootId ?? null,
        })),
    async launch(recipe): Promise<Launched> {
      const uuid = recipe.args[recipe.args.indexOf('-uuid') + 1];
      const slot = slots.find(({ settings }) => settings.uuid === uuid);
      if (!slot || closing) {
        throw new HostError(
          'The demo has no guest that is started by this command.',
          'Start one of the guests in the list.',
        );
      }
      if (slot.running || slot.starting) {
        throw new HostError(`${slot.settings.name} runs already.`, 'Look again: it has just been started.');
      }
      const { qemu, pid } = await start(slot, { kind: 'booting' }, 0);
      changed();
      return { pid, exited: qemu.exited.then((exit) => ({ ...exit, output: '' })), confirmed: () => undefined };
    },
    dial: (address) => dial(address, { clock }),
    processAlive: (pid) => Promise.resolve(slots.some(({ running }) => running?.pid === pid)),
    ...(collectFile ? { collectFile } : {}),
    threadTimes(pid) {
      const running = slots.find((slot) => slot.running?.pid === pid)?.running;
      if (!running) return Promise.resolve(null);
      const { guest, settings } = running.qemu;
      return Promise.resolve(cpuTime(guest.uptimeMs(), settings.vcpus));
    },
    onListChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => (closing ??= close()),
  };
}
