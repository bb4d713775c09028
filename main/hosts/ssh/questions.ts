import { randomUUID } from 'node:crypto';
import type { FilePosition } from '../../protocols/ssh/known-hosts';
import { createTurns, type Turns } from './turns';

/** What a connection has to ask the user. `hostId` is null for a connection test. */
export type Question =
  | {
      readonly kind: 'host-key';
      readonly hostId: string | null;
      readonly address: string;
      readonly keyType: string;
      readonly fingerprint: string;
      /** Where an accepted key would be saved; null when it cannot be. */
      readonly file: string | null;
      /** The @cert-authority lines that are about this host, and that Reveille does not heed. */
      readonly authorities: readonly FilePosition[];
    }
  | {
      readonly kind: 'secret';
      readonly hostId: string | null;
      readonly address: string;
      readonly title: string;
      /** The server's words: untrusted. */
      readonly instruction: string;
      readonly fields: readonly { readonly label: string; readonly echo: boolean }[];
      /** The answer before was wrong. */
      readonly again: boolean;
      /** Whether an answer can be kept safely. */
      readonly canKeep: boolean;
    };

export type HostKeyAnswer = 'once' | 'save' | 'refuse';
export interface SecretAnswer {
  /** null: the user cancelled. */
  readonly answers: readonly string[] | null;
  readonly keep: boolean;
}

export interface Questions {
  /** So that users are asked once for what several connections need, and those that wait learn it from the first. */
  readonly turn: Turns;
  get(id: string): Question | undefined;
  /** Resolves with the user's answer; with refuse, or null answers, when it is withdrawn first. */
  askHostKey(question: Extract<Question, { kind: 'host-key' }>, withdrawn: AbortSignal): Promise<HostKeyAnswer>;
  askSecret(question: Extract<Question, { kind: 'secret' }>, withdrawn: AbortSignal): Promise<SecretAnswer>;
  /** @returns false when there is no such question (any more) */
  answerHostKey(id: string, answer: HostKeyAnswer): boolean;
  answerSecret(id: string, answer: SecretAnswer): boolean;
}

type Open =
  | { readonly question: Extract<Question, { kind: 'host-key' }>; readonly answer: (answer: HostKeyAnswer) => void }
  | { readonly question: Extract<Question, { kind: 'secret' }>; readonly answer: (answer: SecretAnswer) => void };

/** The questions that wait for the user. Answers pass through and are kept nowhere. */
export function createQuestions(onChange: (id: string) => void): Questions {
  const open = new Map<string, Open>();

  const ask = <A>(enter: (answer: (given: A) => void) => Open, withdrawn: AbortSignal, none: A): Promise<A> => {
    if (withdrawn.aborted) return Promise.resolve(none);
    return new Promise((resolve) => {
      const id = randomUUID();
      const finish = (given: A) => {
        withdrawn.removeEventListener('abort', withdraw);
        if (open.delete(id)) onChange(id);
        resolve(given);
      };
      const withdraw = () => finish(none);
      withdrawn.addEventListener('abort', withdraw);
      open.set(id, enter(finish));
      onChange(id);
    });
  };

  return {
    turn: createTurns(),
    get: (id) => open.get(id)?.question,
    askHostKey: (question, withdrawn) =>
      ask<HostKeyAnswer>((answer) => ({ question, answer }), withdrawn, 'refuse'),
    askSecret: (question, withdrawn) =>
      ask<SecretAnswer>((answer) => ({ question, answer }), withdrawn, { answers: null, keep: false }),
    answerHostKey(id, answer) {
      const entry = open.get(id);
      if (entry?.question.kind !== 'host-key') return false;
      (entry as Extract<Open, { question: { kind: 'host-key' } }>).answer(answer);
      return true;
    },
    answerSecret(id, answer) {
      const entry = open.get(id);
      if (entry?.question.kind !== 'secret') return false;
      (entry as Extract<Open, { question: { kind: 'secret' } }>).answer(answer);
      return true;
    },
  };
}
