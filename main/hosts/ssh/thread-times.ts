import { sumOf } from '../thread-times';
import { runScript } from './records';
import type { RemoteExec } from './remote';

/** HostAccess.threadTimes on a host behind SSH that has Linux's /proc. @throws SshError, RecordsError */
export async function remoteThreadTimes(
  remote: RemoteExec,
  pid: number,
  threads: readonly number[],
): Promise<number | null> {
  const numbers = [pid, ...threads];
  if (!numbers.every((number) => Number.isSafeInteger(number) && number > 0)) return null;
  const records = await runScript(
    remote,
    `for t in ${threads.join(' ')}; do rec thread; cat "/proc/${pid}/task/$t/schedstat"; done`,
  );
  return sumOf(records.map(({ body }) => body));
}
