import { barHeight } from '../../timeline';

/** What states are filled with beside their colour, so that they are told apart without it. Once in the document. */
export function TimelinePatterns() {
  return (
    <svg className="pattern-store" aria-hidden="true" focusable="false">
      <defs>
        <pattern id="timeline-unknown" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="1.4" height="6" className="pattern tone-unknown" />
        </pattern>
        <pattern id="timeline-hibernated" width="4" height="4" patternUnits="userSpaceOnUse">
          <rect width="4" height="4" className="pattern-ground tone-hibernated" />
          <rect width="2" height="2" className="pattern tone-hibernated" />
          <rect x="2" y="2" width="2" height="2" className="pattern tone-hibernated" />
        </pattern>
        <pattern id="timeline-saved" width="4" height="3" patternUnits="userSpaceOnUse">
          <rect width="4" height="3" className="pattern-ground tone-saved" />
          <rect width="4" height="1.5" className="pattern tone-saved" />
        </pattern>
        <pattern id="timeline-paused" width="4" height={barHeight} patternUnits="userSpaceOnUse">
          <rect width="4" height={barHeight} className="pattern-ground tone-paused" />
          <rect width="2" height={barHeight} className="pattern tone-paused" />
        </pattern>
        <pattern id="timeline-crashed" width="5" height="5" patternUnits="userSpaceOnUse">
          <rect width="5" height="5" className="pattern-ground tone-crashed" />
          <path d="M0 0L5 5M5 0L0 5" className="pattern-line tone-crashed" />
        </pattern>
      </defs>
    </svg>
  );
}
