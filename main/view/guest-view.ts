import type { Fleet } from '../guests/fleet';
import { isRemovable, type Guest } from '../guests/guest';
import { actions, isSleepAction } from '../power/actions';
import { allRefusals, describeAgent } from '../power/rules';
import type { Availability, GuestView, StateView } from '../../preload/contract/view';
import type { ActionName } from '../../preload/contract/vocabulary';
import { alarmView } from './alarm-view';

/**
 * What the window shows of one guest.
 * @param awaySince when its host was last connected, in ms since the epoch; null while it is connected
 */
export function viewOf(guest: Guest, fleet: Fleet, awaySince: number | null): GuestView {
  const { remembered, pending } = guest;
  const standing = guest.standing();
  const refusals = allRefusals(standing);
  const availability = (name: ActionName): Availability => {
    const refusal = refusals[name];
    if (!refusal) return { available: true, ...(isSleepAction(name) ? fragile(guest) : {}) };
    const { message, remedy, fix } = refusal;
    return { available: false, reason: message, ...(remedy ? { remedy } : {}), ...(fix ? { fix } : {}) };
  };
  const alarm = fleet.alarmOf(guest.id);
  const { recipe } = remembered;
  return {
    id: guest.id,
    hostId: guest.hostId,
    name: remembered.name,
    manager: remembered.manager,
    state: stateView(guest, awaySince),
    pending: pending ? { action: pending.action, since: pending.since, queued: guest.queue.waiting } : null,
    alarm: alarm ? alarmView(alarm, fleet) : null,
    agent: { status: standing.agent.status, text: describeAgent(standing) },
    actions: Object.fromEntries(actions.map((name) => [name, availability(name)])) as GuestView['actions'],
    memoryMiB: remembered.memoryMiB,
    vcpus: remembered.vcpus,
    start:
      recipe && standing.start.kind === 'yes' && recipe.cwd !== null
        ? {
            executable: recipe.executable,
            args: recipe.args,
            cwd: recipe.cwd,
            accepted: remembered.startAccepted,
          }
        : null,
    removable: isRemovable(guest),
    historyRevision: fleet.history.revision(guest.id),
  };
}

/** Told until the guest was put to sleep once: then its user knows how its devices take it. */
function fragile({ machine, remembered }: Guest): { warning?: string } {
  const devices = machine?.hostDevices ?? [];
  if (devices.length === 0 || remembered.sleptBefore) return {};
  const kinds = [...new Set(devices)].join(', ');
  return {
    warning: `It was given devices of its host (${kinds}). Such a guest may not come back from sleep: try it when nothing is at stake.`,
  };
}

/** A guest whose host is away is shown as it was last seen, with the age of that. */
function stateView({ state, remembered: { last } }: Guest, awaySince: number | null): StateView {
  const asLast = awaySince !== null && last.name !== 'unknown';
  const { name, since, source, cause, detail } = asLast ? last : state;
  return {
    name,
    since,
    source,
    cause,
    ...(asLast ? { asOf: awaySince } : {}),
    ...(detail ? { detail } : {}),
  };
}
