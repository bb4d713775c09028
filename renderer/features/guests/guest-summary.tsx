import type { GuestView, HostView } from '../../../preload/contract/view';
import { guestSummary, managerWords } from '../../words';

/** The line under a guest's name, led by the mark of what runs it. */
export function GuestSummary({ guest, host }: { guest: GuestView; host: HostView | undefined }) {
  const manager = managerWords[guest.manager];
  return (
    <span className="guest-summary">
      {manager === '' ? null : (
        <>
          <span className="manager-mark">{manager}</span>{' '}
        </>
      )}
      {guestSummary(guest, host)}
    </span>
  );
}
