import { AlarmRefusedError } from './alarms/runner';
import type { Clock } from './clock';
import type { Fleet } from './guests/fleet';
import type { HostBook } from './host-book';
import type { Questions } from './hosts/ssh/questions';
import { isRemovable, type Guest } from './guests/guest';
import { isDomain, type Listed } from './hosts/listed';
import { manualGuest } from './guests/manual';
import { createMendings } from './mendings';
import { RefusedError, type Refusal } from './power/actions';
import type { DueChange } from './power/alarms';
import { parseWhen, type When } from './power/durations';
import { formatAddress } from './protocols/sockets';
import { StorageError } from './storage/errors';
import { screenView, statsView } from './view/machine-view';
import type { CommandName, CommandValue, commands } from '../preload/contract/commands';
import type { Snapshot } from '../preload/contract/view';
import type { z } from 'zod';

export type Handlers = {
  readonly [N in CommandName]: (args: z.output<(typeof commands)[N]['args']>) => Promise<CommandValue<N>>;
};

/** What the commands act on. */
export interface Stage {
  readonly clock: Clock;
  snapshot(): Snapshot;
  /** The fleets that are open: the real one, and the demo's. */
  fleets(): readonly Fleet[];
  /** Where guests that are added by hand belong. */
  readonly home: Fleet;
  readonly book: HostBook;
  readonly questions: Questions;
  dismissNotice(id: string): void;
  openDemo(): Promise<void>;
  closeDemo(): Promise<void>;
}

/** Every command of the bridge. A refusal is thrown as RefusedError; the bridge makes a result of it. */
export function createHandlers(stage: Stage): Handlers {
  const { clock, book, questions } = stage;
  const mendings = createMendings();

  const find = (id: string): { fleet: Fleet; guest: Guest } => {
    for (const fleet of stage.fleets()) {
      const guest = fleet.guest(id);
      if (guest) return { fleet, guest };
    }
    throw new RefusedError({
      code: 'unknown-guest',
      message: 'This guest is no longer on the list.',
      remedy: 'Look at the list again.',
    });
  };

  const fleetOfAlarm = (alarmId: string): Fleet => {
    const fleet = stage
      .fleets()
      .find((one) => one.guests().some(({ id }) => one.alarmOf(id)?.id === alarmId));
    if (fleet) return fleet;
    throw new RefusedError({ code: 'wrong-state', message: 'This alarm has ended.' });
  };

  const when = (text: string): { when: When; due: number | undefined } => {
    const parsed = parseWhen(text, clock.now());
    if (parsed.ok) return parsed;
    throw new RefusedError({ code: 'bad-duration', message: parsed.message });
  };

  return {
    getSnapshot: () => Promise.resolve(stage.snapshot()),
    async setPowerState({ guestId, action, for: text, startAccepted }) {
      const { fleet, guest } = find(guestId);
      const refusal = await fleet.setPowerState(guest, {
        action,
        when: when(text ?? '').when,
        startAccepted: startAccepted ?? false,
      });
      if (refusal) throw new RefusedError(refusal);
      return { accepted: true };
    },
    async refreshGuest({ guestId }) {
      const { fleet, guest } = find(guestId);
      await fleet.refresh(guest);
      return {};
    },
    readWhen({ text }) {
      return Promise.resolve().then(() => {
        const { due } = when(text);
        return { due: due ?? null, ms: due === undefined ? null : due - clock.now() };
      });
    },
    async moveAlarm({ alarmId, to }) {
      const fleet = fleetOfAlarm(alarmId);
      const { due } = await refusing(() => fleet.moveAlarm(alarmId, changeOf(to, when)));
      return { due };
    },
    async cancelAlarm({ alarmId }) {
      const fleet = fleetOfAlarm(alarmId);
      await refusing(() => fleet.cancelAlarm(alarmId));
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
          guest.hostId === 'demo'
            ? { missing: 'It is simulated.' }
            : known(processOf(guest)?.pid, found && isDomain(found) ? 'libvirt keeps it.' : 'It has no process now.'),
        monitor: known(monitorOf(guest), found && isDomain(found) ? 'libvirt holds it.' : 'It has no QMP monitor.'),
        agentChannel: machine?.persistent && machine.hasAgentChannel ? { value: 'Through libvirt' } : known(agentOf(guest), 'It has no agent channel.'),
      };
    },
    guestStats: async ({ guestId }) => statsView(find(guestId).guest.machine, () => clock.now()),
    guestScreen: async ({ guestId }) => screenView(find(guestId).guest.machine, () => clock.now()),
    readMending: async ({ guestId, fix }) => mendings.read(find(guestId).guest, fix),
    async applyMending({ mendingId }) {
      await mendings.apply(mendingId, (guestId) => find(guestId).guest);
      return {};
    },
    guestHistory({ guestId }) {
      const { fleet } = find(guestId);
      return Promise.resolve([...fleet.history.of(guestId)]);
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
    dismissNotice({ noticeId }) {
      stage.dismissNotice(noticeId);
      return Promise.resolve({});
    },
    listSshHosts: () => book.aliases(),
    testHost: ({ address }) => Promise.resolve({ testId: book.beginTest(address) }),
    endTest({ testId }) {
      book.endTest(testId);
      return Promise.resolve({});
    },
    addHost: async ({ address, name }) => ({ hostId: await book.add(address, name) }),
    async editHost({ hostId, address, name }) {
      await book.edit(hostId, address, name);
      return {};
    },
    async setHostEnabled({ hostId, enabled }) {
      await book.setEnabled(hostId, enabled);
      return {};
    },
    async removeHost({ hostId }) {
      await refusing(() => book.remove(hostId));
      return {};
    },
    async connectHost({ hostId }) {
      book.connect(hostId);
      return {};
    },
    async answerHostKey({ promptId, answer }) {
      return answered(questions.answerHostKey(promptId, answer));
    },
    async answerSecret({ promptId, answers, keep }) {
      return answered(questions.answerSecret(promptId, { answers, keep }));
    },
    async openDemo() {
      await stage.openDemo();
      return {};
    },
    async closeDemo() {
      await stage.closeDemo();
      return {};
    },
  };
}

/** "+30 min" and "-10 min" move the alarm; anything else is read like the "For" field. */
function changeOf(to: string, when: (text: string) => { when: When; due: number | undefined }): DueChange {
  const moved = /^\s*([+\-−])(.*)$/s.exec(to);
  const parsed = when(moved?.[2] ?? to);
  if (moved && parsed.when.kind === 'for')
    return { kind: 'by', ms: moved[1] === '+' ? parsed.when.ms : -parsed.when.ms };
  if (moved || parsed.due === undefined || parsed.when.kind === 'none') {
    throw new RefusedError({
      code: 'bad-duration',
      message: 'Give a new time, such as “+30 min”, “-10 min”, “2 h” or “until 07:00”.',
    });
  }
  return { kind: 'to', due: parsed.due, basis: parsed.when.kind === 'for' ? 'duration' : 'instant' };
}

function answered(open: boolean): Record<never, never> {
  if (open) return {};
  throw new RefusedError({
    code: 'unknown-question',
    message: 'The host no longer waits for this answer.',
    remedy: 'Connect again to be asked again.',
  });
}

/** What alarms and storage refuse, as a refusal. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
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
