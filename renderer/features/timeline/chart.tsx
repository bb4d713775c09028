import type { FocusEvent, KeyboardEvent, PointerEvent } from 'react';
import { memo, useEffect, useId, useMemo } from 'react';
import type { HostGroup } from '../../groups';
import { hostRowId } from '../../groups';
import { selectGuest, setActiveRow, useWindow } from '../../store';
import { hostName } from '../../text';
import type { Range, Stop } from '../../timeline';
import { barWords } from '../../timeline';
import { Line } from '../../ui/untrusted';
import { rowToGo } from '../guests/grid-keys';
import { AxisLabels, AxisLines } from './axis';
import { Bar } from './bar';
import { FactsPanel, StopFacts } from './facts';
import { useWidth } from './use-width';
import type { BarRow, Walking } from './walk';
import { useWalk } from './walk';

interface ChartProps {
  groups: readonly HostGroup[];
  rows: ReadonlyMap<string, BarRow>;
  range: Range;
  now: number;
}

/** The bars of all guests under one axis. Arrows walk: up and down through guests, left and right through what was. */
export function Chart({ groups, rows, range, now }: ChartProps) {
  const [axis, width] = useWidth<HTMLDivElement>();
  const walking = useWalk(range);
  const { walk } = walking;
  useActiveRow(groups, rows);
  return (
    <div className="timeline-chart">
      <div className="timeline-head">
        <span />
        <div ref={axis} className="timeline-axis-place">
          <AxisLabels range={range} width={width} />
        </div>
      </div>
      <div className="timeline-rows">
        <div className="timeline-lines-place">
          <AxisLines range={range} width={width} now={now} />
        </div>
        <div
          role="grid"
          aria-label="Timeline"
          onKeyDown={(event) => onChartKey(event, rows, walking)}
          onBlur={(event: FocusEvent) => (event.currentTarget.contains(event.relatedTarget) ? undefined : walking.leave('keyboard'))}
        >
          {groups.map((group) => (
            <HostBars key={group.hostId} group={group} rows={rows} range={range} width={width} walking={walking} />
          ))}
        </div>
      </div>
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

/** One row can be reached by Tab: the one that was, else the first. */
function useActiveRow(groups: readonly HostGroup[], rows: ReadonlyMap<string, BarRow>): void {
  const ids = useMemo(
    () => groups.flatMap(({ hostId, guests }) => [...(rows.has(hostId) ? [hostRowId(hostId)] : []), ...guests.map(({ id }) => id)]),
    [groups, rows],
  );
  const isShown = useWindow((state) => state.activeRowId !== null && ids.includes(state.activeRowId));
  const first = ids[0];
  useEffect(() => {
    if (!isShown && first !== undefined) setActiveRow(first);
  }, [isShown, first]);
}

const isBetweenRows = (key: string): boolean => ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown'].includes(key);

function onChartKey(event: KeyboardEvent<HTMLElement>, rows: ReadonlyMap<string, BarRow>, walking: Walking): void {
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
  if (element === null || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const subject = element.dataset['subject'] ?? '';
  const row = rows.get(subject);
  const bar = element.querySelector('.timeline-bar');
  if (isBetweenRows(event.key)) {
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')];
    all[rowToGo(event.key, all.indexOf(element), all.length) ?? 0]?.focus();
    walking.leave();
  } else if (event.key === 'Enter' && element.dataset['guest'] === 'true') selectGuest(subject, 'with-focus');
  else if (row === undefined || bar === null || !walking.key(row, bar, event.key)) return;
  event.preventDefault();
}

interface HostBarsProps {
  group: HostGroup;
  rows: ReadonlyMap<string, BarRow>;
  range: Range;
  width: number;
  walking: Walking;
}

/** A host, with a bar of its own where its sleep is known, and its guests. */
function HostBars({ group, rows, range, width, walking: { walk, point, leave } }: HostBarsProps) {
  const host = useWindow((state) => state.view?.hosts[group.hostId]);
  const id = useId();
  if (host === undefined) return null;
  const own = rows.get(group.hostId);
  const name = hostName(host);
  const stopOf = (subject: string) => (walk?.rowId === subject ? walk.stop : null);
  return (
    <div role="rowgroup" className="timeline-host" aria-labelledby={own === undefined ? id : undefined} aria-label={own === undefined ? undefined : name}>
      {own === undefined ? (
        <div className="timeline-host-head" id={id}>
          <Line text={name} />
        </div>
      ) : (
        <BarLine
          rowId={hostRowId(host.id)}
          subject={host.id}
          name={`Host ${name}`}
          isGuest={false}
          row={own}
          range={range}
          width={width}
          stop={stopOf(host.id)}
          onPoint={point}
          onLeave={leave}
        />
      )}
      {group.guests.map((guest) => (
        <BarLine
          key={guest.id}
          rowId={guest.id}
          subject={guest.id}
          name={guest.name}
          isGuest
          row={rows.get(guest.id)}
          range={range}
          width={width}
          stop={stopOf(guest.id)}
          onPoint={point}
          onLeave={leave}
        />
      ))}
    </div>
  );
}

interface BarLineProps {
  rowId: string;
  subject: string;
  name: string;
  isGuest: boolean;
  /** undefined: not told yet. */
  row: BarRow | undefined;
  range: Range;
  width: number;
  stop: Stop | null;
  onPoint: Walking['point'];
  onLeave: Walking['leave'];
}

/** One line of the chart, drawn again only when it changes. */
const BarLine = memo(function BarLine({ rowId, subject, name, isGuest, row, range, width, stop, onPoint, onLeave }: BarLineProps) {
  const active = useWindow((state) => state.activeRowId === rowId);
  const words = useMemo(() => (row === undefined ? '' : barWords(row.segments)), [row]);
  return (
    <div
      role="row"
      aria-label={name}
      className="timeline-row"
      data-row={rowId}
      data-subject={subject}
      data-guest={isGuest}
      tabIndex={active ? 0 : -1}
      onFocus={() => setActiveRow(rowId)}
    >
      <div role="gridcell" className="timeline-name">
        {isGuest ? (
          <button type="button" className="timeline-guest" tabIndex={-1} onClick={() => selectGuest(subject, 'with-focus')}>
            <Line text={name} />
          </button>
        ) : (
          <Line text={name} className="timeline-host-name" />
        )}
      </div>
      <div
        role="gridcell"
        className="timeline-bar-place"
        onPointerMove={(event: PointerEvent) => (row === undefined ? undefined : onPoint(row, event))}
        onPointerLeave={() => onLeave('pointer')}
      >
        {row === undefined || width === 0 ? null : (
          <Bar segments={row.segments} events={row.events} range={range} width={width} label={words} stop={stop} />
        )}
      </div>
    </div>
  );
});
