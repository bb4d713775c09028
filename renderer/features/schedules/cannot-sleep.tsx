import { useMemo } from 'react';
import type { ScheduleDraft } from '../../../preload/contract/schedules';
import { targetGuests } from '../../many';
import { cannotSleepWords } from '../../schedule-words';
import { useWindow } from '../../store';
import { Block } from '../../ui/untrusted';

type Planned = Pick<ScheduleDraft, 'target' | 'action' | 'rule'>;

/** The guests of a schedule that could not be put to sleep as they are now, and why: better seen now than in the night. */
export function useCannotSleep(draft: Planned): readonly string[] {
  const view = useWindow((state) => state.view);
  return useMemo(() => (view === null ? [] : cannotSleepWords(targetGuests(view, draft.target), draft)), [view, draft]);
}

export function CannotSleep({ draft }: { draft: Planned }) {
  const words = useCannotSleep(draft);
  return <CannotSleepWords words={words} />;
}

export function CannotSleepWords({ words }: { words: readonly string[] }) {
  return words.map((text) => (
    <p className="cannot-sleep" key={text}>
      <Block text={text} />
    </p>
  ));
}
