import type { Fleet } from '../guests/fleet';
import type { Group } from './groups';
import { memberOf, type Member } from './member';

/** Whom something is done to. A group keeps its order; a host means all of its guests. */
export type Target =
  | { readonly kind: 'guests'; readonly guestIds: readonly string[] }
  | { readonly kind: 'group'; readonly groupId: string }
  | { readonly kind: 'host'; readonly hostId: string };

/** A member in its place in the order of wakes. */
export interface Placed {
  readonly member: Member;
  /** Waited after it runs, before the next is woken, in ms. */
  readonly delayMs: number;
}

/** The guests that a target means now. */
export interface Company {
  /** "Storage", "nas", "3 guests", "Guests of hyp1". */
  readonly name: string;
  readonly members: readonly Placed[];
  /** Whether they are woken one after the other. */
  readonly ordered: boolean;
  /** Why nothing can be done: nobody is left. */
  readonly problem: string | null;
}

export interface Targets {
  resolve(target: Target): Company;
  member(guestId: string): Member | undefined;
}

export function createTargets(fleets: () => readonly Fleet[], group: (id: string) => Group | undefined): Targets {
  const member = (id: string): Member | undefined => {
    for (const fleet of fleets()) {
      const guest = fleet.guest(id);
      if (guest) return memberOf(fleet, guest);
    }
    return undefined;
  };
  const placed = (id: string, delayMs = 0): Placed[] => {
    const found = member(id);
    return found ? [{ member: found, delayMs }] : [];
  };

  const guests = (ids: readonly string[]): Company => {
    const members = [...new Set(ids)].flatMap((id) => placed(id));
    const [only] = members;
    return {
      name: only && members.length === 1 ? only.member.name() : `${members.length} guests`,
      members,
      ordered: false,
      problem: only ? null : ids.length === 1 ? 'Its guest is no longer on the list.' : 'Its guests are no longer on the list.',
    };
  };

  return {
    member,
    resolve(target) {
      switch (target.kind) {
        case 'guests':
          return guests(target.guestIds);
        case 'group': {
          const found = group(target.groupId);
          if (!found) return { name: 'A group', members: [], ordered: true, problem: 'Its group was removed.' };
          const members = found.members.flatMap(({ guestId, delaySeconds }) => placed(guestId, delaySeconds * 1000));
          const problem = members.length > 0 ? null : `The guests of the group ${found.name} are no longer on the list.`;
          return { name: found.name, members, ordered: true, problem };
        }
        case 'host': {
          const fleet = fleets().find((one) => one.hosts().some(({ id }) => id === target.hostId));
          const host = fleet?.hosts().find(({ id }) => id === target.hostId);
          if (!fleet || !host) return { name: 'A host', members: [], ordered: false, problem: 'Its host was removed.' };
          const members = fleet
            .guests()
            .filter(({ hostId }) => hostId === host.id)
            .map((guest) => ({ member: memberOf(fleet, guest), delayMs: 0 }));
          const problem = members.length > 0 ? null : `There is no guest on ${host.name} now.`;
          return { name: `Guests of ${host.name}`, members, ordered: false, problem };
        }
      }
    },
  };
}

/** How much later than the first each member is to wake when alarms wake them, in ms, by its id: by the delays before it. */
export function staggered(company: Company): ReadonlyMap<string, number> {
  let sum = 0;
  return new Map(
    company.members.map(({ member, delayMs }) => {
      const before = sum;
      sum += company.ordered ? delayMs : 0;
      return [member.id, before];
    }),
  );
}
