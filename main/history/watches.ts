import type { Clock } from '../clock';
import type { Line, Log } from '../storage/log';
import type { HistoryRecord, StateRecord, WatchRecord } from './records';

/** How often it is written down that the app still runs, in ms: after a crash, what came later is unknown. */
export const MARK_MS = 5 * 60_000;
/**
 * By how much the time since the last look may differ from what the monotonic clock says, or from MARK_MS, in ms. Beyond
 * it this computer slept, or its clock was set.
 */
const TOLERANCE_MS = 60_000;
/** Older ones are forgotten: what happened then is unknown. */
const WATCHES = 2000;

/** The stretches of time in which the app ran and this computer was awake, in the order in which they were. */
export interface Watches {
  /** Now is part of the watch that is returned: the one before goes on, or a new one begins. */
  look(): WatchRecord;
  /** As `look`, and written down. */
  mark(): void;
  /** Up to now, if the app looks. */
  all(): readonly WatchRecord[];
}

export interface WatchesOptions {
  readonly clock: Clock;
  readonly log: Log<HistoryRecord>;
  readonly loaded: readonly Line<WatchRecord>[];
  /** What was seen after a watch was written down for the last time lengthens it. */
  readonly seen: Iterable<StateRecord>;
}

export function createWatches({ clock, log, loaded, seen }: WatchesOptions): Watches {
  /** Each with the line that was written of it. */
  const watches = new Map<number, { line: Line<WatchRecord>; value: WatchRecord }>();
  let current: number | null = null;
  let lastLook = { now: 0, monotonic: 0 };

  const put = (line: Line<WatchRecord>) => {
    const before = watches.get(line.value.watch);
    if (before) log.drop(before.line);
    watches.set(line.value.watch, { line, value: line.value });
  };
  const lengthen = (watch: number, to: number) => {
    const one = watches.get(watch);
    if (one && to > one.value.to) one.value = { ...one.value, to };
  };
  const write = (watch: number) => {
    const one = watches.get(watch);
    if (one && one.value !== one.line.value) put(log.add(one.value) as Line<WatchRecord>);
  };

  for (const line of loaded) put(line);
  for (const { watch, at } of seen) {
    const one = watches.get(watch);
    if (one && at <= one.value.to + MARK_MS + TOLERANCE_MS) lengthen(watch, at);
  }
  let next = Math.max(0, ...watches.keys()) + 1;

  const begin = (first: boolean): number => {
    const now = clock.now();
    const watch = next;
    next += 1;
    put(log.add({ watch, from: now, to: now, first }) as Line<WatchRecord>);
    for (const [oldest, { line }] of watches) {
      if (watches.size <= WATCHES) break;
      log.drop(line);
      watches.delete(oldest);
    }
    return watch;
  };

  /** Nobody looked for a while, or the clock was set, since the last look. */
  const wasInterrupted = (): boolean => {
    const byWall = clock.now() - lastLook.now;
    const byMonotonic = clock.monotonic() - lastLook.monotonic;
    return Math.abs(byWall - byMonotonic) > TOLERANCE_MS || byWall > MARK_MS + TOLERANCE_MS;
  };

  const look = (): WatchRecord => {
    if (current === null) current = begin(true);
    else if (wasInterrupted()) {
      write(current);
      current = begin(false);
    } else lengthen(current, clock.now());
    lastLook = { now: clock.now(), monotonic: clock.monotonic() };
    const one = watches.get(current);
    if (!one) throw new Error(`The watch ${current} is not kept`);
    return one.value;
  };

  return {
    look,
    mark() {
      write(look().watch);
    },
    all() {
      if (current !== null) look();
      return [...watches.values()].map(({ value }) => value);
    },
  };
}
