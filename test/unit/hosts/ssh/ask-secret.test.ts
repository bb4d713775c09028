import { describe, expect, it } from 'vitest';
import { secretAsker } from '../../../../main/hosts/ssh/ask-secret';
import { createQuestions, type Question } from '../../../../main/hosts/ssh/questions';
import { createSecrets } from '../../../../main/hosts/ssh/secrets';
import type { SecretReply, SecretRequest, SshEndpoint } from '../../../../main/protocols/ssh/types';
import { memorySecretStore } from '../../../fakes/secret-store';

const endpoint = { host: 'nas', port: 22, user: 'me' } as SshEndpoint;
const NAME = 'password:me@nas:22';
const password = (attempt = 1): SecretRequest => ({ kind: 'password', endpoint, attempt });
const prompts = (...texts: string[]): SecretRequest => ({
  kind: 'prompts',
  endpoint,
  attempt: 1,
  name: '',
  instruction: '',
  prompts: texts.map((text) => ({ text, echo: false })),
});

function createBench() {
  const open: string[] = [];
  const asked: Extract<Question, { kind: 'secret' }>[] = [];
  const questions = createQuestions((id) => {
    const question = questions.get(id);
    if (question?.kind === 'secret') {
      open.push(id);
      asked.push(question);
    }
  });
  const store = memorySecretStore();
  const told: unknown[] = [];
  const secrets = createSecrets(store, (error) => told.push(error));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    store,
    secrets,
    asked,
    told,
    settled,
    /** A connection of a host, which may be given up. */
    connection() {
      const abort = new AbortController();
      const ask = secretAsker('nas', { questions, secrets }, abort.signal);
      return { giveUp: () => abort.abort(), ask: (request: SecretRequest) => ask(request, abort.signal) };
    },
    /** Answers the question that is asked by `request`. */
    async answered(reply: Promise<SecretReply | null>, answers: string[] | null, keep = false) {
      await settled();
      const id = open.shift();
      if (id === undefined) throw new Error('Nothing was asked');
      questions.answerSecret(id, { answers, keep });
      return reply;
    },
    nothingOpen: () => open.length === 0,
  };
}

