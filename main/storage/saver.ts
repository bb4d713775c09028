import type { Document } from './document';

export interface Saver {
  /** The value has changed: it is saved at the end of this turn, with whatever else changes in it. */
  touch(): void;
  /** Resolves when everything touched so far is on disk, or could not be kept. Never rejects. */
  flush(): Promise<void>;
}

/** Saves what `current` returns; `onProblem` hears of saves that failed, and of the first that works by undefined. */
export function createSaver<T>(document: Document<T>, current: () => T, onProblem: (error: unknown) => void): Saver {
  let dirty = false;
  let last: Promise<void> = Promise.resolve();

  const save = () => {
    if (!dirty) return;
    dirty = false;
    last = document.save(current()).then(() => onProblem(undefined), onProblem);
  };

  return {
    touch() {
      if (dirty) return;
      dirty = true;
      setImmediate(save);
    },
    flush() {
      save();
      return last;
    },
  };
}
