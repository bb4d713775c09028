import { randomUUID } from 'node:crypto';
import type { PromptView } from '../preload/contract/view';

export type QuitAnswer = 'quit' | 'stay';
type QuitView = Extract<PromptView, { kind: 'quit' }>;
/** What only the app keeps or does: alarms by due instant, schedules by their next one. */
export type Dependents = Pick<QuitView, 'alarms' | 'schedules'>;

export const dependsOnApp = ({ alarms, schedules }: Dependents): boolean => alarms.length + schedules.length > 0;

/** Asks before the app ends while alarms or schedules depend on it. One question at a time. */
export interface QuitQuestion {
  /** Resolves with 'quit' at once where nothing depends on the app; asked again meanwhile, with the same answer. */
  ask(): Promise<QuitAnswer>;
  view(id: string): QuitView | undefined;
  /** @returns false when there is no such question (any more) */
  answer(id: string, answer: QuitAnswer): boolean;
  /** What depends on the app may have changed: the question shows it, and is answered by 'quit' when nothing is left. */
  look(): void;
}

export function createQuitQuestion(dependents: () => Dependents, onChange: (id: string) => void): QuitQuestion {
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
      return dependsOnApp(dependents()) ? put() : 'quit';
    },
    view: (id) => (open?.id === id ? { id, kind: 'quit', ...dependents() } : undefined),
    answer(id, answer) {
      if (open?.id !== id) return false;
      open.finish(answer);
      return true;
    },
    look() {
      if (!open) return;
      if (dependsOnApp(dependents())) onChange(open.id);
      else open.finish('quit');
    },
  };
}
