import type { GroupDraft } from '../../../preload/contract/schedules';

/** A group's order while it is edited. Pure. */

export type Member = GroupDraft['members'][number];

/** The members with the one at `from` at `to` instead; the same when either is not there. */
export function moved<T>(members: readonly T[], from: number, to: number): readonly T[] {
  const member = members[from];
  if (member === undefined || to < 0 || to >= members.length || from === to) return members;
  const rest = members.filter((_, place) => place !== from);
  return [...rest.slice(0, to), member, ...rest.slice(to)];
}

/** Where a dragged row belongs: among the others, by how many of their middles are above the pointer. In px. */
export const dropPlace = (middles: readonly number[], from: number, pointer: number): number =>
  middles.filter((middle, place) => place !== from && middle < pointer).length;

/** As it is typed: how long to wait is text until it is read. */
export interface EditedMember {
  guestId: string;
  delay: string;
}

/** Whole seconds, up to an hour; nothing is no wait. Null: no such wait. */
export function readDelay(text: string): number | null {
  if (text.trim() === '') return 0;
  const seconds = /^\d{1,4}$/.test(text.trim()) ? Number(text) : Infinity;
  return seconds <= 3600 ? seconds : null;
}

/** The members as they are kept; null while a wait is wrong. Nobody waits for the last one. */
export function readMembers(members: readonly EditedMember[]): Member[] | null {
  const read = members.map(({ guestId, delay }, place) => ({
    guestId,
    delaySeconds: readDelay(delay) ?? (place === members.length - 1 ? 0 : null),
  }));
  return read.every((member): member is Member => member.delaySeconds !== null) ? read : null;
}
