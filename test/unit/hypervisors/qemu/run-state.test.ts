import { describe, expect, it } from 'vitest';
import { powerStateOf } from '../../../../main/hypervisors/qemu/run-state';
import { RUN_STATES, type RunState } from '../../../../main/protocols/qmp/schema';
import type { PowerStateName } from '../../../../main/power/states';

const expected: Readonly<Record<RunState, PowerStateName>> = {
  running: 'running',
  suspended: 'suspended',
  paused: 'paused',
  prelaunch: 'paused',
  'io-error': 'paused',
  watchdog: 'paused',
  debug: 'paused',
  inmigrate: 'paused',
  postmigrate: 'paused',
  'finish-migrate': 'paused',
  'save-vm': 'paused',
  'restore-vm': 'paused',
  colo: 'paused',
  'internal-error': 'crashed',
  'guest-panicked': 'crashed',
  shutdown: 'off',
};

describe('QEMU’s run states', () => {
  it.each(RUN_STATES)('%s is read as a power state', (status) => {
    expect(powerStateOf(status, false).name).toBe(expected[status]);
  });

  it.each(RUN_STATES.filter((status) => !['running', 'suspended', 'paused'].includes(status)))(
    '%s says what it is',
    (status) => {
      expect(powerStateOf(status, false).detail).toMatch(/\.$/);
    },
  );

  it('a shutdown after SUSPEND_DISK is a hibernation, and nothing else is', () => {
    expect(powerStateOf('shutdown', true)).toEqual({ name: 'hibernated', detail: 'Starting it resumes it.' });
    for (const status of RUN_STATES.filter((one) => one !== 'shutdown')) {
      expect(powerStateOf(status, true)).toEqual(powerStateOf(status, false));
    }
  });
});
