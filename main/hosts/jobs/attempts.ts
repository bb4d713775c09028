import { shellCommand, shellQuote } from '../../protocols/ssh/shell';
import type { StartRecipe } from '../discovery/found';
import { isOnDisk, type WakeMeans } from './job';
import { monitorTalk } from './monitor-talk';

/** In seconds. */
export interface Pace {
  /** How long a guest that could not be woken is tried again, and the pause in between. */
  readonly triedFor: number;
  readonly every: number;
  /** How long a monitor may say nothing; a whole number. */
  readonly silence: number;
  /** A QEMU that cannot start has ended by then. */
  readonly startLook: number;
}

/**
 * A shell function `attempt` that looks at the guest, and wakes it only if it sleeps (starts it only if it does not run).
 * It fails when that is to be tried again, also after a wake whose outcome is still to be looked at.
 */
export function attemptScript(means: WakeMeans, pace: Pace): string {
  switch (means.kind) {
    case 'qmp':
      return `${monitorTalk(means.socket, pace.silence)}
attempt() { ${TALK_TO_WAKE}; }
`;
    case 'virsh':
      return `${virsh(means.uri, means.uuid)}
attempt() {
  case $(virsh_ domstate) in
    '') return 1;;
    ${maySleep(means) ? `pmsuspended*) virsh_ dompmwakeup; return 1;;
    paused*) out_of_step;;` : ''}
    ${isOnDisk(means) ? "'shut off'*) virsh_ start; return 1;;" : ''}
  esac
}
# libvirt takes a guest for paused that fell asleep while libvirt was away, and refuses to wake it.
out_of_step() {
  case $(virsh_ qemu-monitor-command '{"execute":"query-status"}') in
    *'"suspended"'*) virsh_ qemu-monitor-command '{"execute":"system_wakeup"}'; return 1;;
  esac
}
`;
    case 'qm':
      return `${LIMITED}
attempt() {
  status=$(LC_ALL=C $limited qm status ${means.vmid} --verbose)
  case $nl$status$nl in
    ${maySleep(means) ? `*"$nl"'qmpstatus: suspended'"$nl"*) $limited qm resume ${means.vmid}; return 1;;` : ''}
    ${isOnDisk(means) ? `*"$nl"'status: stopped'"$nl"*) $limited qm start ${means.vmid}; return 1;;` : ''}
    *"$nl"'status: '*) ;;
    *) return 1;;
  esac
}
`;
    case 'start':
      return start(means, pace);
  }
}

const TALK_TO_WAKE = 'talk suspended system_wakeup WAKEUP';

const maySleep = ({ from }: Extract<WakeMeans, { from: unknown }>): boolean => from !== 'hibernate';

/** busybox's of old takes its time by -t: then there is no limit. */
const LIMITED = `
limited=
timeout 1 true && limited='timeout 60'
`;

const virsh = (uri: string, uuid: string): string => `${LIMITED}
virsh_() {
  command=$1; shift
  LC_ALL=C $limited virsh -q -c ${shellQuote(uri)} "$command" ${shellQuote(uuid)} "$@"
}
`;

/** A case pattern for prelaunch (-S) and paused. */
const STOPPED = 'p[ra]*';
/**
 * In a unit of systemd's, a guest would end with the job: it is given a scope of its own, as a login session has.
 * $keeper is set by the program.
 */
function start(means: Extract<WakeMeans, { kind: 'start' }>, pace: Pace): string {
  const { recipe, socket } = means;
  const argv = shellCommand([recipe.executable, ...recipe.args]);
  const goOn = recipe.startsPaused && socket !== null;
  const wakes = maySleep(means) && socket !== null;
  return `${goOn || wakes ? monitorTalk(socket, pace.silence) : ''}
started=
attempt() {
  if ! runs; then
    launch; started=1
    ${goOn ? 'return 1' : 'return $failed'}
  fi
  if [ "$started" ]; then ${goOn ? `talk '${STOPPED}' cont RESUME` : 'return 0'}
  else ${wakes ? TALK_TO_WAKE : 'return 0'}
  fi
}
launch() {
  case $keeper in
    systemd-user) set -- systemd-run --user --scope --quiet --collect -- ${argv};;
    systemd-system) set -- systemd-run --scope --quiet --collect -- ${argv};;
    *) if command -v setsid; then set -- setsid ${argv}; else set -- ${argv}; fi;;
  esac
  ( trap - TERM INT; cd ${shellQuote(recipe.cwd ?? '/')} && exec "$@" ) &
  guest=$!
  failed=0
  pause ${pace.startLook}
  kill -0 $guest || { wait $guest || failed=1; }
}
${runs(recipe, socket)}`;
}

/** \`runs\`: whether a process with the very same arguments does, or anybody listens at the monitor's path. */
function runs({ args }: StartRecipe, socket: string | null): string {
  // As tr shows them below: one a line, line breaks in them as \\1.
  const shown = `${args.map((arg) => `${arg.replaceAll('\n', '\u0001')}\n`).join('')}.`;
  const longest = args
    .filter((arg) => !arg.includes('\n'))
    .reduce((best, arg) => (arg.length > best.length ? arg : best), '');
  const listening = `while read -r number count protocol flags type state inode path; do
    [ "$flags $path" = "00010000 "${shellQuote(socket ?? '')} ] && return
  done < /proc/net/unix`;
  const same = `for each in $(LC_ALL=C grep -lF -e ${shellQuote(longest)} /proc/[0-9]*/cmdline); do
    shown=$(LC_ALL=C tr '\\000\\n' '\\n\\001' < "$each" | LC_ALL=C sed 1d; echo .)
    [ "$shown" = ${shellQuote(shown)} ] && return
  done`;
  return `runs() {
  ${socket === null ? '' : listening}
  ${longest === '' ? '' : same}
  return 1
}
`;
}
