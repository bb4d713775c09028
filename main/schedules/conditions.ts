import type { Clock } from '../clock';
import type { Member } from '../groups/member';
import { loadOf, usersOf } from '../guests/in-use';
import type { Conditions } from './model';

/** Why the guest is not to be put to sleep now, for the user; null where nothing that can be known speaks against it. */
export async function objection(member: Member, conditions: Conditions, clock: Clock): Promise<string | null> {
  const machine = member.machine();
  if (!machine || member.state().name !== 'running') return null;
  const [users, load] = await Promise.all([
    conditions.nobodySignedIn ? usersOf(machine) : null,
    conditions.cpuBelowPercent === null ? null : loadOf(machine, clock),
  ]);
  if (users && users.length > 0) return `${users.join(', ')} ${users.length === 1 ? 'is' : 'are'} signed in.`;
  const limit = conditions.cpuBelowPercent;
  if (load !== null && limit !== null && load > limit) {
    return `It is busy: it uses ${Math.round(load)} % of one vCPU, and ${limit} % is the limit.`;
  }
  return null;
}
