import type { Clock } from '../clock';
import type { Action } from '../power/actions';
import type { Member } from './member';
import type { Placed } from './targets';

/** What brings a guest back: one that is hibernated is woken by starting it. */
export const wakes = (member: Member): Extract<Action, 'wakeup' | 'start'> =>
  member.state().name === 'hibernated' ? 'start' : 'wakeup';

/**
 * Acts on one after the other. `act` resolves when the guest is up, and tells whether it came up by it: then its delay
 * passes before the next. One that did not does not hold up the rest.
 */
export async function inTurn(options: {
  readonly clock: Clock;
  readonly placed: readonly Placed[];
  readonly wanted: () => boolean;
  readonly act: (member: Member) => Promise<boolean>;
}): Promise<void> {
  const { clock, placed, wanted, act } = options;
  for (const [at, { member, delayMs }] of placed.entries()) {
    if (!wanted()) return;
    const cameUp = await act(member);
    const isLast = at === placed.length - 1;
    if (cameUp && delayMs > 0 && !isLast) await new Promise<void>((resolve) => void clock.setTimer(delayMs, resolve));
  }
}
