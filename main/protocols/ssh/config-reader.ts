import { readFile, readdir, stat } from 'node:fs/promises';
import { join, parse, posix, sep, win32 } from 'node:path';
import type { ConfigPlaces, ConfigReader } from './config-file';

/** Configuration files are small; a device or somebody's log is not read to the end. */
const MAX_BYTES = 1 << 20;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Where OpenSSH looks on a platform. */
export interface UsualPlaces {
  readonly config: ConfigPlaces;
  /** The keys of hosts that are known to all users. */
  readonly globalKnownHostsFiles: readonly string[];
}

/** `env` names the folder ProgramData on Windows (Win32-OpenSSH: __PROGRAMDATA__\\ssh). */
export function usualPlaces(
  home: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): UsualPlaces {
  const isWindows = platform === 'win32';
  const path = isWindows ? win32 : posix;
  const folder = isWindows ? path.join(env['ProgramData'] || 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  const inFolder = (name: string): string => path.join(folder, name);
  return {
    config: { user: path.join(home, '.ssh', 'config'), system: inFolder('ssh_config'), home },
    globalKnownHostsFiles: ['ssh_known_hosts', 'ssh_known_hosts2'].map(inFolder),
  };
}

/** The real files. Only regular files are read: a FIFO would never end. */
export const nodeConfigReader: ConfigReader = {
  async readFile(path) {
    try {
      const found = await stat(path);
      if (!found.isFile()) throw new Error('it is not a file');
      if (found.size > MAX_BYTES) throw new Error('it is larger than 1 MiB');
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  },
  async glob(pattern) {
    const { root } = parse(pattern);
    const parts = pattern
      .slice(root.length)
      .split(sep === '\\' ? /[\\/]+/ : /\/+/)
      .filter((part) => part !== '');
    let paths = [root];
    for (const part of parts) {
      if (!/[*?[]/.test(part)) paths = paths.map((path) => join(path, part));
      else paths = (await Promise.all(paths.map((path) => entries(path, globExpression(part))))).flat();
    }
    const found = await Promise.all(paths.map(async (path) => ((await exists(path)) ? [path] : [])));
    return found.flat().sort();
  },
};

async function entries(folder: string, expression: RegExp): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => expression.test(name)).map((name) => join(folder, name));
  } catch (error) {
    // glob(3) passes over folders that it may not or cannot list.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(String(codeOf(error)))) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(String(codeOf(error)))) return false;
    // There, but not for us: reading it says why.
    return true;
  }
}

/** *, ? and [...] of glob(7); names that begin with a dot need one in the pattern. */
export function globExpression(pattern: string): RegExp {
  let source = pattern.startsWith('.') ? '' : '(?!\\.)';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? '';
    // A ] that comes first belongs to the set.
    const [set, negated, members] =
      char === '[' ? (/^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(at)) ?? []) : [];
    if (set !== undefined && members !== undefined && members !== '') {
      source += `[${negated === '' ? '' : '^'}${members.replace(/[\\\][^]/g, '\\$&')}]`;
      at += set.length - 1;
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else source += char.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}
