import { isEnded, type PowerState } from '../power/states';
import type { Remembered } from './remembered';

/** What was known of a guest before. */
export interface Past extends Pick<Remembered, 'last' | 'hibernating'> {
  /** Its process was listed since `last` was seen. */
  readonly ran: boolean;
}

/** What a state means, with what was known before: that a guest is Off does not tell whether it hibernated. */
export function concluded(seen: PowerState, past: Past, state: PowerState): PowerState {
  if (seen.name !== 'off' || seen.source === 'event') return seen;
  if (seen.source === 'inference') return endUnseen(past, state, seen.detail);
  // QEMU stayed (-no-shutdown): a guest that hibernated is still there for it to resume.
  const { last, hibernating } = past;
  if (last.name === 'hibernated') return { ...last, source: 'inference' };
  return hibernating ? hibernatedUnseen : seen;
}

const unseen = { since: null, source: 'inference', cause: 'unknown' } as const;
const hibernatedUnseen: PowerState = {
  ...unseen,
  name: 'hibernated',
  detail: 'It was told to hibernate and ended unseen. Starting it resumes it if it got there.',
};

/** What is concluded of a guest that is gone, without anybody having watched it go. */
export function endUnseen(
  { last, hibernating, ran }: Past,
  state: PowerState,
  detail = 'It ended while Reveille was not watching; how is not known.',
): PowerState {
  if (isEnded(state.name)) return state;
  if (!ran && isEnded(last.name)) return { ...last, source: 'inference' };
  return hibernating ? hibernatedUnseen : { ...unseen, name: 'off', detail };
}
