import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CpioEntry } from './cpio';
import { writeCpio } from './cpio';
import type { GuestParts } from './packages';
import { ensureGuestParts, moveIntoPlace } from './packages';
import type { NamedContent } from './content-key';
import { contentKey, readFilesOf } from './content-key';
import { run } from './run';

/** Files that `qemu-system-x86_64 -kernel ... -initrd ...` boots the test guest from. */
export interface GuestImage {
  kernel: string;
  initrd: string;
}

const ROOTFS = path.join(__dirname, 'rootfs');
/** Code that decides what is in the image, beside the files of rootfs/. */
const BUILDERS = ['image.ts', 'cpio.ts', 'packages.ts'];

/** Where packages and images are kept: $REVEILLE_CACHE, else .cache in the repository, and there `guest`. */
export function guestCacheDir(): string {
  const cache = process.env['REVEILLE_CACHE'] ?? path.join(__dirname, '..', '..', '.cache');
  return path.resolve(cache, 'guest');
}

/**
 * The test guest's image, built at the first call and after a change of rootfs/ or of the building code.
 * Any number of processes may ask at once. Older images stay: a guest's command line names the one it was
 * started from.
 * @throws Error saying what to do when Debian's packages cannot be had
 */
export async function ensureGuestImage(): Promise<GuestImage> {
  const cacheDir = guestCacheDir();
  const files = await readRootfs();
  const key = contentKey([...files, ...(await readFilesOf(__dirname, BUILDERS))]);
  const dir = path.join(cacheDir, `image-${key}`);
  const image = { kernel: path.join(dir, 'vmlinuz'), initrd: path.join(dir, 'initrd.img') };
  if (existsSync(dir)) return image;
  const parts = await ensureGuestParts(cacheDir);
  const work = await mkdtemp(path.join(cacheDir, 'image-work-'));
  try {
    const built = path.join(work, 'image');
    await mkdir(built);
    await copyFile(parts.kernel, path.join(built, 'vmlinuz'));
    await writeFile(path.join(built, 'initrd.img'), writeCpio(await initramfs(parts, files)));
    await moveIntoPlace(built, dir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return image;
}

async function readRootfs(): Promise<NamedContent[]> {
  const entries = await readdir(ROOTFS, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((file) => path.relative(ROOTFS, path.join(file.parentPath, file.name)));
  return readFilesOf(ROOTFS, paths.sort());
}

async function initramfs(parts: GuestParts, files: readonly NamedContent[]): Promise<CpioEntry[]> {
  const directories = new Set('bin dev etc lib lib/modules proc root run sys tmp usr var'.split(' '));
  for (const file of files) {
    for (let dir = path.dirname(file.path); dir !== '.'; dir = path.dirname(dir)) directories.add(dir);
  }
  const applets = (await run(parts.busybox, ['--list']))
    .split('\n')
    .filter((name) => name !== '' && name !== 'busybox');
  const own = new Set(files.map((file) => file.path));
  return [
    ...[...directories].sort().map((dir): CpioEntry => ({ kind: 'directory', path: dir })),
    ...['sbin', 'usr/bin', 'usr/sbin'].map((link): CpioEntry => ({
      kind: 'link',
      path: link,
      target: '/bin',
    })),
    { kind: 'link', path: 'lib64', target: '/lib' },
    { kind: 'link', path: 'var/run', target: '/run' },
    ...applets
      .map((name) => `bin/${name}`)
      .filter((link) => !own.has(link))
      .map((link): CpioEntry => ({ kind: 'link', path: link, target: 'busybox' })),
    ...(await Promise.all([
      copyOf(parts.busybox, 'bin'),
      copyOf(parts.agent, 'bin'),
      ...parts.libraries.map((file) => copyOf(file, 'lib')),
      ...parts.modules.map((file) => copyOf(file, 'lib/modules')),
    ])),
    ...files.map((file): CpioEntry => ({
      kind: 'file',
      path: file.path,
      mode: 0o755,
      content: file.content,
    })),
  ];
}

async function copyOf(file: string, folder: string): Promise<CpioEntry> {
  return {
    kind: 'file',
    path: `${folder}/${path.basename(file)}`,
    mode: 0o755,
    content: await readFile(file),
  };
}
