import { readFile } from 'node:fs/promises';

const NS_PER_MS = 1_000_000;

/**
 * HostAccess.threadTimes on this computer. Linux: the first number of /proc/PID/task/TID/schedstat is the time spent on
 * a CPU, in ns (Documentation/scheduler/sched-stats.rst).
 */
export async function localThreadTimes(pid: number, threads: readonly number[]): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  try {
    const texts = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'latin1')));
    return sumOf(texts);
  } catch (error) {
    if (error instanceof Error && 'code' in error && isUntold(error.code)) return null;
    throw error;
  }
}

/** The process or the thread has ended, the kernel does not count, or another user's may not be looked at. */
const isUntold = (code: unknown): boolean => ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(code));

/** The time in ms that contents of schedstat files tell together; null when one of them is not readable. */
export function sumOf(schedstats: readonly string[]): number | null {
  let total = 0;
  for (const text of schedstats) {
    const spent = /^(\d+) /.exec(text)?.[1];
    if (spent === undefined) return null;
    total += Number(spent);
  }
  return total / NS_PER_MS;
}
