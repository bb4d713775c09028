import type { Clock } from '../clock';

/** What the guest will do next, in the time of its vCPUs: it stands still while they are stopped. */
export interface GuestTimers {
  after(ms: number, fn: () => void): void;
  freeze(): void;
  thaw(): void;
  clear(): void;
}

interface Task {
  remainingMs: number;
  since: number;
  cancel: (() => void) | null;
  fn: () => void;
}

export function guestTimers(clock: Clock): GuestTimers {
  const tasks = new Set<Task>();
  let frozen = false;

  const arm = (task: Task) => {
    task.since = clock.monotonic();
    task.cancel = clock.setTimer(task.remainingMs, () => {
      tasks.delete(task);
      task.fn();
    });
  };

  return {
    after(ms, fn) {
      const task: Task = { remainingMs: ms, since: 0, cancel: null, fn };
      tasks.add(task);
      if (!frozen) arm(task);
    },
    freeze() {
      if (frozen) return;
      frozen = true;
      for (const task of tasks) {
        task.cancel?.();
        task.remainingMs = Math.max(0, task.remainingMs - (clock.monotonic() - task.since));
      }
    },
    thaw() {
      if (!frozen) return;
      frozen = false;
      for (const task of tasks) arm(task);
    },
    clear() {
      for (const task of tasks) task.cancel?.();
      tasks.clear();
    },
  };
}
