import type { Control } from '../../power/standing';
import { QmpError } from '../../protocols/qmp/errors';
import { DialError, formatAddress, type SocketAddress } from '../../protocols/sockets';

/** No monitor can be talked to now; `control` says why. */
export class NoMonitorError extends Error {
  constructor(readonly control: Control) {
    super(control.status === 'unavailable' ? control.reason : 'Its monitor is not connected.');
    this.name = 'NoMonitorError';
  }
}

/** QEMU serves one client: the next gets no greeting, and those after it cannot even connect. */
export const isTaken = (error: unknown): boolean =>
  error instanceof QmpError ? error.kind === 'no-greeting' : error instanceof DialError && error.code === 'busy';

export const nobodyListens = (error: unknown): boolean =>
  error instanceof DialError && (error.code === 'missing' || error.code === 'refused');

/** The sentence for the user, from the failure that says most. */
export function unavailable(monitors: readonly SocketAddress[], failures: readonly unknown[]): Control {
  const [first] = monitors;
  if (!first) {
    return {
      status: 'unavailable',
      reason: 'It was started without a QMP monitor, so nothing can be asked of it.',
      remedy: 'Start it with -qmp unix:/path/to/socket,server=on,wait=off.',
    };
  }
  const taken = failures.findIndex(isTaken);
  if (taken >= 0) {
    return {
      status: 'unavailable',
      reason: `Another program holds its only free monitor (${formatAddress(monitors[taken] ?? first)}).`,
      remedy:
        'End that program’s connection, or give QEMU a second -qmp socket. Reveille tries again by itself.',
    };
  }
  const told = failures.find((error): error is DialError => error instanceof DialError && error.told !== undefined)?.told;
  if (told) return { status: 'unavailable', ...told };
  const denied = failures.findIndex((error) => error instanceof DialError && error.code === 'permission');
  if (denied >= 0) {
    return {
      status: 'unavailable',
      reason: `You may not open its monitor socket ${formatAddress(monitors[denied] ?? first)}.`,
      remedy: 'Run Reveille as the user who runs QEMU, or give your user access to the socket.',
    };
  }
  const [failure] = failures;
  return {
    status: 'unavailable',
    reason: `Its monitor cannot be reached: ${failure instanceof Error ? failure.message : String(failure)}`,
    remedy: `Check that QEMU listens at ${formatAddress(first)}. Reveille tries again by itself.`,
  };
}
