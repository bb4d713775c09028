import type { SocketAddress } from '../../protocols/sockets';

/** Who started the process, and so who starts it again. */
export type GuestOwner = 'user' | 'libvirt' | 'proxmox';

/**
 * How a guest can be started again: `executable` with `args` in `cwd`, without a shell. It is the QEMU that was seen,
 * with the process's own `args`, unchanged, so they may hold secrets that the user wrote there; or its manager's
 * program (Proxmox's qm).
 */
export interface StartRecipe {
  executable: string;
  /** Without the program's name (argv[0]). */
  args: string[];
  /** Null only when the folder is not known; `notStartable` is then set. */
  cwd: string | null;
  /** -daemonize, or a manager's program: the started process exits with status 0 as soon as the guest runs in another one. */
  daemonizes: boolean;
  /** -S: the guest waits in `prelaunch` until QMP `cont`. */
  startsPaused: boolean;
  /** Why these arguments cannot start the guest again, as a sentence for users; absent when they can. */
  notStartable?: string;
}

/** What keeps a found process from being fully read or reached. `detail` is a sentence for users. */
export interface FoundProblem {
  /**
   * - `no-monitor`: its command line asks for no QMP monitor.
   * - `monitor-unreachable`: it has QMP monitors, none of which takes connections from this app.
   * - `permission`: its QMP monitors may not be connected to by this user; `remedy` says what would help.
   * - `another-user`: this user may not read its program file; its name and arguments are what it claims.
   * - `command-line-unreadable`: nothing is known but that a QEMU runs.
   * - `libvirt`: it is a domain of a libvirt that cannot be asked.
   */
  reason: 'libvirt' | 'no-monitor' | 'monitor-unreachable' | 'permission' | 'another-user' | 'command-line-unreadable';
  detail: string;
  /** What to do about it, for users. */
  remedy?: string;
}

/** A QEMU process on this computer. All text in it comes from that process and is not to be trusted. */
export interface FoundGuest {
  /** Identifies the guest across restarts with the same command line. The rule is `assignKeys`'s. */
  key: string;
  pid: number;
  /** Milliseconds since the Unix epoch, or null when not known. */
  startedAt: number | null;
  /**
   * -name, else the first disk image's, else the monitor socket's file name, else the program's name and pid.
   */
  name: string;
  /** In lower case; null when absent or nil. */
  uuid: string | null;
  /** In MiB, rounded; null when the command line leaves it to QEMU. */
  memoryMiB: number | null;
  /** vCPUs at start; null when the command line leaves it to QEMU. */
  vcpus: number | null;
  /** The machine type as given, e.g. `q35`; null when the command line leaves it to QEMU. */
  machine: string | null;
  /**
   * QMP monitors that take connections, the preferred first: unix sockets and pipes, then TCP, each as given.
   */
  monitors: SocketAddress[];
  /**
   * The guest agent's socket and the id of its chardev, as QEMU's VSERPORT_CHANGE and query-chardev name it.
   */
  agent: { address: SocketAddress; chardev: string } | null;
  owner: GuestOwner;
  /** The number that Proxmox knows its guest by. */
  vmid?: number;
  /** Null when the command line could not be read. */
  recipe: StartRecipe | null;
  problem?: FoundProblem;
}
