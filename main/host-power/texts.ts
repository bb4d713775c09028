import type { HostNetwork, PowerSurvey, SleepMeans } from '../hosts/power';
import type { HostSleep } from './records';

export const meansText: Readonly<Record<SleepMeans, string>> = {
  rtcwake: 'by rtcwake',
  libvirt: 'by its libvirt',
  systemctl: 'by systemctl suspend',
};

/** "web", "web and db", "web, db and mail" */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

export type Return = 'slept' | 'did-not-sleep' | 'restarted';

/** What a host that is there again tells of the time between. `slept` is taken for granted where it tells nothing. */
export function returnOf({ bootId, slept }: Pick<HostSleep, 'bootId' | 'slept'>, now: Pick<PowerSurvey, 'bootId' | 'slept'> | null): Return {
  if (!now) return 'slept';
  if (bootId !== null && now.bootId !== null && bootId !== now.bootId) return 'restarted';
  return slept !== null && now.slept !== null && now.slept <= slept ? 'did-not-sleep' : 'slept';
}

/** Why a host cannot be woken over the network. */
export const noCard = {
  message: 'Which network card would wake it is not known: Reveille learns that while the host is connected to directly.',
  remedy: 'Press its power button. Its interfaces are read with ip; a connection through a tunnel does not tell.',
};

export const macsOf = (network: HostNetwork | null): string => listed((network?.cards ?? []).map(({ mac }) => mac));
