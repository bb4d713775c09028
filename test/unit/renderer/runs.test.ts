import { describe, expect, it } from 'vitest';
import type { StepState } from '../../../renderer/runs';
import { failedCount, runAnnouncements, runSummary, stepsToShow } from '../../../renderer/runs';
import { runView } from '../../fakes/plan-views';

const step = (guestId: string, state: StepState, text?: string) => ({
  guestId,
  name: guestId,
  state,
  ...(text === undefined ? {} : { text }),
});
const run = runView({
  id: 'r',
  at: 1,
  title: 'Wake: Storage',
  steps: [step('a', 'done'), step('b', 'skipped', 'It is off.'), step('c', 'failed', 'It did not wake.'), step('d', 'skipped'), step('e', 'waiting')],
});

describe('a run', () => {
  it('is summed up, with what went otherwise', () => {
    expect(runSummary(run)).toBe('1 of 5 done, 1 failed, 2 skipped');
    expect(runSummary({ ...run, steps: [step('a', 'done')] })).toBe('1 of 1 done');
    expect(failedCount(run)).toBe(1);
  });

  it('shows failures first, then what was skipped by its reason, and keeps the order of the rest', () => {
    const { failed, skipped, rest } = stepsToShow({ ...run, steps: [...run.steps, step('f', 'skipped', 'It is off.')] });
    expect(failed.map(({ guestId }) => guestId)).toEqual(['c']);
    expect(skipped).toEqual([{ text: 'It is off.', names: ['b', 'f'] }]);
    expect(rest.map(({ guestId }) => guestId)).toEqual(['a', 'd', 'e']);
  });

  it('is announced once, when it has ended', () => {
    const ended = { ...run, done: true };
    expect(runAnnouncements({}, { r: run })).toBe('');
    expect(runAnnouncements({ r: run }, { r: ended })).toBe('Wake: Storage: 1 of 5 done, 1 failed, 2 skipped');
    expect(runAnnouncements({ r: ended }, { r: ended })).toBe('');
    expect(runAnnouncements({ r: ended }, {})).toBe('');
  });
});
