import type { Guest } from '../guests/guest';
import type { SetPowerState } from '../guests/power-requests';
import { RefusedError, type Action, type Refusal } from '../power/actions';
import type { Actor } from '../power/actor';
import { refusalOf } from '../power/rules';

/** What happens to a host's guests before it sleeps. */
export type GuestsFirst = 'leave' | 'sleep' | 'shutdown';

const actionOf = { sleep: 'suspend', shutdown: 'shutdown' } as const satisfies Record<string, Action>;

/**
 * The running guests that something is to be done to; those that do not run stay as they are, since the host keeps their
 * memory.
 * @throws RefusedError when something is being done to one of them already, or when one would refuse
 */
export function guestsToSettle(first: GuestsFirst, guests: readonly Guest[]): readonly Guest[] {
  return guests.filter((guest) => {
    const { name } = guest.remembered;
    if (guest.pending) {
      throw new RefusedError({ code: 'busy', message: `Something is being done to ${name}.`, remedy: 'Try again when it is done.' });
    }
    if (first === 'leave') return false;
    if (guest.state.name === 'unknown') {
      throw new RefusedError({
        code: 'unknown-state',
        message: `What ${name} does is not known${guest.state.detail ? `: ${guest.state.detail}` : '.'}`,
        remedy: 'Look at it, or leave the guests as they are.',
      });
    }
    if (guest.state.name !== 'running') return false;
    const refusal = refusalOf(actionOf[first], guest.standing());
    if (refusal) throw new RefusedError(aboutGuest(name, refusal));
    return true;
  });
}

export const aboutGuest = (name: string, { code, message, remedy }: Refusal): Refusal => ({
  code,
  message: `${name}: ${message}`,
  ...(remedy ? { remedy } : {}),
});

/** Does it to one guest. Resolves when the outcome was observed: null, or why it did not happen. */
export function settleGuest(
  setPowerState: SetPowerState,
  guest: Guest,
  first: Exclude<GuestsFirst, 'leave'>,
  by: Actor,
): Promise<Refusal | null> {
  // It may have gone to sleep by itself while others had their turn.
  if (guest.state.name !== 'running' && guest.state.name !== 'unknown') return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const request = { action: actionOf[first], when: { kind: 'none' }, startAccepted: false, by, alarm: 'auto' } as const;
    setPowerState(guest, request, (verdict) => resolve(verdict.ok ? null : verdict.refusal)).then((refusal) => {
      if (refusal) resolve(refusal);
    }, reject);
  });
}
