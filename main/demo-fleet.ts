import type { Clock } from './clock';
import { startDemoHost } from './demo/demo-host';
import { createFleet, type Fleet, type FleetOptions } from './guests/fleet';
import { firstSeen, type Remembered } from './guests/remembered';
import type { HistoryRecord } from './history/records';
import { collectLocalFile } from './hosts/collect-file';
import { DEMO_HOST } from './hosts/host';
import type { FoundGuest } from './hosts/discovery/found';
import type { Alarm } from './power/alarms';
import { memoryLog } from './storage/log';
import { memoryDocument } from './storage/memory';
import type { AppView } from '../preload/contract/view';

/** The demo: a fleet of its own whose guests are simulated, and of which nothing is kept. */
export interface Demo {
  readonly status: AppView['demo'];
  /** null unless it is open or opening. */
  readonly fleet: Fleet | null;
  /** Never rejects: `onFailure` is told. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** It cannot be opened any more. Resolves when an opening has come to its end. */
  stop(): Promise<void>;
}

export interface DemoOptions {
  readonly clock: Clock;
  readonly wiring: () => Omit<FleetOptions, 'hosts' | 'documents' | 'onEvent'>;
  readonly onStatus: () => void;
  /** Its host came or went. */
  readonly onHost: (id: string) => void;
  /** Its guests are gone. */
  readonly onClosed: (guestIds: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
}

export function createDemo({ clock, wiring, onStatus, onHost, onClosed, onFailure }: DemoOptions): Demo {
  let fleet: Fleet | null = null;
  let status: AppView['demo'] = 'closed';
  let opening: Promise<void> = Promise.resolve();
  let stopped = false;

  const become = (next: AppView['demo']) => {
    status = next;
    onStatus();
  };

  const begin = async () => {
    become('opening');
    try {
      const host = await startDemoHost({ clock, collectFile: collectLocalFile });
      const off = host
        .switchedOff()
        .map(({ hibernated, bootId, ...found }) => remembered(host.id, found, hibernated, bootId, clock));
      fleet = createFleet({
        ...wiring(),
        onEvent: () => undefined,
        hosts: [host],
        documents: {
          guests: memoryDocument<Remembered[]>(off),
          alarms: memoryDocument<readonly Alarm[]>([]),
          history: memoryLog<HistoryRecord>(),
        },
      });
      onHost(host.id);
      await fleet.start();
      become('open');
    } catch (error) {
      await fleet?.stop();
      fleet = null;
      onHost(DEMO_HOST);
      become('closed');
      onFailure(error);
    }
  };

  return {
    get status() {
      return status;
    },
    get fleet() {
      return fleet;
    },
    open() {
      if (status === 'closed' && !stopped) opening = begin();
      return opening;
    },
    async close() {
      const closing = fleet;
      if (!closing || status !== 'open') return;
      const ids = closing.guests().map(({ id }) => id);
      fleet = null;
      become('closed');
      onHost(DEMO_HOST);
      onClosed(ids);
      await closing.stop();
    },
    async stop() {
      stopped = true;
      await opening;
      await fleet?.stop();
    },
  };
}

/** A guest of the demo that is off when it opens, as the app would remember a real one. */
function remembered(
  hostId: string,
  found: Omit<FoundGuest, 'pid' | 'startedAt'>,
  hibernated: boolean,
  bootId: string | null,
  clock: Clock,
): Remembered {
  const last: Remembered['last'] = hibernated
    ? {
        name: 'hibernated',
        since: clock.now(),
        source: 'inference',
        cause: 'unknown',
        detail: 'Starting it resumes it.',
      }
    : { name: 'off', since: null, source: 'inference', cause: 'unknown' };
  return { ...firstSeen(hostId, { ...found, pid: 0, startedAt: null }), last, bootId };
}
