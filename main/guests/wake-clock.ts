import type { Clock } from '../clock';
import { byNobodyKnown } from '../power/actor';
import type { Alarm } from '../power/alarms';
import type { Held } from '../power/held';
import { isEnded, type PowerState } from '../power/states';
import type { Guest } from './guest';

/** A guest may need this long to fall asleep, in ms; an alarm of its clock that rings before is lost. */
export const SHORTEST_BY_GUEST_MS = 20_000;
/** An alarm of a guest's clock whose time is over by this much, in ms, has rung, or never will. */
const OVER_MS = 10 * 60_000;

/** The alarms of guests' own clocks: set before a sleep, and cleared when nobody wants them any more. */
export interface WakeClocks {
  /** Sets the guest's clock to wake it when the alarm is due. @throws Error in words for the user */
  set(guest: Guest, alarm: Alarm): Promise<Held>;
  /** Clears what was left behind, before a sleep that is not to end by it. @throws Error in words for the user */
  clear(guest: Guest): Promise<void>;
  /** To be called when the guest may have become awake, or its alarm another: clears what nobody wants in its turn. */
  tidy(guest: Guest): void;
}

export interface WakeClocksOptions {
  readonly clock: Clock;
  readonly alarmOf: (guestId: string) => Alarm | undefined;
}

export function createWakeClocks({ clock, alarmOf }: WakeClocksOptions): WakeClocks {
  /** What was cleared last of each guest, or could not be, and in which awake state: once is enough. */
  const tidied = new Map<string, { readonly state: PowerState; readonly rtcAlarm: number | null }>();

  const clear = async (guest: Guest): Promise<void> => {
    const { rtcAlarm } = guest.remembered;
    if (rtcAlarm === null) return;
    if (clock.now() <= rtcAlarm + OVER_MS) {
      if (!guest.machine) throw new Error('The guest is not there.');
      await guest.machine.clearWakeAlarm();
    }
    guest.remember({ rtcAlarm: null });
  };

  const isLeftBehind = (guest: Guest): boolean =>
    guest.remembered.rtcAlarm !== null &&
    guest.pending === null &&
    guest.state.name === 'running' &&
    guest.machine?.agent.status === 'answering' &&
    alarmOf(guest.id)?.holder !== 'guest';

  return {
    async set(guest, alarm) {
      if (!guest.machine) throw new Error('The guest is not there.');
      // Before it is set: what is remembered without need is cleared without harm.
      guest.remember({ rtcAlarm: alarm.due });
      const seconds = Math.max(1, Math.ceil((alarm.due - clock.now()) / 1000));
      const { at } = await guest.machine.setWakeAlarm(seconds);
      guest.remember({ rtcAlarm: at });
      return { kind: 'guest', at };
    },
    clear,
    tidy(guest) {
      // A QEMU that ended took its clock with it.
      if (guest.remembered.rtcAlarm !== null && isEnded(guest.state.name)) guest.remember({ rtcAlarm: null });
      const {
        state,
        remembered: { rtcAlarm },
      } = guest;
      const before = tidied.get(guest.id);
      if ((before?.state === state && before.rtcAlarm === rtcAlarm) || !isLeftBehind(guest)) return;
      tidied.set(guest.id, { state, rtcAlarm });
      void guest.queue.run(async () => {
        if (!isLeftBehind(guest)) return;
        await clear(guest).catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          const text = `The alarm of its own clock is not wanted any more, and could not be cleared: ${why}`;
          guest.note({ kind: 'error', text, actor: byNobodyKnown, failed: true });
        });
      });
    },
  };
}
