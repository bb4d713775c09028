import { describe, expect, it } from 'vitest';
import { obstacleOf } from '../../../../main/hypervisors/libvirt/obstacles';
import { LibvirtError, type LibvirtFailure } from '../../../../main/protocols/libvirt/errors';
import { DialError, type DialErrorCode } from '../../../../main/protocols/sockets';
import { PLACE } from './bench';

const dialError = (code: DialErrorCode) => new DialError(code, { kind: 'unix', path: '/x' }, `It is ${code}.`);
const refusal = (code: number, name: 'AUTH_FAILED' | 'AUTH_UNAVAILABLE' | 'OPERATION_DENIED' | 'SYSTEM_ERROR') => ({
  ...{ code, name, domain: 'POLKIT', message: 'no', level: 'error' as const },
});

describe('why a libvirt cannot be used', () => {
  it.each<[DialErrorCode, boolean, boolean]>([
    ['missing', true, false],
    ['refused', true, false],
    ['permission', false, true],
    ['busy', false, false],
    ['timeout', false, false],
    ['other', false, false],
  ])('its socket: %s', (code, absent, forbidden) => {
    expect(obstacleOf(dialError(code), PLACE)).toMatchObject({ absent, forbidden });
  });

  it.each<[LibvirtFailure, boolean, RegExp]>([
    [{ kind: 'auth-refused', mechanism: 'polkit', refusal: refusal(45, 'AUTH_FAILED') }, true, /usermod -aG libvirt/],
    [{ kind: 'auth-refused', mechanism: 'polkit', refusal: refusal(94, 'AUTH_UNAVAILABLE') }, true, /usermod -aG libvirt/],
    [{ kind: 'unsupported-auth', offered: ['sasl'] }, true, /auth_unix_rw/],
    [{ kind: 'refused', procedure: 'connect_open', refusal: refusal(29, 'OPERATION_DENIED') }, true, /again/],
    [{ kind: 'refused', procedure: 'connect_open', refusal: refusal(38, 'SYSTEM_ERROR') }, false, /again/],
    [{ kind: 'not-libvirt', received: 'SSH-2.0' }, false, /again/],
    [{ kind: 'closed', cause: { kind: 'closed-by-peer' } }, false, /again/],
    [{ kind: 'timeout', procedure: 'auth_list', waitedMs: 1, sent: true }, false, /again/],
  ])('libvirt itself: $kind', (failure, forbidden, remedy) => {
    expect(obstacleOf(new LibvirtError(failure), PLACE)).toMatchObject({
      absent: false,
      forbidden,
      reason: expect.stringMatching(/^.+\.$/),
      remedy: expect.stringMatching(remedy),
    });
  });

  it('SASL is named', () => {
    expect(obstacleOf(new LibvirtError({ kind: 'unsupported-auth', offered: ['sasl'] }), PLACE)?.reason).toContain('SASL');
  });

  it('nobody is told to start a session’s libvirt with systemctl', () => {
    expect(obstacleOf(dialError('missing'), PLACE)?.remedy).toContain('sudo systemctl start');
    expect(obstacleOf(dialError('missing'), { ...PLACE, scope: 'session' })?.remedy).not.toContain('systemctl');
  });

  it('a fault of ours is none', () => {
    expect(obstacleOf(new TypeError('x'), PLACE)).toBeNull();
    expect(obstacleOf(null, PLACE)).toBeNull();
  });
});
