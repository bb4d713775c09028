import type { Fleet } from '../guests/fleet';
import { describeKeeper, type HolderOffer } from '../guests/holders';
import type { Guest } from '../guests/guest';
import type { Alarm } from '../power/alarms';
import type { CommandValue } from '../../preload/contract/commands';
import type { AlarmView, Availability } from '../../preload/contract/view';

export function alarmView(alarm: Alarm, fleet: Fleet): AlarmView {
  return {
    id: alarm.id,
    holder: alarm.holder,
    action: alarm.action,
    due: alarm.due,
    phase: alarm.phase.kind,
    ...reason(alarm, fleet.guest(alarm.guestId)),
    keeper: describeKeeper(alarm),
    change: availability(fleet.changeRefusal(alarm)),
  };
}

/** Why its guest is not awake yet, or not asleep. */
function reason({ phase }: Alarm, guest: Guest | undefined): { reason?: string } {
  if (phase.kind === 'retrying') return { reason: phase.reason };
  const isAwake = guest?.state.name === 'running' && guest.pending === null;
  return phase.kind === 'pending' && isAwake ? { reason: 'It has not fallen asleep yet' } : {};
}

export const offersView = (offers: readonly HolderOffer[]): CommandValue<'offerHolders'> =>
  offers.map(({ holder, name, survives, missing }) => ({ holder, name, survives, availability: availability(missing) }));

const availability = (refusal: { readonly reason: string; readonly remedy?: string } | null): Availability =>
  refusal ? { available: false, ...refusal } : { available: true };
