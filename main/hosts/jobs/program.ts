import { attemptScript, type Pace } from './attempts';
import type { JobKind, WakeMeans } from './job';

const PACE: Pace = { triedFor: 600, every: 3, silence: 5, startLook: 3 };
/** How soon a wait notices that the host slept, in seconds. */
const LONGEST_PAUSE = 5;

/** The host's own clocks, which only the host can compare with. */
export interface HostInstant {
  /** Since the host's boot, including its sleep, in hundredths of a second: /proc/uptime of proc(5). */
  readonly uptime: number;
  /** Which boot that was; `-` where it is not told. */
  readonly boot: string;
  /** What its clock will show then, in seconds since the epoch: counts only after another boot. */
  readonly wall: number;
}

/** Begins the program, so that a process can be told from any other with such arguments. */
export const PROGRAM_HEAD = '# Reveille: wakes a guest, then ends.';

/** Sets $now to the hundredths of a second since boot: the one clock that neither sleep nor a clock change moves. */
export const UPTIME = `
uptime() {
  read -r now fraction < /proc/uptime || return
  fraction=\${now#*.}; now=\${now%%.*}
  now=$(( now * 100 + 1$fraction - 100 ))
}
boot() {
  boot=-
  read -r boot < /proc/sys/kernel/random/boot_id
  case $boot in ''|*[!0-9a-f-]*) boot=-;; esac
}
# left UPTIME BOOT WALL: sets $left to the hundredths of a second until then.
left() {
  uptime; boot
  if [ "$2" = "$boot" ]; then left=$(( $1 - now )); else left=$(( ( $3 - $(date +%s) ) * 100 )); fi
}
`;

/**
 * What a job runs, as the command string of sh -c with the operands NAME UPTIME BOOT WALL KEEPER: waits, wakes, and ends
 * without a trace. It is told to end by SIGTERM.
 */
export function jobProgram(means: WakeMeans, pace: Pace = PACE): string {
  return `${PROGRAM_HEAD}
exec < /dev/null > /dev/null 2>&1
trap '' HUP
trap 'kill $!; exit 143' TERM INT
cd /
PATH=\${PATH-}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
nl='
'
name=$0
keeper=$4
${UPTIME}
pause() {
  sleep "$1" & wait $!
  set -- $?
  # Without a sleep it would be a loop that never rests.
  [ "$1" -ne 127 ] || exit 1
  return "$1"
}
# Two triggers began it, one of which is left.
case $keeper in
  systemd-user) systemctl --user --no-block stop "$name.timer";;
  systemd-system) systemctl --system --no-block stop "$name.timer";;
esac
while left "$1" "$2" "$3"; [ "$left" -gt 0 ]; do
  if [ "$left" -ge ${LONGEST_PAUSE * 100} ]; then pause ${LONGEST_PAUSE}
  elif [ "$left" -ge 100 ]; then pause $(( left / 100 ))
  elif [ "$left" -ge 10 ]; then pause "0.$left" || pause 1
  else pause "0.0$left" || pause 1
  fi
done
${attemptScript(means, pace)}
uptime
end=$(( now + ${pace.triedFor * 100} ))
until attempt; do
  uptime
  [ "$now" -lt "$end" ] || exit 1
  pause ${pace.every}
done`;
}

/** The program as an argument vector. */
export const jobArguments = (name: string, at: HostInstant, means: WakeMeans, keeper: JobKind): string[] => [
  '/bin/sh',
  '-c',
  jobProgram(means),
  name,
  `${at.uptime}`,
  at.boot,
  `${at.wall}`,
  keeper,
];
