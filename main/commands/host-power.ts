import { byUser } from '../power/actor';
import type { Handlers, Stage } from './handlers';
import type { Tools } from './tools';

export function hostPowerHandlers({ hostPowers }: Stage, { when }: Tools): Pick<Handlers, 'sleepHost' | 'wakeHost'> {
  return {
    async sleepHost({ hostId, for: text, guests }) {
      await hostPowers.sleep(hostId, { when: when(text).when, first: guests, by: byUser });
      return { accepted: true };
    },
    async wakeHost({ hostId }) {
      hostPowers.wake(hostId, byUser);
      return Promise.resolve({ accepted: true });
    },
  };
}
