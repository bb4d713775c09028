import { isLent } from '../hosts/discovery/ownership';
import type { WakeMeans } from '../hosts/jobs/job';
import { isDomain } from '../hosts/listed';
import type { SleepAction } from '../power/actions';
import type { SocketAddress } from '../protocols/sockets';
import type { Guest } from './guest';

/** How a job on the guest's host wakes it. `blocked`: by a monitor that this app holds, and that takes one client. */
export type MeansOfGuest =
  | { readonly means: WakeMeans; readonly blocked: boolean }
  /** Sentences for users. */
  | { readonly missing: string; readonly remedy: string };

/** How a job on its host would wake a guest from this sleep. */
export function wakeMeansOf({ found, remembered }: Guest, action: SleepAction): MeansOfGuest {
  const hibernates = action === 'hibernate';
  if (found && isDomain(found)) {
    const { uri } = found.domain.daemon.place;
    return { means: { kind: hibernates ? 'virsh-start' : 'virsh', uri, uuid: found.uuid }, blocked: false };
  }
  if (found?.vmid !== undefined) {
    return { means: { kind: 'qm', vmid: found.vmid, action: hibernates ? 'start' : 'resume-wakeup' }, blocked: false };
  }
  const monitors = (found?.monitors ?? (remembered.manual ? [remembered.manual.monitor] : [])).filter(isUnix);
  const own = monitors.filter((address) => !isLent(address));
  // The app takes the first that is free, so the last is the one that a job finds free.
  const socket = own.at(-1)?.path ?? null;
  if (hibernates) {
    const { recipe } = remembered;
    if (recipe) return { means: { kind: 'start', recipe, socket }, blocked: false };
    return { missing: 'How it is started is not known.', remedy: 'Start it yourself; Reveille remembers the command.' };
  }
  if (socket !== null) return { means: { kind: 'qmp', socket }, blocked: own.length === 1 };
  return {
    missing: 'It has no monitor at a Unix socket that a job on its host could use.',
    remedy: 'Start it with -qmp unix:/path/to/socket,server=on,wait=off.',
  };
}

const isUnix = (address: SocketAddress): address is Extract<SocketAddress, { kind: 'unix' }> => address.kind === 'unix';
