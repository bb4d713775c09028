import type { Clock } from '../../clock';
import { isEnded, type Cause, type PowerStateName, type Source } from '../../power/states';

/** What SHUTDOWN told before QEMU went away (QAPI: qapi/run-state.json ShutdownCause). */
export interface Ending {
  readonly cause: Cause;
  readonly panicked: boolean;
}

/** What is known of a QEMU that is gone. */
export interface Gone {
  /** null for one that is known by its address only. */
  readonly pid: number | null;
  readonly last: PowerStateName;
  readonly ending: Ending | null;
  readonly sleptToDisk: boolean;
  /** Its monitor was listened to when it went. */
  readonly wasHeard: boolean;
}

const NOBODY_LISTENS = 'Nothing listens at its monitor’s address.';
const ENDED_UNSEEN = 'Its QEMU process has ended; how is not known.';

/** The state of a guest whose QEMU is gone; null when it stays what it was. */
export function stateAfterEnd({ pid, last, ending, sleptToDisk, wasHeard }: Gone): {
  readonly name: PowerStateName;
  readonly source: Source;
  readonly cause: Cause;
  readonly detail?: string;
} | null {
  if (ending?.panicked) {
    const detail = 'The guest’s kernel panicked, and QEMU ended.';
    return { name: 'crashed', source: 'event', cause: 'guest', detail };
  }
  if (ending && sleptToDisk)
    return { name: 'hibernated', source: 'event', cause: ending.cause, detail: 'Starting it resumes it.' };
  if (ending) return { name: 'off', source: 'event', cause: ending.cause };
  if (isEnded(last)) return null;
  const inferred = { source: 'inference', cause: 'unknown' } as const;
  if (last === 'unknown' || !wasHeard)
    return { ...inferred, name: 'off', detail: pid === null ? NOBODY_LISTENS : ENDED_UNSEEN };
  const detail = 'Its QEMU process ended without a word: it was killed, or it crashed.';
  return { ...inferred, name: 'crashed', detail };
}

/** Waits between looks at a process that should have ended, in ms. */
const EXIT_POLL_MS = 25;
const EXIT_GRACE_MS = 1000;
const EXIT_SLOW_POLL_MS = 2000;

export interface ExitWatchOptions {
  readonly clock: Clock;
  /** Looks at the process; `isOver` is true afterwards when it is gone. */
  readonly look: () => Promise<void>;
  /** The process is gone, or its monitor is there again, or nobody wants to know. */
  readonly isOver: () => boolean;
  /** Whether the process said that it ends: it is waited for, then, as long as it takes. */
  readonly isEnding: () => boolean;
  /** Only the connection was lost, it seems. */
  readonly onStay: () => void;
}

export interface ExitWatch {
  readonly isRunning: boolean;
  /** The monitor went away: the process follows, or only the connection was lost, which may happen again meanwhile. */
  begin(): void;
}

/** Watches a process whose monitor went away. */
export function createExitWatch({ clock, look, isOver, isEnding, onStay }: ExitWatchOptions): ExitWatch {
  let isRunning = false;
  /** Until when it counts as ending, on the monotonic clock. */
  let graceEnds = 0;

  const run = async () => {
    isRunning = true;
    try {
      while (!isOver()) {
        await look();
        if (isOver()) return;
        const inGrace = clock.monotonic() < graceEnds;
        if (!isEnding() && !inGrace) return onStay();
        const wait = inGrace ? EXIT_POLL_MS : EXIT_SLOW_POLL_MS;
        await new Promise<void>((resolve) => void clock.setTimer(wait, resolve));
      }
    } finally {
      isRunning = false;
    }
  };

  return {
    get isRunning() {
      return isRunning;
    },
    begin() {
      graceEnds = clock.monotonic() + EXIT_GRACE_MS;
      if (!isRunning) void run();
    },
  };
}
