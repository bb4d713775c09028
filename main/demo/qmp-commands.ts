import { writeFileSync } from 'node:fs';
import { answer, refuse, type Command, type CommandTable, type Reply } from './commands';
import { bytesRead, bytesWritten } from './load';
import type { JsonObject, JsonValue } from './qemu-json';
import { paintScreen } from './screen';
import type { Machine } from './simulation';

const MIB = 1024 * 1024;

const query = (run: (machine: Machine) => JsonValue): Command<Machine> => ({
  parameters: [],
  run: (machine) => answer(run(machine)),
});
const action = (run: (machine: Machine) => void): Command<Machine> => ({
  parameters: [],
  run(machine) {
    run(machine);
    return answer();
  },
});

/** Where the board keeps its ACPI device, and what that is (measured on QEMU 7.2). */
function acpiDevice(machine: string): { path: string; type: string } | null {
  if (machine === 'none') return null;
  return machine.startsWith('pc-q35')
    ? { path: '/machine/unattached/device[2]', type: 'ICH9-LPC' }
    : { path: '/machine/unattached/device[17]', type: 'PIIX4_PM' };
}

interface Property {
  name: string;
  type: string;
  value: JsonValue;
}

/** The properties of the objects that Reveille looks at; null for a path without one. */
function qomObject({ settings }: Machine, path: string): { typename: string; properties: Property[] } | null {
  const acpi = acpiDevice(settings.machine);
  if (path === '/machine') {
    const typename = `${settings.machine}-machine`;
    const properties: Property[] = [
      { name: 'type', type: 'string', value: typename },
      { name: 'graphics', type: 'bool', value: true },
      { name: 'usb', type: 'bool', value: false },
      { name: 'peripheral', type: 'child<container>', value: '/machine/peripheral' },
      { name: 'unattached', type: 'child<container>', value: '/machine/unattached' },
    ];
    if (acpi) properties.push({ name: 'acpi-device', type: 'link<hotplug-handler>', value: acpi.path });
    return { typename, properties };
  }
  if (path === '/backend') {
    return { typename: 'container', properties: [{ name: 'console[0]', type: 'child<qemu-console>', value: '' }] };
  }
  if (acpi && path === acpi.path) {
    return {
      typename: acpi.type,
      properties: [
        { name: 'type', type: 'string', value: acpi.type },
        { name: 'realized', type: 'bool', value: true },
        { name: 'disable_s3', type: 'uint8', value: settings.s3 ? 0 : 1 },
        { name: 'disable_s4', type: 'uint8', value: settings.s4 ? 0 : 1 },
        { name: 's4_val', type: 'uint8', value: 2 },
      ],
    };
  }
  return null;
}

const noSuchDevice = (path: string): Reply => refuse(`Device '${path}' not found`, 'DeviceNotFound');

function status(machine: Machine): JsonObject {
  const state = machine.status();
  const info: JsonObject = { status: state, running: state === 'running' };
  // Removed in QEMU 9.0.
  if (machine.settings.qemuVersion.major < 9) info['singlestep'] = false;
  return info;
}

function cpus({ settings }: Machine): JsonValue {
  if (settings.machine === 'none') return [];
  return Array.from({ length: settings.vcpus }, (_, index) => ({
    'thread-id': 1000 + index,
    props: { 'core-id': index, 'thread-id': 0, 'socket-id': 0 },
    'qom-path': `/machine/unattached/device[${index === 0 ? 0 : index + 1}]`,
    'cpu-index': index,
    target: 'x86_64',
  }));
}

/** As a QEMU that was built without libpng: PPM only. */
function screendump(machine: Machine, args: JsonObject): Reply {
  if (args['format'] !== undefined && args['format'] !== 'ppm') {
    return refuse(`Parameter 'format' does not accept value '${String(args['format'])}'`);
  }
  const path = String(args['filename']);
  const isLit = machine.status() === 'running' && machine.guest.memory() !== null;
  try {
    writeFileSync(path, paintScreen(machine.settings.name, isLit));
    return answer();
  } catch (error) {
    return refuse(`failed to open file '${path}': ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * The commands that the simulated QEMU knows once qmp_capabilities has been through. query-commands, query-
 * chardev and qmp_capabilities depend on the connection and stand in qmp-channel.ts.
 */
export const qmpCommands: CommandTable<Machine> = {
  'query-version': query(({ settings }) => {
    const { package: packaged, ...qemu } = settings.qemuVersion;
    return { qemu, package: packaged };
  }),
  'query-status': query(status),
  'query-name': query(({ settings }) => ({ name: settings.name })),
  'query-uuid': query(({ settings }) => ({ UUID: settings.uuid })),
  'query-target': query(() => ({ arch: 'x86_64' })),
  'query-kvm': query(() => ({ enabled: false, present: true })),
  'query-current-machine': query((machine) => ({ 'wakeup-suspend-support': machine.supportsWakeup() })),
  'query-memory-size-summary': query(({ settings }) => ({
    'base-memory': settings.memoryMiB * MIB,
    'plugged-memory': 0,
  })),
  'query-cpus-fast': query(cpus),
  'query-blockstats': query(({ guest }) => {
    const uptime = guest.uptimeMs();
    return [{ device: 'virtio0', stats: { rd_bytes: bytesRead(uptime), wr_bytes: bytesWritten(uptime) } }];
  }),
  screendump: {
    parameters: [
      { name: 'filename', type: 'string' },
      { name: 'format', type: 'string', optional: true },
    ],
    run: screendump,
  },
  'qom-get': {
    parameters: [
      { name: 'path', type: 'string' },
      { name: 'property', type: 'string' },
    ],
    run(machine, args) {
      const path = String(args['path']);
      const object = qomObject(machine, path);
      if (!object) return noSuchDevice(path);
      const property = object.properties.find(({ name }) => name === args['property']);
      return property
        ? answer(property.value)
        : refuse(`Property '${object.typename}.${String(args['property'])}' not found`);
    },
  },
  'qom-list': {
    parameters: [{ name: 'path', type: 'string' }],
    run(machine, args) {
      const path = String(args['path']);
      const object = qomObject(machine, path);
      return object
        ? answer(object.properties.map(({ name, type }) => ({ name, type })))
        : noSuchDevice(path);
    },
  },
  stop: action((machine) => machine.stop()),
  cont: {
    parameters: [],
    run: (machine) =>
      machine.cont() === 'done' ? answer() : refuse('Resetting the Virtual Machine is required'),
  },
  system_wakeup: {
    parameters: [],
    run(machine) {
      if (!machine.supportsWakeup()) return refuse('wake-up from suspend is not supported by this guest');
      return machine.wakeup() === 'done'
        ? answer()
        : refuse('Unable to wake up: guest is not in suspended state');
    },
  },
  system_powerdown: action((machine) => machine.pressPowerButton()),
  system_reset: action((machine) => machine.reset()),
  quit: action((machine) => machine.quit()),
};
