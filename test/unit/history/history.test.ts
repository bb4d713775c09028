import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistory, KEPT_BYTES } from '../../../main/history/history';
import { openHistoryLog } from '../../../main/history/open';
import { ENTRIES_PER_SUBJECT } from '../../../main/history/subject';
import { MARK_MS } from '../../../main/history/watches';
import { memoryLog } from '../../../main/storage/log';
import { fakeClock } from '../../fakes/clock';
import { memoryFs } from '../../fakes/memory-fs';
import { entry, open, seen } from './open-history';

describe('what is kept', () => {
  it('a noisy guest pushes out only its own', async () => {
    const clock = fakeClock();
    const fs = memoryFs();
    const history = await open(fs, clock);
    for (let n = 0; n < 20; n += 1) history.add('quiet', entry(`quiet ${n}`));
    for (let guest = 0; guest < 60; guest += 1) {
      for (let n = 0; n < 300; n += 1) history.add(`noisy ${guest}`, entry(`${n} ${'x'.repeat(1900)}`));
      if (guest % 10 === 0) await history.flush();
    }
    await history.stop();
    const size = fs.paths().reduce((sum, path) => sum + Buffer.byteLength(fs.text(path) ?? ''), 0);
    expect(size).toBeLessThan(8 * 2 ** 20);
    const later = await open(fs, clock);
    expect(later.of('quiet').map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, n) => `quiet ${19 - n}`));
    const left = Array.from({ length: 60 }, (_, guest) => later.timeline(`noisy ${guest}`, 0, clock.now() + 1).entries.length);
    expect(Math.min(...left)).toBeGreaterThan(0.9 * Math.max(...left));
    expect(Math.min(...left) * 60 * 1900).toBeGreaterThan(0.8 * KEPT_BYTES);
  }, 60_000);

  it('is 2000 entries of a subject at most, of which the newest 200 are listed', async () => {
    const clock = fakeClock();
    const history = createHistory({ clock, log: memoryLog(), onProblem: () => undefined });
    for (let n = 1; n <= ENTRIES_PER_SUBJECT + 5; n += 1) history.add('a', entry(`${n}`));
    expect(history.timeline('a', 0, clock.now() + 1).entries).toHaveLength(ENTRIES_PER_SUBJECT);
    expect(history.of('a')).toHaveLength(200);
    expect(history.of('a')[0]?.text).toBe(`${ENTRIES_PER_SUBJECT + 5}`);
    expect(history.revision('a')).toBe(ENTRIES_PER_SUBJECT + 5);
  });

  it('has nothing left of what is forgotten, wherever the app ends; what comes after is kept', async () => {
    for (let crashStep = 1; ; crashStep += 1) {
      const clock = fakeClock();
      const fs = memoryFs();
      for (const secret of ['secret 1', 'secret 2', 'secret 3']) {
        const before = await open(fs, clock);
        if (secret === 'secret 1') before.add('other', entry('stays'));
        before.add('gone', entry(secret));
        before.state('gone', seen('running'));
        await before.stop();
      }
      const base = fs.steps;
      fs.fault = (step) => (step === base + crashStep ? 'crash' : undefined);
      const play = async () => {
        const history = await open(fs, clock);
        history.forget('gone');
        await history.flush();
        history.add('gone', entry('anew'));
        await history.stop();
      };
      await Promise.race([play(), fs.crashed]);
      const end = fs.isCrashed() ? fs.afterProcessEnd() : fs;
      const wasCrashed = fs.isCrashed();
      fs.fault = () => undefined;
      const later = await open(end, clock);
      const texts = later.of('gone').map(({ text }) => text);
      if (texts.includes('secret 1')) expect(texts).toEqual(['secret 3', 'secret 2', 'secret 1']);
      else expect(texts.filter((text) => text !== 'anew')).toEqual([]);
      expect(later.of('other').map(({ text }) => text)).toEqual(['stays']);
      if (!texts.includes('secret 1')) {
        later.start();
        await later.stop();
        expect(end.paths().map((path) => end.text(path)).join()).not.toContain('secret');
      }
      if (!wasCrashed) {
        expect(texts).toEqual(['anew']);
        break;
      }
    }
  });

  it('whatever was acknowledged is there after a crash at any step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 120 }), fc.boolean(), async (crashStep, power) => {
        const clock = fakeClock();
        const fs = memoryFs();
        fs.fault = (step) => (step === crashStep ? 'crash' : undefined);
        const acknowledged: string[] = [];
        const problems: unknown[] = [];
        const play = async () => {
          for (let run = 0; run < 4; run += 1) {
            const history = await open(fs, clock, problems);
            history.start();
            for (let n = 0; n < 3; n += 1) {
              history.add('a', entry(`${run}.${n}`));
              await history.flush();
              acknowledged.push(`${run}.${n}`);
            }
            await history.stop();
          }
        };
        await Promise.race([play(), fs.crashed]);
        expect(problems).toEqual([]);
        const later = await open(power ? fs.afterPowerLoss(0) : fs.afterProcessEnd(), clock);
        const there = later.of('a').map(({ text }) => text).reverse();
        expect(there.slice(0, acknowledged.length)).toEqual(acknowledged);
        expect(there.length - acknowledged.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });

  it('marks that the app runs cost nothing in the long run', async () => {
    const clock = fakeClock();
    const fs = memoryFs();
    const history = await open(fs, clock);
    history.start();
    history.state('a', seen('running'));
    const origin = clock.now();
    for (let n = 0; n < 3000; n += 1) await clock.advance(MARK_MS);
    await history.stop();
    const later = await open(fs, clock);
    expect(later.timeline('a', origin, clock.now()).stretches).toMatchObject([{ state: 'running', from: origin, to: clock.now() }]);
    const before = (await openHistoryLog({ dir: '/p', clock, fs })).loaded.length;
    expect(before).toBeGreaterThan(2);
    later.forget('a');
    await later.stop();
    expect((await openHistoryLog({ dir: '/p', clock, fs })).loaded.length).toBeLessThan(5);
  }, 60_000);
});
