import type { Clock } from '../clock';
import type { Line, Log } from '../storage/log';
import type { HistoryEntry, SeenState, Stretch } from './entry';
import type { EntryRecord, ForgottenRecord, HistoryRecord, StateRecord, WatchRecord } from './records';
import { createSubject, type Subject } from './subject';
import { stretchesOf } from './timeline';
import { createWatches, MARK_MS } from './watches';

export type { HistoryEntry, SeenState, Stretch };

/** When it happened, if not now. In ms since the epoch. */
export type NewEntry = Omit<HistoryEntry, 'at'> & { readonly at?: number };

/** State over time, and what happened, between two instants. */
export interface Timeline {
  /** Without gaps, up to now at most: where nobody looked, the state is unknown. */
  readonly stretches: readonly Stretch[];
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[];
}

/** Who did what and when, and the states over time, of guests and of hosts. A subject is a guest's or a host's id. */
export interface History {
  add(subjectId: string, entry: NewEntry): void;
  /**
   * The subject was seen in this state from `at` (now) on; to tell it again changes nothing. What was told before for that
   * time or later is replaced, but by `unknown`, which takes nothing back that was seen.
   */
  state(subjectId: string, state: SeenState, at?: number): void;
  /** The state that was told last since the app was started. */
  last(subjectId: string): SeenState['name'] | null;
  /** The newest 200 entries, newest first. */
  of(subjectId: string): readonly HistoryEntry[];
  /** Grows with every entry of the subject. */
  revision(subjectId: string): number;
  subjects(): string[];
  /** `from` and `to` in ms since the epoch. */
  timeline(subjectId: string, from: number, to: number): Timeline;
  /** Nothing is left of it, on disk either as soon as that can be written. */
  forget(subjectId: string): void;
  /** The app looks at its guests from now on. */
  start(): void;
  /** The app runs, and this computer is awake: told when it is about to sleep, or has just woken up. */
  mark(): void;
  /** The app looks no more. Resolves when everything is kept, or could not be. */
  stop(): Promise<void>;
  /** Resolves when everything is kept, or could not be. */
  flush(): Promise<void>;
}

export interface HistoryOptions {
  readonly clock: Clock;
  readonly log: Log<HistoryRecord>;
  /** Hears of what could not be kept on disk, and of the first that is again by undefined. It stays in memory until then. */
  readonly onProblem: (error: unknown) => void;
}

/** The entries of a list of them. */
const NEWEST = 200;
/** Characters of an entry's text; what is beyond is cut off. */
const TEXT_LENGTH = 2000;
/**
 * What is kept of all subjects, in bytes on disk. Beyond it the oldest goes of the subject that takes the most, so that a
 * noisy guest pushes out nobody but itself.
 */
export const KEPT_BYTES = 5.5 * 2 ** 20;
/** A host that comes and goes: what its guests show for less than this, in ms, and showed before, stays unknown. */
const FLAP_MS = 60_000;

type SubjectRecord = EntryRecord | StateRecord;

