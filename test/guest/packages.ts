import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { contentKey, readFilesOf } from './content-key';
import { run } from './run';

/** Everything the guest takes from Debian, as files in one folder. */
export interface GuestParts {
  kernel: string;
  busybox: string;
  agent: string;
  /** kernel modules, in the order they are loaded */
  modules: string[];
  /** the agent's shared libraries and the dynamic loader */
  libraries: string[];
}

const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_blk',
  'virtio_console',
  'failover',
  'net_failover',
  'virtio_net',
  'button',
  'evdev',
];

const LOADER = 'ld-linux-x86-64.so.2';

/**
 * Downloads a kernel, busybox and the guest agent with the agent's libraries, and unpacks them without
 * installing anything. Once they are in `cacheDir`, nothing is downloaded again.
 * @throws Error saying what to install or to do when apt cannot deliver
 */
export async function ensureGuestParts(cacheDir: string): Promise<GuestParts> {
  const dir = path.join(cacheDir, `parts-${contentKey(await readFilesOf(__dirname, ['packages.ts']))}`);
  const done = await readParts(dir);
  if (done !== undefined) return done;
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(path.join(cacheDir, 'parts-work-'));
  try {
    const root = path.join(work, 'root');
    const parts = path.join(work, 'parts');
    for (const archive of await downloadPackages(work)) {
      await run('dpkg-deb', ['--extract', archive, root]);
    }
    await collectParts(root, parts);
    await moveIntoPlace(parts, dir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const parts = await readParts(dir);
  if (parts === undefined) throw new Error(`The guest's packages were unpacked, but ${dir} is not there`);
  return parts;
}

/** Renames a finished folder; when another process was faster, its result stands. */
export async function moveIntoPlace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

async function readParts(dir: string): Promise<GuestParts | undefined> {
  let libraries: string[];
  try {
    libraries = await readdir(path.join(dir, 'lib'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return {
    kernel: path.join(dir, 'vmlinuz'),
    busybox: path.join(dir, 'busybox'),
    agent: path.join(dir, 'qemu-ga'),
    modules: MODULES.map((name) => path.join(dir, 'modules', `${name}.ko`)),
    libraries: libraries.sort().map((name) => path.join(dir, 'lib', name)),
  };
}

/** Uses the system's package lists; where they are absent or outdated, its own, which needs no root. */
async function downloadPackages(work: string): Promise<string[]> {
  const archives = path.join(work, 'archives');
  await mkdir(archives);
  try {
    return await download(archives, []);
  } catch (first) {
    const apt = path.join(work, 'apt');
    await mkdir(path.join(apt, 'lists', 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::Lists=${apt}/lists`, '-o', `Dir::Cache=${apt}`];
    try {
      await run('apt-get', ['update', '--quiet', ...APT_OPTIONS, ...own]);
      return await download(archives, own);
    } catch (second) {
      throw new Error(
        `The test guest's Debian packages cannot be downloaded. They are needed once, then cached. ` +
          `Check the network and apt's sources (Debian 12, amd64).\n${String(first)}\n${String(second)}`,
        { cause: second },
      );
    }
  }
}

// As root apt would fetch as user _apt, who cannot write into our folder.
const APT_OPTIONS = ['-o', 'APT::Sandbox::User=root'];

async function download(archives: string, options: string[]): Promise<string[]> {
  const kernel = await newestKernelPackage(options);
  const agent = await run('apt-cache', [
    ...['depends', '--recurse', '--important', '--no-pre-depends', ...options, 'qemu-guest-agent'],
  ]);
  // Indented lines are relations, <names> are virtual, and name:i386 is of another architecture.
  const packages = [
    kernel,
    'busybox-static',
    ...agent.split('\n').filter((line) => /^[a-z0-9][^:]*$/.test(line)),
  ];
  await run('apt-get', ['download', '--quiet', ...APT_OPTIONS, ...options, ...packages], { cwd: archives });
  return (await readdir(archives)).map((name) => path.join(archives, name));
}

async function newestKernelPackage(options: string[]): Promise<string> {
  const names = await run('apt-cache', ['pkgnames', ...options, 'linux-image-6.1.0-']);
  const newest = names
    .split('\n')
    .flatMap((name) => /^linux-image-6\.1\.0-(\d+)-cloud-amd64$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)[0];
  if (newest === undefined) throw new Error('apt knows no package linux-image-6.1.0-*-cloud-amd64');
  return `linux-image-6.1.0-${newest}-cloud-amd64`;
}

async function collectParts(root: string, parts: string): Promise<void> {
  await mkdir(path.join(parts, 'modules'), { recursive: true });
  await mkdir(path.join(parts, 'lib'));
  const files = await listFiles(root);
  const find = (wanted: (file: string) => boolean, what: string): string => {
    const file = files.find(wanted);
    if (file === undefined) throw new Error(`The downloaded Debian packages hold no ${what}`);
    return path.join(root, file);
  };
  const ending = (end: string) => find((file) => `/${file}`.endsWith(`/${end}`), end);

  await cp(
    find((file) => file.startsWith('boot/vmlinuz-'), 'kernel'),
    path.join(parts, 'vmlinuz'),
  );
  await cp(ending('bin/busybox'), path.join(parts, 'busybox'));
  const agent = ending('sbin/qemu-ga');
  await cp(agent, path.join(parts, 'qemu-ga'));
  for (const name of MODULES) await cp(ending(`${name}.ko`), path.join(parts, 'modules', `${name}.ko`));
  for (const library of await librariesOf(agent, ending(LOADER), files, root)) {
    await cp(library, path.join(parts, 'lib', path.basename(library)), { dereference: true });
  }
}

/** Asks the unpacked dynamic loader, so that nothing comes from the system the tests run on. */
async function librariesOf(
  program: string,
  loader: string,
  files: string[],
  root: string,
): Promise<string[]> {
  const folders = [
    ...new Set(files.filter((file) => /\.so(\.|$)/.test(file)).map((file) => path.dirname(file))),
  ];
  const searched = folders.map((folder) => path.join(root, folder)).join(':');
  const listing = await run(loader, ['--inhibit-cache', '--library-path', searched, '--list', program]);
  const found = listing.split('\n').flatMap((line) => /=> (\/\S+)/.exec(line)?.[1] ?? []);
  const foreign = found.filter((file) => !file.startsWith(`${root}/`) && path.basename(file) !== LOADER);
  if (foreign.length > 0) throw new Error(`Not in the downloaded packages: ${foreign.join(', ')}`);
  return [...found.filter((file) => path.basename(file) !== LOADER), loader];
}

/** Regular files only: an absolute link in a package leads out of the unpacked tree. */
async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}
