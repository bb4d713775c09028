import type { Fleet } from '../guests/fleet';
import { describeKeeper, type HolderOffer } from '../guests/holders';
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
    ...(alarm.phase.kind === 'retrying' ? { reason: alarm.phase.reason } : {}),
    keeper: describeKeeper(alarm),
    change: availability(fleet.changeRefusal(alarm)),
  };
}

export const offersView = (offers: readonly HolderOffer[]): CommandValue<'offerHolders'> =>
  offers.map(({ holder, name, survives, missing }) => ({ holder, name, survives, availability: availability(missing) }));

const availability = (refusal: { readonly reason: string; readonly remedy?: string } | null): Availability =>
  refusal ? { available: false, ...refusal } : { available: true };
