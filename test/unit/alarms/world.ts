import { createAlarmRunner, type AlarmRunner } from '../../../main/alarms/runner';
import { openAlarmStore } from '../../../main/alarms/store';
import type { Clock } from '../../../main/clock';
import { byUser } from '../../../main/power/actor';
import type { Alarm, AlarmEnding, WakeOutcome } from '../../../main/power/alarms';
import type { Cause, PowerStateName } from '../../../main/power/states';
import { fakeClock } from '../../fakes/clock';
import { memoryFs, type MemoryFs } from '../../fakes/memory-fs';

export const S = 1_000;
export const MIN = 60 * S;
export const H = 60 * MIN;
export const D = 24 * H;
/** How long a simulated wake takes. */
export const WAKE_MS = 50;

export type World = ReturnType<typeof createWorld>;
/** What came of each wake, in order. */
export const wakes = (world: World) => world.deliveries.map(({ outcome }) => outcome);
/** The alarms in the file, as the running app has written them. */
export function onDisk(world: World): { id: string; due: number; phase: { kind: string } }[] {
  const text = world.app().fs.text('/data/alarms.json');
  return text === undefined
    ? []
    : (JSON.parse(text) as { value: { id: string; due: number; phase: { kind: string } }[] }).value;
}

/** One guest as it is, whatever the app knows. */
export interface SimulatedGuest {
  state: PowerStateName;
  reachable: boolean;
  /** It sleeps through wakes. */
  deaf: boolean;
}

export interface Delivery {
  readonly alarm: Alarm;
  readonly outcome: WakeOutcome['kind'];
  readonly at: number;
  /** When the runner began it, by the wall clock and by `passed`. */
  readonly begun: { readonly wall: number; readonly passed: number };
}

/** One run of the app: it can be killed at any moment, and nothing of it goes on then. */
export interface Process {
  readonly runner: AlarmRunner;
  readonly fs: MemoryFs;
  readonly changes: (readonly Alarm[])[];
  readonly ended: { readonly alarm: Alarm; readonly ending: AlarmEnding }[];
  readonly problems: (string | undefined)[];
  /** A wake in place of the simulated one. */
  readonly override: { wake?: (alarm: Alarm, wanted: () => boolean) => Promise<WakeOutcome> };
  isAlive(): boolean;
  kill(): void;
}

