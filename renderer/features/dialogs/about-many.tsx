import { useMemo } from 'react';
import type { Target } from '../../../preload/contract/schedules';
import type { GuestView } from '../../../preload/contract/view';
import { someNames, targetGuests, targetWords } from '../../many';
import { useWindow } from '../../store';
import { Line } from '../../ui/untrusted';

/** The guests of a target as they are now. */
export function useTarget(target: Target): { words: string; guests: readonly GuestView[] } {
  const view = useWindow((state) => state.view);
  return useMemo(
    () => (view === null ? { words: '', guests: [] } : { words: targetWords(view, target), guests: targetGuests(view, target) }),
    [view, target],
  );
}

/** A dialog's second line: which guests it is about. */
export function AboutMany({ words, guests }: { words: string; guests: readonly GuestView[] }) {
  return (
    <>
      <Line text={words} className="about-guest" />
      {guests.length < 2 ? null : <span className="about-more about-names">{someNames(guests, 5)}</span>}
    </>
  );
}
