import type { Handlers, Stage } from './handlers';
import { type Tools, refusing } from './tools';
import { RefusedError } from '../power/actions';
import { byUser } from '../power/actor';
import type { DueChange } from '../power/alarms';
import type { When } from '../power/durations';
import { offersView } from '../view/alarm-view';

export function alarmHandlers(stage: Stage, { find, fleetOfAlarm, when }: Tools): Pick<Handlers, 'setPowerState' | 'readWhen' | 'moveAlarm' | 'cancelAlarm' | 'offerHolders'> {
  const { clock } = stage;
  return {
    async setPowerState({ guestId, action, for: text, startAccepted, alarm }) {
      const { fleet, guest } = find(guestId);
      const refusal = await fleet.setPowerState(guest, {
        action,
        when: when(text ?? '').when,
        startAccepted: startAccepted ?? false,
        by: byUser,
        alarm: alarm ?? 'auto',
      });
      if (refusal) throw new RefusedError(refusal);
      return { accepted: true };
    },
    readWhen({ text }) {
      return Promise.resolve().then(() => {
        const { due } = when(text);
        return { due: due ?? null, ms: due === undefined ? null : due - clock.now() };
      });
    },
    async moveAlarm({ alarmId, to }) {
      const fleet = fleetOfAlarm(alarmId);
      const { due } = await refusing(() => fleet.moveAlarm(alarmId, changeOf(to, when), byUser));
      return { due };
    },
    async cancelAlarm({ alarmId }) {
      const fleet = fleetOfAlarm(alarmId);
      await refusing(() => fleet.cancelAlarm(alarmId, byUser));
      return {};
    },
    async offerHolders({ guestId, action }) {
      const { fleet, guest } = find(guestId);
      return offersView(await fleet.holderOffers(guest, action));
    },
  };
}

/** "+30 min" and "-10 min" move the alarm; anything else is read like the "For" field. */
function changeOf(to: string, when: (text: string) => { when: When; due: number | undefined }): DueChange {
  const moved = /^\s*([+\-−])(.*)$/s.exec(to);
  const parsed = when(moved?.[2] ?? to);
  if (moved && parsed.when.kind === 'for')
    return { kind: 'by', ms: moved[1] === '+' ? parsed.when.ms : -parsed.when.ms };
  if (moved || parsed.due === undefined || parsed.when.kind === 'none') {
    throw new RefusedError({
      code: 'bad-duration',
      message: 'Give a new time, such as “+30 min”, “-10 min”, “2 h” or “until 07:00”.',
    });
  }
  return { kind: 'to', due: parsed.due, basis: parsed.when.kind === 'for' ? 'duration' : 'instant' };
}
