import { useEffect, useState } from 'react';
import type { CommandValue, Refusal } from '../../../preload/contract/commands';
import type { ScheduleDraft } from '../../../preload/contract/schedules';
import { call } from '../../bridge';

/** What main reads in a draft. */
export type DraftReading =
  /** There is no draft to read. */
  | { kind: 'none' }
  | { kind: 'unread' }
  | { kind: 'read'; value: CommandValue<'readSchedule'> }
  | { kind: 'refused'; refusal: Refusal };

/** Fast enough to feel live, slow enough to spare main a call for each letter, in ms. */
const pause = 150;

/** The reading of the draft as it is now; its name changes nothing about it. */
export function useDraftReading(draft: ScheduleDraft | null): DraftReading {
  const key = draft === null ? null : JSON.stringify({ ...draft, name: '' });
  const [held, setHeld] = useState<{ key: string; reading: DraftReading } | null>(null);
  useEffect(() => {
    if (key === null) return;
    let current = true;
    const timer = setTimeout(() => {
      void call('readSchedule', { draft: JSON.parse(key) as ScheduleDraft }).then((answer) => {
        if (!current) return;
        setHeld({ key, reading: answer.ok ? { kind: 'read', value: answer.value } : { kind: 'refused', refusal: answer.refusal } });
      });
    }, pause);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key]);
  if (key === null) return { kind: 'none' };
  return held?.key === key ? held.reading : { kind: 'unread' };
}
