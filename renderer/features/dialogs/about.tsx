import type { ReactNode } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import { guestName } from '../../text';
import { Line } from '../../ui/untrusted';

/** A dialog's second line: which guest it is about. */
export function About({ guest, children }: { guest: GuestView; children?: ReactNode }) {
  return (
    <>
      <Line text={guestName(guest.name)} className="about-guest" />
      {children === undefined ? null : <span className="about-more">{children}</span>}
    </>
  );
}
