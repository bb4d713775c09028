import type { Group } from './groups/groups';
import { isGuestOf } from './guests/remembered';
import { DEMO_HOST } from './hosts/host';
import type { Schedule } from './schedules/model';

/** What of groups and schedules is kept: not what is about the demo's guests, which end with it. */

const lasts = (guestId: string): boolean => !isGuestOf(DEMO_HOST, guestId);

export const lastingGroups = (groups: readonly Group[]): Group[] =>
  groups.flatMap((group) => {
    const members = group.members.filter(({ guestId }) => lasts(guestId));
    // One whose guests are all gone is the user's all the same.
    return members.length === 0 && group.members.length > 0 ? [] : [{ ...group, members }];
  });

export const lastingSchedules = (schedules: readonly Schedule[], groups: readonly Group[]): Schedule[] =>
  schedules.flatMap((schedule) => {
    const target = lastingTarget(schedule.draft.target, groups);
    return target ? [{ ...schedule, draft: { ...schedule.draft, target } }] : [];
  });

type Target = Schedule['draft']['target'];

function lastingTarget(target: Target, groups: readonly Group[]): Target | null {
  switch (target.kind) {
    case 'guests': {
      const guestIds = target.guestIds.filter(lasts);
      return guestIds.length === 0 && target.guestIds.length > 0 ? null : { ...target, guestIds };
    }
    case 'group': {
      const group = groups.find(({ id }) => id === target.groupId);
      return group && lastingGroups([group]).length === 0 ? null : target;
    }
    case 'host':
      return target.hostId === DEMO_HOST ? null : target;
  }
}
