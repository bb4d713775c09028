import type { RefObject } from 'react';
import { useRef, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { Reading } from './reading';
import { read, useReading } from './reading';

interface When {
  text: string;
  setText: (text: string) => void;
  reading: Reading;
  field: RefObject<HTMLInputElement | null>;
  /** A time is given, as far as is known while the text is being typed. */
  timed: boolean;
  /** Reads the text now; what main refuses is shown at the field, which takes the focus. Null then. */
  settle: () => Promise<{ for?: string } | null>;
  refuse: (refusal: Refusal) => void;
}

/** The "For" field of a sleep: its text, what main reads in it, and the reading when the form is sent. */
export function useWhen(): When {
  const [text, setText] = useState('');
  const [refused, setRefused] = useState<{ text: string; reading: Reading } | null>(null);
  const [lastTimed, setLastTimed] = useState(false);
  const live = useReading(text, false);
  const reading = refused?.text === text ? refused.reading : live;
  const field = useRef<HTMLInputElement>(null);
  const timed = reading.kind === 'unread' ? lastTimed : reading.kind === 'read';
  if (timed !== lastTimed) setLastTimed(timed);

  const refuse = (refusal: Refusal) => {
    setRefused({ text, reading: { kind: 'refused', refusal } });
    field.current?.focus();
  };
  const settle = async () => {
    const now = await read(text, false);
    if (now.kind === 'refused') {
      refuse(now.refusal);
      return null;
    }
    return now.kind === 'empty' ? {} : { for: text };
  };
  return { text, setText, reading, field, timed, settle, refuse };
}

/** Usual times of a sleep. */
export const sleepPresets = ['30 min', '1 h', '2 h', '8 h', 'until 07:00'];
