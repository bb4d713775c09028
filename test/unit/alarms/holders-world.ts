import { expect } from 'vitest';
import { createAlarmJobs, type AlarmJobs } from '../../../main/alarms/jobs';
import { createAlarmRunner, type AlarmRunner } from '../../../main/alarms/runner';
import { openAlarmStore } from '../../../main/alarms/store';
import type { Clock } from '../../../main/clock';
import { HostError } from '../../../main/hosts/host';
import { byUser } from '../../../main/power/actor';
import { MAX_CONFIRM_MS, type Alarm, type AlarmEnding, type AlarmHolder, type WakeOutcome } from '../../../main/power/alarms';
import { HOLDER_EARLY_MS } from '../../../main/power/held';
import type { Cause } from '../../../main/power/states';
import { fakeClock } from '../../fakes/clock';
import { fakeHostJobs, KEEPER, type FakeHostJobs } from '../../fakes/host-jobs';
import { memoryFs, type MemoryFs } from '../../fakes/memory-fs';

export const S = 1000;
const PREFIX = 'reveille-0000cafe-';
export const ids = ['g', 'h'] as const;
const never = new Promise<never>(() => undefined);

/** A guest as it is, on a host of its own. */
export interface Guest {
  readonly id: string;
  asleep: boolean;
  /** Guest and host can be reached from this computer. */
  reachable: boolean;
  /** It sleeps through the app's wakes. */
  deaf: boolean;
  readonly host: FakeHostJobs;
  /** Its own clock's alarm: whose, and when by the time that passed. */
  rtc: { readonly alarmId: string; readonly dueAt: number } | null;
  /** The job on the host finds the monitor free only while no app holds it. */
  blocked: boolean;
  /** It has agreed to sleep, and will at `at`, by the time that passed. `watched`: the app has seen it awake ever since. */
  drowsy: { readonly alarmId: string; readonly agreedAt: number; readonly at: number; watched: boolean } | null;
}

export interface Promised {
  readonly alarm: Alarm;
  /** Before both of these nobody may wake it: by this computer's clock, and by the time that passed. */
  notBeforeWall: number;
  notBeforePassed: number;
  /** By the time that passed for the app. */
  notBeforeForApp: number;
}

export interface App {
  readonly runner: AlarmRunner;
  readonly jobs: AlarmJobs;
  readonly fs: MemoryFs;
  readonly dead: Promise<'dead'>;
  isAlive(): boolean;
  kill(): void;
}

