import { SshError } from '../../protocols/ssh/errors';
import { shellCommand, shellQuote } from '../../protocols/ssh/shell';
import type { Clock } from '../../clock';
import type { StartRecipe } from '../discovery/found';
import { HostError, type Launched } from '../host';
import { RecordsError, runScript, utf8Of, type HostRecord } from './records';
import { secretToken, type RemoteExec } from './remote';

export interface LaunchOptions {
  readonly remote: RemoteExec;
  readonly clock: Clock;
}

type Exit = Awaited<Launched['exited']>;

/** How long a start is waited for before it is told, in tenths of a second: what is wrong shows soon. */
const FIRST_TENTHS = 3;
/** Waits between the looks after that, in ms; the last repeats. */
const LOOK_MS = [200, 300, 500, 1000];
/** How long what a process says is kept on the host when nobody asks for it, in tenths of a second. */
const KEPT_TENTHS = 900;
const MAX_FAILURES = 20;
/** What a started QEMU says is kept up to this many bytes for the user. */
const OUTPUT_TAIL = 600;
/** An argument of the login shell may have 128 KiB on Linux, and quoting lengthens. */
const MAX_COMMAND = 100_000;

/**
 * Starts `recipe` on a host, as a session of its own that outlives the connection: argument by argument, its output in
 * a temporary file there. A shell on the host waits for the process to end, and goes, with all files, when the start is
 * confirmed, its end was told, or 90 s have passed. `exited` stays pending from then on, and when the connection is
 * lost for good.
 * @throws HostError
 */
export async function launchRemote(recipe: StartRecipe, options: LaunchOptions): Promise<Launched> {
  const { cwd, executable, args } = recipe;
  if (cwd === null) {
    throw new HostError(
      'The folder that the guest was started in is not known.',
      'Start it yourself, the way it was started before.',
    );
  }
  if ([cwd, executable, ...args].some((text) => text.includes('\0'))) {
    throw new HostError(
      'Its command holds a NUL, which no argument can.',
      'Start it yourself, the way it was started before.',
    );
  }
  const script = launchScript({ cwd, executable, args, log: `reveille-${secretToken()}.log` });
  if (Buffer.byteLength(script) > MAX_COMMAND) {
    throw new HostError('Its command is too long to be sent to the host.', 'Start it there yourself.');
  }
  const records = await runScript(options.remote, script, { timeoutMs: 30_000 }).catch((error: unknown) => {
    throw launchError(error);
  });
  const find = (name: string): HostRecord | undefined => records.find((record) => record.name === name);
  const refusal = find('refused')?.words[0];
  if (refusal !== undefined) throw refusedError(refusal, cwd, executable);
  const started = find('started');
  const pid = Number(started?.words[0]);
  if (started === undefined || !(pid > 0))
    throw launchError(new RecordsError('It does not tell what it started'));
  const ended = find('ended');
  if (ended) return { pid, exited: Promise.resolve(exitOf(ended)), confirmed: () => undefined };
  return launched(pid, started.body.replace(/\n$/, ''), options);
}

function launched(pid: number, log: string, options: LaunchOptions): Launched {
  let isConfirmed = false;
  return {
    pid,
    exited: watch(log, () => !isConfirmed, options),
    confirmed() {
      if (isConfirmed) return;
      isConfirmed = true;
      runScript(options.remote, `log=${shellQuote(log)}; rm -f "$log" "$log.ended"`).catch((error: unknown) => {
        // The connection broke: the host removes them by itself.
        if (!(error instanceof SshError || error instanceof RecordsError)) throw error;
      });
    },
  };
}

/** Tells of an end once: `ended STATUS` with what was said last. */
const TELL = `
told() {
[ -s "$log.ended" ] || return 1
read -r status < "$log.ended"
rec "ended $status"; tail -c ${OUTPUT_TAIL} "$log"
rm -f "$log" "$log.ended"
}
`;

