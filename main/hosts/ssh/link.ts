import type { Clock } from '../../clock';
import { SshError } from '../../protocols/ssh/errors';
import type { SshConnection } from '../../protocols/ssh/types';

export type LinkState =
  /** Switched off, or not begun. */
  | { readonly kind: 'offline' }
  | { readonly kind: 'connecting'; readonly step: string }
  | { readonly kind: 'ready' }
  /** Tried again at `nextTry` (wall clock, ms since the epoch). */
  | { readonly kind: 'backoff'; readonly nextTry: number; readonly reason: string; readonly remedy: string }
  /** Trying again by itself could only do harm: a refused key, a refused user. */
  | { readonly kind: 'blocked'; readonly reason: string; readonly remedy: string };

export interface HostLink {
  readonly state: LinkState;
  /** Set while the state is `ready`. */
  readonly connection: SshConnection | null;
  /** When the host was last heard of over a ready connection, or just now connected to, in ms since the epoch; null when it never was in this run. */
  readonly lastReady: number | null;
  subscribe(listener: (state: LinkState) => void): () => void;
  /** Connects now, whatever the state was waiting for. */
  connectNow(): void;
  /** This computer woke up or its network changed: a wait is over, and a connection that is dead is noticed. */
  recheck(): void;
  /** Ends the connection and tries no more. */
  stop(): Promise<void>;
}

export interface HostLinkOptions {
  readonly clock: Clock;
  /** Between 0 and 1, for the jitter. */
  readonly random: () => number;
  /** @throws SshError */
  readonly connect: (signal: AbortSignal, onStep: (step: string) => void) => Promise<SshConnection>;
  /** How long to wait now until the next try, in ms: of a host that sleeps more is known. null: as after any loss. */
  readonly retryIn?: () => number | null;
}

/** Waits between tries in ms, each with up to a fifth more or less; the last repeats. */
const RETRY_MS = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
/** A connection that lived this long starts the waits anew, in ms. */
const STABLE_MS = 30_000;
/** How long a host may take to answer when this computer's network has changed under the connection, in ms. */
const PROBE_MS = 5000;

/** Keeps one connection to a host: made at once, made again with back-off when it is lost. */
export function createHostLink({ clock, random, connect, retryIn = () => null }: HostLinkOptions): HostLink {
  let state: LinkState = { kind: 'offline' };
  let connection: SshConnection | null = null;
  /** Why the connection is ended here though nobody wants that. */
  let dead: SshError | null = null;
  let attempt: AbortController | null = null;
  let cancelRetry = () => {};
  let tries = 0;
  let stopped = false;
  let lastReady: number | null = null;
  const listeners = new Set<(state: LinkState) => void>();

  const become = (next: LinkState) => {
    state = next;
    for (const listener of [...listeners]) listener(next);
  };

  const failed = (error: SshError) => {
    if (stopped) return;
    const { message: reason, remedy } = error;
    if (error.kind === 'host-key' || error.kind === 'authentication') return become({ kind: 'blocked', reason, remedy });
    const wait = retryIn() ?? (RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0) * (0.8 + 0.4 * random());
    tries += 1;
    cancelRetry = clock.setTimer(wait, () => void run());
    become({ kind: 'backoff', nextTry: clock.now() + wait, reason, remedy });
  };

  const up = (fresh: SshConnection) => {
    const since = clock.monotonic();
    connection = fresh;
    dead = null;
    void fresh.closed.then((error) => {
      connection = null;
      // It may have been dead for long before that was noticed: this computer sleeps, too.
      lastReady = fresh.heardAt();
      if (stopped) return;
      if (clock.monotonic() - since >= STABLE_MS) tries = 0;
      failed(dead ?? error);
    });
    lastReady = clock.now();
    become({ kind: 'ready' });
  };

  const run = async () => {
    cancelRetry();
    const mine = new AbortController();
    attempt = mine;
    become({ kind: 'connecting', step: 'Looking the host up' });
    try {
      const fresh = await connect(mine.signal, (step) => {
        if (attempt === mine && state.kind === 'connecting') become({ kind: 'connecting', step });
      });
      if (attempt !== mine) return await fresh.close();
      attempt = null;
      up(fresh);
    } catch (error) {
      if (attempt !== mine) return;
      attempt = null;
      failed(error instanceof SshError ? error : faultOf(error));
    }
  };

  return {
    get state() {
      return state;
    },
    get connection() {
      return connection;
    },
    get lastReady() {
      return lastReady;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    connectNow() {
      if (stopped || connection || attempt) return;
      tries = 0;
      void run();
    },
    recheck() {
      if (stopped) return;
      tries = 0;
      if (state.kind === 'backoff') return void run();
      const probed = connection;
      probed?.ping(PROBE_MS).catch((error: unknown) => {
        if (!(error instanceof SshError)) throw error;
        if (error.kind !== 'timeout' || connection !== probed) return;
        dead = error;
        void probed.close();
      });
    },
    async stop() {
      stopped = true;
      cancelRetry();
      attempt?.abort();
      attempt = null;
      await connection?.close();
      connection = null;
      become({ kind: 'offline' });
      listeners.clear();
    },
  };
}

/** One host's trouble is not the app's: it is shown at the host. */
const faultOf = (error: unknown): SshError =>
  new SshError('protocol', `Reveille met a fault of its own when it connected: ${error instanceof Error ? error.message : String(error)}`, {
    remedy: 'Reveille tries again by itself. If it stays, report it.',
    cause: error,
  });
