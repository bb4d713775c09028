import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlarmRefusedError } from '../../../main/alarms/runner';
import { byUser } from '../../../main/power/actor';
import { MAX_CONFIRM_MS, type AlarmHolder } from '../../../main/power/alarms';
import { StorageError } from '../../../main/storage/errors';
import { createHoldersWorld, ids, S } from './holders-world';

type Command =
  | { readonly do: 'sleep'; readonly id: string; readonly s: number; readonly until: boolean; readonly holder: AlarmHolder }
  /** It agrees to sleep, and does so `late` seconds later. */
  | { readonly do: 'sleepLate'; readonly id: string; readonly s: number; readonly late: number; readonly holder: AlarmHolder }
  | { readonly do: 'failToSleep'; readonly id: string; readonly holder: AlarmHolder }
  | { readonly do: 'extend'; readonly id: string; readonly s: number }
  | {
      readonly do: 'cancel' | 'wakeByOther' | 'unplug' | 'plugIn' | 'deafen' | 'heal' | 'refuse' | 'mumble' | 'mend' | 'block' | 'reboot';
      readonly id: string;
    }
  | { readonly do: 'pass' | 'computerSleeps' | 'setClock' | 'stayAway'; readonly s: number }
  | { readonly do: 'fillDisk' | 'freeDisk' | 'restart' }
  /** The app is killed at the nth file operation, or step of a call to a host, from now. */
  | { readonly do: 'crashSoon'; readonly steps: number; readonly at: 'disk' | 'host' };

const id = fc.constantFrom(...ids);
const holder = fc.constantFrom<AlarmHolder>('guest', 'host', 'host', 'app');
const seconds = fc.oneof(fc.integer({ min: 10, max: 40 }), fc.integer({ min: 10, max: 900 }));
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('sleep' as const), id, s: seconds, until: fc.boolean(), holder }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('sleepLate' as const), id, s: seconds, late: fc.integer({ min: 5, max: 700 }), holder }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('failToSleep' as const), id, holder }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('extend' as const), id, s: fc.integer({ min: -300, max: 300 }) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel', 'wakeByOther', 'unplug', 'plugIn', 'deafen', 'heal', 'refuse', 'mumble', 'mend', 'block', 'reboot'),
      id,
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('pass' as const), s: seconds }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('computerSleeps', 'stayAway'), s: seconds }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('setClock' as const),
      s: fc.oneof(fc.integer({ min: -600, max: -3 }), fc.integer({ min: 3, max: 600 })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('fillDisk', 'freeDisk', 'restart') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('crashSoon' as const),
      steps: fc.integer({ min: 1, max: 25 }),
      at: fc.constantFrom('disk', 'host'),
    }),
  },
);

