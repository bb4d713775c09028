import type { HostPowerView, HostView, LinkView, Snapshot } from '../preload/contract/view';
import { cleanLine, guestName, hostName } from './text';
import { dayAndTime, spanWords } from './time';
import type { IconName } from './ui/icon';

/** Words for hosts and their connections. Pure: the present is passed in. */

export type LinkKind = LinkView['kind'];

/** How a connection is written and drawn; a backoff counts down in its label's place, `ready` is a quiet dot. */
export const linkWords: Record<LinkKind, { label: string; icon: IconName }> = {
  offline: { label: 'Offline', icon: 'unlinked' },
  connecting: { label: 'Connecting…', icon: 'clock' },
  ready: { label: 'Connected', icon: 'dot' },
  backoff: { label: 'Next try', icon: 'clock' },
  blocked: { label: 'Blocked', icon: 'blocked' },
};

/** "1 guest", "3 guests" */
export const guestCount = (count: number): string => (count === 1 ? '1 guest' : `${count} guests`);

/** "1 option of ~/.ssh/config is not honoured" */
export const notHonouredWords = (count: number): string =>
  `${count === 1 ? '1 option of ~/.ssh/config is' : `${count} options of ~/.ssh/config are`} not honoured`;

/** "1 remark about this host; 2 options of ~/.ssh/config are not honoured": what is listed under a host's heading. */
export function hostNotesWords({ remarks, notHonoured }: Pick<HostView, 'remarks' | 'notHonoured'>): string {
  const parts = [
    remarks.length === 0 ? '' : `${remarks.length === 1 ? '1 remark' : `${remarks.length} remarks`} about this host`,
    notHonoured.length === 0 ? '' : notHonouredWords(notHonoured.length),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** The alarms that go when the host is removed: "nas, wakes tomorrow 07:00", by name. */
export const lostAlarms = (view: Snapshot, hostId: string, now: number): readonly string[] =>
  alarmsUntil(view, hostId, Infinity, now);

/** The alarms of a host's guests that are due before an instant, by name. */
export const alarmsUntil = (view: Snapshot, hostId: string, until: number, now: number): readonly string[] =>
  Object.values(view.guests)
    .flatMap(({ hostId: of, name, alarm }) =>
      of === hostId && alarm !== null && alarm.due < until
        ? [`${guestName(name)}, wakes ${dayAndTime(alarm.due, now)}`]
        : [],
    )
    .sort();

/** A host's own sleep as it is written and drawn; null while it is awake. `tone`: see styles/tokens.css. */
export const hostPowerWords = {
  awake: null,
  'falling-asleep': { label: 'Falling asleep…', icon: null },
  asleep: { label: 'Sleeping', icon: 'moon' },
  waking: { label: 'Waking…', icon: null },
} as const satisfies Record<HostPowerView['state'], { label: string; icon: IconName | null } | null>;

/** Whether its sleep is why a host can't be reached: the connection is not what there is to say then. */
export const isAtRest = ({ power }: Pick<HostView, 'power'>): boolean => power !== null && power.state !== 'awake';

/** What a screen reader heard last of a host. `lost` holds through the tries that fail like the one before. */
type Saying = 'nothing' | 'connected' | 'lost' | 'blocked' | 'disabled' | 'asleep';
export type Said = ReadonlyMap<string, Saying>;

/** What there is to say of a host now, when the last thing said was `before`. */
function toSay(host: HostView, before: Saying, now: number): { saying: Saying; text: string } {
  const { link, enabled, power } = host;
  if (power?.state === 'asleep') {
    const wakes = power.wakesAt === null ? '' : `, wakes ${dayAndTime(power.wakesAt, now)}`;
    return { saying: 'asleep', text: `sleeping${wakes}` };
  }
  // Its connection goes and comes with its sleep.
  if (isAtRest(host)) return { saying: before, text: '' };
  switch (link.kind) {
    case 'ready':
      return { saying: 'connected', text: 'connected' };
    case 'backoff': {
      const lost = before === 'connected' ? 'connection lost' : 'not reached';
      return { saying: 'lost', text: `${lost}, next try in ${spanWords(link.nextTry - now)}` };
    }
    case 'blocked':
      return { saying: 'blocked', text: `blocked. ${cleanLine(link.reason)}` };
    case 'connecting':
      return { saying: before, text: '' };
    case 'offline':
      return { saying: enabled ? before : 'disabled', text: 'disabled' };
  }
}

/** More changes than this at once are only counted. */
const mostSpoken = 3;

/**
 * What a screen reader hears of the connections: "nas: connected", "nas: connection lost, next try in 12 s". A host
 * that is new is silent until its connection stands or fails.
 */
export function linkAnnouncements(hosts: Snapshot['hosts'], said: Said, now: number): { said: Said; text: string } {
  const next = new Map<string, Saying>();
  const spoken: string[] = [];
  for (const host of Object.values(hosts)) {
    if (host.kind !== 'ssh') continue;
    const before = said.get(host.id) ?? 'nothing';
    const { saying, text } = toSay(host, before, now);
    next.set(host.id, saying);
    if (saying !== before) spoken.push(`${hostName(host)}: ${text}`);
  }
  const text = spoken.length > mostSpoken ? `${spoken.length} hosts changed their connection` : spoken.join('. ');
  return { said: next, text };
}
