import { PROGRAM_HEAD, UPTIME } from './program';

/** Begins a job's line in the file that at keeps, and its description in systemd. */
const MARK = 'reveille-job';

/** The line that tells a job of ours from any other: `reveille-job NAME UPTIME BOOT WALL`. */
export const markOf = (operands: string): string => `${MARK} ${operands}`;

/**
 * Shell functions for scripts that run with records.ts's prologue. What they read may be anything: names are compared as
 * whole words, and all that is printed was checked to be of plain characters.
 *
 * - `keepers`: sets $user_bus, $system_bus, $at to 1 where such a keeper can be asked; `blind KIND` records one that
 *   is there and does not answer.
 * - `find_jobs NAMES`: calls `found KIND NAME REF UPTIME BOOT WALL` for each job whose name matches the case pattern NAMES.
 *   A sleeper is found by its arguments, which its own subshells share: they are called, too.
 * - `drop NAME`: ends every job by this name, of whatever kind, and what it runs.
 */
export const KEEPERS = `${UPTIME}
blind() { rec "blind $1"; }
me=$(id -u)
keepers() {
  user_bus=; system_bus=; at=
  if command -v systemctl > /dev/null; then
    [ "\${XDG_RUNTIME_DIR-}" ] || { XDG_RUNTIME_DIR=/run/user/$me; export XDG_RUNTIME_DIR; }
    if systemctl --user show -p Version > /dev/null; then user_bus=1
    elif [ -S "$XDG_RUNTIME_DIR/systemd/private" ]; then blind systemd-user
    fi
    if [ "$me" = 0 ] && [ -d /run/systemd/system ]; then
      if systemctl --system show -p Version > /dev/null; then system_bus=1
      elif [ -S /run/systemd/private ]; then blind systemd-system
      fi
    fi
  fi
  # at.allow(5): who may not use it is told so by atq, too.
  command -v at > /dev/null && atq > /dev/null && at=1
}
plain() { case $1 in ''|-|*[!0-9a-f-]*) return 1;; esac; }
# marked KIND REF LINE: LINE is "NAME UPTIME BOOT WALL".
marked() {
  kind=$1; ref=$2
  words; set -f; set -- $3; set +f
  [ $# -eq 4 ] || return
  case $1 in $names) ;; *) return;; esac
  case $1 in reveille-*[!a-z0-9-]*) return;; esac
  case $3 in -) ;; *) plain "$3" || return;; esac
  case $2$4 in ''|*[!0-9]*) return;; esac
  found "$kind" "$1" "$ref" "$2" "$3" "$4"
}
lines() { IFS=$nl; }
words() { IFS=' 	'$nl; }
# units KIND OPTION...
units() {
  kind=$1; shift
  for unit in $(systemctl "$@" list-units --all --full --plain --no-legend 'reveille-*.timer' 'reveille-*.service' | cut -d ' ' -f 1); do
    case $unit in *[!a-z0-9.-]*) continue;; esac
    state=$(systemctl "$@" show -p ActiveState "$unit")
    case $state in ActiveState=active|ActiveState=activating) ;; *) continue;; esac
    text=$(systemctl "$@" show -p Description "$unit")
    case $text in "Description=${MARK} \${unit%.*} "*) marked "$kind" "$unit" "\${text#* }";; esac
  done
}
at_jobs() {
  who=$(id -un)
  numbers=$(atq | while read -r number rest; do [ "\${rest##* }" = "$who" ] && echo "$number"; done)
  for number in $numbers; do
    case $number in *[!0-9]*) continue;; esac
    mark=$(at -c "$number" | grep '^# ${MARK} ' | tail -n 1)
    [ "$mark" ] && marked at "$number" "\${mark#* ${MARK} }"
  done
}
# The eight arguments of a job's program, the program itself in one line.
sleepers() {
  for file in $(grep -l reveille- /proc/[0-9]*/cmdline); do
    pid=\${file#/proc/}; pid=\${pid%%/*}
    [ -O "/proc/$pid" ] && [ "$pid" != $$ ] || continue
    shown=$(tr '\\000\\n' '\\n ' < "$file")
    lines; set -f; set -- $shown; set +f; words
    [ $# -eq 8 ] && [ "$2" = -c ] || continue
    case $3 in '${PROGRAM_HEAD}'*) ;; *) continue;; esac
    keeper=$8
    since "$pid" && marked "$keeper:process" "$pid:$since" "$4 $5 $6 $7"
  done
}
# Field 22 of proc(5)'s stat.
since() {
  since=
  read -r stat < "/proc/$1/stat" || return
  set -f; set -- \${stat##*\\)}; set +f
  case $1 in Z|X|x) return 1;; esac
  group=$3
  since=\${20}
}
find_jobs() {
  names=$1
  [ "$user_bus" ] && units systemd-user --user
  [ "$system_bus" ] && units systemd-system --system
  [ "$at" ] && at_jobs
  sleepers
}
drop() {
  [ "$user_bus" ] && systemctl --user stop "$1.timer" "$1.service"
  [ "$system_bus" ] && systemctl --system stop "$1.timer" "$1.service"
  found() { case $1 in at) atrm "$3";; esac; }
  names=$1
  [ "$at" ] && at_jobs
  signal=TERM; tries=0
  found() { some=1; end_process "\${3%:*}"; }
  while some=; sleepers; [ "$some" ] && [ $tries -lt 40 ]; do
    tries=$(( tries + 1 )); [ $tries -lt 30 ] || signal=KILL
    sleep 0.1 || sleep 1
  done
}
# A session's leader takes all that it runs along.
end_process() {
  if [ "$group" = "$1" ]; then kill -$signal "-$1"; else kill -$signal "$1"; fi
}
keepers
`;
