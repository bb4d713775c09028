import { describe, expect, it, vi } from 'vitest';
import { createQuitQuestion, type KeptAlarm } from '../../main/quit-question';
import { PromptView } from '../../preload/contract/view';

const web: KeptAlarm = { guestId: 'web', name: 'web', due: 1000 };
const db: KeptAlarm = { guestId: 'db', name: 'db', due: 2000 };

function world(first: readonly KeptAlarm[]) {
  let alarms = [...first];
  const touched = vi.fn<(id: string) => void>();
  const question = createQuitQuestion(() => alarms, touched);
  return {
    question,
    touched,
    /** The id of the question that was put last. */
    id: () => touched.mock.calls.at(-1)?.[0] ?? '',
    become(now: readonly KeptAlarm[]) {
      alarms = [...now];
      question.look();
    },
  };
}

describe('the question before quitting', () => {
  it('is not put where no alarm depends on the app', async () => {
    const { question, touched } = world([]);
    expect(await question.ask()).toBe('quit');
    expect(touched).not.toHaveBeenCalled();
  });

  it.each(['quit', 'stay'] as const)('lists the alarms, and passes the answer on (%s)', async (answer) => {
    const { question, id } = world([web, db]);
    const asked = question.ask();
    const put = id();
    expect(PromptView.parse(question.view(put))).toEqual({ id: put, kind: 'quit', alarms: [web, db] });
    expect(question.answer(put, answer)).toBe(true);
    expect(await asked).toBe(answer);
    expect(question.view(put)).toBeUndefined();
    expect(question.answer(put, answer)).toBe(false);
  });

  it('is one question, however often somebody asks to quit, and a new one after its answer', async () => {
    const { question, id, touched } = world([web]);
    const both = [question.ask(), question.ask()];
    expect(touched).toHaveBeenCalledOnce();
    const first = id();
    question.answer(first, 'stay');
    expect(await Promise.all(both)).toEqual(['stay', 'stay']);
    void question.ask();
    expect(id()).not.toBe(first);
    expect(question.answer(first, 'quit')).toBe(false);
    expect(question.view(id())).toBeDefined();
  });

  it('shows alarms as they are now, and needs no answer when none is left', async () => {
    const { question, id, become } = world([web, db]);
    const asked = question.ask();
    become([db]);
    expect(question.view(id())?.alarms).toEqual([db]);
    become([]);
    expect(await asked).toBe('quit');
    expect(question.view(id())).toBeUndefined();
  });
});
