import { AlarmRefusedError } from '../alarms/runner';
import type { Fleet } from '../guests/fleet';
import type { Guest } from '../guests/guest';
import { RefusedError, type Refusal } from '../power/actions';
import { parseWhen, type When } from '../power/durations';
import { StorageError } from '../storage/errors';
import type { Stage } from './handlers';

/** What several commands need. All throw RefusedError. */
export interface Tools {
  find(guestId: string): { readonly fleet: Fleet; readonly guest: Guest };
  fleetOfAlarm(alarmId: string): Fleet;
  /** Reads a “For” field. */
  when(text: string): { readonly when: When; readonly due: number | undefined };
}

export function createTools(stage: Stage): Tools {
  return {
    find(id) {
      for (const fleet of stage.fleets()) {
        const guest = fleet.guest(id);
        if (guest) return { fleet, guest };
      }
      throw new RefusedError({
        code: 'unknown-guest',
        message: 'This guest is no longer on the list.',
        remedy: 'Look at the list again.',
      });
    },
    fleetOfAlarm(alarmId) {
      const fleet = stage
        .fleets()
        .find((one) => one.guests().some(({ id }) => one.alarmOf(id)?.id === alarmId));
      if (fleet) return fleet;
      throw new RefusedError({ code: 'wrong-state', message: 'This alarm has ended.' });
    },
    when(text) {
      const parsed = parseWhen(text, stage.clock.now());
      if (parsed.ok) return parsed;
      throw new RefusedError({ code: 'bad-duration', message: parsed.message });
    },
  };
}

/** What alarms and storage refuse, as a refusal. */
export async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AlarmRefusedError)
      throw new RefusedError({ code: 'wrong-state', message: error.message } satisfies Refusal);
    if (error instanceof StorageError)
      throw new RefusedError({ code: 'storage', message: error.message } satisfies Refusal);
    throw error;
  }
}
