import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastHalf } from '../../../main/power/schedules';
import { timingOf } from '../../../main/schedules/model';
import { createWorld, draft, H, MIN, S } from './world';

type Step =
  | { readonly do: 'pass'; readonly s: number }
  | { readonly do: 'computerSleeps'; readonly s: number }
  /** The app is killed at the nth file operation from now, and started again later. */
  | { readonly do: 'crashSoon'; readonly operations: number; readonly awayS: number }
  | { readonly do: 'kill'; readonly awayS: number }
  | { readonly do: 'userWakes' | 'userSleeps' | 'hide' | 'show'; readonly id: string };

const ids = ['nas', 'web'];
const id = fc.constantFrom(...ids);
const seconds = fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 60, max: 3 * 3600 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), s: seconds }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('computerSleeps' as const), s: seconds }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crashSoon' as const),
      operations: fc.integer({ min: 1, max: 40 }),
      awayS: fc.integer({ min: 0, max: 7200 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), awayS: fc.integer({ min: 0, max: 7200 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('userWakes', 'userSleeps', 'hide', 'show'), id }) },
);
const schedule = fc.record({
  rule: fc.constantFrom(
    { kind: 'cron' as const, sleep: '*/20 * * * *', wake: '10,30,50 * * * *' },
    { kind: 'cron' as const, sleep: '0 * * * *', wake: null },
    { kind: 'cron' as const, sleep: null, wake: '30 * * * *' },
  ),
  missed: fc.constantFrom('late' as const, 'skip' as const, 'ask' as const),
  graceSeconds: fc.constantFrom(0, 0, 90),
});

describe('a schedule, whatever happens', () => {
  it('puts each guest to sleep at most once for each of its sleeps, and leaves none asleep that it had to wake', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, fc.array(step, { minLength: 4, maxLength: 25 }), async (what, steps) => {
        const world = createWorld('2026-11-23T22:05');
        for (const one of ids) world.guest(one);
        const chosen = draft({
          target: { kind: 'guests', guestIds: [...ids] },
          rule: what.rule,
          missed: what.missed,
          conditions: { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds: what.graceSeconds },
        });
        const first = await world.boot();
        first.schedules.start();
        await first.schedules.save(null, chosen);
        const hidden = new Map<string, { state: 'running' | 'suspended'; since: number | null }>();
        const revive = async () => {
          if (!world.app().isAlive()) await world.again();
        };
        const elapse = async (ms: number) => {
          for (let left = ms; left > 0; left -= 5 * MIN) await world.clock.advance(Math.min(left, 5 * MIN));
        };
        const user = (one: string, state: 'running' | 'suspended') => {
          if (world.guest(one).state !== 'unknown' && world.guest(one).state !== state) world.be(one, state);
        };
        for (const now of steps) {
          switch (now.do) {
            case 'pass':
              await elapse(now.s * S);
              break;
            case 'computerSleeps':
              world.clock.sleep(now.s * S);
              break;
            case 'crashSoon': {
              const { fs } = world.app();
              const last = fs.steps + now.operations;
              fs.fault = (count) => (count >= last ? 'crash' : undefined);
              await elapse(25 * MIN);
              world.app().kill();
              await elapse(now.awayS * S);
              await revive();
              break;
            }
            case 'kill':
              world.app().kill();
              await elapse(now.awayS * S);
              await revive();
              break;
            case 'userWakes':
              user(now.id, 'running');
              break;
            case 'userSleeps':
              user(now.id, 'suspended');
              break;
            case 'hide': {
              const { state, since } = world.guest(now.id);
              if (state === 'unknown') break;
              hidden.set(now.id, { state: state === 'suspended' ? 'suspended' : 'running', since });
              Object.assign(world.guest(now.id), { state: 'unknown' });
              break;
            }
            case 'show': {
              const was = hidden.get(now.id);
              if (was && world.guest(now.id).state === 'unknown') Object.assign(world.guest(now.id), was);
              break;
            }
          }
        }
        // Each sleep that was asked for belongs to the last half before it, and none was asked for twice.
        const done = new Set<string>();
        for (const { id: one, action, at, due } of world.asked) {
          if (action !== 'suspend') continue;
          const half = lastHalf(timingOf(chosen), at);
          expect(half?.what).toBe('sleep');
          expect(due).toBe(half?.of.wake ?? null);
          const key = `${one} ${half?.at}`;
          expect(done).not.toContain(key);
          done.add(key);
        }
        // A guest that can be seen and sleeps, without an alarm, since before a wake that was begun, is woken.
        for (const [one, was] of hidden)
          if (world.guest(one).state === 'unknown') Object.assign(world.guest(one), was);
        const { schedules } = world.app();
        const [only] = schedules.ids();
        const waking = only === undefined ? null : (schedules.find(only)?.waking ?? null);
        await elapse(2 * MIN);
        const last = lastHalf(timingOf(chosen), world.clock.now());
        // Who was still to be woken when the next sleep came is to sleep on.
        const goesOn = waking && !(last?.what === 'sleep' && last.at > waking.at) ? waking : null;
        for (const one of goesOn?.guestIds ?? []) {
          const { state, alarm, since } = world.guest(one);
          const sleepsSince = state === 'suspended' && alarm === null && (since === null || since <= (goesOn?.at ?? 0));
          expect(sleepsSince).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it.each([...Array(30).keys()])('(killed at file operation %i of a night) sleeps once, and is up in the morning', async (operation) => {
    const world = createWorld('2026-11-23T23:29');
    world.guest('nas');
    const first = await world.boot();
    first.schedules.start();
    await first.schedules.save(null, draft({ rule: { kind: 'cron', sleep: '30 23 * * *', wake: '40 23 * * *' } }));
    const { fs } = first;
    const last = fs.steps + 1 + operation;
    fs.fault = (count) => (count >= last ? 'crash' : undefined);
    await world.clock.advance(5 * MIN);
    const acts = world.asked.length;
    const { notices } = await world.again();
    const toldAtOnce = [...notices];
    await world.clock.advance(H);
    const sleeps = world.asked.filter(({ action }) => action === 'suspend');
    expect(sleeps.length).toBeLessThanOrEqual(1);
    expect(world.guest('nas').state).toBe('running');
    // A crash before anything was asked leaves a sleep that is done late, or one that is told to be doubtful.
    if (acts === 0 && sleeps.length === 0)
      expect(toldAtOnce).toMatchObject([{ title: 'nas may not have been put to sleep' }]);
  });

  it.each([...Array(16).keys()])('(killed at file operation %i of a wake) wakes it after all', async (operation) => {
    const world = createWorld('2026-11-23T23:29');
    world.be('nas', 'suspended');
    const first = await world.boot();
    first.schedules.start();
    await first.schedules.save(null, draft({ rule: { kind: 'cron', sleep: null, wake: '30 23 * * *' } }));
    const last = first.fs.steps + 1 + operation;
    first.fs.fault = (count) => (count >= last ? 'crash' : undefined);
    await world.clock.advance(5 * MIN);
    await world.again();
    await world.clock.advance(5 * MIN);
    expect(world.guest('nas').state).toBe('running');
    expect(world.asked).toHaveLength(1);
  });
});
