import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CpioEntry } from './cpio';
import { writeCpio } from './cpio';
import type { GuestParts } from './packages';
import { ensureGuestParts, moveIntoPlace } from './packages';
import { run } from './run';

/** Files that `qemu-system-x86_64 -kernel ... -initrd ...` boots the test guest from. */
export interface GuestImage {
  kernel: string;
  initrd: string;
}

const ROOTFS = path.join(__dirname, 'rootfs');
/** Raise it when this file changes what it puts into the image. */
const IMAGE_VERSION = 1;

/** Where packages and images are kept: $REVEILLE_CACHE, else .cache in the repository, and there `guest`. */
export function guestCacheDir(): string {
  const cache = process.env['REVEILLE_CACHE'] ?? path.join(__dirname, '..', '..', '.cache');
  return path.resolve(cache, 'guest');
}

/**
 * The test guest's image, built at the first call and after a change of rootfs/. Any number of processes may ask at
 * once. Older images stay, as a guest that is started again names the one it was started from.
 * @throws Error saying what to do when Debian's packages cannot be had
 */
export async function ensureGuestImage(): Promise<GuestImage> {
  const cacheDir = guestCacheDir();
  const files = await readRootfs();
  const dir = path.join(cacheDir, `image-${keyOf(files)}`);
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

interface RootFile {
  path: string;
  content: Buffer;
}

async function readRootfs(): Promise<RootFile[]> {
  const entries = await readdir(ROOTFS, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOTFS, path.join(entry.parentPath, entry.name)))
    .sort();
  return Promise.all(paths.map(async (file) => ({ path: file, content: await readFile(path.join(ROOTFS, file)) })));
}

function keyOf(files: readonly RootFile[]): string {
  const hash = createHash('sha256').update(`${IMAGE_VERSION}\n`);
  for (const file of files) hash.update(`${file.path}\n${file.content.length}\n`).update(file.content);
  return hash.digest('hex').slice(0, 16);
}

async function initramfs(parts: GuestParts, files: readonly RootFile[]): Promise<CpioEntry[]> {
  const folders = ['bin', 'dev', 'etc', 'lib', 'lib/modules', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var'];
  const directories = new Set(folders);
  for (const file of files) {
    for (let dir = path.dirname(file.path); dir !== '.'; dir = path.dirname(dir)) directories.add(dir);
  }
  const applets = (await run(parts.busybox, ['--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox');
  const own = new Set(files.map((file) => file.path));
  const [program, library] = ['bin', 'lib'] as const;
  return [
    ...[...directories].sort().map((dir): CpioEntry => ({ kind: 'directory', path: dir })),
    ...['sbin', 'usr/bin', 'usr/sbin'].map((link): CpioEntry => ({ kind: 'link', path: link, target: '/bin' })),
    { kind: 'link', path: 'lib64', target: '/lib' },
    { kind: 'link', path: 'var/run', target: '/run' },
    ...applets
      .map((name) => `bin/${name}`)
      .filter((link) => !own.has(link))
      .map((link): CpioEntry => ({ kind: 'link', path: link, target: 'busybox' })),
    ...(await Promise.all([
      copyOf(parts.busybox, program),
      copyOf(parts.agent, program),
      ...parts.libraries.map((file) => copyOf(file, library)),
      ...parts.modules.map((file) => copyOf(file, 'lib/modules')),
    ])),
    ...files.map((file): CpioEntry => ({ kind: 'file', path: file.path, mode: 0o755, content: file.content })),
  ];
}

async function copyOf(file: string, folder: string): Promise<CpioEntry> {
  return { kind: 'file', path: `${folder}/${path.basename(file)}`, mode: 0o755, content: await readFile(file) };
}