/** Guests, a clock and a disk, and an app on them that keeps the alarms. */
export function createWorld(start?: number) {
  const clock = fakeClock(start);
  const guests = new Map<string, SimulatedGuest>();
  const deliveries: Delivery[] = [];
  const wakesInFlight = new Map<string, number>();
  let mostWakesAtOnce = 0;
  let serial = 0;
  let extra = 0;
  let process: Process | undefined;

  const guest = (id: string): SimulatedGuest => {
    let found = guests.get(id);
    if (!found) guests.set(id, (found = { state: 'running', reachable: true, deaf: false }));
    return found;
  };

  const passed = () => clock.monotonic() + extra;

  const current = (): Process => {
    if (!process) throw new Error('The app is not running');
    return process;
  };

  /** Tells the running app what it can see of a guest. */
  function show(id: string, cause: Cause = 'unknown'): void {
    if (!process?.isAlive()) return;
    process.runner.guestObserved(id, { name: guest(id).reachable ? guest(id).state : 'unknown', cause });
  }

  async function boot(fs: MemoryFs = memoryFs()): Promise<Process> {
    let killed = false;
    const isAlive = () => !killed && !fs.isCrashed();
    const timers = new Set<() => void>();
    const own: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer(ms, fn) {
        const cancel = clock.setTimer(ms, () => {
          timers.delete(cancel);
          if (isAlive()) fn();
        });
        timers.add(cancel);
        return cancel;
      },
    };
    const store = await openAlarmStore({ dir: '/data', fs, clock });
    if (store.problem) throw new Error(store.problem.message);
    const changes: (readonly Alarm[])[] = [];
    const ended: { alarm: Alarm; ending: AlarmEnding }[] = [];
    const problems: (string | undefined)[] = [];
    const override: Process['override'] = {};

    /** Takes its time, as a real wake does, and shows the guest awake before it returns. */
    const wake = async (alarm: Alarm, wanted: () => boolean): Promise<WakeOutcome> => {
      const begun = { wall: clock.now(), passed: passed() };
      const atOnce = (wakesInFlight.get(alarm.id) ?? 0) + 1;
      wakesInFlight.set(alarm.id, atOnce);
      mostWakesAtOnce = Math.max(mostWakesAtOnce, atOnce);
      await new Promise<void>((resolve) => own.setTimer(WAKE_MS, resolve));
      wakesInFlight.set(alarm.id, atOnce - 1);
      const outcome = wanted() ? deliver(alarm) : ({ kind: 'already-awake' } as const);
      deliveries.push({ alarm, outcome: outcome.kind, at: clock.now(), begun });
      if (outcome.kind === 'woken') show(alarm.guestId, 'timer');
      return outcome;
    };

    const runner = createAlarmRunner({
      clock: own,
      store,
      wake: (alarm, wanted) => (override.wake ?? wake)(alarm, wanted),
      onClockStep: () => undefined,
      onChange: (alarms) => changes.push(alarms),
      onEnded: (alarm, ending) => ended.push({ alarm, ending }),
      onStoreProblem: (error) => problems.push(error?.message),
      newId: () => `alarm ${(serial += 1)}`,
    });
    process = {
      runner,
      fs,
      changes,
      ended,
      problems,
      override,
      isAlive,
      kill() {
        killed = true;
        fs.fault = () => 'crash';
        for (const cancel of timers) cancel();
        wakesInFlight.clear();
      },
    };
    return process;
  }

  function deliver(alarm: Alarm): WakeOutcome {
    const target = guest(alarm.guestId);
    if (!target.reachable) return { kind: 'unreachable', reason: 'The host does not answer.' };
    switch (target.state) {
      case 'running':
        return { kind: 'already-awake' };
      case 'suspended':
      case 'hibernated':
        if (target.deaf) return { kind: 'failed', reason: 'It sleeps on.' };
        target.state = 'running';
        return { kind: 'woken' };
      case 'off':
      case 'crashed':
        return { kind: 'gone', reason: 'It no longer runs.' };
      case 'paused':
      case 'saved':
      case 'unknown':
        return { kind: 'unreachable', reason: 'It cannot be woken now.' };
    }
  }

  return {
    clock,
    /** How much time passed, in ms: including this computer's sleep, and what its clock was set forward. */
    passed,
    computerSleeps(ms: number): void {
      clock.sleep(ms);
      extra += ms;
    },
    setClock(ms: number): void {
      clock.step(ms);
      extra += Math.max(0, ms);
    },
    guest,
    show,
    deliveries,
    mostWakesAtOnce: () => mostWakesAtOnce,
    app: current,
    runner: () => current().runner,
    boot,
    /** Starts an app on an empty disk. */
    async begin(): Promise<Process> {
      const begun = await boot();
      begun.runner.start();
      await clock.advance(0);
      return begun;
    },
    /** The app is killed, and started again on its files. */
    async restart(): Promise<Process> {
      const { fs } = current();
      current().kill();
      const again = await boot(fs.afterProcessEnd());
      again.runner.start();
      await clock.advance(0);
      return again;
    },
    /** As the app puts a guest to sleep: the alarm first, then the sleep, then its confirmation. */
    async sleep(id: string, ms: number, action: Alarm['action'] = 'suspend'): Promise<Alarm> {
      const alarm = await current().runner.arm({
        guestId: id,
        holder: 'app',
        action,
        when: { kind: 'for', ms },
        confirmWithin: 30_000,
        by: byUser,
      });
      guest(id).state = action === 'hibernate' ? 'hibernated' : 'suspended';
      show(id, 'user');
      current().runner.sleepConfirmed(alarm.id);
      await clock.advance(0);
      return alarm;
    },
    stateOf: (id: string) => guest(id).state,
  };
}
