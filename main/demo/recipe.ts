import type { StartRecipe } from '../hosts/discovery/found';
import type { LocalAddress } from './one-client-server';
import type { MachineSettings } from './simulation';

/** Where QEMU usually is, and which accelerator it uses there. */
function host(platform: NodeJS.Platform): { executable: string; accel: string; cwd: string } {
  switch (platform) {
    case 'win32':
      return { executable: 'C:\\Program Files\\qemu\\qemu-system-x86_64.exe', accel: 'whpx', cwd: 'C:\\VMs' };
    case 'darwin':
      return { executable: '/opt/homebrew/bin/qemu-system-x86_64', accel: 'hvf', cwd: '/Users/Shared/vms' };
    default:
      return { executable: '/usr/bin/qemu-system-x86_64', accel: 'kvm', cwd: '/srv/vms' };
  }
}

/** A value within an option, where a comma stands doubled (util/qemu-option.c). */
const quoted = (value: string): string => value.replaceAll(',', ',,');

/** The path of `address` as QEMU's options name it: a pipe goes without its prefix. */
const pathOf = ({ kind, path }: LocalAddress): string =>
  quoted(kind === 'unix' ? path : path.replace('\\\\.\\pipe\\', ''));

const monitorOption = (address: LocalAddress): string =>
  address.kind === 'unix' ? `unix:${pathOf(address)},server=on,wait=off` : `pipe:${pathOf(address)}`;

const agentChardev = (address: LocalAddress): string =>
  address.kind === 'unix'
    ? `socket,id=qga0,path=${pathOf(address)},server=on,wait=off`
    : `pipe,id=qga0,path=${pathOf(address)}`;

/** A plausible command line of QEMU for the simulated machine; nothing ever runs it. */
export function recipeFor(
  settings: MachineSettings,
  qmp: LocalAddress,
  agent: LocalAddress | null,
  platform: NodeJS.Platform = process.platform,
): StartRecipe {
  const { executable, accel, cwd } = host(platform);
  const acpi = settings.machine.startsWith('pc-q35') ? 'ICH9-LPC' : 'PIIX4_PM';
  return {
    executable,
    cwd,
    daemonizes: false,
    startsPaused: false,
    args: [
      ...['-name', quoted(settings.name)],
      ...['-uuid', settings.uuid],
      ...['-machine', `${settings.machine},accel=${accel}`],
      ...['-m', String(settings.memoryMiB)],
      ...['-smp', String(settings.vcpus)],
      ...['-global', `${acpi}.disable_s3=${settings.s3 ? 0 : 1}`],
      ...['-global', `${acpi}.disable_s4=${settings.s4 ? 0 : 1}`],
      ...['-drive', `file=${quoted(settings.name)}.qcow2,if=virtio`],
      ...['-nic', 'user,model=virtio-net-pci'],
      ...['-display', 'none'],
      ...(settings.noShutdown ? ['-no-shutdown'] : []),
      ...(agent
        ? [
            ...['-chardev', agentChardev(agent)],
            ...['-device', 'virtio-serial-pci'],
            ...['-device', 'virtserialport,id=channel0,chardev=qga0,name=org.qemu.guest_agent.0'],
          ]
        : []),
      ...['-qmp', monitorOption(qmp)],
    ],
  };
}
