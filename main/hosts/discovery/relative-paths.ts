import { posix, win32 } from 'node:path';
import type { QemuCommandLine } from './command-line';
import { parseKeyValues, readSwitch } from './options';

/** Options whose whole value is a path. */
const PATH_OPTIONS = new Set([
  ...['fda', 'fdb', 'hda', 'hdb', 'hdc', 'hdd', 'cdrom', 'sd', 'mtdblock', 'pflash'],
  ...['kernel', 'initrd', 'dtb', 'bios', 'option-rom', 'L'],
  ...['pidfile', 'D', 'mem-path', 'readconfig', 'chroot'],
]);

/** Options that take `unix:PATH`, `file:PATH` and `pipe:PATH`. */
const SHORT_FORMS = new Set(['qmp', 'qmp-pretty', 'monitor', 'serial', 'parallel', 'gdb', 'debugcon']);

/** Options made of key=value, with the key that a first bare value stands for. */
const KEYED_OPTIONS: ReadonlyMap<string, string | null> = new Map([
  ['drive', 'file'],
  ['blockdev', 'driver'],
  ['chardev', 'backend'],
  ['device', 'driver'],
  ['object', 'qom-type'],
  ['netdev', 'type'],
  ['nic', 'type'],
  ['net', 'type'],
  ['fsdev', 'fsdriver'],
  ['virtfs', 'fsdriver'],
  ['smbios', 'type'],
  ['fw_cfg', 'name'],
  ['tpmdev', 'type'],
  ['acpitable', null],
  ['plugin', 'file'],
  ['audiodev', 'driver'],
  ['spice', 'port'],
]);

/** The last part of a key, as in `file.filename`. `script=no` and an empty romfile mean "none". */
const PATH_KEYS = new Set([
  ...[
    'file',
    'filename',
    'path',
    'dir',
    'mem-path',
    'romfile',
    'logfile',
    'splash',
    'cancel-path',
    'x509-dir',
  ],
  ...['script', 'downscript', 'tftp', 'smb'],
]);

/**
 * The relative paths that a QEMU command line names, as far as its options are known: what it means depends
 * on the folder it is started in. Firmware that QEMU looks up by name in its own folder counts too, to be on
 * the safe side.
 */
export function relativePaths(
  { options, images }: Pick<QemuCommandLine, 'options' | 'images'>,
  platform: NodeJS.Platform,
): string[] {
  const isAbsolute = platform === 'win32' ? win32.isAbsolute : posix.isAbsolute;
  const paths = options.flatMap(({ name, value }) => (value === null ? [] : pathsIn(name, value, platform)));
  return [...paths, ...images].flatMap((text) => {
    const path = withoutFormat(text, platform);
    return path === null || ['', 'no', 'none'].includes(path) || isAbsolute(path) ? [] : [path];
  });
}

function pathsIn(name: string, value: string, platform: NodeJS.Platform): string[] {
  if (PATH_OPTIONS.has(name)) return [value];
  const [, backend, rest] = SHORT_FORMS.has(name)
    ? (/^(?:mon:)?(unix|file|pipe):(.*)$/s.exec(value) ?? [])
    : [];
  const impliedKey = KEYED_OPTIONS.get(name);
  if (rest === undefined && impliedKey === undefined) return [];
  const given = rest === undefined ? parseKeyValues(value, impliedKey ?? null) : parseKeyValues(rest, 'path');
  // Neither an abstract socket nor a pipe of Windows is a file.
  if (readSwitch(given.get('abstract'), false)) return [];
  if (platform === 'win32' && (backend ?? given.get('backend')) === 'pipe') return [];
  return [...given].flatMap(([key, inner]) => {
    const last = key.slice(key.lastIndexOf('.') + 1);
    // Elsewhere `addr` is a place on a bus.
    return PATH_KEYS.has(last) || (name === 'spice' && last === 'addr' && given.has('unix')) ? [inner] : [];
  });
}

/**
 * The path in a disk image's name; null where it is none but a URL, JSON or a device (`nbd:`, `https:`,
 * `json:`).
 */
function withoutFormat(text: string, platform: NodeJS.Platform): string | null {
  if (platform === 'win32' && /^[a-z]:/i.test(text)) return text;
  const [, local] = /^(?:file|fat(?::floppy)?(?::rw)?|blkdebug:[^:]*|host_device):(.*)$/s.exec(text) ?? [];
  if (local !== undefined) return local;
  return /^[A-Za-z][A-Za-z0-9+.-]+:/.test(text) ? null : text;
}
