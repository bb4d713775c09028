import type { Handlers, Stage } from './handlers';
import { type Tools, refusing } from './tools';
import { DEMO_HOST } from '../hosts/host';
import { createMendings } from '../mendings';
import { RefusedError } from '../power/actions';
import { loadOf, usersOf } from '../guests/in-use';
import { isRemovable, type Guest } from '../guests/guest';
import { isDomain, type Listed } from '../hosts/listed';
import { manualGuest } from '../guests/manual';
import { formatAddress } from '../protocols/sockets';
import { screenView, statsView } from '../view/machine-view';

export function guestHandlers(stage: Stage, { find }: Tools): Pick<Handlers, 'refreshGuest' | 'guestFacts' | 'guestStats' | 'readUse' | 'guestScreen' | 'readMending' | 'applyMending' | 'addGuest' | 'removeGuest'> {
  const mendings = createMendings();
  const { clock } = stage;
  return {
    async refreshGuest({ guestId }) {
      const { fleet, guest } = find(guestId);
      await fleet.refresh(guest);
      return {};
    },
    async guestFacts({ guestId }) {
      const { guest } = find(guestId);
      const { remembered, found, machine } = guest;
      const missing = { missing: 'It is not running.' };
      const facts = await machine?.facts();
      const known = <T>(value: T | null | undefined, why: string) =>
        value === null || value === undefined ? { missing: why } : { value };
      return {
        asked: clock.now(),
        qemuVersion: facts?.hypervisor ?? missing,
        machine: facts?.machine ?? known(remembered.machineType, 'Not known.'),
        memoryMiB:
          facts && 'value' in facts.memoryMiB ? facts.memoryMiB : known(remembered.memoryMiB, 'Not known.'),
        vcpus: facts && 'value' in facts.vcpus ? facts.vcpus : known(remembered.vcpus, 'Not known.'),
        uptimeSeconds: facts?.uptimeSeconds ?? missing,
        os: facts?.os ?? missing,
        hostName: facts?.hostName ?? missing,
        addresses: facts?.addresses ?? missing,
        uuid: known(remembered.uuid, 'It was started without one.'),
        manager: known(managerOf(found), found ? 'Nobody: its own command starts it.' : 'Not known while it does not run.'),
        pid:
          guest.hostId === DEMO_HOST
            ? { missing: 'It is simulated.' }
            : known(processOf(guest)?.pid, found && isDomain(found) ? 'libvirt keeps it.' : 'It has no process now.'),
        monitor: known(monitorOf(guest), found && isDomain(found) ? 'libvirt holds it.' : 'It has no QMP monitor.'),
        agentChannel: machine?.persistent && machine.hasAgentChannel ? { value: 'Through libvirt' } : known(agentOf(guest), 'It has no agent channel.'),
      };
    },
    guestStats: async ({ guestId }) => statsView(find(guestId).guest.machine, () => clock.now()),
    async readUse({ guestId }) {
      const { guest } = find(guestId);
      const { machine } = guest;
      if (!machine || guest.state.name !== 'running') return { users: null, cpuPercent: null };
      const [users, cpuPercent] = await Promise.all([usersOf(machine), loadOf(machine, clock)]);
      return { users, cpuPercent };
    },
    guestScreen: async ({ guestId }) => screenView(find(guestId).guest.machine, () => clock.now()),
    readMending: async ({ guestId, fix }) => mendings.read(find(guestId).guest, fix),
    async applyMending({ mendingId }) {
      await mendings.apply(mendingId, (guestId) => find(guestId).guest);
      return {};
    },
    addGuest(args) {
      const host = stage.home.hosts().find(({ link }) => link === null);
      if (!host) throw new Error('There is no host to add a guest to');
      const remembered = manualGuest(host.id, args);
      const listed = stage.home
        .guests()
        .find((guest) => guest.id === remembered.id || hasMonitor(guest, remembered.manual));
      if (listed) {
        throw new RefusedError({
          code: 'wrong-state',
          message: `The guest with this monitor is on the list already: ${listed.remembered.name}.`,
          remedy: 'Use the one on the list, or give another QMP address.',
        });
      }
      return Promise.resolve({ guestId: stage.home.add(remembered).id });
    },
    async removeGuest({ guestId }) {
      const { fleet, guest } = find(guestId);
      if (!isRemovable(guest)) {
        throw new RefusedError({
          code: 'wrong-state',
          message: 'It runs, so it would be found again at once.',
          remedy: 'Shut it down first.',
        });
      }
      if (guest.pending) {
        throw new RefusedError({
          code: 'busy',
          message: 'Something is being done to it.',
          remedy: 'Try again when it is done.',
        });
      }
      await refusing(() => {
        fleet.remove(guestId);
        return Promise.resolve();
      });
      return {};
    },
  };
}

/** The process behind a guest that is no domain. */
const processOf = ({ found }: Guest) => (found && !isDomain(found) ? found : null);

const hasMonitor = (guest: Guest, manual: Guest['remembered']['manual']): boolean =>
  manual !== null &&
  (processOf(guest)?.monitors.some((address) => formatAddress(address) === formatAddress(manual.monitor)) ?? false);

function managerOf(found: Listed | null): string | null {
  if (found && isDomain(found)) return `libvirt (${found.domain.daemon.place.uri})`;
  switch (found?.owner) {
    case 'proxmox':
      return `Proxmox VE, VM ${found.vmid ?? 'unknown'}`;
    case 'libvirt':
      return 'libvirt';
    case 'user':
    case undefined:
      return null;
  }
}

const monitorOf = (guest: Guest): string | null => {
  const address = processOf(guest)?.monitors[0] ?? guest.remembered.manual?.monitor;
  return address ? formatAddress(address) : null;
};

const agentOf = (guest: Guest): string | null => {
  const address = processOf(guest)?.agent?.address ?? guest.remembered.manual?.agent;
  return address ? formatAddress(address) : null;
};
