import { runScript } from './records';
import type { RemoteExec } from './remote';

/** @throws SshError, RecordsError: not knowing is no answer */
export type ProcessAlive = (pid: number) => Promise<boolean>;

/** As many as one command line holds with ease. */
const MAX_AT_ONCE = 1000;

/** Asks a host whether processes run; a zombie does not. Questions that come while one is asked are asked together. */
export function remoteProcesses(remote: RemoteExec): ProcessAlive {
  let waiting = new Map<number, { promise: Promise<boolean>; settle: Settle }>();
  let asking = false;

  async function askAll(): Promise<void> {
    asking = true;
    // Those who ask in the same turn go along.
    await Promise.resolve();
    while (waiting.size > 0) {
      const all = [...waiting];
      const now = all.slice(0, MAX_AT_ONCE);
      waiting = new Map(all.slice(MAX_AT_ONCE));
      try {
        const alive = await whichAlive(
          remote,
          now.map(([pid]) => pid),
        );
        for (const [pid, { settle }] of now) settle.resolve(alive.has(pid));
      } catch (error) {
        for (const [, { settle }] of now) settle.reject(error);
      }
    }
    asking = false;
  }

  return (pid) => {
    if (!(Number.isSafeInteger(pid) && pid > 0)) return Promise.resolve(false);
    const asked = waiting.get(pid);
    if (asked) return asked.promise;
    let settle: Settle = { resolve: () => {}, reject: () => {} };
    const promise = new Promise<boolean>((resolve, reject) => (settle = { resolve, reject }));
    waiting.set(pid, { promise, settle });
    if (!asking) void askAll();
    return promise;
  };
}

interface Settle {
  readonly resolve: (alive: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** proc(5): the state follows the name in parentheses. Where /proc shows nothing (hidepid), kill -0 tells by its words. */
async function whichAlive(remote: RemoteExec, pids: readonly number[]): Promise<Set<number>> {
  const records = await runScript(
    remote,
    `for p in ${pids.join(' ')}; do
  if [ -r "/proc/$p/stat" ]; then
    stat=
    while IFS= read -r line; do stat=$stat$line$nl; done < "/proc/$p/stat"
    set -f; set -- \${stat##*\\)}; set +f
    case \${1-Z} in Z|X|x) ;; *) rec "alive $p";; esac
  else
    case $(kill -0 "$p" 2>&1 && echo runs) in runs|*ermitted*) rec "alive $p";; esac
  fi
done`,
  );
  return new Set(records.map(({ words }) => Number(words[0])));
}
