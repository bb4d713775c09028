import { noStats, type Machine } from '../hypervisors/machine';
import type { GuestScreen, GuestStats } from '../../preload/contract/view';
import { screenTypes } from '../../preload/contract/vocabulary';

/** The largest picture that is handed to the window, in bytes. */
export const MAX_SCREEN_BYTES = 16 * 1024 * 1024;

const NOT_RUNNING = 'It is not running.';

/** What the window shows of a machine's use; `now` is the time of the answer. */
export async function statsView(machine: Machine | null, now: () => number): Promise<GuestStats> {
  const stats = machine?.exists ? await machine.stats() : noStats(NOT_RUNNING);
  return { at: now(), ...stats };
}

/** The picture of a machine's screen for the window, or why there is none. */
export async function screenView(machine: Machine | null, now: () => number): Promise<GuestScreen> {
  if (!machine?.exists) return { missing: NOT_RUNNING };
  try {
    const { mime, bytes } = await machine.screenshot();
    const known = screenTypes.find((type) => type === mime);
    if (!known) return { missing: `The picture is of a kind that cannot be shown here: ${mime}.` };
    if (bytes.byteLength > MAX_SCREEN_BYTES) {
      const mebibytes = Math.ceil(bytes.byteLength / 2 ** 20);
      return { missing: `The picture is too large to be shown: ${mebibytes} MiB. Give the guest a smaller screen.` };
    }
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    return { at: now(), mime: known, data };
  } catch (error) {
    // Machine.screenshot fails in words for the user.
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
