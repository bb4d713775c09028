import type { Sleeper } from '../host-power/model';
import { isSurvey } from '../host-power/knowledge';
import { offersOf } from '../host-power/offers';
import { listed, macsOf, noCard } from '../host-power/texts';
import { sharesNetwork } from '../host-power/wake-on-lan';
import type { NetworkInterfaces } from '../hosts/network-watch';
import type { LinkState } from '../hosts/ssh/link';
import { clockText } from '../power/local-time';
import type { Availability, HostPowerView } from '../../preload/contract/view';

export interface PowerSurroundings {
  readonly now: number;
  readonly interfaces: NetworkInterfaces;
  readonly link: LinkState;
  /** The alarms of its guests, by due instant. */
  readonly alarms: readonly { readonly name: string; readonly due: number }[];
}

/** What the window shows of a host's own sleep. */
export function hostPowerView(sleeper: Sleeper, around: PowerSurroundings): HostPowerView {
  const { stage, since, wakesAt, detail, network } = sleeper;
  const mac = macsOf(network);
  return {
    state: stage,
    since,
    wakesAt,
    ...(detail === null ? {} : { detail }),
    sleep: sleepOf(sleeper, around),
    wake: wakeOf(sleeper, around),
    mac: mac === '' ? null : mac,
  };
}

const no = (reason: string, remedy?: string): Availability => ({ available: false, reason, ...(remedy ? { remedy } : {}) });

function sleepOf({ stage, survey, network }: Sleeper, { link, alarms, now }: PowerSurroundings): Availability {
  if (stage === 'asleep') return no('It sleeps already.');
  if (stage === 'waking') return no('It is being woken.', 'Wait until it is connected.');
  if (stage === 'falling-asleep') return no('It is falling asleep.');
  if (link.kind !== 'ready') return no('It is not connected.', 'Connect it first.');
  if (survey === null) return no('What it offers is being looked at.', 'Wait a moment.');
  if (!isSurvey(survey)) return no(survey.reason, survey.remedy);
  const { timed, untimed } = offersOf(survey);
  const isTimed = 'means' in timed;
  const isUntimed = 'means' in untimed;
  if (!isTimed && !isUntimed) return no(timed.reason, timed.remedy);
  const warnings = [
    ...(isTimed ? [] : [`Only without a time: ${timed.reason} ${timed.remedy}`]),
    ...(isUntimed ? [] : [`Only with a time: ${untimed.reason} ${untimed.remedy}`]),
    ...wakeWarning(network),
    ...(alarms.length === 0
      ? []
      : [`Alarms that come due while it sleeps wait until it is awake: ${listed(alarms.map(({ name, due }) => `${name} ${clockText(due, now)}`))}.`]),
  ];
  return { available: true, ...(warnings.length > 0 ? { warning: warnings.join(' ') } : {}) };
}

function wakeWarning(network: Sleeper['network']): string[] {
  const cards = network?.cards ?? [];
  if (cards.length === 0) return ['Reveille cannot wake it before its time: its network card is not known.'];
  const off = cards.every(({ wakes }) => wakes === false);
  const [first] = cards;
  return off && first ? [`Wake-on-LAN looks switched off on ${first.name}: run sudo ethtool -s ${first.name} wol g there first.`] : [];
}

function wakeOf({ stage, network }: Sleeper, { link, interfaces }: PowerSurroundings): Availability {
  if (link.kind === 'ready') return stage === 'awake' ? no('It is awake.') : no('It is still connected.');
  if (link.kind === 'offline') return no('This host is switched off in Reveille.', 'Enable it.');
  if (!network || network.cards.length === 0) return no(noCard.message, noCard.remedy);
  if (sharesNetwork(network, interfaces)) return { available: true };
  return { available: true, warning: 'This computer is not in its network: Wake-on-LAN may not reach it.' };
}
