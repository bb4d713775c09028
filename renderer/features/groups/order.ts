import type { GroupDraft } from '../../../preload/contract/schedules';

/** A group's order while it is edited. Pure. */

export type Member = GroupDraft['members'][number];

/** The members with the one at `from` at `to` instead; the same when either is not there. */
export function moved(members: readonly Member[], from: number, to: number): readonly Member[] {
  const member = members[from];
  if (member === undefined || to < 0 || to >= members.length || from === to) return members;
  const rest = members.filter((_, place) => place !== from);
  return [...rest.slice(0, to), member, ...rest.slice(to)];
}

/** Where a dragged row belongs: among the others, by how many of their middles are above the pointer. In px. */
export const dropPlace = (middles: readonly number[], from: number, pointer: number): number =>
  middles.filter((middle, place) => place !== from && middle < pointer).length;

/** At most an hour, in whole seconds; what is no number is no wait. */
export const delayOf = (text: string): number => {
  const seconds = Math.round(Number(text));
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(0, seconds)) : 0;
};
