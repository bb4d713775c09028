import { useEffect, useState } from 'react';
import type { Refusal } from '../../preload/contract/commands';

export interface Remote<T> {
  /** The last answer; kept while a newer one is on its way. */
  value: T | null;
  refusal: Refusal | null;
  loading: boolean;
}

type Answer<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

interface Held<T> {
  subject: string;
  version: string;
  value: T | null;
  refusal: Refusal | null;
}

/**
 * Something that main is asked for about `subject`, and again when `version` changes. An answer that comes after
 * the subject or the version has changed is dropped; an old answer about another subject is never shown.
 */
export function useRemote<T>(
  subject: string,
  version: string,
  ask: (subject: string) => Promise<Answer<T>>,
): Remote<T> {
  const [held, setHeld] = useState<Held<T> | null>(null);
  useEffect(() => {
    let current = true;
    void ask(subject).then((answer) => {
      if (!current) return;
      setHeld((before) => ({
        subject,
        version,
        value: answer.ok ? answer.value : before?.subject === subject ? before.value : null,
        refusal: answer.ok ? null : answer.refusal,
      }));
    });
    return () => {
      current = false;
    };
  }, [subject, version, ask]);
  const about = held?.subject === subject ? held : null;
  return {
    value: about?.value ?? null,
    refusal: about?.refusal ?? null,
    loading: about === null || about.version !== version,
  };
}
