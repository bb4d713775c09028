import { memo, useMemo } from 'react';
import type { HistoryEntry, TimelineSegment } from '../../../preload/contract/timeline';
import type { PowerStateName } from '../../../preload/contract/vocabulary';
import type { Range, Stop } from '../../timeline';
import { barHeight, barPaths, levels, placeOf } from '../../timeline';

/** Below the bar: what happened, as ticks. */
const tickHeight = 5;
export const drawnHeight = barHeight + tickHeight + 2;

const patterned: readonly PowerStateName[] = ['unknown', 'hibernated', 'saved', 'paused', 'crashed'];
/** Drawn in this order, so that what is rare is on top. */
const order: readonly PowerStateName[] = ['unknown', 'off', 'running', 'suspended', 'hibernated', 'saved', 'paused', 'crashed'];

const fillOf = (state: PowerStateName) => (patterned.includes(state) ? { fill: `url(#timeline-${state})` } : {});

interface BarProps {
  segments: readonly TimelineSegment[];
  events: readonly HistoryEntry[];
  range: Range;
  /** In pixels. */
  width: number;
  label: string;
  /** Where the keyboard or the pointer is. */
  stop: Stop | null;
}

/** One guest's states over the range, and under them what happened. */
export const Bar = memo(function Bar({ segments, events, range, width, label, stop }: BarProps) {
  const paths = useMemo(() => barPaths(segments, range, width), [segments, range, width]);
  const ticks = useMemo(() => tickPaths(events, range, width), [events, range, width]);
  return (
    <svg className="timeline-bar" role="img" aria-label={label} width={width} height={drawnHeight} focusable="false">
      {order.map((state) => {
        const path = paths.get(state);
        return path === undefined ? null : (
          <path key={state} d={path} className={`bar-state bar-${state} tone-${state}`} {...fillOf(state)} />
        );
      })}
      {ticks.done === '' ? null : <path d={ticks.done} className="event-ticks" />}
      {ticks.failed === '' ? null : <path d={ticks.failed} className="event-ticks event-ticks-failed" />}
      {stop === null ? null : <StopMark stop={stop} range={range} width={width} />}
    </svg>
  );
});

/** What went well is a line; what failed is a cross. */
function tickPaths(events: readonly HistoryEntry[], range: Range, width: number): { done: string; failed: string } {
  const top = barHeight + 2;
  let done = '';
  let failed = '';
  for (const event of events) {
    const x = Math.round(placeOf(event.at, range, width) * 10) / 10;
    if (event.failed) failed += `M${x - 2.5} ${top}l5 5m-5 0l5 -5`;
    else done += `M${x} ${top}v${tickHeight}`;
  }
  return { done, failed };
}

function StopMark({ stop, range, width }: { stop: Stop; range: Range; width: number }) {
  const left = placeOf(stop.at, range, width);
  if (stop.kind === 'event') {
    return <path className="stop-mark" d={`M${left - 4} ${barHeight + 1}h8v${tickHeight}h-8z`} />;
  }
  const size = Math.max(2, placeOf(stop.segment.to, range, width) - left);
  return <rect className="stop-mark" x={left} y={0.75} width={size} height={barHeight - 1.5} rx={2} />;
}

/** A state as it is drawn in the bars. */
export function Swatch({ state }: { state: PowerStateName }) {
  const [top, bottom] = levels[state];
  return (
    <svg className="swatch" width="18" height={barHeight} aria-hidden="true" focusable="false">
      <path d={`M1 ${top}h16V${bottom}h-16z`} className={`bar-state bar-${state} tone-${state}`} {...fillOf(state)} />
    </svg>
  );
}
