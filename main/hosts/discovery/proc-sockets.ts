import { readdir } from 'node:fs/promises';
import { endianness } from 'node:os';
import { readProcFile, readProcessLink } from './procfs';

/** Listening sockets of one network namespace, by inode. */
export interface ListeningSockets {
  /** As it was bound: may be relative; null when two rows claim the inode (a path may hold line breaks). */
  unix: ReadonlyMap<string, string | null>;
  tcp: ReadonlyMap<string, { host: string; port: number }>;
}

const LISTENING_FLAG = 0x10000; // __SO_ACCEPTCON
const TCP_LISTEN = '0A';

/** The sockets of the network namespace that `pid` lives in. */
export async function readListeningSockets(root: string, pid: number): Promise<ListeningSockets> {
  const text = async (name: string): Promise<string> => {
    const file = await readProcFile(`${root}/${pid}/net/${name}`);
    return file.kind === 'bytes' ? file.bytes.toString('utf8') : '';
  };
  const [unix, tcp, tcp6] = await Promise.all([text('unix'), text('tcp'), text('tcp6')]);
  return {
    unix: parseUnixSockets(unix),
    tcp: new Map([...parseTcpListeners(tcp), ...parseTcpListeners(tcp6)]),
  };
}

/**
 * /proc/net/unix: `Num: RefCount Protocol Flags Type St Inode Path`; NULs of abstract names are shown as @.
 */
export function parseUnixSockets(text: string): Map<string, string | null> {
  const found = new Map<string, string | null>();
  for (const line of text.split('\n')) {
    const [, flags, inode, path] =
      /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) [0-9A-F]+ [0-9A-F]+ +(\d+) (.+)$/i.exec(line) ?? [];
    if (flags === undefined || inode === undefined || path === undefined) continue;
    if ((parseInt(flags, 16) & LISTENING_FLAG) === 0) continue;
    found.set(inode, found.has(inode) ? null : path);
  }
  return found;
}

/** /proc/net/tcp and tcp6: addresses are hexadecimal in 32-bit words of the machine's byte order. */
export function parseTcpListeners(
  text: string,
  order: 'LE' | 'BE' = endianness(),
): Map<string, { host: string; port: number }> {
  const found = new Map<string, { host: string; port: number }>();
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(fields[1] ?? '') ?? [];
    const inode = fields[9];
    if (address === undefined || port === undefined || fields[3] !== TCP_LISTEN || inode === undefined)
      continue;
    found.set(inode, { host: readAddress(address, order), port: parseInt(port, 16) });
  }
  return found;
}

function readAddress(hex: string, order: 'LE' | 'BE'): string {
  const bytes = Buffer.from(hex, 'hex');
  if (order === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex')))
    return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The inode of the socket that a process has at this descriptor, or null. */
export function socketInode(root: string, pid: number, fd: number): string | null {
  return /^socket:\[(\d+)\]$/.exec(readProcessLink(root, pid, `fd/${fd}`) ?? '')?.[1] ?? null;
}

/** What a process has open: its descriptors' link texts, e.g. `/var/lib/a.qcow2`, `socket:[123]`. */
export async function openFiles(root: string, pid: number): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(`${root}/${pid}/fd`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return [];
    throw error;
  }
  return names.slice(0, MAX_DESCRIPTORS).flatMap((name) => readProcessLink(root, pid, `fd/${name}`) ?? []);
}

const MAX_DESCRIPTORS = 4096;