/** Guests on hosts of their own, and an app that keeps their alarms with several holders. What must not be is kept in `faults`. */
export async function createHoldersWorld() {
  const clock = fakeClock();
  const is: {
    slept: number;
    /** What this computer's clock was set forward: to the app, time that passed. */
    forward: number;
    /** This computer's clock was set. */
    stepped: boolean;
    full: boolean;
    dying: { at: 'disk' | 'host'; steps: number } | null;
    app: App;
  } = { slept: 0, forward: 0, stepped: false, full: false, dying: null, app: null as unknown as App };
  /** Alarms whose guests slept through the app's wakes: their own clocks may ring yet. */
  const givenUp = new Set<string>();
  /** Alarms whose end the disk does not know, or may forget: the next run of the app may set them again. */
  const mayReturn = new Set<string>();
  /** Kept, since the app would take what is thrown during a wake for a fault of the guest's. */
  const faults: unknown[] = [];
  /** Time as everybody else counts it. */
  const passed = () => clock.monotonic() + is.slept;
  const promises = new Map<string, Promised>();
  const woke = new Map<string, AlarmHolder[]>();
  /** Guests whose hosts were out of reach or unwilling, or whose app died, since nothing was left undone there. */
  const troubled = new Set<string>();
  let serial = 0;

  const byName = (name: string) => name.slice(PREFIX.length).replace(/-b$/, '');

  const guests = ids.map((guestId): Guest => {
    const guest: Guest = {
      id: guestId,
      asleep: false,
      reachable: true,
      deaf: false,
      blocked: false,
      rtc: null,
      drowsy: null,
      host: fakeHostJobs(clock, passed, (job) => {
        if (!guest.asleep) return true;
        if (guest.blocked && guest.reachable && is.app.isAlive()) return false;
        rings(guest, byName(job.name), 'host');
        return true;
      }),
    };
    return guest;
  });
  const guestOf = (guestId: string): Guest => {
    const found = guests.find((one) => one.id === guestId);
    if (!found) throw new Error(`No guest ${guestId}`);
    return found;
  };

  /** A holder wakes the guest. */
  function rings(guest: Guest, alarmId: string, by: AlarmHolder): void {
    if (!guest.asleep) return;
    judgeWake(alarmId, guest, by);
    guest.asleep = false;
    show(guest, 'unknown');
  }

  function judgeWake(...wake: [alarmId: string, guest: Guest, by: AlarmHolder]): void {
    try {
      judge(...wake);
    } catch (error) {
      faults.push(error);
    }
  }

  function judge(alarmId: string, guest: Guest, by: AlarmHolder): void {
    woke.set(alarmId, [...(woke.get(alarmId) ?? []), by]);
    const promised = promises.get(alarmId);
    if (!promised && ((by === 'guest' && givenUp.has(alarmId)) || mayReturn.has(alarmId))) return;
    if (!promised) return expect(troubled.has(guest.id), `${alarmId}, which is over, woke ${guest.id} by ${by}`).toBe(true);
    expect(woke.get(alarmId), `${alarmId} woke its guest twice`).toHaveLength(1);
    const slack = by === 'app' ? 0 : HOLDER_EARLY_MS;
    const inTime = clock.now() >= promised.notBeforeWall - slack || passed() >= promised.notBeforePassed - slack;
    const inAppTime = passed() + is.forward >= promised.notBeforeForApp - slack;
    if (!troubled.has(guest.id)) expect(inTime || inAppTime, `${alarmId} was early, by ${by}`).toBe(true);
  }

  const look = (): void => {
    for (const guest of guests) {
      guest.host.look();
      if (guest.rtc && passed() >= guest.rtc.dueAt) {
        const { alarmId } = guest.rtc;
        guest.rtc = null;
        rings(guest, alarmId, 'guest');
      }
      if (guest.drowsy && passed() >= guest.drowsy.at) {
        guest.drowsy = null;
        guest.asleep = true;
        show(guest, 'user');
      }
    }
  };

  /** Guests' own clocks tick, and everything settles. */
  const advance = async (ms: number): Promise<void> => {
    const end = clock.monotonic() + ms;
    for (;;) {
      const events = guests.flatMap(({ rtc, drowsy }) => [...(rtc ? [rtc.dueAt] : []), ...(drowsy ? [drowsy.at] : [])]);
      const next = Math.min(end, ...events.map((at) => Math.max(clock.monotonic(), at - is.slept)));
      await clock.advance(next - clock.monotonic());
      look();
      if (next >= end) break;
    }
    await clock.advance(0);
  };

  /** Tells the running app what it can see of a guest. */
  function show(guest: Guest, cause: Cause, unwatched = false): void {
    if (!is.app.isAlive()) return;
    const name = guest.reachable ? (guest.asleep ? 'suspended' : 'running') : 'unknown';
    if (guest.drowsy && (unwatched || name === 'unknown')) guest.drowsy.watched = false;
    is.app.runner.guestObserved(guest.id, { name, cause, since: unwatched ? null : clock.now() });
  }

  async function boot(fs: MemoryFs): Promise<App> {
    let killed = false;
    let die = (_: 'dead') => {};
    const dead = new Promise<'dead'>((resolve) => (die = resolve));
    const timers = new Set<() => void>();
    const isAlive = () => !killed;
    const own: Clock = {
      now: clock.now,
      monotonic: clock.monotonic,
      setTimer(ms, fn) {
        const cancel = clock.setTimer(ms, () => {
          timers.delete(cancel);
          if (isAlive()) fn();
        });
        timers.add(cancel);
        return cancel;
      },
    };
    const kill = () => {
      killed = true;
      // What ended at this very moment was perhaps not written.
      for (const { alarm, at } of ended) if (at === clock.monotonic()) mayReturn.add(alarm.id);
      is.dying = null;
      fs.fault = () => 'crash';
      for (const cancel of timers) cancel();
      for (const guest of guests) troubled.add(guest.id);
      die('dead');
    };
    fs.fault = (_, operation) => {
      if (is.dying?.at === 'disk' && (is.dying.steps -= 1) === 0) {
        kill();
        return 'crash';
      }
      return is.full && operation === 'write' ? 'ENOSPC' : undefined;
    };
    const step = async () => {
      await Promise.resolve();
      if (is.dying?.at === 'host' && (is.dying.steps -= 1) === 0) kill();
      if (killed) await never;
    };
    const ways = new Map(guests.map((guest) => [guest.id, guest.host.connect(step)]));
    const jobsOn = (hostId: string) => (guestOf(hostId).reachable ? (ways.get(hostId) ?? null) : null);
    const ended: { readonly alarm: Alarm; readonly at: number }[] = [];
    const runner: AlarmRunner = createAlarmRunner({
      clock: own,
      store: await openAlarmStore({ dir: '/data', fs, clock }),
      async wake(alarm, wanted): Promise<WakeOutcome> {
        await new Promise<void>((resolve) => own.setTimer(50, resolve));
        const guest = guestOf(alarm.guestId);
        if (!wanted()) return { kind: 'already-awake' };
        if (!guest.reachable) return { kind: 'unreachable', reason: 'The host does not answer.' };
        if (!guest.asleep) return { kind: 'already-awake' };
        if (guest.deaf) return { kind: 'failed', reason: 'It sleeps on.' };
        judgeWake(alarm.id, guest, 'app');
        guest.asleep = false;
        show(guest, 'timer');
        return { kind: 'woken' };
      },
      onClockStep() {
        for (const { id } of guests) void jobs.reconcile(id);
      },
      onChange: () => undefined,
      onEnded(alarm, ending) {
        if (killed) return;
        ended.push({ alarm, at: clock.monotonic() });
        try {
          judgeEnding(alarm, ending);
        } catch (error) {
          faults.push(error);
        }
        jobs.ended(alarm);
      },
      onStoreProblem: () => undefined,
      newId: () => `a${(serial += 1)}`,
    });
    const jobs: AlarmJobs = createAlarmJobs({
      runner,
      prefix: PREFIX,
      clock: own,
      jobsOn,
      placeOf: async ({ guestId }) => {
        const way = jobsOn(guestId);
        if (!way) throw new HostError('It is not connected.', 'Connect it.');
        await way.offers({ kind: 'qmp', socket: '/s' });
        return { hostId: guestId, jobs: way, means: { kind: 'qmp', socket: '/s' }, keeper: KEEPER, blocked: guestOf(guestId).blocked };
      },
      onTrouble: () => undefined,
    });
    return { runner, jobs, fs, dead, isAlive, kill };
  }

  function judgeEnding(alarm: Alarm, ending: AlarmEnding): void {
    const guest = guestOf(alarm.guestId);
    const promised = promises.get(alarm.id);
    promises.delete(alarm.id);
    if (is.full) mayReturn.add(alarm.id);
    if (!promised) return;
    const { drowsy } = guest;
    if (drowsy?.alarmId === alarm.id) {
      // As guests/wake-clock.ts does it with a guest that is awake.
      if (guest.reachable) guest.rtc = null;
      else givenUp.add(alarm.id);
      // A crash may forget that it ended.
      mayReturn.add(alarm.id);
      return judgeBeforeSleep(alarm, ending, drowsy);
    }
    const [by, ...more] = woke.get(alarm.id) ?? [];
    expect(more, `${alarm.id} woke its guest twice`).toEqual([]);
    switch (ending.kind) {
      case 'woken':
        expect(guest.asleep, `${alarm.id} ended as woken`).toBe(false);
        // A wake of the app's that was cut off, or slept through, may have done it for all that the app knows.
        // Of a guest that was found awake it does not claim to know who did.
        if (by !== undefined && !ending.unwatched && !(ending.by === 'app' && 'sent' in alarm.phase && alarm.phase.sent)) expect(ending.by).toBe(by);
        return;
      case 'ended-early':
        expect(guest.asleep, `${alarm.id} ended early`).toBe(false);
        if (!is.stepped && alarm.held) expect(by, `${alarm.id} ended early, and its holder woke the guest`).toBeUndefined();
        return;
      case 'cancelled':
        // It slept and woke unseen, for all that the app knows.
        if (ending.why === 'never-slept') return expect(guest.asleep, `${alarm.id} was dropped`).toBe(false);
        return expect.fail(`${alarm.id} was cancelled (${ending.why}), and nobody asked for it`);
      case 'failed':
        givenUp.add(alarm.id);
        expect(guest.deaf, `${alarm.id} failed`).toBe(true);
        return;
    }
  }

  /** Its guest has not slept yet, and will. */
  function judgeBeforeSleep(alarm: Alarm, ending: AlarmEnding, { agreedAt, watched }: NonNullable<Guest['drowsy']>): void {
    if (ending.kind === 'cancelled' && ending.why === 'never-slept') {
      if (!is.stepped) expect(passed() - agreedAt, `${alarm.id} was given up`).toBeGreaterThanOrEqual(MAX_CONFIRM_MS);
      return;
    }
    // It may have slept while nobody looked, for all that the app knows.
    expect(watched, `${alarm.id} ended as ${ending.kind}, and its guest never slept`).toBe(false);
  }

  const orDead = async <T>(work: Promise<T>): Promise<T | 'dead'> => {
    const outcome = await Promise.race([work, is.app.dead]);
    await advance(0);
    return outcome;
  };

  async function revive(): Promise<void> {
    is.app.kill();
    is.app = await boot(is.app.fs.afterProcessEnd());
    for (const guest of guests) show(guest, 'unknown', true);
    for (const guest of guests) void is.app.jobs.reconcile(guest.id);
    is.app.runner.start();
    await advance(0);
  }

  /** As guests/arm.ts does it. */
  async function arm(guest: Guest, ms: number, until: boolean, wanted: AlarmHolder): Promise<Alarm> {
    const { runner, jobs } = is.app;
    const when = until ? ({ kind: 'until', at: clock.now() + ms, text: '' } as const) : ({ kind: 'for', ms } as const);
    if (wanted !== 'guest') guest.rtc = null;
    const alarm = await runner.arm({ guestId: guest.id, holder: wanted, action: 'suspend', when, confirmWithin: MAX_CONFIRM_MS, by: byUser });
    try {
      if (wanted === 'guest') {
        const s = Math.ceil((alarm.due - clock.now()) / S);
        guest.rtc = { alarmId: alarm.id, dueAt: passed() + s * S };
        await runner.hold(alarm.id, 'guest', { kind: 'guest', at: clock.now() + s * S });
      } else if (wanted === 'host') {
        const place = { hostId: guest.id, jobs: guest.host.connect(), means: { kind: 'qmp', socket: '/s' } as const };
        // Through this process's own way, which dies with it.
        const own = await placeOf(guest, place);
        await jobs.place(alarm, own);
      }
    } catch (error) {
      if (!(error instanceof HostError)) {
        runner.sleepFailed(alarm.id);
        void jobs.reconcile(guest.id);
        throw error;
      }
      troubled.add(guest.id);
      await runner.hold(alarm.id, 'app');
      void jobs.reconcile(guest.id);
    }
    return runner.ofGuest(guest.id) ?? alarm;
  }

  /** A way to the host that ends with the app that is alive now. */
  async function placeOf(guest: Guest, place: { hostId: string; means: { kind: 'qmp'; socket: string } }) {
    const mine = is.app;
    const step = async () => {
      await Promise.resolve();
      if (is.dying?.at === 'host' && (is.dying.steps -= 1) === 0) mine.kill();
      if (!mine.isAlive()) await never;
    };
    if (!guest.reachable) throw new HostError('It is not connected.', 'Connect it.');
    return { ...place, jobs: guest.host.connect(step), keeper: KEEPER, blocked: guest.blocked };
  }

  /** Nothing is under way: hosts that can be asked have no job without its alarm. */
  function judgeHosts(): void {
    for (const guest of guests) {
      if (!is.app.isAlive() || !guest.reachable || guest.host.refuses.size > 0 || guest.host.losesAnswers.size > 0) continue;
      const wanted = is.app.runner.list().flatMap(({ held }) => (held?.kind === 'host' ? [held.job.name] : []));
      const stray = [...guest.host.jobs.keys()].filter((name) => !wanted.includes(name));
      if (stray.length === 0) troubled.delete(guest.id);
      else expect(troubled.has(guest.id), `${stray.join()} left behind on ${guest.id}`).toBe(true);
    }
  }

  is.app = await boot(memoryFs());
  for (const guest of guests) show(guest, 'unknown', true);
  is.app.runner.start();
  return { is, clock, passed, faults, promises, troubled, guests, byName, guestOf, show, look, advance, orDead, revive, arm, judgeHosts };
}
