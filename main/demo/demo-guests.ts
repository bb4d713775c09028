import type { InitialState } from './machine';
import type { MachineSettings } from './simulation';

/** A guest of the demo host, and what it is doing when the demo opens. */
export interface DemoGuest {
  settings: Partial<MachineSettings> & Pick<MachineSettings, 'name' | 'uuid' | 'agent'>;
  opens: Extract<InitialState, { kind: 'up' | 'asleep' }> | { kind: 'hibernated'; uptimeMs: number };
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIB = 1024;

const QEMU_10 = {
  qemuVersion: { major: 10, minor: 0, micro: 7, package: 'Debian 1:10.0.7+ds-0+deb13u1' },
  agentVersion: '10.0.7',
};

const ethernet = (mac: string, ...addresses: string[]) => ({
  name: 'enp1s0',
  mac,
  addresses: addresses.map((address) => ({ address, prefix: address.includes(':') ? 64 : 24 })),
});

/** A home-lab in which every guest shows something else. */
export const demoGuests: readonly DemoGuest[] = [
  // Sleeps, hibernates and wakes as it should.
  {
    settings: {
      ...QEMU_10,
      name: 'nas',
      uuid: '0d3f5b9e-6a53-4c0e-9c53-31d6b2a7f001',
      machine: 'pc-i440fx-10.0',
      memoryMiB: 8 * GIB,
      vcpus: 4,
      hybrid: true,
      agent: 'running',
      hostName: 'nas',
      os: {
        id: 'debian',
        name: 'Debian GNU/Linux',
        'pretty-name': 'Debian GNU/Linux 13 (trixie)',
        version: '13 (trixie)',
        'version-id': '13',
        'kernel-release': '6.12.57+deb13-amd64',
        machine: 'x86_64',
      },
      interfaces: [ethernet('52:54:00:1a:00:01', '192.168.1.10', 'fd00::10')],
    },
    opens: { kind: 'up', uptimeMs: 12 * DAY + 4 * HOUR },
  },
  // Sleeps already.
  {
    settings: {
      ...QEMU_10,
      name: 'media',
      uuid: '0d3f5b9e-6a53-4c0e-9c53-31d6b2a7f002',
      machine: 'pc-i440fx-10.0',
      memoryMiB: 4 * GIB,
      vcpus: 4,
      agent: 'running',
      hostName: 'media',
      os: {
        id: 'ubuntu',
        name: 'Ubuntu',
        'pretty-name': 'Ubuntu 24.04.3 LTS',
        version: '24.04.3 LTS (Noble Numbat)',
        'version-id': '24.04',
        'kernel-release': '6.8.0-88-generic',
        machine: 'x86_64',
      },
      interfaces: [ethernet('52:54:00:1a:00:02', '192.168.1.20')],
    },
    opens: { kind: 'asleep', uptimeMs: 2 * DAY + 7 * HOUR },
  },
  // S3 and S4 are switched off in its definition, as many tools create guests.
  {
    settings: {
      ...QEMU_10,
      name: 'home-assistant',
      uuid: '0d3f5b9e-6a53-4c0e-9c53-31d6b2a7f003',
      machine: 'pc-q35-10.0',
      memoryMiB: 4 * GIB,
      vcpus: 2,
      s3: false,
      s4: false,
      agent: 'running',
      hostName: 'homeassistant',
      os: {
        id: 'haos',
        name: 'Home Assistant OS',
        'pretty-name': 'Home Assistant OS 16.3',
        version: '16.3',
        'version-id': '16.3',
        'kernel-release': '6.12.51-haos',
        machine: 'x86_64',
      },
      interfaces: [ethernet('52:54:00:1a:00:03', '192.168.1.5')],
    },
    opens: { kind: 'up', uptimeMs: 33 * DAY + 9 * HOUR },
  },
  // Hibernated: no process, and a start resumes it.
  {
    settings: {
      ...QEMU_10,
      name: 'build-box',
      uuid: '0d3f5b9e-6a53-4c0e-9c53-31d6b2a7f004',
      machine: 'pc-i440fx-10.0',
      memoryMiB: 16 * GIB,
      vcpus: 8,
      agent: 'running',
      hostName: 'build-box',
      os: {
        id: 'fedora',
        name: 'Fedora Linux',
        'pretty-name': 'Fedora Linux 43 (Server Edition)',
        version: '43 (Server Edition)',
        'version-id': '43',
        'kernel-release': '6.17.8-300.fc43.x86_64',
        machine: 'x86_64',
      },
      interfaces: [ethernet('52:54:00:1a:00:04', '192.168.1.30')],
    },
    opens: { kind: 'hibernated', uptimeMs: 5 * HOUR },
  },
  // Its agent hangs.
  {
    settings: {
      ...QEMU_10,
      name: 'win11-desktop',
      uuid: '0d3f5b9e-6a53-4c0e-9c53-31d6b2a7f005',
      machine: 'pc-q35-10.0',
      memoryMiB: 8 * GIB,
      vcpus: 4,
      agent: 'silent',
      hostName: 'WIN11-DESKTOP',
    },
    opens: { kind: 'up', uptimeMs: 3 * HOUR },
  },
  // Has no channel for an agent.
  {
    settings: {
      ...QEMU_10,
      name: 'router',
      uuid: '0d3f5b9e-6a53-4c0e-9c53-31d6b2a7f006',
      machine: 'pc-i440fx-10.0',
      memoryMiB: 256,
      vcpus: 1,
      agent: 'absent',
      hostName: 'router',
    },
    opens: { kind: 'up', uptimeMs: 61 * DAY },
  },
];
