import { shellQuote } from '../../protocols/ssh/shell';
import { SOCKET_CHECK } from './socket-check';

/** A process that needs no second look, as long as its start and its name are these. */
export interface KnownProcess {
  readonly pid: number;
  readonly startTicks: number;
  /** In latin1: one character for each byte. */
  readonly comm: string;
}

/** No program reads more of one command line; a longer one is no QEMU's. */
export const MAX_COMMAND_LINE = 131_072;

/** A command is one argument of the login shell, which Linux limits to 128 KiB; some of it is the script's. */
const MAX_KNOWN_BYTES = 48 * 1024;

/**
 * The script that lists QEMU processes: POSIX sh with cat, dd, grep, id, ls, tr; the rest is built in, since most of
 * its time would be forks. Patterns are written so that they do not match this script's own command line.
 *
 * Records, all of them written by the script itself:
 * - `not-linux SYSTEM`: there is no /proc; nothing follows.
 * - `host UPTIME`: host name. `id`: what id prints. `hidden`: other users' processes are not shown (hidepid).
 * - `emulator`: the path of an emulator.
 * - `known PID PARENT`: as `known` says.
 * - `process PID`: /proc/PID/stat of another one; `uid PID EUID`; `command PID`: bytes of its cmdline, or
 *   `command-denied PID`.
 * - `own-links`, where there are others: the namespaces of this session.
 * - `links`: what ls prints of the cwd, exe, ns/mnt, ns/net and root of all those, a line each. Where a line break is
 *   in one of them or one was not listed, a path could pass for another line; and busybox's ls prints ? for what is not
 *   ASCII. Then `link PID NAME`, what readlink prints, or `listed PID`, one line of ls, where there is no readlink.
 * - `files PID` (ls of its fd) and `pwd PID` (PWD of its environment, then the same without symbolic links) where the
 *   arguments speak of descriptors, a port to be chosen, -daemonize or -chroot.
 * - `qm`: the path of Proxmox's program.
 * - `unix`, `tcp MACHINE`: listening sockets. `addresses`: of the network interfaces.
 * - `forbidden`, `owners-n`, `owners` of the listening sockets that this user may not connect to: socket-check.ts.
 * - `proxmox VMID PID`.
 */
export function discoveryScript(known: readonly KnownProcess[]): string {
  return `known=${shellQuote(knownList(known))}\n${SCRIPT}`;
}

function knownList(known: readonly KnownProcess[]): string {
  let list = '\n';
  for (const { pid, startTicks, comm } of known) {
    const line = `${pid}/${startTicks}/${comm}\n`;
    // What is not ASCII would be sent in another encoding than the host's bytes; a line break could pass for a line.
    if (/^[\x20-\x7e]+$/.test(comm) && list.length + line.length < MAX_KNOWN_BYTES) list += line;
  }
  return list;
}

