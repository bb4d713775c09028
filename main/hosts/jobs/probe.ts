import { shellQuote } from '../../protocols/ssh/shell';
import type { HostRecord } from '../ssh/records';
import type { JobKind, WakeMeans } from './job';
import { KEEPERS } from './keepers';
import { SPEAKER } from './monitor-talk';

/** What a host has for a job. */
export interface Probe {
  /** What uname says where it is none; null on Linux. */
  readonly notLinux: string | null;
  readonly keepers: ReadonlySet<JobKind>;
  /** A word of `lacks` of the script below; null when the host has what the means need. */
  readonly lacks: string | null;
  /** The host's clocks, when they were read last of all. */
  readonly uptime: number;
  readonly boot: string;
  readonly wall: number;
}

/**
 * Records the keepers that would outlive this session, and what the means lack.
 *
 * - A user's systemd ends with the user's last session unless the user lingers (loginctl(1), enable-linger).
 * - A job of at's is run by atd only, which must run.
 * - logind ends what a session leaves behind where KillUserProcesses is set (logind.conf(5)), but for root.
 */
export const probeScript = (means: WakeMeans): string => `
read -r uptime rest < /proc/uptime
if [ "$uptime" = '' ]; then rec "not-linux $(uname -s)"; else
${KEEPERS}
lingers() {
  case $(loginctl show-user "$me" -p Linger) in Linger=yes) return;; esac
  [ -e "/var/lib/systemd/linger/$(id -un)" ]
}
atd_runs() {
  for named in $(grep -lx atd /proc/[0-9]*/comm); do
    # One that has ended and was not waited for has no command line.
    grep -q . "\${named%comm}cmdline" && return
  done
  # Others' processes are shown: there is none.
  [ -d /proc/1 ] && return 1
  pid=
  read -r pid < /run/atd.pid
  case $pid in ''|*[!0-9]*) return 1;; esac
  case $(kill -0 "$pid" 2>&1 && echo runs) in runs|*ermitted*) ;; *) return 1;; esac
}
ends_with_session() {
  [ "$me" != 0 ] || return
  case $(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses) in
    *true*) ;; *) return 1;;
  esac
}
command -v systemd-run > /dev/null || { user_bus=; system_bus=; }
[ "$user_bus" ] && lingers && rec 'keeper systemd-user'
[ "$system_bus" ] && rec 'keeper systemd-system'
[ "$at" ] && atd_runs && rec 'keeper at'
ends_with_session || rec 'keeper sleeper'
lacks() { rec "lacks $1"; }
${needs(means)}
uptime; boot; rec "clock $now $boot $(date +%s)"
fi
`;

/** A line that records what is missing, if anything is. */
function needs(means: WakeMeans): string {
  switch (means.kind) {
    case 'qmp': {
      const socket = shellQuote(means.socket);
      return `${SPEAKER}
if [ ! -S ${socket} ]; then lacks socket
elif [ ! -w ${socket} ]; then lacks access
else speaker; [ "$speaker" ] || lacks speaker
fi`;
    }
    case 'virsh':
      return `if ! command -v virsh > /dev/null; then lacks virsh
elif ! virsh -q -c ${shellQuote(means.uri)} domstate ${shellQuote(means.uuid)} > /dev/null; then lacks domain
fi`;
    case 'qm':
      return `if ! command -v qm > /dev/null; then lacks qm; elif [ "$me" != 0 ]; then lacks root; fi`;
    case 'start': {
      const speaks = means.recipe.startsPaused || means.from === 'hybrid';
      const socket = shellQuote(means.socket ?? '');
      return `set -- ${shellQuote(means.recipe.executable)}
[ -x "$1" ] && [ -f "$1" ] || lacks program
[ -d ${shellQuote(means.recipe.cwd ?? '/')} ] || lacks folder${
        speaks
          ? `\n${SPEAKER}\nspeaker; [ "$speaker" ] || lacks speaker
[ ! -S ${socket} ] || [ -w ${socket} ] || lacks access`
          : ''
      }`;
    }
  }
}

const isKind = (word: string | undefined): word is JobKind =>
  word === 'systemd-user' || word === 'systemd-system' || word === 'at' || word === 'sleeper';

/** @returns null when the answer is not what the script says */
export function parseProbe(records: readonly HostRecord[]): Probe | null {
  const wordsOf = (name: string) => records.find((record) => record.name === name)?.words;
  const notLinux = wordsOf('not-linux');
  const [uptime, boot = '-', wall] = wordsOf('clock') ?? [];
  if (notLinux === undefined && !(isNumber(uptime) && isNumber(wall))) return null;
  const keepers = records.flatMap(({ name, words: [word] }) => (name === 'keeper' && isKind(word) ? [word] : []));
  return {
    notLinux: notLinux ? notLinux.join(' ') : null,
    keepers: new Set(keepers),
    lacks: wordsOf('lacks')?.[0] ?? null,
    uptime: Number(uptime),
    boot,
    wall: Number(wall),
  };
}

export const isNumber = (word: string | undefined): word is string => word !== undefined && /^-?\d{1,15}$/.test(word);
