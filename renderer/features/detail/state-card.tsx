import type { GuestView } from '../../../preload/contract/view';
import { useWindow } from '../../store';
import { Icon } from '../../ui/icon';
import { Moment, Since } from '../../ui/times';
import { Block } from '../../ui/untrusted';
import { causeWords, sourceWords, stateWords } from '../../words';
import { UnderWay } from '../guests/state-cell';

/** The state, since when, how it is known and what brought it about. */
export function StateCard({ guest }: { guest: GuestView }) {
  const asked = useWindow((view) => view.asked[guest.id]?.action ?? null);
  const { state } = guest;
  const { label, icon, tone, meaning } = stateWords[state.name];
  const underWay = asked ?? guest.pending?.action ?? null;
  return (
    <section className={`state-card tone-${tone}`} aria-label="State">
      <div className="state-line">
        <span className="state-mark">
          <Icon name={icon} />
        </span>
        <strong className="state-label">{label}</strong>
        {underWay === null ? null : <UnderWay guest={guest} action={underWay} />}
      </div>
      <p>{state.detail === undefined ? meaning : <Block text={state.detail} />}</p>
      <dl className="pairs">
        <dt>Since</dt>
        <dd>
          {state.since === null ? (
            'before Reveille looked'
          ) : (
            <>
              <Moment at={state.since} /> (<Since at={state.since} />)
            </>
          )}
        </dd>
        <dt>Known because</dt>
        <dd>{sourceWords[state.source]}</dd>
        <dt>Brought about by</dt>
        <dd>{causeWords[state.cause]}</dd>
        <dt>Guest agent</dt>
        <dd>
          <Block text={guest.agent.text} />
        </dd>
      </dl>
    </section>
  );
}
