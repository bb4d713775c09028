import type { PointerEvent } from 'react';
import { useCallback, useState } from 'react';
import type { HistoryEntry, TimelineSegment } from '../../../preload/contract/timeline';
import type { Range, Stop } from '../../timeline';
import { placeOf, stopAt, stopsOf } from '../../timeline';
import type { FactsPlace } from './facts';

/** What a bar shows of one guest or host. */
export interface BarRow {
  id: string;
  name: string;
  segments: readonly TimelineSegment[];
  events: readonly HistoryEntry[];
}

/** Where the keyboard or the pointer is. */
export interface Walk {
  rowId: string;
  stop: Stop;
  place: FactsPlace;
  by: 'pointer' | 'keyboard';
}

/** An event is found within this many pixels. */
const near = 4;

function placeIn(bar: Element, stop: Stop, range: Range, x: number | null): FactsPlace {
  const box = bar.getBoundingClientRect();
  const [from, to] = stop.kind === 'event' ? [stop.at, stop.at] : [stop.segment.from, stop.segment.to];
  const middle = (placeOf(from, range, box.width) + placeOf(to, range, box.width)) / 2;
  return { x: x ?? box.left + middle, top: box.top, bottom: box.bottom };
}

export interface Walking {
  walk: Walk | null;
  /** The pointer is over a row's bar. */
  point(row: BarRow, event: PointerEvent): void;
  /** Goes to the stop before or after, or to the first or the last. False: the key does not do that. */
  key(row: BarRow, bar: Element, key: string): boolean;
  leave(by?: Walk['by']): void;
}

/** Walking through the stops of bars, by pointer and by keys. */
export function useWalk(range: Range): Walking {
  const [walk, setWalk] = useState<Walk | null>(null);
  const point = useCallback(
    (row: BarRow, event: PointerEvent) => {
      const box = event.currentTarget.getBoundingClientRect();
      const msPerPixel = (range.to - range.from) / box.width;
      const stops = stopsOf(row.segments, row.events);
      const stop = stops[stopAt(stops, range.from + (event.clientX - box.left) * msPerPixel, near * msPerPixel)];
      if (stop === undefined) setWalk(null);
      else setWalk({ rowId: row.id, stop, place: placeIn(event.currentTarget, stop, range, event.clientX), by: 'pointer' });
    },
    [range],
  );
  const key = (row: BarRow, bar: Element, pressed: string): boolean => {
    const stops = stopsOf(row.segments, row.events);
    const at = walk?.rowId === row.id ? indexOf(stops, walk.stop) : -1;
    const next = stopToGo(pressed, at, stops.length);
    const stop = next === null ? undefined : stops[next];
    if (next === null) return false;
    if (stop !== undefined) setWalk({ rowId: row.id, stop, place: placeIn(bar, stop, range, null), by: 'keyboard' });
    return true;
  };
  const leave = useCallback((by?: Walk['by']) => setWalk((now) => (by === undefined || now?.by === by ? null : now)), []);
  return { walk, point, key, leave };
}

/** The same place among stops that were read anew. */
const indexOf = (stops: readonly Stop[], stop: Stop): number =>
  stops.findIndex(({ kind, at }) => kind === stop.kind && at === stop.at);

/** How far a key goes among `count` stops from the one at `index` (-1: none yet); null for a key that does not. */
export function stopToGo(key: string, index: number, count: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return index === -1 ? count - 1 : Math.min(count - 1, index + 1);
    case 'ArrowLeft':
      return index === -1 ? count - 1 : Math.max(0, index - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
