import { utf8Of } from './records';

/** The user that a session on the host runs as: what id(1) prints. */
export interface RemoteUser {
  readonly uid: number;
  /** The number where it has no name. */
  readonly name: string;
  readonly groups: readonly number[];
}

/** `uid=1000(me) gid=1000(me) groups=1000(me),36(kvm)`; names may hold spaces. null when it is not of that form. */
export function parseId(text: string): RemoteUser | null {
  const [, uid, name, gid, rest = ''] =
    /^uid=(\d+)(?:\(([^)]*)\))? gid=(\d+)(?:\([^)]*\))?(.*)/s.exec(text) ?? [];
  if (uid === undefined || gid === undefined) return null;
  const listed = /groups=(.*)/.exec(rest)?.[1] ?? '';
  const groups = [...listed.matchAll(/(?:^|,)(\d+)(?:\([^)]*\))?/g)].map(([, number]) => Number(number));
  return { uid: Number(uid), name: name ?? uid, groups: [...new Set([Number(gid), ...groups])] };
}

/** Who may use a file, from ls -ln and, for the names, ls -l. */
export interface Ownership {
  /** As ls prints it: srwxrwx---, with + for an access list. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** The numbers where they have no name that could be read. */
  readonly owner: string;
  readonly group: string;
}

/** @returns null where the lines are not what ls prints */
export function parseOwnership(numeric: string, named: string): Ownership | null {
  const [, mode, uid, gid, size] =
    /^([a-z-][rwxsStT-]{9}[+.@]?) +\d+ +(\d+) +(\d+) +(\S+)/.exec(numeric) ?? [];
  if (mode === undefined || uid === undefined || gid === undefined || size === undefined) return null;
  const [, owner, group, same] = /^\S+ +\d+ +(\S+) +(\S+) +(\S+)/.exec(named) ?? [];
  // A name with a space in it moves the size, which is then in none of the expected places.
  const isPlain = same === size;
  return {
    mode,
    uid: Number(uid),
    gid: Number(gid),
    owner: isPlain && owner !== undefined ? utf8Of(owner).text : uid,
    group: isPlain && group !== undefined ? utf8Of(group).text : gid,
  };
}

/** What keeps a user from a socket. */
export interface Forbidden {
  readonly path: string;
  /** The socket itself, or a folder above it that may not be entered. */
  readonly obstacle: string;
  /** null where ls does not tell. */
  readonly ownership: Ownership | null;
}

/** A sentence for users. */
export function permissionDetail(user: RemoteUser, { path, obstacle, ownership }: Forbidden): string {
  const where = obstacle === path ? `The socket ${path}` : `The folder ${obstacle} above its socket ${path}`;
  const whose = ownership
    ? ` belongs to ${ownership.owner}:${ownership.group} (${ownership.mode.slice(0, 10)})`
    : ' belongs to another user';
  return `${where}${whose}, and ${user.name} may not ${obstacle === path ? 'connect to it' : 'enter it'}.`;
}

/** What would give `user` access: a group to join, else another user to connect as. */
export function permissionRemedy(user: RemoteUser, { path, obstacle, ownership }: Forbidden): string {
  if (ownership === null) return 'Connect as the user who runs the guest.';
  const { mode, uid, gid, owner, group } = ownership;
  // connect(2) asks for write permission on the socket, and for search permission on the folders.
  const groupMay = obstacle === path ? mode[5] === 'w' : mode[6] === 'x' || mode[6] === 's';
  const asOwner = `connect as ${uid === 0 ? 'root' : owner}`;
  if (groupMay && gid !== 0 && !user.groups.includes(gid)) {
    return `On the host, run: sudo usermod -aG ${group} ${user.name}. Then disconnect and connect again. Or ${asOwner}.`;
  }
  const right = obstacle === path ? 'rw' : 'x';
  return (
    `${capital(asOwner)}. Or, until the guest is started anew, run on the host: ` +
    `sudo setfacl -m u:${user.name}:${right} ${quoted(obstacle)}`
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
