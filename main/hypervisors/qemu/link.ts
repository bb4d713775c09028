import type { Clock } from '../../clock';
import type { Control } from '../../power/standing';
import { connectQmp, type QmpClient } from '../../protocols/qmp/client';
import { QmpError } from '../../protocols/qmp/errors';
import { DialError, formatAddress, type SocketAddress } from '../../protocols/sockets';
import type { HostAccess } from '../machine';

export interface MonitorLink {
  readonly control: Control;
  readonly client: QmpClient | null;
  /** Tries again now instead of at the end of the wait. */
  retryNow(): void;
  close(): void;
}

interface LinkHooks {
  /** A monitor greeted; called before `control` is ready, and must be done when its events are subscribed to. */
  onUp(client: QmpClient): void;
  /** The connection of `client` is over. */
  onDown(client: QmpClient): void;
  /** No monitor could be reached; `failures` say why, in the order of the addresses. */
  onUnreachable(failures: readonly unknown[]): void;
}

/** Waits between tries, in ms: short at first because a starting QEMU opens its sockets a moment after it appears. */
const RETRY_MS = [100, 200, 400, 1000, 2000, 5000, 10_000, 30_000];
/** A connection that lasted so long, in ms, was a good one: the next is made at once. */
const LASTING_MS = 5000;

/** Keeps one connection to the first of `monitors` that greets, and makes it again when it is lost. */
export function createMonitorLink(
  monitors: readonly SocketAddress[],
  { access, clock, hooks }: { access: HostAccess; clock: Clock; hooks: LinkHooks },
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
    hooks.onUp(fresh);
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
    get client() {
      return client;
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

/** QEMU serves one client: the next gets no greeting, and those after it cannot even connect. */
const isTaken = (error: unknown): boolean =>
  error instanceof QmpError ? error.kind === 'no-greeting' : error instanceof DialError && error.code === 'busy';

/** The sentence for the user, from the failure that says most. */
function unavailable(monitors: readonly SocketAddress[], failures: readonly unknown[]): Control {
  const [first] = monitors;
  if (!first) {
    return {
      status: 'unavailable',
      reason: 'It was started without a QMP monitor, so nothing can be asked of it.',
      remedy: 'Start it with -qmp unix:/path/to/socket,server=on,wait=off.',
    };
  }
  const taken = failures.findIndex(isTaken);
  if (taken >= 0) {
    return {
      status: 'unavailable',
      reason: `Another program holds its only free monitor (${formatAddress(monitors[taken] ?? first)}).`,
      remedy:
        'End that program’s connection, or give QEMU a second -qmp socket. Reveille tries again by itself.',
    };
  }
  const denied = failures.findIndex((error) => error instanceof DialError && error.code === 'permission');
  if (denied >= 0) {
    return {
      status: 'unavailable',
      reason: `You may not open its monitor socket ${formatAddress(monitors[denied] ?? first)}.`,
      remedy: 'Run Reveille as the user who runs QEMU, or give your user access to the socket.',
    };
  }
  const [failure] = failures;
  return {
    status: 'unavailable',
    reason: `Its monitor cannot be reached: ${failure instanceof Error ? failure.message : String(failure)}`,
    remedy: `Check that QEMU listens at ${formatAddress(first)}. Reveille tries again by itself.`,
  };
}
