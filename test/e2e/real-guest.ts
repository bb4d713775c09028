import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { requireComponent } from '../support/requires';
import { test } from './fixtures';

/** A real guest with an answering agent, for the tests of a file. */
export function useGuest(name: string): () => TinyGuest {
  let guest: TinyGuest;
  test.beforeAll(async () => {
    test.setTimeout(240_000);
    requireComponent('QEMU', guestsCanRun(), (why) => test.skip(true, why));
    guest = await startGuest({ name });
    await guest.waitForAgent(60_000);
  });
  test.afterAll(async () => {
    await guest?.stop();
  });
  return () => guest;
}
