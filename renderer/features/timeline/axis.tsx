import type { Range } from '../../timeline';
import { placeOf, ticksOf } from '../../timeline';

interface AxisProps {
  range: Range;
  width: number;
}

const axisHeight = 18;

/** The hours or days above the bars. */
export function AxisLabels({ range, width }: AxisProps) {
  return (
    <svg className="timeline-axis" width={width} height={axisHeight} aria-hidden="true" focusable="false">
      {ticksOf(range, width).map(({ at, label }) => (
        <text key={at} x={placeOf(at, range, width) + 3} y={axisHeight - 5} className="axis-label">
          {label}
        </text>
      ))}
    </svg>
  );
}

/** The lines that go down through all bars, and the present. */
export function AxisLines({ range, width, now }: AxisProps & { now: number }) {
  const present = now >= range.from && now < range.to ? placeOf(now, range, width) : null;
  return (
    <svg className="timeline-lines" width={width} height="100%" aria-hidden="true" focusable="false">
      {ticksOf(range, width).map(({ at }) => {
        const x = Math.round(placeOf(at, range, width)) + 0.5;
        return <line key={at} x1={x} x2={x} y1="0" y2="100%" className="axis-line" />;
      })}
      {present === null ? null : <line x1={present} x2={present} y1="0" y2="100%" className="now-line" />}
    </svg>
  );
}
