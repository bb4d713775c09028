import type { Clock } from '../clock';
import type { Member } from '../groups/member';
import type { Conditions } from './model';

/** How long a guest's load is measured, in ms: its use is known from two looks. */
export const MEASURE_MS = 3_000;

/** Why the guest is not to be put to sleep now, for the user; null where nothing that can be known speaks against it. */
export async function objection(member: Member, conditions: Conditions, clock: Clock): Promise<string | null> {
  const machine = member.machine();
  if (!machine || member.state().name !== 'running') return null;
  const [users, load] = await Promise.all([
    conditions.nobodySignedIn ? machine.signedInUsers() : null,
    conditions.cpuBelowPercent === null ? null : measured(machine, clock),
  ]);
  if (users && 'value' in users && users.value.length > 0) {
    const names = [...new Set(users.value)];
    return `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} signed in.`;
  }
  const limit = conditions.cpuBelowPercent;
  if (load !== null && limit !== null && load > limit) {
    return `It is busy: it uses ${Math.round(load)} % of one vCPU, and ${limit} % is the limit.`;
  }
  return null;
}

/** In percent of one vCPU; null where nobody tells. */
async function measured(machine: NonNullable<ReturnType<Member['machine']>>, clock: Clock): Promise<number | null> {
  await machine.stats();
  await new Promise<void>((resolve) => void clock.setTimer(MEASURE_MS, resolve));
  const { cpuPercent } = await machine.stats();
  return 'value' in cpuPercent ? cpuPercent.value : null;
}