describe('a password', () => {
  it('is kept when it proved right, not before', async () => {
    const bench = createBench();
    const { ask } = bench.connection();
    const reply = await bench.answered(ask(password()), ['right'], true);
    expect(reply?.answers).toEqual(['right']);
    expect(await bench.secrets.recall(NAME)).toBeNull();
    await reply?.judged?.(true);
    expect(bench.store.kept.get(NAME)).toBe('right');
    const next = await bench.connection().ask(password());
    expect(next).toMatchObject({ answers: ['right'], recalled: true });
  });

  it('that proved wrong is not kept, whatever the user said, and asked for again', async () => {
    const bench = createBench();
    const { ask, giveUp } = bench.connection();
    const first = await bench.answered(ask(password()), ['wrong'], true);
    await first?.judged?.(false);
    expect(bench.store.kept.size).toBe(0);
    const second = await bench.answered(ask(password(2)), ['wrong, too'], true);
    await second?.judged?.(false);
    giveUp();
    expect(bench.store.kept.size).toBe(0);
    expect(bench.asked.map(({ again }) => again)).toEqual([false, true]);
    await bench.answered(bench.connection().ask(password()), null);
    expect(bench.asked.at(-1)?.again).toBe(false);
  });

  it('that is known and proves wrong is forgotten, and asked for anew with that said', async () => {
    const bench = createBench();
    await bench.secrets.learn(NAME, 'outdated', true);
    const { ask } = bench.connection();
    const first = await ask(password());
    expect(first?.recalled).toBe(true);
    await first?.judged?.(false);
    expect(bench.store.kept.size).toBe(0);
    const second = await bench.answered(ask(password(2)), ['new'], true);
    expect(bench.asked).toMatchObject([{ again: false, instruction: 'The password that Reveille knew was not accepted.' }]);
    await second?.judged?.(true);
    expect(bench.store.kept.get(NAME)).toBe('new');
  });

  it('that took the place of a known one stays when that proves wrong', async () => {
    const bench = createBench();
    await bench.secrets.learn(NAME, 'outdated', false);
    const late = await bench.connection().ask(password());
    await bench.secrets.learn(NAME, 'new', true);
    await late?.judged?.(false);
    expect(bench.store.kept.get(NAME)).toBe('new');
  });

  it('is asked for once by all connections that need it', async () => {
    const bench = createBench();
    const [first, second, third] = [bench.connection(), bench.connection(), bench.connection()];
    const asked = first.ask(password());
    const waiting = [second.ask(password()), third.ask(password())];
    const reply = await bench.answered(asked, ['right']);
    await bench.settled();
    expect(bench.asked).toHaveLength(1);
    await reply?.judged?.(true);
    expect(await waiting[0]).toMatchObject({ answers: ['right'], recalled: true });
    await (await waiting[0])?.judged?.(true);
    expect(await waiting[1]).toMatchObject({ answers: ['right'] });
    expect(bench.asked).toHaveLength(1);
  });

  it('that is wrong is asked for again before another connection asks', async () => {
    const bench = createBench();
    const [first, second] = [bench.connection(), bench.connection()];
    const wrong = await bench.answered(first.ask(password()), ['wrong']);
    const waiting = second.ask(password());
    await wrong?.judged?.(false);
    const right = await bench.answered(first.ask(password(2)), ['right']);
    await right?.judged?.(true);
    expect(bench.asked.map(({ again }) => again)).toEqual([false, true]);
    expect(await waiting).toMatchObject({ answers: ['right'], recalled: true });
  });

  it('is asked for by the next connection when the first one ends without a verdict, is cancelled, or gives up waiting', async () => {
    const bench = createBench();
    const [first, second, third, fourth] = [bench.connection(), bench.connection(), bench.connection(), bench.connection()];
    await bench.answered(first.ask(password()), ['right']);
    const waiting = [second, third, fourth].map(({ ask }) => ask(password()));
    await bench.settled();
    expect(bench.nothingOpen()).toBe(true);
    second.giveUp();
    expect(await waiting[0]).toBeNull();
    first.giveUp();
    expect(await bench.answered(waiting[1]!, null)).toBeNull();
    expect((await bench.answered(waiting[2]!, ['x']))?.answers).toEqual(['x']);
  });

  it('is known for this run when the keyring fails, and that is told', async () => {
    const bench = createBench();
    bench.store.write = () => Promise.reject(new Error('The keyring is locked'));
    const reply = await bench.answered(bench.connection().ask(password()), ['right'], true);
    await reply?.judged?.(true);
    expect(bench.told).toEqual([new Error('The keyring is locked')]);
    expect(await bench.secrets.recall(NAME)).toBe('right');
  });
});

describe('prompts', () => {
  it.each(['Password: ', 'password:', '(me@nas) Password:', "me@nas's password: "])('%j is the password', async (text) => {
    const bench = createBench();
    const reply = await bench.answered(bench.connection().ask(prompts(text)), ['right'], true);
    expect(bench.asked).toMatchObject([{ canKeep: true }]);
    await reply?.judged?.(true);
    expect(bench.store.kept.get(NAME)).toBe('right');
  });

  it.each([
    [['Verification code: ']],
    [['One-time password (OATH) for `me`: ']],
    [['New password: ']],
    [['Password: ', 'Password: ']],
  ])('%j are answered once', async (texts) => {
    const bench = createBench();
    await bench.secrets.learn(NAME, 'known', true);
    const reply = await bench.answered(bench.connection().ask(prompts(...texts)), ['1'], true);
    expect(bench.asked).toMatchObject([{ canKeep: false }]);
    await reply?.judged?.(true);
    expect([...bench.store.kept.values()]).toEqual(['known']);
  });

  it('for a password and then for another are answered by the user', async () => {
    const bench = createBench();
    const { ask } = bench.connection();
    const first = await bench.answered(ask(prompts('Password: ')), ['one'], true);
    const second = await bench.answered(ask(prompts('Password: ')), ['two'], true);
    expect(second?.answers).toEqual(['two']);
    await first?.judged?.(true);
    await second?.judged?.(true);
    expect([...bench.store.kept.values()]).toEqual(['one']);
  });
});
