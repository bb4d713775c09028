import { createRequire } from 'node:module';
import v8 from 'node:v8';
import type { Client } from 'ssh2';
import { systemClock, type Clock } from '../../main/clock';

const ssh2 = createRequire(import.meta.url)('ssh2') as { Client: new () => Client };

/** The system's clock, and how many timers of it are pending. */
export function countingClock(): Clock & { pending(): number } {
  const pending = new Set<symbol>();
  return {
    now: systemClock.now,
    monotonic: systemClock.monotonic,
    setTimer(ms, fn) {
      const id = Symbol();
      pending.add(id);
      const cancel = systemClock.setTimer(ms, () => {
        pending.delete(id);
        fn();
      });
      return () => {
        pending.delete(id);
        cancel();
      };
    },
    pending: () => pending.size,
  };
}

/**
 * How many sockets and pipes this process has open (Node: process.getActiveResourcesInfo). Timers are not counted: the
 * test runner sets some, too.
 */
export const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /^(?:TCP|Pipe|UDP|GetAddrInfo)/.test(kind)).length;

type Query = (type: unknown, options: { format: 'count' }) => number;

/** SSH clients that something still refers to, after a garbage collection. null: this Node cannot tell. */
export function livingSshClients(): number | null {
  const query = (v8 as { queryObjects?: Query }).queryObjects;
  return query ? query(ssh2.Client, { format: 'count' }) : null;
}

/** What this process is told while `work` runs: unhandled rejections, too many listeners on one emitter. */
export async function complaintsDuring(work: () => Promise<void>): Promise<string[]> {
  const complaints: string[] = [];
  const onRejection = (reason: unknown) => void complaints.push(`unhandled: ${String(reason)}`);
  const onWarning = (warning: Error) => {
    if (warning.name === 'MaxListenersExceededWarning') complaints.push(warning.message);
  };
  process.on('unhandledRejection', onRejection).on('warning', onWarning);
  try {
    await work();
  } finally {
    process.off('unhandledRejection', onRejection).off('warning', onWarning);
  }
  return complaints;
}
