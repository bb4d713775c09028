import { parseChardev, parseShortForm, type Endpoint } from './endpoints';
import { parseKeyValues, splitArguments, type Option } from './options';

/**
 * What a QEMU command line says about its guest. Everything is as given; nothing is checked against the
 * system.
 */
export interface QemuCommandLine {
  /** In order; the recipe and ownership rules read them. */
  options: Option[];
  /** -version or -help: prints and exits, runs no guest. */
  printsAndExits: boolean;
  name: string | null;
  /** In lower case; the nil UUID is null, as QEMU's own default is. */
  uuid: string | null;
  memoryMiB: number | null;
  vcpus: number | null;
  machine: string | null;
  /** QMP monitors in order. */
  monitors: Endpoint[];
  /** It has a monitor for people (HMP), which is no help to us but worth telling. */
  hasHumanMonitor: boolean;
  /** The guest agent's virtio-serial port; the first one counts. */
  agent: { chardev: string; endpoint: Endpoint } | null;
  /** File names of the disk images in order, as given. */
  images: string[];
  /** -readconfig: part of the configuration is in a file that is not read here. */
  readsConfigFile: boolean;
  daemonizes: boolean;
  startsPaused: boolean;
}

const AGENT_PORT = 'org.qemu.guest_agent.0';
/** A machine has no more than this; further ones are ignored. */
const MAX_MONITORS = 16;
const MAX_CHARDEVS = 4096;
const MAX_IMAGES = 64;

/**
 * Reads the arguments of a QEMU process, without the program's name. Options given twice merge as QEMU merges
 * them: -name, -m, -smp and -machine key by key, the others by the last one. Never throws, whatever it is
 * given.
 */
export function parseCommandLine(args: readonly string[]): QemuCommandLine {
  const { options, images } = splitArguments(args);
  const valuesOf = (...names: string[]): string[] =>
    options.flatMap((option) => (names.includes(option.name) && option.value !== null ? [option.value] : []));
  const has = (...names: string[]): boolean => options.some((option) => names.includes(option.name));
  const merged = (impliedKey: string, ...names: string[]): Map<string, string> =>
    new Map(valuesOf(...names).flatMap((value) => [...parseKeyValues(value, impliedKey)]));

  const chardevs = new Map<string, Endpoint>();
  for (const value of valuesOf('chardev').slice(0, MAX_CHARDEVS)) {
    const chardev = parseChardev(value);
    if (chardev) chardevs.set(chardev.id, chardev.endpoint);
  }
  const { monitors, hasHumanMonitor } = readMonitors(options, chardevs);
  return {
    options,
    printsAndExits: has('version', 'help', 'h', 'audio-help'),
    name: merged('guest', 'name').get('guest') || null,
    uuid: readUuid(valuesOf('uuid').at(-1)),
    memoryMiB: readMemory(merged('size', 'm').get('size')),
    vcpus: readVcpus(merged('cpus', 'smp')),
    machine: merged('type', 'machine', 'M').get('type') || null,
    monitors,
    hasHumanMonitor,
    agent: readAgent(valuesOf('device'), chardevs),
    images: readImages(options, images),
    readsConfigFile: has('readconfig'),
    daemonizes: has('daemonize'),
    startsPaused: has('S'),
  };
}

function readMonitors(
  options: readonly Option[],
  chardevs: ReadonlyMap<string, Endpoint>,
): Pick<QemuCommandLine, 'monitors' | 'hasHumanMonitor'> {
  const chardev = (id: string): Endpoint =>
    chardevs.get(id) ?? { kind: 'none', why: 'names no known chardev' };
  const monitors: Endpoint[] = [];
  let hasHumanMonitor = false;
  for (const { name, value } of options) {
    if (value === null || monitors.length === MAX_MONITORS) continue;
    if (name === 'qmp' || name === 'qmp-pretty') {
      if (value === 'none') continue;
      monitors.push(
        value.startsWith('chardev:') ? chardev(value.slice('chardev:'.length)) : parseShortForm(value),
      );
    } else if (name === 'mon') {
      const monitor = parseKeyValues(value, 'chardev');
      if (monitor.get('mode') === 'control') monitors.push(chardev(monitor.get('chardev') ?? ''));
      else hasHumanMonitor = true;
    } else if (name === 'monitor' && value !== 'none') {
      hasHumanMonitor = true;
    }
  }
  return { monitors, hasHumanMonitor };
}

function readAgent(
  devices: readonly string[],
  chardevs: ReadonlyMap<string, Endpoint>,
): QemuCommandLine['agent'] {
  for (const value of devices) {
    if (!value.includes(AGENT_PORT)) continue;
    const device = parseKeyValues(value, 'driver');
    const chardev = device.get('chardev');
    if (device.get('driver') !== 'virtserialport' || device.get('name') !== AGENT_PORT || !chardev) continue;
    return { chardev, endpoint: chardevs.get(chardev) ?? { kind: 'none', why: 'names no known chardev' } };
  }
  return null;
}

function readImages(options: readonly Option[], positional: readonly string[]): string[] {
  const named = options.flatMap(({ name, value }) => {
    if (value === null) return [];
    if (/^(hd[a-d]|sd|mtdblock)$/.test(name)) return [value];
    if (name !== 'drive' && name !== 'blockdev') return [];
    const drive = parseKeyValues(value, name === 'drive' ? 'file' : 'driver');
    if (drive.get('if') === 'pflash' || drive.get('media') === 'cdrom') return [];
    return [drive.get('file') ?? drive.get('file.filename') ?? drive.get('filename') ?? ''];
  });
  return [...named, ...positional].filter((image) => image !== '').slice(0, MAX_IMAGES);
}

function readUuid(text: string | undefined): string | null {
  const uuid = text?.toLowerCase();
  if (uuid === undefined || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return null;
  return /^[0-]+$/.test(uuid) ? null : uuid;
}

/** -m: MiB unless a suffix says otherwise; fractions and hexadecimal are QEMU's too (qemu_strtosz_MiB). */
function readMemory(text: string | undefined): number | null {
  const given = /^(0x[0-9a-f]{1,16}|\d{1,15}(?:\.\d{0,9})?)([bkmgtpe]?)$/i.exec(text ?? '');
  if (!given) return null;
  const [, number, suffix = ''] = given;
  const exponent = suffix === '' ? 2 : 'bkmgtpe'.indexOf(suffix.toLowerCase());
  const mebibytes = Number(number) * 1024 ** (exponent - 2);
  return mebibytes > 0 && mebibytes <= Number.MAX_SAFE_INTEGER ? Math.max(1, Math.round(mebibytes)) : null;
}

/**
 * -smp: `cpus`, else `maxcpus`, else the product of the topology.
 * Source: QEMU's hw/core/machine-smp.c (machine_parse_smp_config).
 */
function readVcpus(smp: ReadonlyMap<string, string>): number | null {
  if (smp.size === 0) return null;
  const number = (key: string): number => {
    const text = smp.get(key) ?? '';
    return /^\d{1,6}$/.test(text) ? Number(text) : 0;
  };
  const stated = number('cpus') || number('maxcpus');
  if (stated > 0) return stated;
  const topology = ['drawers', 'books', 'sockets', 'dies', 'clusters', 'modules', 'cores', 'threads'];
  if (!topology.some((level) => number(level) > 0)) return null;
  return topology.reduce((product, level) => product * Math.max(1, number(level)), 1);
}
