import { parseStat, type Bytes, type ProcessStat } from '../discovery/procfs';
import { MAX_COMMAND_LINE } from './discovery-script';
import { parseId, type Forbidden, type RemoteUser } from './permission';
import { RecordsError, utf8Of, type HostRecord } from './records';
import { parseForbidden } from './socket-check';

/** A link of /proc. null target: it may not be read, or there is none (a kernel's own thread). */
export interface SeenLink {
  readonly target: string | null;
  /** The target is known to the byte, and UTF-8 text, so it can be passed on unchanged. */
  readonly exact: boolean;
}

/** A process that the scan had not seen before, or that became another program. */
export interface SeenProcess {
  readonly pid: number;
  readonly stat: ProcessStat;
  readonly euid: number | null;
  /** By name: cwd, exe, ns/mnt, ns/net, root. */
  readonly links: ReadonlyMap<string, SeenLink>;
  readonly command: Bytes;
  /** Link texts by descriptor. */
  readonly files: ReadonlyMap<number, string>;
  /** The folder that its environment names, with and without symbolic links. */
  readonly pwd: { readonly stated: string; readonly real: string | null } | null;
}

/** What a host told of itself and its processes. */
export interface Survey {
  readonly hostName: string;
  readonly uptimeSeconds: number;
  readonly user: RemoteUser;
  /** Other users' processes are not shown (the hidepid option of /proc). */
  readonly othersHidden: boolean;
  readonly emulators: readonly string[];
  readonly namespaces: { readonly mnt: string | null; readonly net: string | null };
  /** Parents of the processes that were known, by pid. */
  readonly known: ReadonlyMap<number, number>;
  readonly processes: readonly SeenProcess[];
  readonly unixSockets: string;
  readonly tcpSockets: string;
  readonly machine: string | null;
  /** null when they were not asked for. */
  readonly addresses: readonly string[] | null;
  readonly forbidden: ReadonlyMap<string, Forbidden>;
  /** Proxmox's guests: VM id to pid. */
  readonly proxmox: ReadonlyMap<number, number>;
  /** The path of Proxmox's qm; null where it is not found, or was not looked for. */
  readonly qm: string | null;
}

/** The host is no Linux. */
export class NotLinuxError extends Error {
  constructor(readonly system: string) {
    super(`It runs ${system}`);
    this.name = 'NotLinuxError';
  }
}

/** @throws RecordsError, NotLinuxError */
export function parseSurvey(records: readonly HostRecord[]): Survey {
  const all = (name: string): HostRecord[] => records.filter((record) => record.name === name);
  const one = (name: string): HostRecord | undefined => all(name)[0];
  const other = one('not-linux');
  if (other) throw new NotLinuxError(other.words.join(' ') || 'another system');

  const user = parseId(textOf(one('id')));
  const uptimeSeconds = Number(one('host')?.words[0]);
  if (user === null) throw new RecordsError('It does not tell which user is connected (id)');
  if (!(uptimeSeconds > 0)) throw new RecordsError('It does not tell how long it has been up (/proc/uptime)');

  const own = one('own-links');
  const ownLinks =
    linksByProcess(own ? [own] : [])
      .values()
      .next().value ?? new Map<string, SeenLink>();
  const tcp = one('tcp');
  const addresses = one('addresses');
  return {
    hostName: textOf(one('host')),
    uptimeSeconds,
    user,
    othersHidden: one('hidden') !== undefined,
    emulators: [...new Set(all('emulator').map(textOf))],
    namespaces: { mnt: ownLinks.get('ns/mnt')?.target ?? null, net: ownLinks.get('ns/net')?.target ?? null },
    known: pairs(all('known')),
    processes: parseProcesses(records),
    unixSockets: one('unix')?.body ?? '',
    tcpSockets: tcp?.body ?? '',
    machine: tcp?.words[0] ?? null,
    addresses: addresses ? parseAddresses(addresses.body) : null,
    forbidden: parseForbidden(records),
    proxmox: pairs(all('proxmox')),
    qm: textOf(one('qm')) || null,
  };
}

