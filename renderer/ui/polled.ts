import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Refusal } from '../../preload/contract/commands';
import type { Poller } from './poller';
import { startPoller } from './poller';

type Answer<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

export interface Polled<T> {
  /** The last answers, the newest at the end. */
  values: readonly T[];
  refusal: Refusal | null;
  askNow: () => void;
}

interface PolledOptions<T> {
  /** What is asked about; answers about another are never shown. */
  subject: string;
  /** With another version all answers so far are forgotten, and the next one is asked for at once. */
  version: string;
  everyMs: number;
  /** How many answers are kept. */
  keep: number;
  ask: (subject: string) => Promise<Answer<T>>;
  goesOn: (value: T) => boolean;
}

interface Held<T> {
  about: string;
  values: readonly T[];
  refusal: Refusal | null;
}

const after = (ms: number, task: () => void): (() => void) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** Asks main again and again for as long as the component is mounted and the window is seen. */
export function usePolled<T>({ subject, version, everyMs, keep, ask, goesOn }: PolledOptions<T>): Polled<T> {
  const about = `${subject} ${version}`;
  const seen = useWindowSeen();
  const [held, setHeld] = useState<Held<T> | null>(null);
  const poller = useRef<Poller | null>(null);
  useEffect(() => {
    if (!seen) return;
    const started = startPoller<Answer<T>>({
      ask: () => ask(subject),
      everyMs,
      goesOn: (answer) => answer.ok && goesOn(answer.value),
      onAnswer: (answer) =>
        setHeld((before) => {
          const values = before?.about === about ? before.values : [];
          return answer.ok
            ? { about, values: [...values, answer.value].slice(-keep), refusal: null }
            : { about, values, refusal: answer.refusal };
        }),
      after,
    });
    poller.current = started;
    return () => {
      poller.current = null;
      started.stop();
    };
  }, [about, subject, seen, everyMs, keep, ask, goesOn]);
  const askNow = useCallback(() => poller.current?.askNow(), []);
  const shown = held?.about === about ? held : null;
  return { values: shown?.values ?? [], refusal: shown?.refusal ?? null, askNow };
}

/** A window that is minimised or covered is not seen. */
export function useWindowSeen(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === 'visible');
}

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}
