import type { GuestView } from '../../../preload/contract/view';
import { useWindow } from '../../store';
import { Icon } from '../../ui/icon';
import { AsOf, Moment, Since } from '../../ui/times';
import { Block } from '../../ui/untrusted';
import { causeWords, sourceWords, stateWords } from '../../words';
import { UnderWay } from '../guests/state-cell';

/** The state, since when, how it is known and what brought it about. */
export function StateCard({ guest }: { guest: GuestView }) {
  const asked = useWindow((view) => view.asked[guest.id]?.action ?? null);
  const { state } = guest;
  const { label, icon, tone, meaning } = stateWords[state.name];
  const withoutDetail = state.asOf === undefined ? meaning : 'Its host can’t be seen now; this is what was seen last.';
  const underWay = asked ?? guest.pending?.action ?? null;
  return (
    <section className={`state-card tone-${tone}`} aria-label="State" data-as-of={state.asOf !== undefined}>
      <div className="state-line">
        <span className="state-mark">
          <Icon name={icon} />
        </span>
        <strong className="state-label">{label}</strong>
        {underWay === null ? null : <UnderWay guest={guest} action={underWay} />}
      </div>
      <p>{state.detail === undefined ? withoutDetail : <Block text={state.detail} />}</p>
      <dl className="pairs">
        {state.asOf === undefined ? <SinceWhen since={state.since} /> : <LastSeen at={state.asOf} />}
        <dt>Known because</dt>
        <dd>{sourceWords[state.source]}</dd>
        <dt>Brought about by</dt>
        <dd>{causeWords[state.cause]}</dd>
        <dt>Guest agent</dt>
        <dd>
          {state.asOf === undefined ? <Block text={guest.agent.text} /> : 'Can’t be asked now.'}
        </dd>
      </dl>
    </section>
  );
}

function SinceWhen({ since }: { since: number | null }) {
  return (
    <>
      <dt>Since</dt>
      <dd>
        {since === null ? (
          'before Reveille looked'
        ) : (
          <>
            <Moment at={since} /> (<Since at={since} />)
          </>
        )}
      </dd>
    </>
  );
}

/** A guest that can't be seen may have changed since: no claim how long it has been so. */
function LastSeen({ at }: { at: number }) {
  return (
    <>
      <dt>Last seen</dt>
      <dd>
        <Moment at={at} /> (<AsOf at={at} />)
      </dd>
    </>
  );
}
