import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { LocalAddress } from './one-client-server';
import type { MachineSettings } from './simulation';

/** sockaddr_un.sun_path has 104 bytes on macOS (108 on Linux), the closing NUL among them. */
const MAX_UNIX_PATH_BYTES = 103;
const LONGEST_FILE_NAME = 24;
const PREFIX = 'reveille-demo-';

/**
 * Makes a directory for sockets that only this user can enter, in `base` or where temporary files go.
 * @throws the system's error when it cannot be made
 */
export function makeSocketDirectory(base?: string): Promise<string> {
  const room = MAX_UNIX_PATH_BYTES - LONGEST_FILE_NAME - PREFIX.length - '/XXXXXX/'.length;
  const usual = process.platform !== 'win32' && Buffer.byteLength(tmpdir()) > room ? '/tmp' : tmpdir();
  return mkdtemp(join(base ?? usual, PREFIX));
}

/** The address of a socket in `dir`; on Windows, where named pipes have no directory, one named after it. */
function localAddress(dir: string, fileName: string, platform: NodeJS.Platform): LocalAddress {
  if (platform === 'win32') return { kind: 'pipe', path: `\\\\.\\pipe\\${basename(dir)}-${fileName}` };
  const path = join(dir, fileName);
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_UNIX_PATH_BYTES) {
    throw new RangeError(`The socket path ${path} has ${bytes} bytes; ${MAX_UNIX_PATH_BYTES} are possible`);
  }
  return { kind: 'unix', path };
}

/**
 * Where a simulated QEMU listens.
 * @throws RangeError when a path is longer than a socket's may be
 */
export function socketsOf(
  { name, agent }: Pick<MachineSettings, 'name' | 'agent'>,
  dir: string,
  platform: NodeJS.Platform,
): { qmp: LocalAddress; agent: LocalAddress | null } {
  // A guest's name may be anything; a file's may not.
  const file = name.replace(/[^A-Za-z0-9-]/g, '_').slice(0, 16);
  return {
    qmp: localAddress(dir, `${file}.qmp`, platform),
    agent: agent === 'absent' ? null : localAddress(dir, `${file}.qga`, platform),
  };
}
