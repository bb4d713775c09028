import type { Clock } from '../clock';
import type { Machine } from '../hypervisors/machine';

/** How long a guest's load is measured, in ms: it is known from two looks. */
export const MEASURE_MS = 3_000;

/** Who is signed in, each once; null where nobody can tell. */
export async function usersOf(machine: Machine): Promise<string[] | null> {
  const users = await machine.signedInUsers();
  return 'value' in users ? [...new Set(users.value)] : null;
}

/** What its vCPUs do, measured over MEASURE_MS, in percent of one; null where nobody tells. */
export async function loadOf(machine: Machine, clock: Clock): Promise<number | null> {
  await machine.stats();
  await new Promise<void>((resolve) => void clock.setTimer(MEASURE_MS, resolve));
  const { cpuPercent } = await machine.stats();
  return 'value' in cpuPercent ? cpuPercent.value : null;
}
