import type { Clock } from '../../clock';

/** What a session is for: a command, which ends, or a stream, which lasts for as long as somebody wants it. */
export type SessionUse = 'command' | 'stream';

/** A slot in use. */
export interface Slot<T> {
  readonly session: T;
  /** Resolves when a stream has to make room for commands: its slot is to be released. */
  readonly evicted: Promise<void>;
  /** Gives the slot to the next in line. Idempotent. */
  release(): void;
}

export interface ExecQueue<T> {
  /**
   * Opens a session when there is room. Streams leave room for one command, and wait for a while only.
   * @throws what `open` does, but for refusals that pass; `noRoom`
   */
  acquire(open: () => Promise<T>, use?: SessionUse): Promise<Slot<T>>;
  /** How many sessions are opened at once. */
  limit(): number;
  /** Ends all waiting. */
  close(why: Error): void;
}

export interface ExecQueueOptions {
  readonly clock: Clock;
  /** Whether an error of `open` says that the server has no room (OpenSSH: MaxSessions). */
  readonly isRefusal: (error: unknown) => boolean;
  /** Why a stream is not opened where `limit` sessions are granted. */
  readonly noRoom: (limit: number) => Error;
  /** Sessions at once until the server refuses one. OpenSSH's MaxSessions is 10 unless set. */
  readonly start?: number;
}

interface Waiting<T> {
  readonly serial: number;
  readonly use: SessionUse;
  /** Until when it waits, on the monotonic clock. */
  readonly deadline: number;
  readonly open: () => Promise<T>;
  readonly resolve: (slot: Slot<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** Waits after refusals that may pass, in ms; then the command that waits is given up if it is alone. */
const RETRIES = [20, 100, 300, 600] as const;
/**
 * OpenSSH frees a session only after its turn of handling what came in, so an open that follows the close at once
 * finds none. Waited for, in ms, where sessions are known to be scarce.
 */
const SETTLE_MS = 5;
/** How long a stream waits for room, in ms: other streams may last for days. */
const STREAM_WAIT_MS = 5000;

/**
 * Keeps sessions under what a server grants. SSH has no way to ask: the limit comes down to what stood open when one
 * was refused, but never below what has once been open at the same time. First come, first served, except that
 * streams never hold all sessions: a host where no command can be run could not be looked at.
 */
export function execQueue<T>({ clock, isRefusal, noRoom, start = 8 }: ExecQueueOptions): ExecQueue<T> {
  const waiting: Waiting<T>[] = [];
  let limit = start;
  /** Open ones and those being opened. */
  let busy = 0;
  let open = 0;
  /** The streams among the busy ones. */
  let streams = 0;
  /** Evicts each stream that may stay, the newest last. */
  const staying: (() => void)[] = [];
  /** The most that has been open at once. */
  let proven = 1;
  let serial = 0;
  /** Pauses in a row after which there still was no room. */
  let refusals = 0;
  /** Ends the wait after such a refusal. */
  let endPause: (() => void) | null = null;
  let closed: Error | null = null;

  const enqueue = (entry: Waiting<T>) => {
    const at = waiting.findIndex((other) => other.serial > entry.serial);
    waiting.splice(at === -1 ? waiting.length : at, 0, entry);
  };
  const leave = (use: SessionUse) => {
    busy -= 1;
    if (use === 'stream') streams -= 1;
    pump();
  };
  const next = (): Waiting<T> | undefined => {
    const at = waiting.findIndex(({ use }) => use === 'command' || streams < limit - 1);
    return at === -1 ? undefined : waiting.splice(at, 1)[0];
  };
  const pump = () => {
    while (busy < limit && endPause === null) {
      const entry = next();
      if (!entry) return;
      busy += 1;
      if (entry.use === 'stream') streams += 1;
      entry.open().then(
        (session) => opened(entry, session),
        (error: unknown) => failed(entry, error),
      );
    }
  };
  const opened = (entry: Waiting<T>, session: T) => {
    refusals = 0;
    open += 1;
    proven = Math.max(proven, open);
    let released = false;
    let evict = () => {};
    const evicted = new Promise<void>((resolve) => (evict = resolve));
    if (entry.use === 'stream') staying.push(evict);
    entry.resolve({
      session,
      evicted,
      release() {
        if (released) return;
        released = true;
        open -= 1;
        const at = staying.indexOf(evict);
        if (at !== -1) staying.splice(at, 1);
        if (limit < start && !closed) clock.setTimer(SETTLE_MS, () => leave(entry.use));
        else leave(entry.use);
      },
    });
    makeRoom();
  };
  const makeRoom = () => {
    while (staying.length > limit - 1) staying.pop()?.();
    if (limit === 1) for (const entry of waiting.filter(({ use }) => use === 'stream')) giveUp(entry);
  };
  const failed = (entry: Waiting<T>, error: unknown) => {
    const others = busy - 1;
    if (closed || !isRefusal(error) || (others === 0 && refusals >= RETRIES.length)) {
      entry.reject(closed ?? error);
    } else {
      limit = Math.max(proven, Math.min(limit, others));
      if (clock.monotonic() < entry.deadline) enqueue(entry);
      else entry.reject(noRoom(limit));
      if (others < limit && endPause === null) pause();
      makeRoom();
    }
    leave(entry.use);
  };
  /** One that is being opened is left to its end. */
  const giveUp = (entry: Waiting<T>) => {
    const at = waiting.indexOf(entry);
    if (at === -1) return;
    waiting.splice(at, 1);
    entry.reject(noRoom(limit));
  };
  const pause = () => {
    const wait = RETRIES[Math.min(refusals, RETRIES.length - 1)] ?? 0;
    refusals += 1;
    const cancel = clock.setTimer(wait, () => {
      endPause = null;
      pump();
    });
    endPause = cancel;
  };
  return {
    async acquire(open, use = 'command') {
      let cancelWait = () => {};
      const slot = new Promise<Slot<T>>((resolve, reject) => {
        if (closed) return reject(closed);
        const deadline = use === 'stream' ? clock.monotonic() + STREAM_WAIT_MS : Infinity;
        const entry = { serial: (serial += 1), use, deadline, open, resolve, reject };
        if (use === 'stream') cancelWait = clock.setTimer(STREAM_WAIT_MS, () => giveUp(entry));
        enqueue(entry);
        pump();
        makeRoom();
      });
      return slot.finally(() => cancelWait());
    },
    limit: () => limit,
    close(why) {
      closed ??= why;
      endPause?.();
      for (const entry of waiting.splice(0)) entry.reject(closed);
    },
  };
}
