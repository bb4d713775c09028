import { Fragment, useState } from 'react';
import type { TimelineSegment } from '../../../preload/contract/timeline';
import type { PowerStateName } from '../../../preload/contract/vocabulary';
import { spanWords } from '../../time';
import { timesIn } from '../../timeline';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Moment } from '../../ui/times';
import { Block, Line } from '../../ui/untrusted';
import { actorWords, causeWords, sourceWords, stateWords } from '../../words';
import { stopsOf } from '../../timeline';
import type { BarRow } from './walk';

/** What one bar shows, as a table: each stretch, and each event between them. */
export function StretchTable({ row, now, caption }: { row: BarRow; now: number; caption: string }) {
  return (
    <table className="stretches">
      <caption className="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col">What</th>
          <th scope="col">How known, by whom</th>
        </tr>
      </thead>
      <tbody>
        {stopsOf(row.segments, row.events).map((stop) =>
          stop.kind === 'event' ? (
            <tr key={`event ${stop.at} ${stop.event.text}`} data-failed={stop.event.failed}>
              <td>
                <Moment at={stop.at} />
              </td>
              <td />
              <td>
                <Block text={stop.event.text} />
                {stop.event.failed ? ' (failed)' : ''}
              </td>
              <td>{stop.event.actor.kind === 'unknown' ? '' : `by ${actorWords(stop.event.actor)}`}</td>
            </tr>
          ) : (
            <StretchRow key={`segment ${stop.at}`} segment={stop.segment} now={now} />
          ),
        )}
      </tbody>
    </table>
  );
}

function StretchRow({ segment: { from, to, state, source, cause }, now }: { segment: TimelineSegment; now: number }) {
  const { label, icon, tone } = stateWords[state];
  return (
    <tr>
      <td>
        <Moment at={from} />
      </td>
      <td>{to >= now ? 'now' : <Moment at={to} />}</td>
      <td className={`stretch-state tone-${tone}`}>
        <Icon name={icon} /> <strong>{label}</strong> {spanWords(to - from)}
      </td>
      <td>
        {state === 'unknown' ? 'nobody looked' : sourceWords[source]}
        {cause === 'unknown' ? '' : `, by ${causeWords[cause]}`}
      </td>
    </tr>
  );
}

interface SumTableProps {
  rows: readonly BarRow[];
  states: readonly PowerStateName[];
  now: number;
  /** What the times are of: "10 to 16 Nov 2025". */
  caption: string;
}

/** How long each guest was in each state; a guest's stretches on demand. */
export function SumTable({ rows, states, now, caption }: SumTableProps) {
  const [open, setOpen] = useState<string | null>(null);
  return (
    <table className="sums">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          {states.map((state) => (
            <th key={state} scope="col" className={`tone-${state}`}>
              <Icon name={stateWords[state].icon} /> {stateWords[state].label}
            </th>
          ))}
          <th scope="col">Events</th>
          <th scope="col">
            <span className="unseen">Stretches</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Fragment key={row.id}>
            <SumRow row={row} states={states} open={open === row.id} onToggle={() => setOpen(open === row.id ? null : row.id)} />
            {open === row.id ? (
              <tr className="sum-more">
                <td colSpan={states.length + 3}>
                  <StretchTable row={row} now={now} caption={`Stretches of ${row.name}`} />
                </td>
              </tr>
            ) : null}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

interface SumRowProps {
  row: BarRow;
  states: readonly PowerStateName[];
  open: boolean;
  onToggle: () => void;
}

function SumRow({ row, states, open, onToggle }: SumRowProps) {
  const times = new Map(timesIn(row.segments).map(({ state, ms }) => [state, ms]));
  return (
    <tr>
      <th scope="row">
        <Line text={row.name} />
      </th>
      {states.map((state) => {
        const ms = times.get(state);
        return <td key={state}>{ms === undefined ? '' : spanWords(ms)}</td>;
      })}
      <td>{row.events.length === 0 ? '' : row.events.length}</td>
      <td>
        <IconButton icon={open ? 'up' : 'down'} label={`Stretches of ${row.name}`} aria-expanded={open} onClick={onToggle} />
      </td>
    </tr>
  );
}
