import { describe, expect, it } from 'vitest';
import { createQuestions, type Question } from '../../../../main/hosts/ssh/questions';

const key: Extract<Question, { kind: 'host-key' }> = {
  kind: 'host-key',
  hostId: 'h',
  address: 'me@nas:22',
  keyType: 'ssh-ed25519',
  fingerprint: 'SHA256:x',
  authorities: [], file: '/home/me/.ssh/known_hosts',
};
const secret: Extract<Question, { kind: 'secret' }> = {
  kind: 'secret',
  hostId: null,
  address: 'me@nas:22',
  title: 'Password',
  instruction: '',
  fields: [{ label: 'Password', echo: false }],
  again: false,
  canKeep: true,
};

function createBench() {
  const changes: string[] = [];
  const questions = createQuestions((id) => changes.push(`${id} ${questions.get(id) ? 'open' : 'gone'}`));
  const newest = () => changes.at(-1)?.split(' ')[0] ?? '';
  return { questions, changes, newest, abort: new AbortController() };
}

describe('a question', () => {
  it('stands until it is answered, once', async () => {
    const { questions, changes, newest, abort } = createBench();
    const answer = questions.askHostKey(key, abort.signal);
    const id = newest();
    expect(questions.get(id)).toEqual(key);
    expect(questions.answerHostKey(id, 'save')).toBe(true);
    expect(questions.answerHostKey(id, 'refuse')).toBe(false);
    expect(questions.get(id)).toBeUndefined();
    expect(await answer).toBe('save');
    expect(changes).toEqual([`${id} open`, `${id} gone`]);
    abort.abort();
    expect(changes).toHaveLength(2);
  });

  it('that is withdrawn is refused, and can no longer be answered', async () => {
    const { questions, changes, newest, abort } = createBench();
    const answers = [questions.askHostKey(key, abort.signal), questions.askSecret(secret, abort.signal)];
    const id = newest();
    abort.abort();
    expect(await Promise.all(answers)).toEqual(['refuse', { answers: null, keep: false }]);
    expect(changes.filter((change) => change.endsWith('gone'))).toHaveLength(2);
    expect(questions.answerSecret(id, { answers: ['late'], keep: true })).toBe(false);
  });

  it('that was withdrawn before it is asked is not shown', async () => {
    const { questions, changes, abort } = createBench();
    abort.abort();
    expect(await questions.askHostKey(key, abort.signal)).toBe('refuse');
    expect(await questions.askSecret(secret, abort.signal)).toEqual({ answers: null, keep: false });
    expect(changes).toEqual([]);
  });

  it('is not answered by an answer to another kind, or to nothing', async () => {
    const { questions, newest, abort } = createBench();
    const answer = questions.askHostKey(key, abort.signal);
    const id = newest();
    expect(questions.answerSecret(id, { answers: ['x'], keep: true })).toBe(false);
    for (const other of ['', '__proto__', 'nobody']) expect(questions.answerHostKey(other, 'save')).toBe(false);
    expect(questions.get(id)).toEqual(key);
    expect(questions.answerHostKey(id, 'once')).toBe(true);
    expect(await answer).toBe('once');
  });

  it('is answered by itself, whatever else is asked', async () => {
    const { questions, newest, abort } = createBench();
    const first = questions.askSecret(secret, abort.signal);
    const firstId = newest();
    const second = questions.askSecret({ ...secret, address: 'me@attic:22' }, abort.signal);
    questions.answerSecret(newest(), { answers: ['two'], keep: false });
    expect(await second).toEqual({ answers: ['two'], keep: false });
    expect(questions.get(firstId)).toEqual(secret);
    questions.answerSecret(firstId, { answers: null, keep: false });
    expect(await first).toEqual({ answers: null, keep: false });
  });
});
