import { useEffect, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import { call } from '../../bridge';

/** What main reads in the text of a time field. */
export type Reading =
  | { kind: 'empty' }
  | { kind: 'unread' }
  /** A change of the present time ("+30 min"), which only moveAlarm reads. */
  | { kind: 'step' }
  | { kind: 'read'; due: number; ms: number | null }
  | { kind: 'refused'; refusal: Refusal };

/** Fast enough to feel live, slow enough to spare main a call for each letter, in ms. */
const pause = 120;

const isStep = (text: string): boolean => /^[+\-−]/.test(text.trim());

/** Asks main once. `steps`: texts with a sign are left to moveAlarm. */
export async function read(text: string, steps: boolean): Promise<Reading> {
  if (text.trim() === '') return { kind: 'empty' };
  if (steps && isStep(text)) return { kind: 'step' };
  const answer = await call('readWhen', { text });
  if (!answer.ok) return { kind: 'refused', refusal: answer.refusal };
  const { due, ms } = answer.value;
  return due === null ? { kind: 'empty' } : { kind: 'read', due, ms };
}

/** The reading of the text as it is now; `unread` while the answer is on its way. */
export function useReading(text: string, steps: boolean): Reading {
  const [held, setHeld] = useState<{ text: string; reading: Reading } | null>(null);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      void read(text, steps).then((reading) => (current ? setHeld({ text, reading }) : undefined));
    }, pause);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, steps]);
  if (text.trim() === '') return { kind: 'empty' };
  return held?.text === text ? held.reading : { kind: 'unread' };
}
