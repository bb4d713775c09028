import type { RunState } from '../../protocols/qmp/schema';
import type { PowerStateName } from '../../power/states';

/** Reads QEMU's run state as a power state (QAPI: qapi/run-state.json RunState). `slept` is: SUSPEND_DISK came before. */
export function powerStateOf(status: RunState, slept: boolean): { name: PowerStateName; detail?: string } {
  switch (status) {
    case 'running':
      return { name: 'running' };
    case 'suspended':
      return { name: 'suspended' };
    case 'paused':
      return { name: 'paused' };
    case 'prelaunch':
      return { name: 'paused', detail: 'QEMU was started stopped (-S), or reset while it slept.' };
    case 'io-error':
      return {
        name: 'paused',
        detail: 'QEMU paused it after a disk error. Look at the disk and its free space, then resume.',
      };
    case 'watchdog':
      return { name: 'paused', detail: 'Its watchdog paused it.' };
    case 'debug':
      return { name: 'paused', detail: 'A debugger holds it.' };
    case 'inmigrate':
      return { name: 'paused', detail: 'It waits for an incoming migration.' };
    case 'postmigrate':
      return { name: 'paused', detail: 'It was migrated away, or its state was written out.' };
    case 'finish-migrate':
    case 'save-vm':
    case 'restore-vm':
    case 'colo':
      return { name: 'paused', detail: 'QEMU is moving or saving its state.' };
    case 'internal-error':
      return { name: 'crashed', detail: 'QEMU hit an internal error and stopped it.' };
    case 'guest-panicked':
      return { name: 'crashed', detail: 'The guest’s kernel panicked.' };
    case 'shutdown':
      return slept
        ? { name: 'hibernated', detail: 'Starting it resumes it.' }
        : { name: 'off', detail: 'The guest has shut down; QEMU still runs (-no-shutdown).' };
  }
}
