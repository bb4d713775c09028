import type { SocketAddress } from '../../protocols/sockets';
import type { QemuCommandLine } from './command-line';
import type { GuestOwner } from './found';
import { parseKeyValues } from './options';

/**
 * Who started a QEMU, told by marks that only that manager leaves: libvirt's monitor chardev, master key or
 * runtime folder (src/qemu/qemu_command.c), Proxmox's monitor socket.
 */
export function ownerOf(commandLine: QemuCommandLine): GuestOwner {
  for (const { name, value } of commandLine.options) {
    if (value === null) continue;
    if (name === 'object' && value.includes('masterKey0')) {
      if (parseKeyValues(value, 'qom-type').get('id') === 'masterKey0') return 'libvirt';
    }
    if (name === 'chardev' && parseKeyValues(value, 'backend').get('id') === 'charmonitor') return 'libvirt';
  }
  if (proxmoxIdOf(commandLine) !== null) return 'proxmox';
  for (const monitor of commandLine.monitors) {
    if (monitor.kind !== 'unix') continue;
    if (/\/libvirt\/qemu\//.test(monitor.path)) return 'libvirt';
  }
  return 'user';
}

/** Source: Proxmox VE's src/PVE/QemuServer/Helpers.pm (qmp_socket). */
const PROXMOX_SOCKET = /^(?:\/var)?\/run\/qemu-server\/(\d{1,9})\.(qmp|qga)$/;

/** Proxmox's number of a guest, which its monitor's socket is named by; null where it is none of Proxmox's. */
export function proxmoxIdOf({ monitors }: Pick<QemuCommandLine, 'monitors'>): number | null {
  for (const monitor of monitors) {
    const [, id, kind] = monitor.kind === 'unix' ? (PROXMOX_SOCKET.exec(monitor.path) ?? []) : [];
    if (kind === 'qmp') return Number(id);
  }
  return null;
}

/**
 * Whether a socket is one that another program connects to again and again: Proxmox's qm, pvestatd and backups need
 * each guest's monitor and agent, which take one client at a time (src/PVE/QMPClient.pm).
 */
export const isLent = (address: SocketAddress): boolean =>
  address.kind === 'unix' && PROXMOX_SOCKET.test(address.path);

/**
 * libvirt asks each QEMU binary what it can do by starting it for a moment: no guest. (qemu_process.c,
 * qemuProcessQMP)
 */
export function isCapabilityProbe(commandLine: QemuCommandLine): boolean {
  return commandLine.monitors.some(
    (monitor) => monitor.kind === 'unix' && /\/libvirt\/qemu\/qmp-[^/]+\/qmp\.monitor$/.test(monitor.path),
  );
}
