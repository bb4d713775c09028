import type { Stretch } from './entry';
import type { StateRecord, WatchRecord } from './records';

/**
 * State over time from `from` to `to` (ms since the epoch), without gaps: unknown where nobody looked.
 * `states` and `watches` in the order in which they were told. Where this computer's clock was set back, two watches are
 * about the same time: the later one is believed.
 */
export function stretchesOf(states: readonly StateRecord[], watches: readonly WatchRecord[], from: number, to: number): Stretch[] {
  const known: Stretch[] = [];
  const clip = (stretch: Stretch) => {
    const clipped = { ...stretch, from: Math.max(stretch.from, from), to: Math.min(stretch.to, to) };
    if (clipped.from < clipped.to) paint(known, clipped);
  };

  let next = 0;
  let current: StateRecord | null = null;
  for (const watch of watches) {
    if (watch.first) current = null;
    let at = watch.from;
    for (let state = states[next]; state && state.watch <= watch.watch; state = states[next]) {
      next += 1;
      // Its watch is not kept any more, so that nobody knows how long it was so.
      if (state.watch < watch.watch) continue;
      const since = Math.min(Math.max(state.at, at), watch.to);
      if (current) clip(stretch(current, at, since));
      current = state;
      at = since;
    }
    if (current) clip(stretch(current, at, watch.to));
  }
  return withoutGaps(known, from, to);
}

const stretch = ({ state, source, cause }: StateRecord, from: number, to: number): Stretch => ({ from, to, state, source, cause });

/** Puts `next` over what is there; `stretches` stays in the order of time. */
function paint(stretches: Stretch[], next: Stretch): void {
  let end = stretches.length;
  for (let last = stretches[end - 1]; last && last.to > next.from; last = stretches[end - 1]) end -= 1;
  const left: Stretch[] = [];
  const right: Stretch[] = [];
  for (const old of stretches.splice(end)) {
    if (old.from < next.from) left.push({ ...old, to: next.from });
    if (old.to > next.to) right.push({ ...old, from: Math.max(old.from, next.to) });
  }
  stretches.push(...left, next, ...right);
}

/** Fills gaps with unknown, and joins what is the same. */
function withoutGaps(stretches: readonly Stretch[], from: number, to: number): Stretch[] {
  const whole: Stretch[] = [];
  const add = (next: Stretch) => {
    const last = whole.at(-1);
    if (last && last.state === next.state && last.source === next.source && last.cause === next.cause) {
      whole[whole.length - 1] = { ...last, to: next.to };
    } else if (next.from < next.to) whole.push(next);
  };
  let at = from;
  for (const one of stretches) {
    add(unknown(at, one.from));
    add(one);
    at = one.to;
  }
  add(unknown(at, to));
  return whole;
}

const unknown = (from: number, to: number): Stretch => ({ from, to, state: 'unknown', source: 'inference', cause: 'unknown' });
