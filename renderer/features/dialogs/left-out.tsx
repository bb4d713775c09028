import type { GuestView } from '../../../preload/contract/view';
import type { ActionName } from '../../../preload/contract/vocabulary';
import { guestCount } from '../../link-words';
import { leftOut } from '../../many';
import { guestName } from '../../text';
import { Block, Line } from '../../ui/untrusted';

/** The guests that can't do it now: they are left as they are, and why. */
export function LeftOutGuests({ guests, action }: { guests: readonly GuestView[]; action: ActionName }) {
  const left = leftOut(guests, action);
  if (left.length === 0) return null;
  return (
    <details className="left-out">
      <summary>{guestCount(left.length)} left as {left.length === 1 ? 'it is' : 'they are'}</summary>
      <ul>
        {left.map(({ guest, why }) => (
          <li key={guest.id}>
            <Line text={guestName(guest.name)} className="left-out-name" /> <Block text={why} />
          </li>
        ))}
      </ul>
    </details>
  );
}
