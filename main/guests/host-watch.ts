import type { Clock } from '../clock';
import { HostError, type GuestHost } from '../hosts/host';
import type { Listed } from '../hosts/listed';

export type HostStatus =
  | { readonly kind: 'looking' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string };

/** Looks at one host's processes again and again while the host can be reached. */
export interface HostWatch {
  readonly host: GuestHost;
  readonly status: HostStatus;
  /** Looks now; resolves when what was found is handed over, at once when the host cannot be reached. Never rejects. */
  rescan(): Promise<void>;
  /** Resolves when no look is under way any more. */
  stop(): Promise<void>;
}

export interface HostWatchOptions {
  readonly clock: Clock;
  readonly host: GuestHost;
  readonly onFound: (found: readonly Listed[]) => void;
  readonly onStatus: () => void;
  /** The link became another. */
  readonly onReach: () => void;
}

export function watchHost({ clock, host, onFound, onStatus, onReach }: HostWatchOptions): HostWatch {
  let status: HostStatus = { kind: 'looking' };
  /** The scan under way, and the one that follows it for those who asked meanwhile. */
  let scans: { readonly running: Promise<void>; next: Promise<void> | null } | null = null;
  /** What was told last of the status and of what could not be asked. */
  let told = '';
  let cancelTimer = () => {};
  let stopped = false;

  const reachable = () => host.link === null || host.link.state.kind === 'ready';

  const scan = async () => {
    try {
      const found = await host.scan();
      if (stopped) return;
      onFound(found);
      status = { kind: 'ready' };
    } catch (error) {
      // A connection that went away under the scan is told by the link.
      if (!reachable()) return;
      status = failed(error);
    }
    const now = JSON.stringify([status, host.unasked()]);
    if (now === told) return;
    told = now;
    onStatus();
  };

  const rescan = (): Promise<void> => {
    if (stopped || !reachable()) return Promise.resolve();
    if (scans) return (scans.next ??= scans.running.then(rescan));
    cancelTimer();
    const running = scan().finally(() => {
      scans = null;
      if (!stopped) cancelTimer = clock.setTimer(host.scanEveryMs, () => void rescan());
    });
    scans = { running, next: null };
    return running;
  };

  const unsubscribe = host.link?.subscribe((state) => {
    onReach();
    if (state.kind === 'ready') void rescan();
  });
  const unwatch = host.onListChanged(() => void rescan());

  return {
    host,
    get status() {
      return status;
    },
    rescan,
    async stop() {
      stopped = true;
      cancelTimer();
      unsubscribe?.();
      unwatch();
      await scans?.running;
    },
  };
}

function failed(error: unknown): HostStatus {
  if (error instanceof HostError) return { kind: 'failed', message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: 'failed',
    message: `Reveille met a fault of its own when it looked at the guests: ${message}`,
    remedy: 'Reveille tries again by itself. If it stays, report it.',
  };
}
