import type { GuestView, HostView, Snapshot } from '../preload/contract/view';
import { guestName, hostName } from './text';

/** The list's order: hosts, and under each its guests by name. Names are as shown. */
export interface HostGroup {
  hostId: string;
  kind: HostView['kind'];
  /** Its heading is a row, since something can be done there: an added host's, or one with remarks. */
  headed: boolean;
  /** What its guests are found by beside their own names: its name, and what was typed to reach it. */
  host: string;
  guests: readonly { id: string; name: string }[];
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const hostRank = (host: HostView): number => {
  switch (host.kind) {
    case 'this-computer':
      return 0;
    case 'ssh':
      return 1;
    case 'demo':
      return 2;
  }
};

const isHeaded = (host: HostView): boolean => host.kind === 'ssh' || host.remarks.length > 0;

/** Groups every guest under its host. A guest whose host is not in the view is left out until it is. */
export function groupGuests(view: Snapshot): readonly HostGroup[] {
  const hosts = Object.values(view.hosts).sort(
    (a, b) => hostRank(a) - hostRank(b) || byName.compare(hostName(a), hostName(b)) || (a.id < b.id ? -1 : 1),
  );
  const members = new Map<string, { id: string; name: string }[]>(hosts.map((host) => [host.id, []]));
  for (const guest of Object.values(view.guests)) {
    members.get(guest.hostId)?.push({ id: guest.id, name: guestName(guest.name) });
  }
  return hosts.map((host) => ({
    hostId: host.id,
    kind: host.kind,
    headed: isHeaded(host),
    host: [hostName(host), host.address ?? ''].join('\n'),
    guests: (members.get(host.id) ?? []).sort((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1)),
  }));
}

function sameRecord<T>(a: Record<string, T>, b: Record<string, T>, same: (a: T, b: T) => boolean): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => {
    const left = a[key];
    const right = b[key];
    return left === right || (left !== undefined && right !== undefined && same(left, right));
  });
}

const samePlace = (a: GuestView, b: GuestView): boolean => a.hostId === b.hostId && a.name === b.name;
const sameHost = (a: HostView, b: HostView): boolean =>
  a.kind === b.kind && a.name === b.name && a.address === b.address && isHeaded(a) === isHeaded(b);

/** True when both views put the same rows in the same order, so that a list need not be built again. */
export function sameOrder(a: Snapshot, b: Snapshot): boolean {
  return sameRecord(a.guests, b.guests, samePlace) && sameRecord(a.hosts, b.hosts, sameHost);
}

/**
 * The groups with only the guests that have every word of the text in their name or their host's; hosts without such a
 * guest are left out, but for an added host that is found itself.
 */
export function searchGroups(groups: readonly HostGroup[], search: string): readonly HostGroup[] {
  const words = lower(search).split(/\s+/).filter(Boolean);
  if (words.length === 0) return groups;
  const found = (text: string) => words.every((word) => lower(text).includes(word));
  return groups
    .map((group) => ({ ...group, guests: group.guests.filter(({ name }) => found(`${name}\n${group.host}`)) }))
    .filter((group) => group.guests.length > 0 || (group.kind === 'ssh' && found(group.host)));
}

/** An added host keeps its place in the grid without guests, too: its connection is seen and handled there. */
export const inGrid = (group: HostGroup): boolean => group.kind === 'ssh' || group.guests.length > 0;
const lower = (text: string): string => text.toLocaleLowerCase('en');

/** Names a host's heading among the rows of the list; a guest's row is named by the guest's id. */
export const hostRowId = (hostId: string): string => `host/${hostId}`;

/** The rows of the groups, from the top: an added host's heading is one, and stands there without guests too. */
export const rowsOf = (groups: readonly HostGroup[]): readonly string[] =>
  groups.flatMap((group) => [
    ...(inGrid(group) && group.headed ? [hostRowId(group.hostId)] : []),
    ...group.guests.map((guest) => guest.id),
  ]);

export type Emptiness = 'starting' | 'looking' | 'failed' | 'none' | 'some';

/**
 * Why the list is empty, when it is: nothing known yet, still looking, looking failed, or nothing found. With an
 * added host it is not: that host's connection stands there.
 */
export function emptiness(view: Snapshot | null): Emptiness {
  if (view === null) return 'starting';
  if (Object.keys(view.guests).length > 0) return 'some';
  const hosts = Object.values(view.hosts);
  if (hosts.some((host) => host.kind === 'ssh')) return 'some';
  const kinds = hosts.map((host) => host.status.kind);
  if (kinds.includes('looking') || view.app.demo === 'opening') return 'looking';
  return kinds.includes('failed') ? 'failed' : 'none';
}
