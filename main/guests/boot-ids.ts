import type { Machine } from '../hypervisors/machine';
import type { Guest, GuestChange } from './guest';

/**
 * The boot that runs now.
 * @returns null where the guest does not tell, or its agent has just gone: what needs it then says that it is not known
 */
export async function bootIdOf(machine: Machine): Promise<string | null> {
  try {
    return await machine.readBootId();
  } catch {
    return null;
  }
}

/**
 * Keeps each guest's boot id, so that a start can tell a resume from a boot even when the guest hibernated by itself:
 * asked for once in each boot, while the agent answers and nothing is under way.
 */
export function createBootIdReader(): (guest: Guest, change: GuestChange) => void {
  const learnt = new WeakSet<Machine>();
  return (guest, change) => {
    const { machine } = guest;
    if (!machine) return;
    // Nobody saw what it did while it was not seen.
    if (change.kind === 'reset' || (change.kind === 'state' && change.state.name === 'unknown')) learnt.delete(machine);
    if (guest.state.name !== 'running') return;
    if (machine.agent.status !== 'answering' || guest.pending || learnt.has(machine)) return;
    learnt.add(machine);
    void machine.readBootId().then(
      // A guest whose agent answers is not on its way to its disk.
      (bootId) =>
        guest.machine === machine && !guest.pending && guest.remember({ bootId, hibernating: false }),
      () => learnt.delete(machine), // The agent went away meanwhile: asked again when it answers.
    );
  };
}
