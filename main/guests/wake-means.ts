import { isLent } from '../hosts/discovery/ownership';
import type { WakeMeans } from '../hosts/jobs/job';
import { isDomain } from '../hosts/listed';
import type { SleepAction } from '../power/actions';
import type { SocketAddress } from '../protocols/sockets';
import type { Guest } from './guest';
import { described } from './remembered';

/** How a job on the guest's host wakes it. `blocked`: by a monitor that this app holds, and that takes one client. */
export type MeansOfGuest =
  | { readonly means: WakeMeans; readonly blocked: boolean }
  /** Sentences for users. */
  | { readonly missing: string; readonly remedy: string };

/** How a job on its host would wake the guest from this sleep. What ended is known from when it ran. */
export function wakeMeansOf({ found, remembered }: Guest, action: SleepAction): MeansOfGuest {
  if (found && isDomain(found)) {
    const { uri } = found.domain.daemon.place;
    return { means: { kind: 'virsh', uri, uuid: found.uuid, from: action }, blocked: false };
  }
  const { recipe, startAccepted } = remembered;
  if (action === 'hybrid' && !(recipe && startAccepted)) return recipe ? unread : noCommand;
  const { vmid, monitors } = found ? described(found) : remembered;
  if (vmid !== null) return { means: { kind: 'qm', vmid, from: action }, blocked: false };
  const known = monitors.length === 0 && remembered.manual ? [remembered.manual.monitor] : monitors;
  const own = known.filter(isUnix).filter((address) => !isLent(address));
  // The app takes the first that is free, so the last is the one that a job finds free.
  const socket = own.at(-1)?.path ?? null;
  if (action === 'suspend') return socket === null ? noMonitor : { means: { kind: 'qmp', socket }, blocked: own.length === 1 };
  if (!recipe) return noCommand;
  if (action === 'hybrid' && socket === null) return noMonitor;
  return { means: { kind: 'start', recipe, socket, from: action }, blocked: action === 'hybrid' && own.length === 1 };
}

const unread: MeansOfGuest = {
  missing: 'A hybrid sleep may end as a hibernation, from which it is started, and you have not read its start command.',
  remedy: 'Start it once with Reveille, which shows you the command, or use Sleep.',
};
const noCommand: MeansOfGuest = {
  missing: 'How it is started is not known.',
  remedy: 'Start it yourself; Reveille remembers the command.',
};
const noMonitor: MeansOfGuest = {
  missing: 'It has no monitor at a Unix socket that a job on its host could use.',
  remedy: 'Start it with -qmp unix:/path/to/socket,server=on,wait=off.',
};

const isUnix = (address: SocketAddress): address is Extract<SocketAddress, { kind: 'unix' }> => address.kind === 'unix';
