import { isRefusal, LibvirtError } from '../../protocols/libvirt/errors';
import { DialError } from '../../protocols/sockets';
import type { DaemonPlace, Obstacle } from './model';

const GROUP = 'Add your user to the group libvirt on its host (sudo usermod -aG libvirt USER), then sign in there anew.';
const AGAIN = 'Reveille tries again by itself.';

/** @returns null for what is a fault of ours */
export function obstacleOf(error: unknown, { scope }: DaemonPlace): Obstacle | null {
  if (error instanceof DialError) {
    switch (error.code) {
      case 'missing':
      case 'refused':
        return {
          absent: true,
          forbidden: false,
          reason: 'libvirt is not running on its host.',
          remedy: scope === 'system' ? 'Start it there: sudo systemctl start libvirtd (or virtqemud).' : AGAIN,
        };
      case 'permission':
        return { absent: false, forbidden: true, reason: 'This user may not open libvirt’s socket.', remedy: GROUP };
      default:
        return { absent: false, forbidden: false, reason: `libvirt cannot be reached: ${error.message}`, remedy: AGAIN };
    }
  }
  if (!(error instanceof LibvirtError)) return null;
  switch (error.kind) {
    case 'auth-refused':
      return { absent: false, forbidden: true, reason: `${error.message}.`, remedy: GROUP };
    case 'unsupported-auth':
      return {
        absent: false,
        forbidden: true,
        reason: 'libvirt asks for a SASL sign-in on its host, which Reveille does not speak.',
        remedy: 'Set auth_unix_rw = "none" or "polkit" in libvirtd.conf there.',
      };
    default:
      return {
        absent: false,
        forbidden: isRefusal(error, 'ACCESS_DENIED', 'OPERATION_DENIED', 'AUTH_FAILED'),
        reason: `${error.message}.`,
        remedy: AGAIN,
      };
  }
}
