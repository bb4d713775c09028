import type { Clock } from '../../clock';
import { SshError } from '../../protocols/ssh/errors';
import type { SshSettings } from '../../protocols/ssh/settings';
import type { SshConnection, SshStep } from '../../protocols/ssh/types';
import { DialError, type SocketAddress } from '../../protocols/sockets';
import { HostError, type GuestHost } from '../host';
import type { HostPower } from '../power';
import { createHostJobs } from '../jobs/host-jobs';
import { createHostLibvirt } from '../libvirt/host-libvirt';
import { mergeDomains } from '../libvirt/merge';
import { linuxPlaces } from '../libvirt/places';
import type { SavedHost } from '../saved-hosts';
import { collectRemoteFile } from './collect-file';
import { connectTo, type SshSurroundings } from './connect';
import { createRemoteScanMemory, scanRemote } from './discovery';
import { remoteProcesses, type ProcessAlive } from './alive';
import { createRemotePower } from './host-power';
import { launchRemote } from './launch';
import { RecordsError } from './records';
import type { RemoteExec } from './remote';
import { createHostLink, type HostLink } from './link';
import { createReach, type Reach } from './reach';
import { remoteThreadTimes } from './thread-times';

export interface SshHost extends GuestHost {
  readonly kind: 'ssh';
  readonly link: HostLink;
  readonly address: string;
  /** Sentences about options for this host that are not honoured, known after the first try to connect. */
  readonly notHonoured: readonly string[];
  /** Its own sleep. */
  readonly power: HostPower;
}

export interface SshHostOptions {
  readonly saved: SavedHost;
  readonly clock: Clock;
  readonly random: () => number;
  readonly around: SshSurroundings;
  /** As for its link. */
  readonly retryIn?: () => number | null;
}

const SCAN_EVERY_MS = 3000;

/** A host behind SSH: one connection, shared by all its guests. It connects when `link.connectNow` is called. */
export function createSshHost({ saved, clock, random, around, retryIn }: SshHostOptions): SshHost {
  let notHonoured: readonly string[] = [];
  /** What belongs to the connection that is there now. */
  let tools: { readonly connection: SshConnection; readonly reach: Reach; readonly processAlive: ProcessAlive } | null = null;
  const name = saved.name || saved.address;
  const memory = createRemoteScanMemory();

  const link = createHostLink({
    clock,
    random,
    ...(retryIn ? { retryIn } : {}),
    connect: (signal, onStep) =>
      connectTo(
        {
          address: saved.address,
          hostId: saved.id,
          signal,
          onStep: (step) => onStep(stepText[step.name]),
          onSettings: (settings) => (notHonoured = sentences(settings)),
        },
        around,
      ),
  });

  const connected = (): SshConnection => {
    if (link.connection) return link.connection;
    throw new HostError('The host is not connected.', 'Reveille tries again by itself; Connect now tries at once.');
  };

  const toolsOver = (connection: SshConnection) => {
    if (tools?.connection !== connection) {
      const reach = createReach({ remote: connection, clock, hostName: name });
      tools = { connection, reach, processAlive: remoteProcesses(connection) };
    }
    return tools;
  };

  const reach = async (address: SocketAddress) => {
    if (!link.connection) throw new DialError('other', address, 'The host is not connected');
    return toolsOver(link.connection).reach.dial(address);
  };

  const libvirt = createHostLibvirt({ dial: reach }, clock);
  link.subscribe((state) => {
    if (state.kind === 'ready') libvirt.connectNow();
  });

  const shell: RemoteExec = {
    async exec(command, options) {
      try {
        return await connected().exec(command, options);
      } catch (error) {
        if (error instanceof SshError) throw new HostError(error.message, error.remedy, { cause: error });
        throw error;
      }
    },
  };

  return {
    id: saved.id,
    name,
    kind: 'ssh',
    simulated: false,
    shell,
    jobs: createHostJobs({ shell, clock, hostName: name }),
    address: saved.address,
    get notHonoured() {
      return notHonoured;
    },
    link,
    scanEveryMs: SCAN_EVERY_MS,
    async scan() {
      const { guests, user } = await scanRemote({ remote: connected(), memory, clock });
      const domains = await libvirt.list(linuxPlaces(`/run/user/${user.uid}`));
      return mergeDomains(guests, domains, libvirt.unasked());
    },
    power: createRemotePower({ connected, libvirt, clock }),
    unasked: libvirt.unasked,
    onListChanged: libvirt.onChanged,
    dial: reach,
    async processAlive(pid) {
      // Not known to have ended, as long as nobody can look.
      if (!link.connection) return true;
      try {
        return await toolsOver(link.connection).processAlive(pid);
      } catch (error) {
        if (error instanceof SshError || error instanceof RecordsError) return true;
        throw error;
      }
    },
    collectFile: async (write, maxBytes) => collectRemoteFile(connected(), write, maxBytes),
    threadTimes: async (pid, threads) => remoteThreadTimes(connected(), pid, threads),
    async launch(recipe) {
      return launchRemote(recipe, { remote: connected(), clock });
    },
    async close() {
      libvirt.close();
      await link.stop();
      tools = null;
    },
  };
}

const stepText: Readonly<Record<SshStep['name'], string>> = {
  name: 'Connecting',
  tcp: 'Checking the host key',
  'host-key': 'Signing in',
  authentication: 'Looking for guests',
};

const sentences = ({ ignored }: SshSettings): string[] =>
  ignored.filter(({ systemDefault }) => !systemDefault).map(({ option, why, file, line }) => `${option}: ${why}${file === undefined ? '' : ` (${file}${line === undefined ? '' : ` line ${line}`})`}`);
