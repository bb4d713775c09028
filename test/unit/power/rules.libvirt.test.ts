import { describe, expect, it } from 'vitest';
import { actions, type Action } from '../../../main/power/actions';
import { refusalOf } from '../../../main/power/rules';
import type { Standing } from '../../../main/power/standing';
import type { PowerStateName } from '../../../main/power/states';

/** A plain QEMU that can do everything that its state allows. */
const able: Standing = {
  manager: 'qemu',
  state: 'running',
  exists: true,
  control: { status: 'ready' },
  agent: { status: 'answering', disabled: [] },
  sleep: { s3: true, s4: true, wakeup: true },
  mended: [],
  start: { kind: 'yes' },
};

describe('every action in every state', () => {
  const domains: readonly [PowerStateName, boolean, readonly Action[]][] = [
    ['running', true, ['suspend', 'hibernate', 'hybrid', 'pause', 'shutdown', 'reboot', 'poweroff', 'reset', 'save']],
    ['suspended', true, ['wakeup', 'poweroff']],
    ['paused', true, ['resume', 'poweroff', 'reset', 'save']],
    ['crashed', true, ['poweroff', 'reset']],
    ['off', false, ['start']],
    ['hibernated', false, ['start']],
    ['crashed', false, ['start']],
    ['saved', false, ['start', 'discard']],
    ['unknown', false, []],
  ];
  it.each(domains)('of a libvirt domain: %s (there: %s)', (state, exists, expected) => {
    const domain: Standing = { ...able, manager: 'libvirt', state, exists };
    expect(actions.filter((action) => !refusalOf(action, domain))).toEqual(expected);
    const unreached: Standing = { ...domain, control: { status: 'connecting' } };
    expect(actions.filter((action) => !refusalOf(action, unreached))).toEqual([]);
  });

  it('a domain whose definition lacks something says what Reveille can mend', () => {
    const domain: Standing = { ...able, manager: 'libvirt' };
    expect(refusalOf('suspend', { ...domain, sleep: { s3: false } })).toMatchObject({ code: 's3-disabled', fix: 'enable-sleep' });
    expect(refusalOf('hibernate', { ...domain, sleep: { s4: false } })).toMatchObject({ code: 's4-disabled', fix: 'enable-sleep' });
    expect(refusalOf('suspend', { ...domain, agent: { status: 'absent' } })).toMatchObject({ code: 'no-agent', fix: 'add-agent-channel' });
    expect(refusalOf('suspend', { ...able, sleep: { s3: false } })).not.toHaveProperty('fix');
    const mended: Standing = { ...domain, sleep: { s3: false }, mended: ['enable-sleep'] };
    expect(refusalOf('suspend', mended)).toMatchObject({ code: 's3-disabled', remedy: expect.stringContaining('next start') });
    expect(refusalOf('suspend', mended)).not.toHaveProperty('fix');
    // libvirt restarts it by its power button.
    expect(refusalOf('reboot', { ...domain, agent: { status: 'absent' } })).toBeNull();
  });
});
