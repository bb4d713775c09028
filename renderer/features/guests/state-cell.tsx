import type { GuestView, StateView } from '../../../preload/contract/view';
import type { ActionName } from '../../../preload/contract/vocabulary';
import { actionCommands } from '../../commands';
import { Spinner } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { AsOf, Since } from '../../ui/times';
import { stateWords } from '../../words';

interface StateCellProps {
  id: string;
  guest: GuestView;
  /** The action asked for or under way. */
  underWay: ActionName | null;
}

/** The state's icon and label, and under it the work under way, else since when the state holds. */
export function StateCell({ id, guest, underWay }: StateCellProps) {
  const { label, icon, tone } = stateWords[guest.state.name];
  return (
    <div role="gridcell" className="cell-state" id={id} data-as-of={guest.state.asOf !== undefined}>
      <span className={`state-mark tone-${tone}`}>
        <Icon name={icon} />
      </span>
      <span className="state-words">
        <span className="state-label">{label}</span>
        <span className="state-sub">
          {underWay === null ? <StateAge state={guest.state} /> : <UnderWay guest={guest} action={underWay} />}
        </span>
      </span>
    </div>
  );
}

/** How long it has been so; of a guest that can't be seen now, how old this knowledge is. */
function StateAge({ state: { since, asOf } }: { state: StateView }) {
  if (asOf !== undefined) return <AsOf at={asOf} />;
  return since === null ? <span title="It began before Reveille looked.">since earlier</span> : <Since at={since} />;
}

export function UnderWay({ guest, action }: { guest: GuestView; action: ActionName }) {
  const queued = guest.pending?.queued ?? 0;
  return (
    <span className="under-way">
      <Spinner />
      <span>
        {actionCommands[action].doing}
        {queued > 0 ? <span title={`${queued} more after it`}> +{queued}</span> : null}
      </span>
    </span>
  );
}
