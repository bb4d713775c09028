import { readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Endpoint } from './endpoints';
import { openFiles, socketInode, type ListeningSockets } from './proc-sockets';
import { reachByCommandLine, reachTcp, SUN_PATH_BYTES, unreachable, type Reach, type Reached } from './reach';

export interface LinuxReachFacts {
  root: string;
  pid: number;
  cwd: string | null;
  /** It sees other files than this app: unix paths lead through /proc/PID/root. */
  otherFiles: boolean;
  /** It has other network interfaces, and other abstract sockets, than this app. */
  otherNetwork: boolean;
  sockets: () => Promise<ListeningSockets>;
  localHosts?: () => ReadonlySet<string>;
}

/** What is known of one Linux process's sockets, however it was read. */
export interface LinuxSockets extends Omit<LinuxReachFacts, 'root' | 'pid'> {
  /** The inode of the socket at this descriptor, or null. */
  inodeOf(fd: number): string | null;
  /** Link texts of its descriptors. */
  openFiles(): Promise<string[]>;
  /** Where this app finds the file that the process sees at `path`; null when it can't. */
  pathInside(path: string): Promise<string | null>;
}

/**
 * Finds where a Linux process's endpoints are connected to, through its open sockets where the arguments
 * don't say.
 */
export function linuxReach(facts: LinuxReachFacts): Reach {
  const { root, pid } = facts;
  return reachThroughSockets({
    ...facts,
    inodeOf: (fd) => socketInode(root, pid, fd),
    openFiles: () => openFiles(root, pid),
    pathInside: (path) => pathThroughRoot(`${root}/${pid}/root`, path),
  });
}

/** `linuxReach` for a process of any Linux computer. */
export function reachThroughSockets(facts: LinuxSockets): Reach {
  return async (endpoint) => {
    const reached = await reachListener(facts, endpoint);
    if (!reached.reachable) return reached;
    const { address, stated } = reached;
    if (address.kind === 'unix' && !address.path.startsWith('\0')) {
      if (!facts.otherFiles) return reached;
      const inside = await facts.pathInside(address.path);
      if (inside === null) return unreachable('is in a container or a service with files of its own', stated);
      return { reachable: true, address: { kind: 'unix', path: inside }, stated };
    }
    return facts.otherNetwork
      ? unreachable('is in another network namespace (a container)', stated)
      : reached;
  };
}

async function reachListener(facts: LinuxSockets, endpoint: Endpoint): Promise<Reached> {
  const { cwd, localHosts } = facts;
  if (endpoint.kind === 'fd') {
    const inode = facts.inodeOf(endpoint.fd);
    if (inode === null) return reachByCommandLine(endpoint, { platform: 'linux', cwd });
    const { unix, tcp } = await facts.sockets();
    const path = unix.get(inode);
    const port = tcp.get(inode);
    if (port) return reachTcp(port.host, port.port, `tcp:${port.host}:${port.port}`, localHosts);
    if (path === undefined) return unreachable('was given a socket that does not listen', null, true);
    if (path === null) return unreachable('was given a socket whose address is ambiguous');
    const bound: Endpoint = path.startsWith('@')
      ? { kind: 'abstract', name: path.slice(1).replace(/@+$/, ''), tight: path.length < SUN_PATH_BYTES }
      : { kind: 'unix', path };
    // Whoever bound a relative path may have stood in another folder than QEMU.
    return reachByCommandLine(bound, { platform: 'linux', cwd: null });
  }
  if (endpoint.kind === 'tcp' && (endpoint.port === 0 || endpoint.lastPort > endpoint.port)) {
    const stated = `tcp:${endpoint.host}:${endpoint.port}`;
    const { tcp } = await facts.sockets();
    const listeners = (await facts.openFiles()).flatMap((file) => {
      const listener = tcp.get(/^socket:\[(\d+)\]$/.exec(file)?.[1] ?? '');
      return listener && (endpoint.port === 0 || isBetween(listener.port, endpoint)) ? [listener] : [];
    });
    const [first, ...others] = listeners;
    if (first && others.every(({ port }) => port === first.port)) {
      return reachTcp(first.host, first.port, stated, localHosts);
    }
    return first === undefined
      ? unreachable('does not listen yet on the port it is to choose', stated, true)
      : unreachable('listens on several ports, any of which could be it', stated);
  }
  return reachByCommandLine(endpoint, { platform: 'linux', cwd, ...(localHosts ? { localHosts } : {}) });
}

const isBetween = (port: number, range: { port: number; lastPort: number }): boolean =>
  port >= range.port && port <= range.lastPort;

const MAX_LINKS = 40;

/**
 * The path of a file that another process sees at `path`, through the link to its root folder. Symbolic links
 * are followed here, because the kernel would follow an absolute one in our own file system (/var/run is
 * often one).
 */
async function pathThroughRoot(root: string, path: string): Promise<string> {
  const rest = path.split('/').filter((part) => part !== '');
  let done: string[] = [];
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = links < MAX_LINKS ? await linkTarget(posix.join(root, ...done, part)) : null;
    if (target === null) {
      done.push(part);
      continue;
    }
    links += 1;
    if (target.startsWith('/')) done = [];
    rest.unshift(...target.split('/').filter((name) => name !== ''));
  }
  return posix.join(root, ...done);
}

/**
 * Null where there is no symbolic link; whether the path can be used at all shows when it is connected to.
 */
async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['EINVAL', 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ESRCH', 'ENAMETOOLONG'].includes(code))
      return null;
    throw error;
  }
}
