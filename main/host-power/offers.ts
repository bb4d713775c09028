import type { PowerSurvey, SleepMeans } from '../hosts/power';

/** Why a host is not put to sleep in one way, and what to do about it. */
export interface Obstacle {
  readonly reason: string;
  readonly remedy: string;
}

export type Offer = { readonly means: SleepMeans } | Obstacle;

export interface Offers {
  /** For a duration or until a time. */
  readonly timed: Offer;
  /** Until somebody wakes it. */
  readonly untimed: Offer;
}

/** The shortest sleep of a host, in ms: what libvirt takes (src/util/virnodesuspend.c MIN_TIME_REQ_FOR_SUSPEND), and what a host needs to fall asleep and be missed. */
export const MIN_HOST_SLEEP_MS = 60_000;

/**
 * What a host offers for its own sleep. rtcwake goes before libvirt, since it tells what is wrong; libvirt's answer
 * comes before it tries.
 */
export function offersOf(survey: PowerSurvey): Offers {
  const { states, hasAlarm } = survey;
  if (!states.includes('mem')) {
    const why = {
      reason: `It cannot sleep to memory (S3): its kernel offers ${states.length === 0 ? 'no sleep at all' : states.join(', ')}.`,
      remedy: 'Switch sleep (S3) on in its firmware. Virtual machines and many servers have none.',
    };
    return { timed: why, untimed: why };
  }
  const timed = hasAlarm
    ? byRtcwake(survey)
    : { reason: 'It has no clock that could wake it (/sys/class/rtc).', remedy: 'Switch wake-up by the clock (RTC) on in its firmware.' };
  return { timed, untimed: bySystemctl(survey) };
}

function byRtcwake(survey: PowerSurvey): Offer {
  const obstacle = obstacleTo('rtcwake', survey);
  if (!obstacle) return { means: 'rtcwake' };
  // virnodesuspend.c runs pm-suspend of pm-utils; without it libvirt answers all the same, and nothing happens.
  if (survey.libvirt === 'sleeps' && survey.programs['pm-suspend'] !== undefined) return { means: 'libvirt' };
  return obstacle;
}

function bySystemctl(survey: PowerSurvey): Offer {
  return obstacleTo('systemctl', survey) ?? { means: 'systemctl' };
}

function obstacleTo(program: 'rtcwake' | 'systemctl', survey: PowerSurvey): Obstacle | null {
  const { user, programs, sudo } = survey;
  if (programs[program] === undefined) {
    return program === 'rtcwake'
      ? { reason: 'rtcwake is not installed there.', remedy: 'Install it on the host: the package util-linux-extra or util-linux.' }
      : { reason: 'It is not run by systemd (no systemctl).', remedy: 'Put it to sleep with a time.' };
  }
  if (user.uid === 0) return null;
  if (programs.sudo === undefined) {
    return { reason: `${user.name} may not put it to sleep, and there is no sudo.`, remedy: 'Connect as root, or install sudo on the host.' };
  }
  if (sudo?.[program]) return null;
  return { reason: `${user.name} may not run ${program} there without a password.`, remedy: sudoersRemedy(survey) };
}

/** sudoers(5): a path, with arguments where only those are meant. */
function sudoersRemedy({ user, programs }: PowerSurvey): string {
  const who = /^[a-z_][a-z0-9_-]*$/i.test(user.name) ? user.name : `#${user.uid}`;
  const commands = [programs.rtcwake ?? '/usr/sbin/rtcwake', ...(programs.systemctl === undefined ? [] : [`${programs.systemctl} suspend`])];
  return (
    'On the host, run: sudo visudo -f /etc/sudoers.d/reveille, and write there: ' +
    `${who} ALL=(root) NOPASSWD: ${commands.join(', ')}. Then disable and enable the host here. Or connect as root.`
  );
}