const withoutEnd = (body: string): string => (body.endsWith('\n') ? body.slice(0, -1) : body);
const textOf = (record: HostRecord | undefined): string => utf8Of(withoutEnd(record?.body ?? '')).text;

function pairs(records: readonly HostRecord[]): Map<number, number> {
  return new Map(records.map(({ words }) => [Number(words[0]), Number(words[1])]));
}

function parseProcesses(records: readonly HostRecord[]): SeenProcess[] {
  const links = linksByProcess(records.filter(({ name }) => ['links', 'link', 'listed'].includes(name)));
  const parts = new Map<string, HostRecord>();
  for (const record of records) parts.set(`${record.name} ${record.words[0] ?? ''}`, record);
  return records.flatMap(({ name, words, body }) => {
    if (name !== 'process') return [];
    const pid = Number(words[0]);
    const part = (kind: string): HostRecord | undefined => parts.get(`${kind} ${pid}`);
    const stat = parseStat(body);
    const command = part('command');
    if (stat === null || command === undefined) return [];
    const uid = part('uid')?.words[1];
    return [
      {
        pid,
        stat,
        euid: uid === undefined ? null : Number(uid),
        links: links.get(pid) ?? new Map<string, SeenLink>(),
        command: parseCommand(command.body, part('command-denied') !== undefined),
        files: parseFiles(part('files')?.body ?? ''),
        pwd: parsePwd(part('pwd')),
      },
    ];
  });
}

function parseCommand(body: string, isDenied: boolean): Bytes {
  if (isDenied) return { kind: 'denied' };
  return body.length >= MAX_COMMAND_LINE
    ? { kind: 'too-long' }
    : { kind: 'bytes', bytes: Buffer.from(body, 'latin1') };
}

const LINK =
  /^l\S+ +\d+ +\d+ +\d+ +\d+ +[^/]*\/proc\/(\d+)\/(cwd|exe|ns\/mnt|ns\/net|root)(?: -> ([\s\S]*))?$/;

/** Where two lines say the same link, neither is believed: a path with a line break in it could pass for a line. */
function linksByProcess(records: readonly HostRecord[]): Map<number, Map<string, SeenLink>> {
  const processes = new Map<number, Map<string, SeenLink>>();
  const add = (pid: number, name: string, target: string | null, isListed: boolean): void => {
    const links = processes.get(pid) ?? new Map<string, SeenLink>();
    processes.set(pid, links);
    const { text, exact } = utf8Of(target ?? '');
    // ls may print ? for what it takes to be unprintable.
    links.set(
      name,
      links.has(name) || target === null
        ? UNREAD
        : { target: text, exact: exact && !(isListed && text.includes('?')) },
    );
  };
  for (const { name, words, body } of records) {
    if (name === 'link') {
      add(Number(words[0]), words[1] ?? '', body === '' ? null : withoutEnd(body), false);
      continue;
    }
    for (const line of name === 'listed' ? [withoutEnd(body)] : body.split('\n')) {
      const [, pid, link, target] = LINK.exec(line) ?? [];
      if (pid !== undefined && link !== undefined) add(Number(pid), link, target ?? null, true);
    }
  }
  return processes;
}

const UNREAD: SeenLink = { target: null, exact: true };

function parseFiles(body: string): Map<number, string> {
  const files = new Map<number, string>();
  for (const line of body.split('\n')) {
    const [, fd, target] = /^l\S+ +\d+ +\d+ +\d+ +\d+ .*? (\d+) -> (.*)$/.exec(line) ?? [];
    if (fd !== undefined && target !== undefined) files.set(Number(fd), utf8Of(target).text);
  }
  return files;
}

function parsePwd(record: HostRecord | undefined): SeenProcess['pwd'] {
  if (!record) return null;
  const [stated = '', real] = textOf(record).split('\n');
  return stated.startsWith('/') ? { stated, real: real?.startsWith('/') ? real : null } : null;
}

/** What `ip addr` and `ifconfig -a` (old ones: "inet addr:") print. */
function parseAddresses(body: string): string[] {
  return [...body.matchAll(/\binet6? (?:addr: ?)?([0-9a-f.:]+)/gi)].map(([, address]) =>
    (address ?? '').toLowerCase(),
  );
}
