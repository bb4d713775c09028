import { Fragment } from 'react';
import type { GuestStats, GuestView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import type { LoadRow } from '../../load';
import { keptStats, linePoints, loadRows } from '../../load';
import { Spinner } from '../../ui/button';
import { usePolled } from '../../ui/polled';
import { Refused } from '../../ui/refused';
import { Block } from '../../ui/untrusted';
import { isSeenRunning } from '../../words';

const everyMs = 2000;
const lineHeight = 20;

const askStats = (guestId: string) => call('guestStats', { guestId });
const always = (): boolean => true;

/** What a guest that runs uses now. Nothing is asked while the pane is closed, the window unseen or the guest asleep. */
export function Load({ guest }: { guest: GuestView }) {
  return isSeenRunning(guest) ? <RunningLoad guest={guest} /> : null;
}

function RunningLoad({ guest }: { guest: GuestView }) {
  const { values, refusal } = usePolled<GuestStats>({
    subject: guest.id,
    version: `${guest.state.name} ${guest.state.since}`,
    everyMs,
    keep: keptStats,
    ask: askStats,
    goesOn: always,
  });
  const waiting = values.length === 0 && refusal === null;
  return (
    <section aria-labelledby="load-heading" aria-busy={waiting}>
      <h3 id="load-heading">Load {waiting ? <Spinner /> : null}</h3>
      {refusal === null ? null : <Refused refusal={refusal} />}
      {values.length === 0 ? null : (
        <dl className="pairs load">
          {loadRows(values, guest.vcpus).map((row) => (
            <Fragment key={row.name}>
              <dt>{row.name}</dt>
              <dd>
                <Row row={row} />
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
    </section>
  );
}

function Row({ row: { text, missing, shares } }: { row: LoadRow }) {
  return (
    <>
      {text === '' ? null : <span className="load-text">{text}</span>}
      {missing === '' ? null : (
        <span className="missing">
          {text === '' ? '' : ' '}
          <Block text={missing} />
        </span>
      )}
      {shares.length === 0 ? null : <SparkLine shares={shares} />}
    </>
  );
}

/** How it was in the last two minutes; the text beside it says the same of now. */
function SparkLine({ shares }: { shares: readonly (number | null)[] }) {
  return (
    <svg
      className="spark"
      viewBox={`0 -1 ${keptStats - 1} ${lineHeight + 2}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path className="spark-ground" d={`M0 ${lineHeight}H${keptStats - 1}`} />
      {linePoints(shares, lineHeight).map((points) => (
        <polyline key={points} className="spark-line" points={points} />
      ))}
    </svg>
  );
}
