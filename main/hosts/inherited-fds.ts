import { readdir, readFile } from 'node:fs/promises';

/** fcntl.h on Linux, in octal as proc(5) prints it. */
const O_CLOEXEC = 0o2000000;

/**
 * This process's file descriptors from 3 on that a child process would inherit. Chromium leaves its sockets open to
 * children; a guest that held them would keep the app's helper processes alive. Only Linux needs this: libuv starts
 * processes with nothing inherited on macOS and Windows.
 */
export async function inheritedFds(): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const all = (await readdir('/proc/self/fd')).map(Number).filter((fd) => fd >= 3);
  const inherited = await Promise.all(all.map(async (fd) => ((await isInherited(fd)) ? [fd] : [])));
  return inherited.flat();
}

async function isInherited(fd: number): Promise<boolean> {
  try {
    const info = await readFile(`/proc/self/fdinfo/${fd}`, 'latin1');
    const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch (error) {
    // Closed since the listing, such as the listing's own.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
