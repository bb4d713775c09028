import { shellCommand, shellQuote } from '../../protocols/ssh/shell';
import type { JobKind, WakeMeans } from './job';
import { KEEPERS, markOf } from './keepers';
import { jobArguments, type HostInstant } from './program';

/** `job KIND NAME REF UPTIME BOOT WALL` for each job that `find_jobs` finds. */
const TELL = `found() { rec "job $*"; }
`;

export const listScript = (prefix: string): string => `
if [ ! -r /proc/uptime ]; then rec not-linux; else
${KEEPERS}${TELL}find_jobs '${prefix}*'
uptime; boot; rec "clock $now $boot $(date +%s)"
fi
`;

export const cancelScript = (name: string): string => `
if [ -r /proc/uptime ]; then
${KEEPERS}drop ${name}
${TELL}find_jobs ${name}
fi
`;

/** Makes a job in place of those by its name, and tells of what is there then. */
export function placeScript(kind: JobKind, name: string, at: HostInstant, means: WakeMeans): string {
  const argv = jobArguments(name, at, means, kind);
  const operands = `${name} ${at.uptime} ${at.boot} ${at.wall}`;
  return `${KEEPERS}drop ${name}
cd /
own_locale() { case $locale in unset) unset LC_ALL;; *) LC_ALL=$locale;; esac; }
said=
${makers[kind](argv, operands, at)}
rec said; printf '%s\\n' "$said"
tries=0; some=
found() { some=1; rec "job $*"; }
while find_jobs ${name}; [ "$some" = '' ] && [ $tries -lt 10 ]; do tries=$(( tries + 1 )); sleep 0.2 || sleep 1; done
`;
}

type Maker = (argv: readonly string[], operands: string, at: HostInstant) => string;

/**
 * Triggered a second early, as the program waits for the exact time, by the clock and by the time that passes, so that
 * neither the host's sleep nor a clock that is set makes it late. The program is not in ExecStart: systemd 252 spoils $ and
 * ; there when it reads its own unit files again, as on every daemon-reload.
 */
const systemd = (manager: '--user' | '--system'): Maker => {
  return (argv, operands, at) => `
left ${at.uptime} ${at.boot} ${at.wall}
left=$(( left / 100 - 1 )); [ "$left" -ge 1 ] || left=1
when=$(date -u -d "@$(( $(date +%s) + left ))" '+%Y-%m-%d %H:%M:%S UTC')
said=$(systemd-run ${manager} --quiet --collect --unit=${argv[3]} --description=${shellQuote(markOf(operands))} \\
  --timer-property=AccuracySec=1s --timer-property=RemainAfterElapse=no \\
  \${when:+--on-calendar="$when"} --on-active="$left" \\
  -p StandardInput=data -p StandardInputData=${input(argv)} -- /bin/sh 2>&1)
`;
};

/** What /bin/sh reads from its standard input. */
const input = (argv: readonly string[]): string => Buffer.from(`exec ${shellCommand(argv)}\n`, 'utf8').toString('base64');

const makers: Readonly<Record<JobKind, Maker>> = {
  'systemd-user': systemd('--user'),
  'systemd-system': systemd('--system'),
  // at knows minutes only: the one in which it is due, or the one before; the program waits for the rest. In UTC, where no
  // hour comes twice.
  at: (argv, operands, at) => `
case \${TZ-unset} in
  unset|*[!A-Za-z0-9/_+,.:-]*) zone='unset TZ';;
  *) zone="TZ=$TZ; export TZ";;
esac
left ${at.uptime} ${at.boot} ${at.wall}
now=$(date +%s)
minute=$(( (now + left / 100 - 3) / 60 * 60 ))
if [ "$minute" -gt "$now" ]; then set -- -t "$(TZ=UTC0 date -d "@$minute" +%Y%m%d%H%M)"; else set -- now; fi
said=$(own_locale; printf '%s\\n' "$zone" ${shellQuote(`# ${markOf(operands)}`)} \\
  ${shellQuote(`exec ${shellCommand(argv)} < /dev/null > /dev/null 2>&1`)} | TZ=UTC0 SHELL=/bin/sh at -q a "$@" 2>&1)
`,
  sleeper: (argv) => `
( own_locale; exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  if command -v setsid > /dev/null; then exec setsid ${shellCommand(argv)}
  else trap '' HUP; exec ${shellCommand(argv)}
  fi ) < /dev/null > /dev/null 2>&1 &
`,
};
