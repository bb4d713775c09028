import { randomUUID } from 'node:crypto';
import type { PromptView } from '../preload/contract/view';

export type QuitAnswer = 'quit' | 'stay';
type QuitView = Extract<PromptView, { kind: 'quit' }>;
export type KeptAlarm = QuitView['alarms'][number];

/** Asks before the app ends while alarms depend on it. One question at a time. */
export interface QuitQuestion {
  /** Resolves with 'quit' at once where no alarm depends on the app; asked again meanwhile, with the same answer. */
  ask(): Promise<QuitAnswer>;
  view(id: string): QuitView | undefined;
  /** @returns false when there is no such question (any more) */
  answer(id: string, answer: QuitAnswer): boolean;
  /** The alarms may have changed: the question shows them, and is answered by 'quit' when none is left. */
  look(): void;
}

export function createQuitQuestion(alarms: () => KeptAlarm[], onChange: (id: string) => void): QuitQuestion {
  let open: { readonly id: string; readonly answered: Promise<QuitAnswer>; readonly finish: (answer: QuitAnswer) => void } | null = null;

  const put = () => {
    const id = randomUUID();
    let settle = (_answer: QuitAnswer) => {};
    const answered = new Promise<QuitAnswer>((resolve) => (settle = resolve));
    const finish = (answer: QuitAnswer) => {
      open = null;
      onChange(id);
      settle(answer);
    };
    open = { id, answered, finish };
    onChange(id);
    return answered;
  };

  return {
    async ask() {
      if (open) return open.answered;
      return alarms().length === 0 ? 'quit' : put();
    },
    view: (id) => (open?.id === id ? { id, kind: 'quit', alarms: alarms() } : undefined),
    answer(id, answer) {
      if (open?.id !== id) return false;
      open.finish(answer);
      return true;
    },
    look() {
      if (!open) return;
      if (alarms().length === 0) open.finish('quit');
      else onChange(open.id);
    },
  };
}
