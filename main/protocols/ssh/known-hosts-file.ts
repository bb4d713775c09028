import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readFile, readlink, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** What lies at a path; not followed when it is a link. */
export interface FileStatus {
  readonly kind: 'file' | 'link' | 'folder' | 'other';
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Changes whenever the file does. */
  readonly version: string;
}

/**
 * The file operations that an append needs, so that tests can let any of them fail. Errors carry Node's
 * `code`.
 */
export interface KnownHostsFs {
  /** null when there is nothing. */
  status(path: string): Promise<FileStatus | null>;
  readLink(path: string): Promise<string>;
  read(path: string): Promise<Uint8Array>;
  /** Creates the folder and its parents where missing, for this user only (0700). */
  makeDirectory(path: string): Promise<void>;
  /** Writes a new file with mode 0600 and waits until it is on the disk. @throws EEXIST when there is one */
  writeNew(path: string, bytes: Uint8Array): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  setOwner(path: string, uid: number, gid: number): Promise<void>;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>;
  /** No error when there is none. */
  remove(path: string): Promise<void>;
}

const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The real files. */
export const nodeKnownHostsFs: KnownHostsFs = {
  async status(path) {
    try {
      const found = await lstat(path, { bigint: true });
      const kind = found.isFile()
        ? 'file'
        : found.isSymbolicLink()
          ? 'link'
          : found.isDirectory()
            ? 'folder'
            : 'other';
      return {
        kind,
        mode: Number(found.mode & 0o7777n),
        uid: Number(found.uid),
        gid: Number(found.gid),
        version: [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' '),
      };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  },
  readLink: (path) => readlink(path),
  read: (path) => readFile(path),
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  async writeNew(path, bytes) {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  setMode: chmod,
  setOwner: chown,
  rename,
  remove: (path) => rm(path, { force: true }),
};

/** A host key could not be recorded; nothing of the file was changed. */
export class KnownHostsError extends Error {
  constructor(
    readonly file: string,
    reason: string,
    options?: { cause?: unknown },
  ) {
    super(`The host key was not saved in ${file}: ${reason}`, options);
    this.name = 'KnownHostsError';
  }
}

/** Appends to the same files follow each other, or one would undo another's. */
const queues = new WeakMap<KnownHostsFs, Promise<void>>();

/**
 * Adds `line` (of knownHostLine) to the first of `files`; does nothing when the line is in it already. The
 * file is replaced in one step by a copy with the line, of the same owner and mode: other lines stay byte
 * for byte, and readers see the old file or the new one. A link stays a link, what it points to is replaced.
 * Missing files (0600) and folders (0700) are created.
 * @throws KnownHostsError
 */
export function appendKnownHost(files: readonly string[], fs: KnownHostsFs, line: string): Promise<void> {
  const done = (queues.get(fs) ?? Promise.resolve()).then(() => append(files, fs, line));
  queues.set(
    fs,
    done.catch(() => undefined),
  );
  return done;
}

async function append(files: readonly string[], fs: KnownHostsFs, line: string): Promise<void> {
  const [file] = files;
  if (file === undefined)
    throw new KnownHostsError('known_hosts', 'UserKnownHostsFile is switched off in ssh_config.');
  if (!/^[^\r\n\0]+$/.test(line)) throw new RangeError('An entry of known_hosts is one line');
  try {
    const target = await followLinks(fs, file);
    await replaceWithLine(fs, file, target, Buffer.from(`${line}\n`));
  } catch (error) {
    if (error instanceof KnownHostsError) throw error;
    throw new KnownHostsError(file, reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  switch (errnoOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'you may not write there. Change the permissions of the file and of its folder.';
    case 'EROFS':
      return 'its file system is read-only.';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Free some space and try again.';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** The limit of Linux (path_resolution(7)). */
const MAX_LINKS = 40;

/** The path that links at `path` lead to, where a file is or will be. */
async function followLinks(fs: KnownHostsFs, path: string): Promise<string> {
  let target = path;
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const found = await fs.status(target);
    if (found?.kind !== 'link') return target;
    target = resolve(dirname(target), await fs.readLink(target));
  }
  throw new KnownHostsError(path, 'it is a link that leads back to itself. Remove the link.');
}

/** Another program may write at the same time; it does so rarely and briefly. */
const MAX_ATTEMPTS = 5;
const LINE_END = 0x0a;
const OWNER_MAY_WRITE = 0o200;

async function replaceWithLine(fs: KnownHostsFs, file: string, target: string, added: Buffer): Promise<void> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const before = await fs.status(target);
    if (before !== null && before.kind !== 'file') throw new KnownHostsError(file, 'it is not a file.');
    // Replacing it would pass over the owner's word.
    if (before !== null && (before.mode & OWNER_MAY_WRITE) === 0)
      throw new KnownHostsError(file, 'it is read-only. Make it writable for you (chmod u+w).');
    if (before === null) await fs.makeDirectory(dirname(target));
    const old = before === null ? Buffer.alloc(0) : Buffer.from(await fs.read(target));
    const whole =
      old.length === 0 || old.at(-1) === LINE_END ? old : Buffer.concat([old, Buffer.of(LINE_END)]);
    if (Buffer.concat([Buffer.of(LINE_END), whole]).includes(Buffer.concat([Buffer.of(LINE_END), added])))
      return;
    const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await fs.writeNew(temporary, Buffer.concat([whole, added]));
      if (before !== null) await keepRights(fs, temporary, before);
      if ((await fs.status(target))?.version === before?.version) return await fs.rename(temporary, target);
    } catch (error) {
      // A leftover is harmless, and why the append failed matters more than why the leftover stays.
      await fs.remove(temporary).catch(() => undefined);
      throw error;
    }
    await fs.remove(temporary);
  }
  throw new KnownHostsError(file, 'another program keeps changing it. Try again.');
}

async function keepRights(fs: KnownHostsFs, path: string, rights: FileStatus): Promise<void> {
  const made = await fs.status(path);
  if (made === null) throw new Error(`${path} was removed by another program`);
  if (made.uid !== rights.uid || made.gid !== rights.gid) await fs.setOwner(path, rights.uid, rights.gid);
  // After the owner: chown(2) clears the set-id bits.
  if (made.mode !== rights.mode) await fs.setMode(path, rights.mode);
}
