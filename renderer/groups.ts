import type { GuestView, HostView, Snapshot } from '../preload/contract/view';
import { guestName } from './text';

/** The list's order: hosts, and under each its guests by name. Names are as shown. */
export interface HostGroup {
  hostId: string;
  guests: readonly { id: string; name: string }[];
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const hostRank = (host: HostView): number => {
  switch (host.kind) {
    case 'this-computer':
      return 0;
    case 'demo':
      return 1;
  }
};

/** Groups every guest under its host. A guest whose host is not in the view is left out until it is. */
export function groupGuests(view: Snapshot): readonly HostGroup[] {
  const hosts = Object.values(view.hosts).sort(
    (a, b) => hostRank(a) - hostRank(b) || byName.compare(a.name, b.name),
  );
  const members = new Map<string, { id: string; name: string }[]>(hosts.map((host) => [host.id, []]));
  for (const guest of Object.values(view.guests)) {
    members.get(guest.hostId)?.push({ id: guest.id, name: guestName(guest.name) });
  }
  return hosts.map((host) => ({
    hostId: host.id,
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
const sameHost = (a: HostView, b: HostView): boolean => a.kind === b.kind && a.name === b.name;

/** True when both views put the same rows in the same order, so that a list need not be built again. */
export function sameOrder(a: Snapshot, b: Snapshot): boolean {
  return sameRecord(a.guests, b.guests, samePlace) && sameRecord(a.hosts, b.hosts, sameHost);
}

/** The groups with only the guests whose name contains the text; hosts without such a guest are left out. */
export function searchGroups(groups: readonly HostGroup[], search: string): readonly HostGroup[] {
  const wanted = search.trim().toLocaleLowerCase('en');
  if (wanted === '') return groups;
  return groups
    .map((group) => ({
      ...group,
      guests: group.guests.filter((guest) => guest.name.toLocaleLowerCase('en').includes(wanted)),
    }))
    .filter((group) => group.guests.length > 0);
}

export type Emptiness = 'starting' | 'looking' | 'failed' | 'none' | 'some';

/** Why the list is empty, when it is: nothing known yet, still looking, looking failed, or nothing found. */
export function emptiness(view: Snapshot | null): Emptiness {
  if (view === null) return 'starting';
  if (Object.keys(view.guests).length > 0) return 'some';
  const kinds = Object.values(view.hosts).map((host) => host.status.kind);
  if (kinds.includes('looking') || view.app.demo === 'opening') return 'looking';
  return kinds.includes('failed') ? 'failed' : 'none';
}