async function play(commands: readonly Command[]): Promise<void> {
  const world = await createHoldersWorld();
  const { is, clock, passed, faults, promises, troubled, guests, byName, guestOf, show, look, advance, orDead, revive, arm, judgeHosts } = world;

  const refusedOr = (error: unknown): 'refused' => {
    if (error instanceof StorageError) expect(is.full).toBe(true);
    else expect(error).toBeInstanceOf(AlarmRefusedError);
    return 'refused';
  };

  async function perform(next: Command): Promise<void> {
    const { runner, jobs } = is.app;
    switch (next.do) {
      case 'sleep':
      case 'sleepLate':
      case 'failToSleep': {
        const guest = guestOf(next.id);
        if (guest.asleep || !guest.reachable) return;
        const former = runner.ofGuest(guest.id);
        if (former) promises.delete(former.id);
        guest.drowsy = null;
        const s = next.do === 'failToSleep' ? 60 : next.s;
        const armed = await orDead(arm(guest, s * S, next.do === 'sleep' && next.until, next.holder).catch(refusedOr));
        if (armed === 'dead' || armed === 'refused') return;
        if (next.do === 'failToSleep') {
          guest.rtc = null;
          runner.sleepFailed(armed.id);
          return advance(0);
        }
        promises.set(armed.id, { alarm: armed, notBeforeWall: armed.due, notBeforePassed: passed() + s * S, notBeforeForApp: passed() + is.forward + s * S });
        if (next.do === 'sleepLate') {
          guest.drowsy = { alarmId: armed.id, agreedAt: passed(), at: passed() + next.late * S, watched: true };
          return advance(0);
        }
        guest.asleep = true;
        show(guest, 'user');
        runner.sleepConfirmed(armed.id);
        return advance(0);
      }
      case 'extend': {
        runner.recheck();
        await advance(0);
        const alarm = runner.ofGuest(next.id);
        const promised = alarm && promises.get(alarm.id);
        if (!alarm || !promised || alarm.held?.kind === 'guest') return;
        const base = Math.max(alarm.due, clock.now());
        const due = base + next.s * S;
        const moved = await orDead(jobs.move(alarm.id, { kind: 'by', ms: next.s * S }).catch(refusedOr));
        if (!promises.has(alarm.id)) return;
        if (moved === 'dead' || moved === 'refused') {
          // The old or the new one, nobody knows.
          promised.notBeforeWall = Math.min(promised.notBeforeWall, due);
          promised.notBeforePassed = Math.min(promised.notBeforePassed, passed() + due - clock.now());
          promised.notBeforeForApp = Math.min(promised.notBeforeForApp, passed() + is.forward + due - clock.now());
          return;
        }
        expect(moved.alarm.due).toBe(due);
        promised.notBeforeWall = moved.alarm.due;
        promised.notBeforePassed = passed() + moved.alarm.due - clock.now();
        promised.notBeforeForApp = promised.notBeforePassed + is.forward;
        return;
      }
      case 'cancel': {
        const alarm = runner.ofGuest(next.id);
        if (!alarm || (alarm.held?.kind === 'guest' && alarm.phase.kind !== 'retrying')) return;
        const promised = promises.get(alarm.id);
        promises.delete(alarm.id);
        const cancelled = await orDead(jobs.cancel(alarm.id, byUser).catch(refusedOr));
        if (cancelled === 'refused') {
          if (promised && runner.ofGuest(next.id)?.id === alarm.id) promises.set(alarm.id, promised);
          return;
        }
        if (cancelled !== 'dead' && !troubled.has(next.id)) {
          expect([...guestOf(next.id).host.jobs.keys()].filter((name) => byName(name) === alarm.id), 'acknowledged').toEqual([]);
        }
        // An unwatched guest must not sleep for ever in this test.
        guestOf(next.id).asleep = false;
        guestOf(next.id).drowsy = null;
        guestOf(next.id).rtc = null;
        show(guestOf(next.id), 'user');
        return advance(0);
      }
      case 'wakeByOther':
        guestOf(next.id).asleep = false;
        show(guestOf(next.id), 'guest');
        return advance(0);
      case 'unplug':
      case 'plugIn': {
        const guest = guestOf(next.id);
        if (guest.reachable === (next.do === 'plugIn')) return;
        guest.reachable = next.do === 'plugIn';
        troubled.add(guest.id);
        show(guest, 'unknown', true);
        if (guest.reachable) void jobs.reconcile(guest.id);
        return advance(0);
      }
      case 'deafen':
      case 'heal':
        guestOf(next.id).deaf = next.do === 'deafen';
        return;
      case 'block':
        guestOf(next.id).blocked = !guestOf(next.id).blocked;
        return;
      case 'refuse':
      case 'mumble': {
        const { host } = guestOf(next.id);
        troubled.add(next.id);
        for (const call of ['offers', 'place', 'list', 'cancel'] as const)
          (next.do === 'refuse' ? host.refuses : host.losesAnswers).add(call);
        return;
      }
      case 'mend':
        guestOf(next.id).host.refuses.clear();
        guestOf(next.id).host.losesAnswers.clear();
        return;
      case 'reboot':
        // It loses its jobs.
        troubled.add(next.id);
        guestOf(next.id).host.jobs.clear();
        return;
      case 'pass':
        return advance(next.s * S);
      case 'computerSleeps':
        clock.sleep(next.s * S);
        is.slept += next.s * S;
        look();
        runner.recheck();
        for (const guest of guests) void jobs.reconcile(guest.id);
        return advance(0);
      case 'setClock':
        clock.step(next.s * S);
        is.stepped = true;
        is.forward += Math.max(0, next.s * S);
        // What was early by one clock is in time by the other; the first model looks at that.
        for (const promised of promises.values()) promised.notBeforeWall = Math.min(promised.notBeforeWall, promised.alarm.due);
        runner.recheck();
        for (const guest of guests) void jobs.reconcile(guest.id);
        return advance(0);
      case 'fillDisk':
      case 'freeDisk':
        is.full = next.do === 'fillDisk';
        return;
      case 'restart':
        return revive();
      case 'crashSoon':
        is.dying = { at: next.at, steps: next.steps };
        return;
      case 'stayAway':
        is.app.kill();
        await advance(next.s * S);
        return revive();
    }
  }

  for (const next of commands) {
    if (!is.app.isAlive()) await revive();
    await perform(next);
    judgeHosts();
    if (faults.length > 0) throw faults[0];
  }

  // In the end everything works again: nobody may still sleep who was promised a wake, and nothing is left behind.
  if (!is.app.isAlive()) await revive();
  is.dying = null;
  is.full = false;
  for (const guest of guests) {
    Object.assign(guest, { reachable: true, deaf: false });
    guest.host.refuses.clear();
    guest.host.losesAnswers.clear();
    show(guest, 'unknown', true);
    void is.app.jobs.reconcile(guest.id);
  }
  await advance(0);
  const last = Math.max(clock.now(), ...is.app.runner.list().map(({ due }) => due));
  await advance(last - clock.now() + MAX_CONFIRM_MS + 100 * S);
  if (faults.length > 0) throw faults[0];
  expect(is.app.runner.list()).toEqual([]);
  expect([...promises.keys()], 'promised, and neither kept nor ended').toEqual([]);
  expect(guests.flatMap(({ host }) => [...host.jobs.keys()])).toEqual([]);
  const disk = JSON.parse(is.app.fs.text('/data/alarms.json') ?? '{"value":[]}') as { value: unknown };
  expect(disk.value).toEqual([]);
  is.app.jobs.stop();
}

describe('whoever holds it and whatever happens, an alarm', () => {
  const runs = Number(process.env.MODEL_RUNS ?? 300);
  it('is never lost, wakes its guest once, and leaves no job behind', { timeout: runs * 200 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(command, { minLength: 3, maxLength: 30, size: 'max' }), play), { numRuns: runs });
  });
});
