import type { Line } from '../storage/log';
import type { EntryRecord, StateRecord } from './records';

/** The most that is kept of one subject; older entries and states go. */
export const ENTRIES_PER_SUBJECT = 2000;
export const STATES_PER_SUBJECT = 4000;

/** What is kept of one guest or host. What its functions return is not kept any more. */
export interface Subject {
  /** On disk. */
  readonly bytes: number;
  /** In the order in which they were told. */
  readonly entries: readonly Line<EntryRecord>[];
  readonly states: readonly Line<StateRecord>[];
  addEntry(line: Line<EntryRecord>): Dropped;
  /** Within one watch, a state takes the place of those that were told before for its time or later. */
  addState(line: Line<StateRecord>): Dropped;
  /** Its oldest entry or state; nothing when it is empty. */
  dropOldest(): Dropped;
}

type Dropped = Line<EntryRecord | StateRecord>[];

export function createSubject(): Subject {
  const entries: Line<EntryRecord>[] = [];
  const states: Line<StateRecord>[] = [];
  let bytes = 0;

  const dropped = <T extends EntryRecord | StateRecord>(lines: Line<T>[]): Line<T>[] => {
    for (const line of lines) bytes -= line.bytes;
    return lines;
  };

  return {
    get bytes() {
      return bytes;
    },
    entries,
    states,
    addEntry(line) {
      entries.push(line);
      bytes += line.bytes;
      return dropped(entries.splice(0, entries.length - ENTRIES_PER_SUBJECT));
    },
    addState(line) {
      let kept = states.length;
      for (let last = states[kept - 1]; last && replaces(line, last); last = states[kept - 1]) kept -= 1;
      const replaced = dropped(states.splice(kept));
      states.push(line);
      bytes += line.bytes;
      return [...replaced, ...dropped(states.splice(0, states.length - STATES_PER_SUBJECT))];
    },
    dropOldest() {
      const [entry] = entries;
      const [state] = states;
      if (entry && (!state || entry.n < state.n)) return dropped(entries.splice(0, 1));
      return dropped(states.splice(0, 1));
    },
  };
}

const replaces = ({ value: next }: Line<StateRecord>, { value: last }: Line<StateRecord>): boolean =>
  next.watch === last.watch && next.at <= last.at;
