import type { ReactNode } from 'react';
import type { PageCommandName } from '../../commands';
import { timelineCommands } from '../../commands';
import { shortcutText } from '../../shortcuts';
import type { Range, Span } from '../../timeline';
import { after, before, rangeAt, rangeWords, spans } from '../../timeline';
import { Button, IconButton } from '../../ui/button';
import { Segments } from '../../ui/segments';

const spanLabels: Record<Span, string> = { day: 'Day', week: 'Week', month: 'Month' };
const options = spans.map((value) => ({ value, label: spanLabels[value] }));

/** A range that ends in the present moves on with it; the other choices stay where they are. */
export function rangeWith(range: Range, span: Span, now: number): Range {
  const holdsNow = now >= range.from && now < range.to;
  return rangeAt(span, holdsNow ? now : range.from);
}

const title = (command: PageCommandName): string => {
  const { label, shortcut } = timelineCommands[command];
  return `${label} (${shortcutText(shortcut, 'other')})`;
};

interface ControlsProps {
  range: Range;
  now: number;
  onRange: (range: Range) => void;
  /** Where there is little room. */
  compact?: boolean;
  children?: ReactNode;
}

/** How much time is seen, and which. */
export function TimelineControls({ range, now, onRange, compact = false, children }: ControlsProps) {
  const { earlier, later, now: present } = timelineCommands;
  const holdsNow = now >= range.from && now < range.to;
  const toPresent = () => onRange(rangeAt(range.span, now));
  return (
    <div className="timeline-controls">
      <Segments
        label="Time span"
        labelHidden
        options={options}
        value={range.span}
        onValue={(span) => onRange(rangeWith(range, span, now))}
      />
      <div className="timeline-move">
        <IconButton icon={earlier.icon} label={earlier.label} title={compact ? earlier.label : title('earlier')} onClick={() => onRange(before(range))} />
        <span className="timeline-range" role="status">
          {rangeWords(range, now)}
        </span>
        <IconButton icon={later.icon} label={later.label} title={compact ? later.label : title('later')} onClick={() => onRange(after(range))} />
      </div>
      {compact && holdsNow ? null : compact ? (
        <span className="timeline-now-place">
          <IconButton icon={present.icon} label={present.label} onClick={toPresent} />
        </span>
      ) : (
        <Button look="quiet" aria-disabled={holdsNow} title={title('now')} onClick={toPresent}>
          {present.label}
        </Button>
      )}
      {children}
    </div>
  );
}
