import type { KeyboardEvent } from 'react';
import { useMemo, useState } from 'react';
import type { PowerStateName } from '../../../preload/contract/vocabulary';
import type { PageCommandName } from '../../commands';
import { appCommands, timelineCommands } from '../../commands';
import type { HostGroup } from '../../groups';
import { searchGroups } from '../../groups';
import { runAppCommand } from '../../intents';
import { matchesShortcut } from '../../shortcuts';
import { useWindow } from '../../store';
import { after, before, rangeAt, rangeWords, wholeSegments } from '../../timeline';
import { Button, Spinner } from '../../ui/button';
import { PageHead } from '../../ui/page-head';
import { Refused } from '../../ui/refused';
import { stateWords } from '../../words';
import { Chart } from './chart';
import { TimelineControls } from './controls';
import { Legend } from './legend';
import { TimelinePatterns } from './patterns';
import { SumTable } from './table';
import type { Past } from './use-timeline';
import { drawnNow, useNow, useRange, useSettled, useTimeline } from './use-timeline';
import type { BarRow } from './walk';

/** How long changes are gathered before the whole past is asked for again, in ms. */
const gather = 5000;
const everyone: readonly string[] = [];

/** The states of all guests over time. */
export function TimelinePage() {
  const now = useNow();
  const [range, setRange] = useRange('week', now);
  const [asTable, setAsTable] = useState(false);
  const isOver = range.to <= now;
  const changes = useWindow(({ view }) => Object.values(view?.guests ?? {}).reduce((sum, guest) => sum + guest.historyRevision, 0));
  const revision = useSettled(changes, gather);
  const { value, refusal, loading } = useTimeline(everyone, range, isOver ? 'over' : String(revision));
  const rows = useRows(value, range, now);
  const groups = useShownGroups();
  const states = useMemo(() => statesIn(rows), [rows]);
  const shown = useMemo(() => inOrderOf(groups, rows), [groups, rows]);

  const onKey = (event: KeyboardEvent) => {
    if (event.target instanceof Element && event.target.closest('input[type="search"], input[type="text"]') !== null) return;
    const pressed = (Object.keys(timelineCommands) as PageCommandName[]).find((name) =>
      matchesShortcut(timelineCommands[name].shortcut, event),
    );
    if (pressed === undefined) return;
    event.preventDefault();
    setRange(pressed === 'now' ? rangeAt(range.span, now) : pressed === 'earlier' ? before(range) : after(range));
  };
  return (
    <div className="page" onKeyDown={onKey}>
      <PageHead title="Timeline">
        <TimelineControls range={range} now={now} onRange={setRange}>
          {loading ? <Spinner /> : null}
        </TimelineControls>
        <div className="page-head-end">
          <Button look="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            Table
          </Button>
          <Button icon={appCommands['export-history'].icon} onClick={() => void runAppCommand('export-history')}>
            {appCommands['export-history'].label}
          </Button>
        </div>
      </PageHead>
      <TimelinePatterns />
      <div className="page-body timeline-body" aria-busy={loading}>
        {refusal === null ? null : <Refused refusal={refusal} />}
        {groups.length === 0 ? (
          <NoGuests />
        ) : asTable ? (
          <SumTable rows={shown} states={states} now={now} caption={`Time in each state, ${rangeWords(range, now)}`} />
        ) : (
          <Chart groups={groups} rows={rows} range={range} now={now} />
        )}
      </div>
      {groups.length === 0 || asTable ? null : <Legend states={states} />}
    </div>
  );
}

function NoGuests() {
  const search = useWindow((state) => state.search);
  return (
    <div className="empty">
      <h2>{search.trim() === '' ? 'No guests yet' : 'No guest and no host is named like this'}</h2>
      <p>{search.trim() === '' ? 'What guests do is drawn here from the first time on that Reveille sees them.' : 'Change the search above.'}</p>
    </div>
  );
}

function useShownGroups(): readonly HostGroup[] {
  const groups = useWindow((state) => state.groups);
  const search = useWindow((state) => state.search);
  return useMemo(() => searchGroups(groups, search).filter(({ guests, kind }) => guests.length > 0 || kind === 'ssh'), [groups, search]);
}

/** What main told, made whole up to the present, by the id of a guest or a host. A host that nothing is known of has no bar. */
function useRows(past: Past | null, range: ReturnType<typeof rangeAt>, now: number): ReadonlyMap<string, BarRow> {
  const end = drawnNow(range, now);
  const hosts = useWindow((state) => state.view?.hosts);
  const hostIds = useMemo(() => Object.keys(hosts ?? {}), [hosts]);
  return useMemo(
    () =>
      new Map(
        (past?.rows ?? []).filter((row) => !hostIds.includes(row.id) || isKnown(row)).map(({ id, name, segments, events }) => [
          id,
          { id, name, events, segments: wholeSegments(segments, range, past?.at ?? 0, end) },
        ]),
      ),
    [past, range, end, hostIds],
  );
}

const isKnown = ({ segments, events }: Past['rows'][number]): boolean =>
  events.length > 0 || segments.some(({ state }) => state !== 'unknown');

function statesIn(rows: ReadonlyMap<string, BarRow>): readonly PowerStateName[] {
  const seen = new Set([...rows.values()].flatMap(({ segments }) => segments.map(({ state }) => state)));
  return (Object.keys(stateWords) as PowerStateName[]).filter((state) => seen.has(state));
}

const inOrderOf = (groups: readonly HostGroup[], rows: ReadonlyMap<string, BarRow>): readonly BarRow[] =>
  groups.flatMap(({ hostId, guests }) => [hostId, ...guests.map(({ id }) => id)].flatMap((id) => rows.get(id) ?? []));
