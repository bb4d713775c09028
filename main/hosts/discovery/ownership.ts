import type { QemuCommandLine } from './command-line';
import type { GuestOwner } from './found';
import { parseKeyValues } from './options';

/**
 * Who started a QEMU, told by marks that only that manager leaves: libvirt's monitor chardev, master key or
 * runtime folder (src/qemu/qemu_command.c), Proxmox's monitor socket (PVE/QemuServer.pm).
 */
export function ownerOf(commandLine: QemuCommandLine): GuestOwner {
  for (const { name, value } of commandLine.options) {
    if (value === null) continue;
    if (name === 'object' && value.includes('masterKey0')) {
      if (parseKeyValues(value, 'qom-type').get('id') === 'masterKey0') return 'libvirt';
    }
    if (name === 'chardev' && parseKeyValues(value, 'backend').get('id') === 'charmonitor') return 'libvirt';
  }
  for (const monitor of commandLine.monitors) {
    if (monitor.kind !== 'unix') continue;
    if (/^(\/var)?\/run\/qemu-server\/\d+\.qmp$/.test(monitor.path)) return 'proxmox';
    if (/\/libvirt\/qemu\//.test(monitor.path)) return 'libvirt';
  }
  return 'user';
}

/**
 * libvirt asks each QEMU binary what it can do by starting it for a moment: no guest. (qemu_process.c,
 * qemuProcessQMP)
 */
export function isCapabilityProbe(commandLine: QemuCommandLine): boolean {
  return commandLine.monitors.some(
    (monitor) => monitor.kind === 'unix' && /\/libvirt\/qemu\/qmp-[^/]+\/qmp\.monitor$/.test(monitor.path),
  );
}
