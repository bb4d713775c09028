import { useCallback, useEffect, useRef, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { HostTestView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import { useWindow } from '../../store';

interface ConnectionTestControl {
  /** As main reports it; null while there is none. */
  test: HostTestView | null;
  busy: boolean;
  /** Ends the test before and begins one; answers with main's refusal, or null. */
  begin(address: string): Promise<Refusal | null>;
  /** Ends the test and forgets it. */
  end(): void;
}

/** A connection test that lives as long as the dialog and no longer: main forgets it then, too. */
export function useConnectionTest(): ConnectionTestControl {
  const [testId, setTestId] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  /** The number of the last begin or end: an answer to an older one is of no use. */
  const turn = useRef(0);
  const test = useWindow((state) => (testId === null ? null : (state.view?.tests[testId] ?? null)));

  useEffect(() => (testId === null ? undefined : () => void call('endTest', { testId })), [testId]);
  useEffect(
    () => () => {
      turn.current += 1;
    },
    [],
  );

  const end = useCallback(() => {
    turn.current += 1;
    setTestId(null);
    setAsking(false);
  }, []);
  const begin = useCallback(
    async (address: string): Promise<Refusal | null> => {
      end();
      const mine = turn.current;
      setAsking(true);
      const answer = await call('testHost', { address });
      const overtaken = mine !== turn.current;
      if (!overtaken) setAsking(false);
      if (!answer.ok) return overtaken ? null : answer.refusal;
      if (overtaken) void call('endTest', { testId: answer.value.testId });
      else setTestId(answer.value.testId);
      return null;
    },
    [end],
  );
  return { test, busy: asking || test?.done === false, begin, end };
}
