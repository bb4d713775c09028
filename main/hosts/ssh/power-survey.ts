import { powerPrograms, type PowerProgram, type PowerSurvey } from '../power';
import { networkOf, type SeenInterface } from './network-cards';
import { NotLinuxError } from './discovery-parse';
import { RecordsError, utf8Of, type HostRecord } from './records';

/**
 * What a Linux host tells of its own sleep. Nothing here changes anything: sudo is asked what it would let this user
 * do (-l), without a password (-n).
 *
 * Records: `not-linux SYSTEM`, and nothing else; `user UID`: its name; `boot`, `slept`, `states`: of /proc and
 * /sys/power; `alarm` for a clock that can wake the host; `program NAME`: its path; `may NAME`; `server ADDRESS`: this
 * connection's end there; `addresses`: of ip; `card NAME device|made MAC CARRIER WAKEUP LOWER...`.
 */
export const powerScript = (permissions: boolean): string => `permissions=${permissions ? 'yes' : ''}\n${SCRIPT}`;

const SCRIPT = `
if [ ! -r /proc/self/stat ]; then
  rec "not-linux $(uname -s)"
else
me=$(id -u); rec "user $me"; id -un
[ -r /proc/sys/kernel/random/boot_id ] && { rec boot; cat /proc/sys/kernel/random/boot_id; }
[ -r /sys/power/suspend_stats/success ] && { rec slept; cat /sys/power/suspend_stats/success; }
[ -r /sys/power/state ] && { rec states; cat /sys/power/state; }
for f in /sys/class/rtc/rtc*/wakealarm; do [ -e "$f" ] && { rec alarm; break; }; done

where() { f=$(command -v "$1"); case $f in /*) rec "program $1"; printf '%s\\n' "$f";; *) f=;; esac; }
where sudo; sudo=$f
where rtcwake; rtcwake=$f
where systemctl; systemctl=$f
where pm-suspend
if [ "$permissions" ] && [ "$sudo" ] && [ "$me" != 0 ]; then
  [ "$rtcwake" ] && "$sudo" -n -l -- "$rtcwake" -m mem -s 3600 >/dev/null && rec 'may rtcwake'
  [ "$systemctl" ] && "$sudo" -n -l -- "$systemctl" suspend >/dev/null && rec 'may systemctl'
fi

set -f; set -- \${SSH_CONNECTION-}; set +f
rec "server \${3-}"
rec addresses; ip -o addr show
for d in /sys/class/net/*; do
  lower=
  for f in "$d"/lower_*; do [ -e "$f" ] && lower="$lower \${f##*/lower_}"; done
  if [ -e "$d/device" ]; then kind=device; elif [ "$lower" ]; then kind=made; else continue; fi
  mac=; carrier=; wakeup=
  read -r mac < "$d/address"
  read -r carrier < "$d/carrier"
  [ -r "$d/device/power/wakeup" ] && read -r wakeup < "$d/device/power/wakeup"
  rec "card \${d##*/} $kind \${mac:--} \${carrier:--} \${wakeup:--}$lower"
done
fi
`;

/** @throws RecordsError, NotLinuxError */
export function parsePower(records: readonly HostRecord[], permissions: boolean): Omit<PowerSurvey, 'libvirt'> {
  const all = (name: string): HostRecord[] => records.filter((record) => record.name === name);
  const text = (name: string): string | null => {
    const [one] = all(name);
    return one ? utf8Of(one.body).text.trim() : null;
  };
  const other = all('not-linux')[0];
  if (other) throw new NotLinuxError(other.words.join(' ') || 'another system');
  const uid = Number(all('user')[0]?.words[0]);
  const name = text('user');
  if (!Number.isSafeInteger(uid) || !name) throw new RecordsError('It does not tell which user is connected (id)');
  const may = (program: string): boolean => all('may').some(({ words }) => words[0] === program);
  const slept = Number(text('slept') ?? NaN);
  return {
    user: { uid, name },
    bootId: text('boot'),
    slept: Number.isSafeInteger(slept) ? slept : null,
    states: (text('states') ?? '').split(/\s+/).filter((word) => word !== ''),
    hasAlarm: all('alarm').length > 0,
    programs: Object.fromEntries(all('program').flatMap(programOf)),
    sudo: permissions ? { rtcwake: may('rtcwake'), systemctl: may('systemctl') } : null,
    network: networkOf(all('server')[0]?.words[0] ?? '', text('addresses') ?? '', all('card').flatMap(interfaceOf)),
  };
}

function programOf({ words, body }: HostRecord): [PowerProgram, string][] {
  const name = powerPrograms.find((each) => each === words[0]);
  const { text, exact } = utf8Of(body.replace(/\n$/, ''));
  return name && exact && text.startsWith('/') ? [[name, text]] : [];
}

function interfaceOf({ words }: HostRecord): SeenInterface[] {
  const [name, kind, mac, carrier, wakeup, ...lower] = words;
  if (name === undefined || mac === undefined) return [];
  const wakes = wakeup === 'enabled' ? true : wakeup === 'disabled' ? false : null;
  return [{ name, isDevice: kind === 'device', mac: mac.toLowerCase(), carrier: carrier === '1', wakes, lower }];
}
