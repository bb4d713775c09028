import { useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import { promptAnswered } from '../../store';

type Answered = { ok: true } | { ok: false; refusal: Refusal };

/** Sends the answer to a question once. The question goes when main has it; what main refuses is said in its place. */
export function useAnswer(promptId: string): {
  answer: (send: () => Promise<Answered>) => void;
  busy: boolean;
  refusal: Refusal | null;
} {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const send = async (ask: () => Promise<Answered>): Promise<void> => {
    setBusy(true);
    setRefusal(null);
    const result = await ask();
    setBusy(false);
    if (result.ok) promptAnswered(promptId);
    else setRefusal(result.refusal);
  };
  return { answer: (ask) => (busy ? undefined : void send(ask)), busy, refusal };
}
