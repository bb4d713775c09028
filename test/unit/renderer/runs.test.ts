import { describe, expect, it } from 'vitest';
import type { StepState } from '../../../renderer/runs';
import { opensByItself, runAnnouncements, runOutcome, runSummary, stepsToShow } from '../../../renderer/runs';
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
  });

  it('that was cancelled is told from one that is done, and from one that failed', () => {
    const ended = (...states: StepState[]) => runView({ id: 'r', at: 1, done: true, steps: states.map((state) => step(state, state)) });
    expect(runSummary(ended('done', 'cancelled', 'skipped'))).toBe('1 of 3 done, 1 skipped, 1 cancelled');
    expect(runOutcome(ended('done', 'skipped'))).toBe('done');
    expect(runOutcome(ended('done', 'cancelled'))).toBe('cancelled');
    expect(runOutcome(ended('failed', 'cancelled'))).toBe('failed');
    expect(runOutcome({ ...ended('done', 'waiting'), done: false })).toBe('under-way');
  });

  it('is one line once it has ended and a newer one is there, or nothing of it has a reason', () => {
    const ended = { ...run, done: true };
    expect([opensByItself(ended, true), opensByItself(ended, false)]).toEqual([true, false]);
    expect([opensByItself(run, true), opensByItself(run, false)]).toEqual([true, true]);
    expect(opensByItself({ ...ended, steps: [step('a', 'done'), step('b', 'cancelled')] }, true)).toBe(false);
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
