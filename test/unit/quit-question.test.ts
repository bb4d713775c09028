import { describe, expect, it, vi } from 'vitest';
import { createQuitQuestion, type Dependents } from '../../main/quit-question';
import { PromptView } from '../../preload/contract/view';

const none: Dependents = { alarms: [], schedules: [] };
const web: Dependents = { ...none, alarms: [{ guestId: 'web', name: 'web', due: 1000 }] };
const nights: Dependents = { ...none, schedules: [{ scheduleId: 's', name: 'Nights', next: { sleep: 2000, wake: 3000 } }] };
const both: Dependents = { ...web, schedules: nights.schedules };

function world(first: Dependents) {
  let dependents = first;
  const touched = vi.fn<(id: string) => void>();
  const question = createQuitQuestion(() => dependents, touched);
  return {
    question,
    touched,
    /** The id of the question that was put last. */
    id: () => touched.mock.calls.at(-1)?.[0] ?? '',
    become(now: Dependents) {
      dependents = now;
      question.look();
    },
  };
}

describe('the question before quitting', () => {
  it('is not put where nothing depends on the app', async () => {
    const { question, touched } = world(none);
    expect(await question.ask()).toBe('quit');
    expect(touched).not.toHaveBeenCalled();
  });

  it.each(['quit', 'stay'] as const)('lists alarms and schedules, and passes the answer on (%s)', async (answer) => {
    const { question, id } = world(both);
    const asked = question.ask();
    const put = id();
    expect(PromptView.parse(question.view(put))).toEqual({ id: put, kind: 'quit', ...both });
    expect(question.answer(put, answer)).toBe(true);
    expect(await asked).toBe(answer);
    expect(question.view(put)).toBeUndefined();
    expect(question.answer(put, answer)).toBe(false);
  });

  it('is one question, however often somebody asks to quit, and a new one after its answer', async () => {
    const { question, id, touched } = world(web);
    const twice = [question.ask(), question.ask()];
    expect(touched).toHaveBeenCalledOnce();
    const first = id();
    question.answer(first, 'stay');
    expect(await Promise.all(twice)).toEqual(['stay', 'stay']);
    void question.ask();
    expect(id()).not.toBe(first);
    expect(question.answer(first, 'quit')).toBe(false);
    expect(question.view(id())).toBeDefined();
  });

  it('shows what depends on the app now, and needs no answer when nothing is left', async () => {
    const { question, id, become } = world(both);
    const asked = question.ask();
    become(nights);
    expect(question.view(id())).toMatchObject(nights);
    become(none);
    expect(await asked).toBe('quit');
    expect(question.view(id())).toBeUndefined();
  });
});
