import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlarmRefusedError } from '../../../main/alarms/runner';
import { byUser } from '../../../main/power/actor';
import { MAX_CONFIRM_MS, type Alarm, type AlarmEnding } from '../../../main/power/alarms';
import { StorageError } from '../../../main/storage/errors';
import { createWorld, S, type Process } from './world';

const ids = ['g', 'h'];

type Command =
  | {
      readonly do: 'sleep';
      readonly id: string;
      readonly s: number;
      readonly until: boolean;
      readonly hibernate: boolean;
    }
  | {
      readonly do:
        'failToSleep' | 'cancel' | 'wakeByOther' | 'turnOff' | 'unplug' | 'plugIn' | 'deafen' | 'heal';
      readonly id: string;
    }
  | { readonly do: 'extend'; readonly id: string; readonly s: number }
  | { readonly do: 'pass' | 'computerSleeps' | 'setClock'; readonly s: number; readonly told: boolean }
  | { readonly do: 'fillDisk' | 'freeDisk' | 'restart' }
  /** The app is killed at the nth file operation from now, and started again later. */
  | { readonly do: 'crashSoon'; readonly operations: number }
  /** The app stays away for a while. */
  | { readonly do: 'stayAway'; readonly s: number };

const id = fc.constantFrom(...ids);
const seconds = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 900 }));
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('sleep' as const),
      id,
      s: seconds,
      until: fc.boolean(),
      hibernate: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('pass' as const), s: seconds, told: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'failToSleep',
        'cancel',
        'wakeByOther',
        'turnOff',
        'unplug',
        'plugIn',
        'deafen',
        'heal',
      ),
      id,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('extend' as const), id, s: fc.integer({ min: -300, max: 300 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('computerSleeps' as const), s: seconds, told: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('setClock' as const),
      s: fc.oneof(fc.integer({ min: -600, max: -3 }), fc.integer({ min: 3, max: 600 })),
      told: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('fillDisk', 'freeDisk', 'restart') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crashSoon' as const),
      operations: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stayAway' as const), s: seconds }) },
);

/** What the user was promised: a guest that sleeps with an acknowledged alarm. */
interface Promised {
  readonly alarm: Alarm;
  /** The wall clock before which an alarm "until" must not fire. */
  notBeforeWall: number;
  /** What has to pass (see world.passed) before an alarm "for" may fire. */
  notBeforePassed: number;
}

async function play(commands: readonly Command[]): Promise<void> {
  const world = createWorld();
  await world.begin();
  const promises = new Map<string, Promised>();
  const judged = new Set<Process>();
  const counted = new Map<Process, number>();
  const effective = new Map<string, number>();
  const slept = new Map<string, number>();
  let deliveriesSeen = 0;
  /** Alarms whose end may not be on disk: those may come back after a crash. */
  const mayReturn = new Set<string>();
  /** Alarms whose cancelling was acknowledged. */
  const acknowledged = new Set<string>();

  const diskIsFull = () => full;
  let full = false;

  async function untilSettledOrCrashed<T>(work: Promise<T>): Promise<T | 'crashed'> {
    const process = world.app();
    const outcome = await Promise.race([work, process.fs.crashed.then(() => 'crashed' as const)]);
    await world.clock.advance(0);
    return outcome;
  }

  async function revive(): Promise<void> {
    judge();
    await world.restart();
    applyDisk();
    for (const guest of ids) world.show(guest);
    await world.clock.advance(0);
    // Before anything happens to the guests again.
    judge();
  }

  function applyDisk(): void {
    world.app().fs.fault = (_, operation) => (full && operation === 'write' ? 'ENOSPC' : undefined);
  }

  /** Looks at every wake and every ending since the last look. */
  function judge(): void {
    for (const { alarm, outcome, begun } of world.deliveries.slice(deliveriesSeen)) {
      if (outcome === 'failed') slept.set(alarm.id, (slept.get(alarm.id) ?? 0) + 1);
      if (outcome !== 'woken') continue;
      expect(acknowledged.has(alarm.id), `${alarm.id} was cancelled, and woke its guest`).toBe(false);
      effective.set(alarm.id, (effective.get(alarm.id) ?? 0) + 1);
      expect(effective.get(alarm.id), `${alarm.id} woke its guest twice`).toBe(1);
      const promised = promises.get(alarm.id);
      if (!promised) {
        expect(mayReturn.has(alarm.id), `${alarm.id} woke a guest without being asked to`).toBe(true);
        continue;
      }
      if (promised.alarm.basis === 'instant')
        expect(begun.wall, `${alarm.id} was early`).toBeGreaterThanOrEqual(promised.notBeforeWall);
      else expect(begun.passed, `${alarm.id} was early`).toBeGreaterThanOrEqual(promised.notBeforePassed);
    }
    deliveriesSeen = world.deliveries.length;
    const app = world.app();
    for (const { alarm, ending } of app.ended.slice(counted.get(app) ?? 0)) judgeEnding(alarm, ending);
    counted.set(app, app.ended.length);
    judged.add(app);
    expect(world.mostWakesAtOnce()).toBeLessThanOrEqual(1);
    expect(new Set(app.runner.list().map(({ guestId }) => guestId)).size).toBe(app.runner.list().length);
  }

  function judgeEnding(alarm: Alarm, ending: AlarmEnding): void {
    const guest = world.guest(alarm.guestId);
    const promised = promises.get(alarm.id);
    promises.delete(alarm.id);
    if (ending.kind !== 'cancelled' || ending.why !== 'asked') mayReturn.add(alarm.id);
    if (!promised) return;
    switch (ending.kind) {
      case 'woken':
      case 'ended-early':
        expect(guest.state, `${alarm.id} ended as ${ending.kind}`).not.toMatch(/suspended|hibernated/);
        return;
      case 'cancelled':
        expect.fail(`${alarm.id} was cancelled (${ending.why}), and nobody asked for it`);
        return;
      case 'failed':
        // A crash may forget one.
        if (guest.state !== 'off') expect(slept.get(alarm.id)).toBeGreaterThanOrEqual(3);
        return;
    }
  }

  for (const next of commands) {
    const app = world.app();
    if (!app.isAlive()) await revive();
    await perform(next);
    judge();
  }

  /** An alarm that was not yet seen to be over is replaced by the next one. */
  function forgetAlarmOfAwakeGuest(guestId: string): void {
    const alarm = world.runner().ofGuest(guestId);
    if (!alarm) return;
    promises.delete(alarm.id);
    mayReturn.add(alarm.id);
  }

  async function perform(next: Command): Promise<void> {
    const { runner } = world.app();
    switch (next.do) {
      case 'sleep': {
        const guest = world.guest(next.id);
        if (guest.state !== 'running' || !guest.reachable) return;
        const when = next.until
          ? ({ kind: 'until', at: world.clock.now() + next.s * S, text: '' } as const)
          : ({ kind: 'for', ms: next.s * S } as const);
        const before = runner.ofGuest(next.id);
        forgetAlarmOfAwakeGuest(next.id);
        const action = next.hibernate ? ('hibernate' as const) : ('suspend' as const);
        const armed = await untilSettledOrCrashed(
          runner.arm({ guestId: next.id, holder: 'app', action, when, confirmWithin: 30 * S, by: byUser }).catch((error: unknown) => {
            expect(error).toBeInstanceOf(StorageError);
            expect(diskIsFull()).toBe(true);
            expect(runner.ofGuest(next.id)?.id).toBe(before?.id);
            return undefined;
          }),
        );
        if (armed === undefined || armed === 'crashed') return;
        expect(armed.due).toBe(world.clock.now() + next.s * S);
        guest.state = next.hibernate ? 'hibernated' : 'suspended';
        promises.set(armed.id, {
          alarm: armed,
          notBeforeWall: armed.due,
          notBeforePassed: world.passed() + next.s * S,
        });
        world.show(next.id, 'user');
        if (world.app().isAlive()) runner.sleepConfirmed(armed.id);
        await world.clock.advance(0);
        return;
      }
      case 'failToSleep': {
        if (world.guest(next.id).state !== 'running') return;
        forgetAlarmOfAwakeGuest(next.id);
        const request = {
          guestId: next.id,
          holder: 'app',
          action: 'suspend',
          when: { kind: 'for', ms: 60 * S },
          confirmWithin: S,
          by: byUser,
        } as const;
        const armed = await untilSettledOrCrashed(runner.arm(request).catch(() => undefined));
        if (armed === undefined || armed === 'crashed') return;
        runner.sleepFailed(armed.id);
        mayReturn.add(armed.id);
        await world.clock.advance(0);
        return;
      }
      case 'extend': {
        // A clock that was set back unnoticed moves the alarm first.
        runner.recheck();
        await world.clock.advance(0);
        const alarm = runner.ofGuest(next.id);
        if (!alarm) return;
        const base = Math.max(alarm.due, world.clock.now());
        const extended = await untilSettledOrCrashed(
          runner.extend(alarm.id, { kind: 'by', ms: next.s * S }).catch((error: unknown) => {
            if (!(error instanceof AlarmRefusedError)) {
              expect(error).toBeInstanceOf(StorageError);
              expect(diskIsFull()).toBe(true);
            }
            return undefined;
          }),
        );
        const promised = promises.get(alarm.id);
        if (!promised || extended === undefined) return;
        if (extended === 'crashed') {
          // The old or the new one, nobody knows.
          promised.notBeforeWall = Math.min(promised.notBeforeWall, base + next.s * S);
          const passed = world.passed() + base + next.s * S - world.clock.now();
          promised.notBeforePassed = Math.min(promised.notBeforePassed, passed);
          return;
        }
        expect(extended.due).toBe(base + next.s * S);
        promised.notBeforeWall = extended.due;
        promised.notBeforePassed = world.passed() + extended.due - world.clock.now();
        return;
      }
      case 'cancel': {
        const alarm = runner.ofGuest(next.id);
        if (!alarm) return;
        const promised = promises.get(alarm.id);
        promises.delete(alarm.id);
        const cancelled = await untilSettledOrCrashed(
          runner.cancel(alarm.id, { why: 'asked', by: byUser }).catch((error: unknown) => {
            if (!(error instanceof AlarmRefusedError)) {
              expect(error).toBeInstanceOf(StorageError);
              expect(diskIsFull()).toBe(true);
            }
            return 'refused' as const;
          }),
        );
        if (cancelled === 'crashed') mayReturn.add(alarm.id);
        if (cancelled === 'refused' && promised && runner.ofGuest(next.id)?.id === alarm.id) promises.set(alarm.id, promised);
        // Acknowledged: it wakes nobody any more.
        if (cancelled === undefined) acknowledged.add(alarm.id);
        // An unwatched guest must not sleep for ever in this test.
        if (cancelled !== 'refused') world.guest(next.id).state = 'running';
        world.show(next.id, 'user');
        return;
      }
      case 'wakeByOther':
        world.guest(next.id).state = 'running';
        world.show(next.id, 'guest');
        await world.clock.advance(0);
        return;
      case 'turnOff':
        world.guest(next.id).state = 'off';
        world.show(next.id, 'host');
        await world.clock.advance(0);
        return;
      case 'unplug':
      case 'plugIn':
        world.guest(next.id).reachable = next.do === 'plugIn';
        world.show(next.id);
        await world.clock.advance(0);
        return;
      case 'deafen':
      case 'heal':
        world.guest(next.id).deaf = next.do === 'deafen';
        return;
      case 'pass':
        return world.clock.advance(next.s * S);
      case 'computerSleeps':
        world.computerSleeps(next.s * S);
        if (next.told) runner.recheck();
        await world.clock.advance(0);
        return;
      case 'setClock':
        world.setClock(next.s * S);
        if (next.told) runner.recheck();
        await world.clock.advance(0);
        return;
      case 'fillDisk':
      case 'freeDisk':
        full = next.do === 'fillDisk';
        applyDisk();
        return;
      case 'restart':
        return revive();
      case 'crashSoon': {
        const { fs } = world.app();
        let left = next.operations;
        fs.fault = (_, operation) => {
          left -= 1;
          if (left === 0) return 'crash';
          return full && operation === 'write' ? 'ENOSPC' : undefined;
        };
        return;
      }
      case 'stayAway': {
        judge();
        world.app().kill();
        await world.clock.advance(next.s * S);
        await revive();
        return;
      }
    }
  }

  // In the end everything works again: nobody may still sleep who was promised a wake.
  if (!world.app().isAlive()) await revive();
  full = false;
  applyDisk();
  for (const guest of ids) {
    Object.assign(world.guest(guest), { reachable: true, deaf: false });
    world.show(guest);
  }
  const last = Math.max(
    world.clock.now(),
    ...world
      .runner()
      .list()
      .map(({ due }) => due),
  );
  await world.clock.advance(last - world.clock.now() + MAX_CONFIRM_MS + 100 * S);
  judge();
  expect(world.runner().list()).toEqual([]);
  expect([...promises.keys()], 'promised, and neither kept nor ended').toEqual([]);
  const disk = JSON.parse(world.app().fs.text('/data/alarms.json') ?? '{"value":[]}') as { value: unknown };
  expect(disk.value).toEqual([]);
}

describe('whatever happens, an alarm', () => {
  it(
    'is never lost, never early, and never fires twice',
    { timeout: Number(process.env.MODEL_RUNS ?? 400) * 150 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 3, maxLength: 30, size: 'max' }), play),
        { numRuns: Number(process.env.MODEL_RUNS ?? 400) },
      );
    },
  );
});
