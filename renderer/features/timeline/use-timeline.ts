import { useCallback, useEffect, useState } from 'react';
import type { TimelineRow } from '../../../preload/contract/timeline';
import { call } from '../../bridge';
import type { Range, Span } from '../../timeline';
import { rangeAt } from '../../timeline';
import type { Remote } from '../../ui/remote';
import { useRemote } from '../../ui/remote';
import { tenSeconds, useTicked } from '../../ui/ticker';

/** The latest of a value that changes often, at most once in `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    if (Object.is(settled, value)) return;
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [settled, value, ms]);
  return settled;
}

/** The present by the ten seconds: what is drawn moves no faster. */
export const useNow = (): number => Number(useTicked(tenSeconds, String));

/** What main answered, and when it was asked. */
export interface Past {
  rows: readonly TimelineRow[];
  at: number;
}

async function ask(ids: readonly string[], from: number, to: number) {
  const at = Date.now();
  const answer = await call('readTimeline', { ids: [...ids], from, to });
  return answer.ok ? { ok: true as const, value: { rows: answer.value, at } } : answer;
}

/**
 * State over time in a range. `ids` as in readTimeline; `revision` grows with what happened, and a range that is not
 * over is then asked for again.
 */
export function useTimeline(ids: readonly string[], range: Range, revision: string): Remote<Past> {
  const { from, to } = range;
  const key = JSON.stringify(ids);
  const asking = useCallback(() => ask(JSON.parse(key) as string[], from, to), [key, from, to]);
  return useRemote<Past>(`${from} ${to} ${key}`, revision, asking);
}

/** The range to show: the one that was chosen; while that holds the present, it goes on with it. */
export function useRange(span: Span, now: number): [Range, (range: Range) => void] {
  const [chosen, setChosen] = useState(() => ({ range: rangeAt(span, now), follows: true }));
  if (chosen.follows && now >= chosen.range.to) setChosen({ range: rangeAt(chosen.range.span, now), follows: true });
  return [chosen.range, (range) => setChosen({ range, follows: now >= range.from && now < range.to })];
}

/** The present as far as it is seen in a range: what is drawn anew only when it would look different. */
export function drawnNow({ from, to }: Range, now: number): number {
  const grain = (to - from) / 2000;
  return from + Math.floor((now - from) / grain) * grain;
}