export function createHistory({ clock, log, onProblem }: HistoryOptions): History {
  const subjects = new Map<string, Subject>();
  const revisions = new Map<string, number>();
  /** The states that were told since the app was started. */
  const shown = new Map<string, StateRecord>();
  /** What says that a subject is forgotten is on disk until nothing else of it is. */
  let tombstones: Line<HistoryRecord>[] = [];
  let kept = 0;
  let cancelMark = () => {};
  let touched = false;
  let saved: Promise<void> = Promise.resolve();

  const dropAll = (lines: readonly Line<SubjectRecord>[]) => {
    for (const line of lines) {
      kept -= line.bytes;
      log.drop(line);
    }
  };

  const take = (line: Line<SubjectRecord>) => {
    const { id } = line.value;
    const subject = subjects.get(id) ?? createSubject();
    subjects.set(id, subject);
    kept += line.bytes;
    dropAll(isState(line) ? subject.addState(line) : subject.addEntry(line as Line<EntryRecord>));
  };

  const shrink = () => {
    while (kept > KEPT_BYTES) dropAll(largestOf(subjects.values()).dropOldest());
  };

  const leave = (id: string) => {
    const subject = subjects.get(id);
    if (!subject) return false;
    subjects.delete(id);
    dropAll([...subject.entries, ...subject.states]);
    return true;
  };

  const watchLines: Line<WatchRecord>[] = [];
  for (const line of log.loaded) {
    if (isAboutSubject(line)) take(line);
    else if (isWatch(line)) watchLines.push(line);
    else {
      leave((line.value as ForgottenRecord).forgotten);
      tombstones.push(line);
    }
  }
  shrink();
  const watches = createWatches({ clock, log, loaded: watchLines, seen: statesOf(subjects.values()) });

  const purge = async () => {
    const before = tombstones;
    if (before.length === 0) return;
    await log.purge();
    for (const line of before) log.drop(line);
    tombstones = tombstones.filter((line) => !before.includes(line));
    await log.purge();
  };

  const save = () => {
    if (!touched) return;
    touched = false;
    saved = saved
      .then(() => log.flush())
      .then(purge)
      .then(() => onProblem(undefined), onProblem);
  };

  /** What is told in one turn of the event loop is written together. */
  const touch = () => {
    if (!touched) setImmediate(save);
    touched = true;
  };

  const flush = () => {
    touched = true;
    save();
    return saved;
  };

  const keep = (record: SubjectRecord) => {
    take(log.add(record) as Line<SubjectRecord>);
    shrink();
    touch();
  };

  const mark = () => {
    watches.mark();
    touch();
  };

  const keepMarking = () => {
    mark();
    cancelMark = clock.setTimer(MARK_MS, keepMarking);
  };

  return {
    add(id, { at, kind, text, actor, failed }) {
      watches.look();
      revisions.set(id, (revisions.get(id) ?? 0) + 1);
      keep({ id, at: Math.round(at ?? clock.now()), kind, text: text.slice(0, TEXT_LENGTH), actor, failed });
    },
    state(id, { name, source, cause }, at) {
      const { watch, from, to } = watches.look();
      const told = at === undefined ? to : Math.round(Math.min(Math.max(at, from), to));
      const newest = subjects.get(id)?.states.at(-1)?.value;
      const since = name === 'unknown' && newest?.watch === watch ? Math.max(told, newest.at + 1) : told;
      const before = shown.get(id);
      if (before ? before.state === name && before.at <= since : name === 'unknown') return;
      const record = { id, at: flapBegan(subjects.get(id), watch, name, since) ?? since, watch, state: name, source, cause };
      shown.set(id, record);
      keep(record);
    },
    last: (id) => shown.get(id)?.state ?? null,
    of: (id) => (subjects.get(id)?.entries ?? []).slice(-NEWEST).reverse().map(entryOf),
    revision: (id) => revisions.get(id) ?? 0,
    subjects: () => [...subjects.keys()],
    timeline(id, from, to) {
      const subject = subjects.get(id);
      const entries = (subject?.entries ?? []).filter(({ value: { at } }) => at >= from && at < to);
      return {
        stretches: stretchesOf((subject?.states ?? []).map(({ value }) => value), watches.all(), from, Math.min(to, clock.now())),
        entries: entries.map(entryOf).sort((a, b) => a.at - b.at),
      };
    },
    forget(id) {
      shown.delete(id);
      if (!leave(id)) return;
      tombstones.push(log.add({ forgotten: id }));
      touch();
    },
    start: keepMarking,
    mark,
    async stop() {
      cancelMark();
      watches.mark();
      await flush();
      await log.close().catch(onProblem);
    },
    flush,
  };
}

const isAboutSubject = (line: Line<HistoryRecord>): line is Line<SubjectRecord> => 'id' in line.value;
const isWatch = (line: Line<HistoryRecord>): line is Line<WatchRecord> => 'from' in line.value;
const isState = (line: Line<SubjectRecord>): line is Line<StateRecord> => 'state' in line.value;

function* statesOf(subjects: Iterable<Subject>): Iterable<StateRecord> {
  for (const { states } of subjects) for (const { value } of states) yield value;
}

const largestOf = (subjects: Iterable<Subject>): Subject =>
  [...subjects].reduce((largest, one) => (one.bytes > largest.bytes ? one : largest));

const entryOf = ({ value: { at, kind, text, actor, failed } }: Line<EntryRecord>): HistoryEntry => ({ at, kind, text, actor, failed });

/**
 * When a subject was lost that was seen again only for a moment, as it was before, and is lost once more: all of that
 * time is then unknown.
 */
function flapBegan(subject: Subject | undefined, watch: number, name: SeenState['name'], since: number): number | undefined {
  if (name !== 'unknown') return undefined;
  const [before, lost, again] = (subject?.states ?? []).slice(-3).map(({ value }) => value);
  if (before?.watch !== watch || lost?.state !== 'unknown' || again?.state !== before.state) return undefined;
  return since - again.at < FLAP_MS ? lost.at : undefined;
}
