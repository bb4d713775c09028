import type { Group } from '../groups/groups';
import type { Targets } from '../groups/targets';
import { beginningOf } from '../power/schedules';
import { ruleInWords } from '../power/schedule-words';
import { timingProblem, type Schedule } from '../schedules/model';
import type { Schedules } from '../schedules/schedules';
import type { GroupView, ScheduleView } from '../../preload/contract/schedules';

/** A group with those of its guests that are on the list. */
export function groupViewOf({ id, name, members }: Group, targets: Pick<Targets, 'member'>): GroupView {
  const there = members.filter(({ guestId }) => targets.member(guestId));
  const gone = members.length - there.length;
  const problem =
    gone === 0
      ? undefined
      : members.length === 1
        ? 'Its guest is no longer on the list.'
        : there.length === 0
          ? 'None of its guests is on the list any more.'
          : `${gone} of its ${members.length} guests ${gone === 1 ? 'is' : 'are'} no longer on the list.`;
  return { id, name, members: there, ...(problem ? { problem } : {}) };
}

export function scheduleViewOf(schedule: Schedule, schedules: Schedules, targets: Targets): ScheduleView {
  const { id, draft, paused, skips, missed } = schedule;
  const next = schedules.next(schedule);
  const [first] = next;
  const problem = problemOf(schedule, targets);
  return {
    id,
    draft: { ...draft, target: present(draft.target, targets) },
    text: ruleInWords(draft.rule),
    paused,
    skipsNext: first !== undefined && skips.includes(beginningOf(first)),
    next,
    missed,
    ...(problem ? { problem } : {}),
  };
}

/** Guests that are gone are left out, unless all are. */
function present(target: Schedule['draft']['target'], targets: Targets): Schedule['draft']['target'] {
  if (target.kind !== 'guests') return target;
  const guestIds = target.guestIds.filter((id) => targets.member(id));
  return guestIds.length > 0 ? { ...target, guestIds } : target;
}

function problemOf({ draft }: Schedule, targets: Targets): string | null {
  const company = targets.resolve(draft.target);
  const trouble = timingProblem(draft) ?? company.problem;
  if (trouble !== null) return trouble;
  const wakes = draft.rule.kind === 'weekly' ? draft.rule.wakeAt !== null : draft.rule.wake !== null;
  if (draft.action !== 'hibernate' || !wakes) return null;
  const unread = company.members.filter(({ member }) => !member.startIsAccepted()).map(({ member }) => member.name());
  return unread.length === 0
    ? null
    : `A hibernated guest is woken by starting it, and you have not read the start command of ${unread.join(', ')} yet. Hibernate and start it once in Reveille.`;
}
