import type { Clock } from '../../clock';
import type { Control } from '../../power/standing';
import { connectQmp, type QmpClient } from '../../protocols/qmp/client';
import type { SocketAddress } from '../../protocols/sockets';
import type { HostAccess } from '../machine';
import { NoMonitorError, unavailable } from './no-monitor';

/** The way to a machine's monitor: a connection that lasts (below), or short conversations (lent-link.ts). */
export interface MonitorLink {
  readonly control: Control;
  /** Whether a monitor is connected at this moment, so that its events are heard. */
  readonly isListening: boolean;
  /**
   * Runs `work` with a client that is its own only as long as it runs. Conversations are not to be nested.
   * @throws NoMonitorError, QmpError; what `work` throws
   */
  converse<T>(work: (client: QmpClient) => Promise<T>): Promise<T>;
  /**
   * From when it resolves on until what it returns is called, the link listens as well as it can.
   * @throws NoMonitorError
   */
  watch(): Promise<() => void>;
  /** Tries again now instead of at the end of the wait. */
  retryNow(): void;
  close(): void;
}

export interface LinkHooks {
  /**
   * A monitor greeted; called before `control` is ready, and must be done when its events are subscribed to. `isNew`:
   * it may be another QEMU's than before. Resolves when it was asked what must be asked; never rejects.
   */
  onUp(client: QmpClient, isNew: boolean): Promise<void>;
  /** The connection of `client` broke. */
  onDown(client: QmpClient): void;
  /** A try failed that is not spoken of yet. */
  onTrouble(): void;
  /** No monitor could be reached; `failures` say why, in the order of the addresses. */
  onUnreachable(failures: readonly unknown[]): void;
}

export interface LinkOptions {
  readonly access: HostAccess;
  readonly clock: Clock;
  readonly hooks: LinkHooks;
}

/** Waits between tries, in ms: short at first because a starting QEMU opens its sockets a moment after it appears. */
const RETRY_MS = [100, 200, 400, 1000, 2000, 5000, 10_000, 30_000];
/** A connection that lasted so long, in ms, was a good one: the next is made at once. */
const LASTING_MS = 5000;

/** Keeps one connection to the first of `monitors` that greets, and makes it again when it is lost. */
export function createMonitorLink(
  monitors: readonly SocketAddress[],
  { access, clock, hooks }: LinkOptions,
): MonitorLink {
  let control: Control = { status: 'connecting' };
  let client: QmpClient | null = null;
  let tries = 0;
  let cancelRetry: (() => void) | null = null;
  let closed = false;

  const connect = async () => {
    const failures: unknown[] = [];
    for (const address of monitors) {
      try {
        const fresh = await connectQmp(await access.dial(address), { clock });
        if (closed) return fresh.close();
        return up(fresh);
      } catch (error) {
        failures.push(error);
      }
      if (closed) return;
    }
    control = unavailable(monitors, failures);
    retryLater();
    hooks.onUnreachable(failures);
  };

  const retryLater = () => {
    cancelRetry = clock.setTimer(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 0, run);
    tries += 1;
  };

  const up = (fresh: QmpClient) => {
    client = fresh;
    const since = clock.monotonic();
    control = { status: 'ready' };
    void hooks.onUp(fresh, true);
    void fresh.closed.then(() => {
      client = null;
      if (closed) return;
      control = { status: 'connecting' };
      hooks.onDown(fresh);
      if (clock.monotonic() - since < LASTING_MS) return retryLater();
      tries = 0;
      run();
    });
  };

  const run = () => {
    cancelRetry = null;
    if (!closed) void connect();
  };

  run();
  return {
    get control() {
      return control;
    },
    get isListening() {
      return client !== null;
    },
    async converse(work) {
      if (!client) throw new NoMonitorError(control);
      return work(client);
    },
    async watch() {
      if (!client) throw new NoMonitorError(control);
      return () => undefined;
    },
    retryNow() {
      if (!cancelRetry) return;
      cancelRetry();
      tries = 0;
      run();
    },
    close() {
      closed = true;
      cancelRetry?.();
      client?.close();
    },
  };
}
