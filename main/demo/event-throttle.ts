import type { Clock } from '../clock';
import type { MachineEvent } from './simulation';

/** QEMU sends these at most once a second (monitor/monitor.c monitor_qapi_event_conf). */
const THROTTLED = new Set(['VSERPORT_CHANGE', 'RTC_CHANGE']);
const PERIOD_MS = 1000;

export interface EventThrottle {
  push(event: MachineEvent): void;
  stop(): void;
}

/**
 * Delays throttled events as QEMU does: the first is delivered at once; of those that follow within a
 * second the last is delivered when the second has passed, the others never.
 */
export function throttleEvents(clock: Clock, deliver: (event: MachineEvent) => void): EventThrottle {
  const periods = new Map<string, { cancel: () => void; latest: MachineEvent | null }>();

  const begin = (key: string) => {
    const cancel = clock.setTimer(PERIOD_MS, () => {
      const latest = periods.get(key)?.latest ?? null;
      periods.delete(key);
      if (!latest) return;
      deliver(latest);
      begin(key);
    });
    periods.set(key, { cancel, latest: null });
  };

  return {
    push(event) {
      if (!THROTTLED.has(event.name)) {
        deliver(event);
        return;
      }
      const key = `${event.name} ${String(event.data?.['id'] ?? '')}`;
      const period = periods.get(key);
      if (period) {
        period.latest = event;
        return;
      }
      deliver(event);
      begin(key);
    },
    stop() {
      for (const period of periods.values()) period.cancel();
      periods.clear();
    },
  };
}
