import { z } from 'zod';
import type { Clock } from '../clock';
import type { Cause } from '../power/states';
import type { Document } from '../storage/document';
import { createSaver } from '../storage/saver';

export interface HistoryEntry {
  /** ms since the epoch */
  readonly at: number;
  readonly kind: 'state' | 'action' | 'alarm' | 'clock' | 'error';
  readonly text: string;
  readonly cause: Cause;
  readonly failed: boolean;
}

const Entry = z.object({
  at: z.number(),
  kind: z.enum(['state', 'action', 'alarm', 'clock', 'error']),
  text: z.string(),
  cause: z.enum(['user', 'timer', 'guest', 'host', 'unknown']),
  failed: z.boolean(),
});
const Histories = z.record(z.string(), z.array(Entry));
export type Histories = z.infer<typeof Histories>;

export const HISTORY_VERSION = 1;
/** @throws z.ZodError with the path to the field */
export const parseHistories = (value: unknown): Histories => Histories.parse(value);

/** Kept for each guest; older entries go. */
const ENTRIES_PER_GUEST = 200;

export interface History {
  add(guestId: string, entry: Omit<HistoryEntry, 'at'>): void;
  /** Newest first. */
  of(guestId: string): readonly HistoryEntry[];
  /** Grows with every entry of the guest. */
  revision(guestId: string): number;
  forget(guestId: string): void;
  /** Resolves when everything is kept, or could not be. */
  flush(): Promise<void>;
}

/** What happened to each guest. `onProblem` hears of entries that could not be kept on disk; they stay in memory. */
export function createHistory(options: {
  readonly clock: Clock;
  readonly document: Document<Histories>;
  readonly onProblem: (error: unknown) => void;
}): History {
  const { clock, document, onProblem } = options;
  const entries = new Map<string, readonly HistoryEntry[]>(Object.entries(document.value));
  const revisions = new Map<string, number>();
  const saver = createSaver(
    document,
    () => Object.fromEntries([...entries].map(([id, list]) => [id, [...list]])),
    onProblem,
  );

  return {
    add(guestId, entry) {
      const list = [...(entries.get(guestId) ?? []), { at: clock.now(), ...entry }];
      entries.set(guestId, list.slice(-ENTRIES_PER_GUEST));
      revisions.set(guestId, (revisions.get(guestId) ?? 0) + 1);
      saver.touch();
    },
    of: (guestId) => [...(entries.get(guestId) ?? [])].reverse(),
    revision: (guestId) => revisions.get(guestId) ?? 0,
    forget(guestId) {
      if (entries.delete(guestId)) saver.touch();
    },
    flush: () => saver.flush(),
  };
}
