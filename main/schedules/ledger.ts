import { createQueue } from '../guests/queue';
import type { Document } from '../storage/document';
import type { Schedule } from './model';

export type Change = (all: readonly Schedule[]) => readonly Schedule[];

/** The schedules in force, and their file. */
export interface Ledger {
  all(): readonly Schedule[];
  find(id: string): Schedule | undefined;
  /** Saves what the user changes, and only then puts it in force. @throws StorageError: nothing has changed */
  propose(change: Change): Promise<void>;
  /** Puts what was done in force, and saves it. @returns whether it is on disk; never rejects */
  keep(id: string, change: (schedule: Schedule) => Schedule): Promise<boolean>;
  /** Resolves when everything so far is on disk, or could not be kept. */
  flush(): Promise<void>;
}

/** `onProblem` hears of saves that failed, and of the first that works by undefined. `onChange`: of ids that changed. */
export function createLedger(
  document: Document<Schedule[]>,
  onChange: (id: string) => void,
  onProblem: (error: unknown) => void,
): Ledger {
  let all: readonly Schedule[] = document.value;
  // One save at a time, so that none of them carries away a proposal that is not on disk yet.
  const saves = createQueue();

  const tell = (before: readonly Schedule[]) => {
    const ids = new Set([...before, ...all].map(({ id }) => id));
    for (const id of ids) {
      if (before.find((one) => one.id === id) !== all.find((one) => one.id === id)) onChange(id);
    }
  };

  const put = (change: Change) => {
    const before = all;
    all = change(all);
    tell(before);
  };

  return {
    all: () => all,
    find: (id) => all.find((one) => one.id === id),
    propose: (change) =>
      saves.run(async () => {
        await document.save([...change(all)]);
        onProblem(undefined);
        put(change);
      }),
    async keep(id, change) {
      put((list) => list.map((one) => (one.id === id ? change(one) : one)));
      try {
        await saves.run(() => document.save([...all]));
        onProblem(undefined);
        return true;
      } catch (error) {
        onProblem(error);
        return false;
      }
    },
    flush: () => saves.run(() => Promise.resolve()),
  };
}