const SCRIPT = `${SOCKET_CHECK}
digits() { case $1 in ''|*[!0-9]*) return 1;; esac; }
lines() { set -f; IFS=$nl; }
words() { set +f; IFS=' 	'$nl; }

if [ ! -r /proc/self/stat ]; then
  rec "not-linux $(uname -s)"
else

read -r uptime rest < /proc/uptime
read -r name < /proc/sys/kernel/hostname
rec "host $uptime"; printf '%s\\n' "$name"
id=$(id); rec id; printf '%s\\n' "$id"
me=\${id#uid=}; me=\${me%%[!0-9]*}
[ -d /proc/1 ] || rec hidden
for f in /usr/bin/qemu-system-* /usr/local/bin/qemu-system-* /usr/libexec/qemu-kvm /usr/bin/kvm /usr/bin/qemu-kvm; do
  [ -x "$f" ] && { rec emulator; printf '%s\\n' "$f"; }
done

# Candidates: by name and arguments, and by program file where it can be read.
seen=' '
found=$(grep -l -e '[q]emu' -e '[k]vm' /proc/[0-9]*/comm /proc/[0-9]*/cmdline
  ls -ln /proc/[0-9]*/exe | grep -e '[q]emu' -e '[k]vm')
lines
for line in $found; do
  p=\${line%%"/exe -> "*}
  case $p in "$line") p=\${line#/proc/}; p=\${p%%/*};; *) p=\${p##*/};; esac
  digits "$p" || continue
  case $seen in *" $p "*) continue;; esac
  seen="$seen$p "
done
words

# A process whose start and name are known is only named. One grep reads them all: read takes a byte at a time.
files=
for p in $seen; do files="$files /proc/$p/stat"; done
stats=$(grep '' $files /dev/null)
fresh=
last=
lines
for line in $stats; do
  words
  p=\${line#/proc/}; p=\${p%%/*}
  [ "$p" = "$last" ] && continue # the rest of a name with line breaks
  last=$p
  stat=\${line#*:}
  # Not by ##, for which dash takes the square of the length.
  head=\${stat%\\)*}; set -f; set -- \${stat#"$head)"}; set +f
  if [ $# -lt 20 ]; then
    stat=
    while IFS= read -r line; do stat=$stat$line$nl; done < "/proc/$p/stat"
    stat=\${stat%"$nl"}
    head=\${stat%\\)*}; set -f; set -- \${stat#"$head)"}; set +f
  fi
  [ $# -ge 20 ] || continue
  [ "$p" = $$ ] || [ "$2" = $$ ] && continue # this script, and the subshell that runs it
  comm=\${head#*\\(}
  case $1 in Z|X|x) continue;; esac
  [ $(( $7 & 2097152 )) -eq 0 ] || continue # PF_KTHREAD of include/linux/sched.h
  case $known in *"$nl$p/\${20}/$comm$nl"*) rec "known $p $2"; continue;; esac
  fresh="$fresh $p"
  rec "process $p"; printf '%s\\n' "$stat"
  while read -r key real effective rest; do
    [ "$key" = Uid: ] && { rec "uid $p $effective"; break; }
  done < "/proc/$p/status"
  rec "command $p"
  dd if="/proc/$p/cmdline" bs=${MAX_COMMAND_LINE} count=1 || { [ -d "/proc/$p" ] && rec "command-denied $p"; }
done
words

special=' '
if [ "$fresh" ]; then
  f=$(command -v qm); case $f in /*) rec qm; printf '%s\\n' "$f";; esac
  rec own-links; ls -ln "/proc/$$/ns/mnt" "/proc/$$/ns/net"
  rec addresses; ip addr show || ifconfig -a

  set --
  for p in $fresh; do
    set -- "$@" "/proc/$p/cwd" "/proc/$p/exe" "/proc/$p/ns/mnt" "/proc/$p/ns/net" "/proc/$p/root"
  done
  expected=$#
  all=$(ls -ln "$@"; echo .)
  lines; set -- $all; words
  case $#/$all in
    *"$nl$nl"*|*[?]*) ;;
    $(( expected + 1 ))/*) rec links; printf %s "\${all%.}"; expected=0;;
  esac
  if [ $expected -gt 0 ]; then
    readlink=$(command -v readlink)
    for p in $fresh; do
      for f in cwd exe ns/mnt ns/net root; do
        if [ "$readlink" ]; then rec "link $p $f"; readlink "/proc/$p/$f"
        else rec "listed $p"; ls -ln "/proc/$p/$f"
        fi
      done
    done
  fi

  set --
  for p in $fresh; do set -- "$@" "/proc/$p/cmdline"; done
  for f in $(grep -l -e fd -e daemonize -e chroot -e ,to= -e port=0 -e :0, "$@" /dev/null); do
    p=\${f#/proc/}; p=\${p%%/*}; special="$special$p "
    rec "files $p"; ls -ln "/proc/$p/fd"
    f=$(tr '\\000' '\\n' < "/proc/$p/environ" | grep '^PWD=/'); f=\${f%%"$nl"*}; f=\${f#PWD=}
    [ "$f" ] && { rec "pwd $p"; printf '%s\\n' "$f"; ( cd -P -- "$f" && pwd -P ); }
  done
fi

[ "$me$special" = '0 ' ] || listening=$(grep ' 00010000 ' /proc/net/unix)
case $special in *[0-9]*)
  rec unix; printf '%s\\n' "$listening"
  rec "tcp $(uname -m)"; grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6;;
esac

if [ "$me" != 0 ]; then
  lines
  for line in $listening; do
    case $line in */*) ;; *) continue;; esac
    check "/\${line#*/}"
    case $state in forbidden) forbid "/\${line#*/}";; esac
  done
  words
  owners
fi

for f in /var/run/qemu-server/*.pid; do
  [ -r "$f" ] && read -r p < "$f" || continue
  vmid=\${f##*/}; vmid=\${vmid%.pid}
  digits "$vmid" && digits "$p" && rec "proxmox $vmid $p"
done
fi
`;