function launchScript(what: { cwd: string; executable: string; args: readonly string[]; log: string }): string {
  const argv = shellCommand([what.executable, ...what.args]);
  // A command's first word with a = in it would be an assignment, so the program is "$@" to the shell.
  return `${TELL}
supervise() {
if command -v setsid > /dev/null; then setsid "$@" < /dev/null >> "$log" 2>&1 3>&- &
else ( trap '' HUP; exec "$@" ) < /dev/null >> "$log" 2>&1 3>&- &
fi
pid=$!
echo $pid >&3; exec 3>&-
trap '' HUP
left=${KEPT_TENTHS}
while [ $left -gt 0 ] && [ -e "$log" ]; do
  state=
  if [ "$pid" ]; then
    if [ -r "/proc/$pid/stat" ]; then
      while IFS= read -r line; do state=$state$line; done < "/proc/$pid/stat"
      state=\${state##*\\) }
    else kill -0 $pid && state=S
    fi
    case $state in ''|Z*|X*|x*) wait $pid; echo $? > "$log.ended"; pid=;; esac
  fi
  if [ $left -gt ${KEPT_TENTHS - 50} ] && sleep 0.1; then left=$(( left - 1 )); else sleep 1; left=$(( left - 10 )); fi
done
rm -f "$log" "$log.ended"
}
launch() {
cd -- ${shellQuote(inFolder(what.cwd))} || { rec 'refused folder'; return; }
set -- ${argv}
[ -x "$1" ] && [ -f "$1" ] || { rec 'refused program'; return; }
log=\${TMPDIR:-/tmp}/${what.log}
( umask 077; set -C; : > "$log" ) || { rec 'refused log'; return; }
case $locale in unset) unset LC_ALL;; *) LC_ALL=$locale;; esac
{ supervise "$@" 3>&1 < /dev/null > /dev/null & } | {
  read -r pid
  rec "started $pid"; printf '%s\\n' "$log"
  left=${FIRST_TENTHS}
  while ! told && [ $left -gt 0 ]; do
    if sleep 0.1; then left=$(( left - 1 )); else sleep 1; left=0; fi
  done
}
}
launch`;
}

/** cd takes "-" for the folder before. */
const inFolder = (cwd: string): string => (cwd.startsWith('/') ? cwd : `./${cwd}`);

/** Where the host no longer tells, nothing is said: the process may well run. */
async function watch(log: string, wanted: () => boolean, { remote, clock }: LaunchOptions): Promise<Exit> {
  const script = `log=${shellQuote(log)}\n${TELL}\ntold || { [ -e "$log" ] && rec runs; }`;
  for (let looks = 0, failures = 0; failures < MAX_FAILURES && wanted(); looks += 1) {
    const wait = LOOK_MS[Math.min(looks, LOOK_MS.length - 1)] ?? 0;
    await new Promise<void>((resolve) => void clock.setTimer(wait, resolve));
    if (!wanted()) break;
    try {
      const [record] = await runScript(remote, script);
      if (record?.name === 'ended') return exitOf(record);
      // The host has given it up.
      if (record === undefined) break;
      failures = 0;
    } catch (error) {
      if (!(error instanceof SshError || error instanceof RecordsError)) throw error;
      failures += 1;
    }
  }
  return new Promise<never>(() => {});
}

const outputOf = (record: HostRecord | undefined): string =>
  utf8Of(record?.body ?? '')
    .text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .trim();

/** sh tells of a signal by 128 and its number. */
function exitOf(record: HostRecord): Exit {
  const status = Number(record.words[0]);
  const output = outputOf(record);
  if (!(status > 128 && status < 193)) return { code: status, signal: null, output };
  return { code: null, signal: SIGNALS.get(status - 128) ?? `signal ${status - 128}`, output };
}

/** Linux's numbers, whatever this computer's are (signal(7)). */
const SIGNALS: ReadonlyMap<number, string> = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [4, 'SIGILL'],
  [6, 'SIGABRT'],
  [7, 'SIGBUS'],
  [8, 'SIGFPE'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [13, 'SIGPIPE'],
  [15, 'SIGTERM'],
]);

function refusedError(what: string, cwd: string, executable: string): HostError {
  switch (what) {
    case 'folder':
      return new HostError(`The folder ${cwd} cannot be entered on the host.`, 'Check that it still exists.');
    case 'program':
      return new HostError(
        `${executable} cannot be run on the host.`,
        'Check that the program still exists.',
      );
    default:
      return new HostError(
        'A temporary file for the guest’s output could not be made on the host.',
        'Check that /tmp has room.',
      );
  }
}

function launchError(error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof RecordsError) {
    const remedy = 'Look at the guest on the host: whether it runs is not known.';
    return new HostError(`${error.message} when it was to start the guest.`, remedy, options);
  }
  if (error instanceof SshError) {
    const text = `The connection failed while the guest was being started: ${error.message} Whether it runs shows when the host is looked at again.`;
    return new HostError(text, error.remedy, options);
  }
  return error;
}
