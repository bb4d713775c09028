import type { Clock } from '../clock';
import type { Member } from '../groups/member';
import type { Company, Targets } from '../groups/targets';
import type { Notice } from '../guests/notices';
import type { Actor } from '../power/actor';
import type { Graces } from './graces';
import type { Ledger } from './ledger';
import { nameOf, type Schedule } from './model';

/** What schedules work with. */
export interface Desk {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly targets: Pick<Targets, 'resolve' | 'member'>;
  readonly graces: Graces;
  /** Tells the user what a schedule came to with a guest, in the place of what it told of it before. */
  tell(scheduleId: string, guestId: string, notice: Notice): void;
  /** Takes back what was told. */
  untell(scheduleId: string, guestId: string): void;
  isStopped(): boolean;
}

export const companyOf = (desk: Desk, { draft }: Schedule): Company => desk.targets.resolve(draft.target);
export const actorFor = ({ draft }: Schedule): Actor => ({ kind: 'schedule', name: nameOf(draft) });

/** The app has just been started, or the host's connection was lost: so long a guest's state may take to be seen, in ms. */
const SEEN_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 500;

/** Waits until the guest's state is known, for half a minute at most. */
export async function seen(member: Member, { clock, isStopped }: Desk): Promise<void> {
  const end = clock.monotonic() + SEEN_WITHIN_MS;
  while (member.state().name === 'unknown' && clock.monotonic() < end && !isStopped()) {
    await new Promise<void>((resolve) => void clock.setTimer(LOOK_EVERY_MS, resolve));
  }
}
