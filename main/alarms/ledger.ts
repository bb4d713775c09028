import type { Alarm } from '../power/alarms';
import type { AlarmStore } from './store';

/** How a draft changes the list of alarms. */
export type Applied = (alarms: readonly Alarm[], draft: Alarm) => readonly Alarm[];

/** The alarms in force, and their file. */
export interface Ledger {
  all(): readonly Alarm[];
  find(id: string): Alarm | undefined;
  ofGuest(guestId: string): Alarm | undefined;
  /** A draft for this guest is being saved. */
  isDrafting(guestId: string): boolean;
  /** Changes every alarm, and the drafts, without saving. @returns whether any changed */
  revise(change: (alarm: Alarm) => Alarm): boolean;
  /** Puts the alarm in the place of its former version, or takes it out. Call `keep` after. */
  replace(id: string, alarm: Alarm | undefined): void;
  /** Saves what is in force. Never rejects: a failure is reported, and `isUnsaved` until a save works. */
  keep(): Promise<void>;
  isUnsaved(): boolean;
  /**
   * Saves the list as the draft changes it, and only then puts it in force. `settle` is what has to come about between.
   * @returns the draft, as revised meanwhile, and the list before it
   * @throws StorageError, what `settle` throws: nothing has changed
   */
  propose(
    draft: Alarm,
    applied: Applied,
    settle?: () => Promise<void>,
  ): Promise<{ readonly alarm: Alarm; readonly before: readonly Alarm[] }>;
}

/** `onProblem`: called when saving begins to fail, fails otherwise, or works again (undefined). */
export function createLedger(store: AlarmStore, onProblem: (error: Error | undefined) => void): Ledger {
  let alarms: readonly Alarm[] = store.value;
  const drafts: { alarm: Alarm; readonly applied: Applied }[] = [];
  let saves = 0;
  /** Why the last save failed. */
  let problem: string | undefined;

  function save(): Promise<void> {
    saves += 1;
    return store.save(drafts.reduce((list, draft) => draft.applied(list, draft.alarm), alarms));
  }

  function report(error: Error | undefined): void {
    if (problem === error?.message) return;
    problem = error?.message;
    onProblem(error);
  }

  async function keep(): Promise<void> {
    try {
      await save();
      report(undefined);
    } catch (error) {
      report(error instanceof Error ? error : new Error(String(error)));
    }
  }

  return {
    all: () => alarms,
    find: (id) => alarms.find((alarm) => alarm.id === id),
    ofGuest: (guestId) => alarms.find((alarm) => alarm.guestId === guestId),
    isDrafting: (guestId) => drafts.some(({ alarm }) => alarm.guestId === guestId),
    revise(change) {
      for (const draft of drafts) draft.alarm = change(draft.alarm);
      const before = alarms;
      alarms = alarms.map(change);
      return alarms.some((alarm, index) => alarm !== before[index]);
    },
    replace(id, alarm) {
      alarms = alarms.flatMap((other) => (other.id !== id ? [other] : alarm ? [alarm] : []));
    },
    keep,
    isUnsaved: () => problem !== undefined,
    async propose(alarm, applied, settle) {
      const draft = { alarm, applied };
      drafts.push(draft);
      const saving = save();
      const serial = saves;
      let isOnDisk = false;
      try {
        await saving;
        isOnDisk = true;
        report(undefined);
        await settle?.();
        drafts.splice(drafts.indexOf(draft), 1);
      } catch (error) {
        drafts.splice(drafts.indexOf(draft), 1);
        // The disk holds the draft, or will by a save that was begun meanwhile: the list is written again without it.
        if (isOnDisk) await keep();
        else if (saves !== serial) void keep();
        throw error;
      }
      const before = alarms;
      alarms = applied(alarms, draft.alarm);
      if (draft.alarm !== alarm) void keep();
      return { alarm: draft.alarm, before };
    },
  };
}
