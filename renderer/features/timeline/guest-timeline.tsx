import type { KeyboardEvent } from 'react';
import { useMemo, useState } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import { appCommands, pageCommands } from '../../commands';
import { openDialog } from '../../intents';
import { goToPage } from '../../pages';
import { guestName } from '../../text';
import { barWords, rangeWords, wholeSegments } from '../../timeline';
import { Button, IconButton, Spinner } from '../../ui/button';
import { Refused } from '../../ui/refused';
import { AxisLabels, AxisLines } from './axis';
import { Bar } from './bar';
import { TimelineControls } from './controls';
import { FactsPanel, StopFacts } from './facts';
import { TimelinePatterns } from './patterns';
import { StretchTable } from './table';
import { drawnNow, useNow, useRange, useSettled, useTimeline } from './use-timeline';
import { useWidth } from './use-width';
import type { BarRow } from './walk';
import { useWalk } from './walk';

/** How long changes are gathered before the past is asked for again, in ms. */
const gather = 1000;

/** The states of one guest over time. */
export function GuestTimeline({ guest }: { guest: GuestView }) {
  const now = useNow();
  const [range, setRange] = useRange('day', now);
  const [asTable, setAsTable] = useState(false);
  const ids = useMemo(() => [guest.id], [guest.id]);
  const revision = useSettled(guest.historyRevision, gather);
  const { value, refusal, loading } = useTimeline(ids, range, range.to <= now ? 'over' : String(revision));
  const end = drawnNow(range, now);
  const row = useMemo((): BarRow | null => {
    const told = value?.rows.find(({ id }) => id === guest.id);
    if (value === null || told === undefined) return null;
    return { ...told, segments: wholeSegments(told.segments, range, value.at, end) };
  }, [value, guest.id, range, end]);
  const words = rangeWords(range, now);
  return (
    <section className="guest-timeline" aria-labelledby="timeline-heading" aria-busy={loading}>
      <div className="section-head">
        <h3 id="timeline-heading">Timeline {loading ? <Spinner /> : null}</h3>
        <Button look="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          Table
        </Button>
        <IconButton
          icon={appCommands['export-history'].icon}
          label={appCommands['export-history'].label}
          onClick={() => openDialog({ kind: 'export-history', ids })}
        />
        <IconButton icon={pageCommands.timeline.icon} label="Timeline of all guests" onClick={() => goToPage('timeline')} />
      </div>
      <TimelineControls range={range} now={now} onRange={setRange} compact />
      <TimelinePatterns />
      {refusal === null ? null : <Refused refusal={refusal} />}
      {asTable ? (
        row === null ? null : <StretchTable row={row} now={end} caption={`${guestName(guest.name)}, ${words}`} />
      ) : (
        <OneBar row={row} range={range} now={now} />
      )}
    </section>
  );
}

interface OneBarProps {
  row: BarRow | null;
  range: ReturnType<typeof useRange>[0];
  now: number;
}

/** Left and Right walk through what was; the same stands in the table. */
function OneBar({ row, range, now }: OneBarProps) {
  const [place, width] = useWidth<HTMLDivElement>();
  const { walk, point, key, leave } = useWalk(range);
  const words = useMemo(() => (row === null ? '' : barWords(row.segments)), [row]);
  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    const bar = event.currentTarget.querySelector('.timeline-bar');
    if (row === null || bar === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key(row, bar, event.key)) event.preventDefault();
  };
  return (
    <div ref={place} className="one-bar">
      <AxisLabels range={range} width={width} />
      <div
        className="one-bar-place"
        role="application"
        aria-roledescription="timeline"
        aria-label={`States over time: ${words}. Left and Right walk through them.`}
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => leave('keyboard')}
      >
        <AxisLines range={range} width={width} now={now} />
        <div className="timeline-bar-place" onPointerMove={(event) => (row === null ? undefined : point(row, event))} onPointerLeave={() => leave('pointer')}>
          {row === null || width === 0 ? null : (
            <Bar segments={row.segments} events={row.events} range={range} width={width} label={words} stop={walk?.stop ?? null} />
          )}
        </div>
      </div>
      <p className="hint one-bar-words">{words}</p>
      {walk === null ? null : (
        <FactsPanel place={walk.place}>
          <StopFacts stop={walk.stop} now={now} />
        </FactsPanel>
      )}
      <div className="unseen" role="status">
        {walk?.by === 'keyboard' ? <StopFacts stop={walk.stop} now={now} /> : null}
      </div>
    </div>
  );
}
