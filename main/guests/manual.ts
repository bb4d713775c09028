import { RefusedError } from '../power/actions';
import { formatAddress, parseAddress, type SocketAddress } from '../protocols/sockets';
import { guestId, notAskedYet, type Remembered } from './remembered';

/** What a user types to add a guest by hand. */
export interface ManualGuest {
  readonly name: string;
  readonly qmp: string;
  /** Empty: none. */
  readonly agent: string;
  /** One argument a line, the executable first; empty: it cannot be started. */
  readonly command: string;
  readonly workingDirectory: string;
}

/** @throws RefusedError naming what is wrong */
export function manualGuest(hostId: string, typed: ManualGuest): Remembered {
  const monitor = address('QMP address', typed.qmp);
  const agent = typed.agent.trim() === '' ? null : address('agent address', typed.agent);
  const key = `manual:${formatAddress(monitor)}`;
  return {
    id: guestId(hostId, key),
    hostId,
    key,
    name: typed.name.trim() || formatAddress(monitor),
    uuid: null,
    manager: 'qemu',
    memoryMiB: null,
    vcpus: null,
    machineType: null,
    monitors: [],
    vmid: null,
    recipe: recipe(typed),
    ...notAskedYet,
    manual: { monitor, agent },
  };
}

function address(what: string, text: string): SocketAddress {
  const parsed = parseAddress(text.trim());
  if (parsed.ok) return parsed.address;
  throw new RefusedError({ code: 'unsupported', message: `The ${what} cannot be read: ${parsed.error}` });
}

function recipe({ command, workingDirectory }: ManualGuest): Remembered['recipe'] {
  const [executable, ...args] = command.split(/\r?\n/).filter((line) => line !== '');
  if (executable === undefined) return null;
  const cwd = workingDirectory.trim();
  if (cwd === '') {
    throw new RefusedError({
      code: 'unsupported',
      message: 'The start command needs a working directory.',
      remedy: 'Give the folder that its relative paths start from, such as your home folder.',
    });
  }
  return {
    executable,
    args,
    cwd,
    daemonizes: args.includes('-daemonize'),
    startsPaused: args.includes('-S'),
  };
}
