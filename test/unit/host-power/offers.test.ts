import { describe, expect, it } from 'vitest';
import { offersOf } from '../../../main/host-power/offers';
import { surveyOf } from './bench';

const sam = { uid: 1000, name: 'sam' };
const SUDO = '/usr/bin/sudo';

describe('a host', () => {
  it('of root sleeps by rtcwake and systemctl, without sudo', () => {
    expect(offersOf(surveyOf())).toEqual({ timed: { means: 'rtcwake' }, untimed: { means: 'systemctl' } });
  });

  it('of a user whom sudo lets', () => {
    const { programs } = surveyOf();
    const told = surveyOf({ user: sam, programs: { ...programs, sudo: SUDO }, sudo: { rtcwake: true, systemctl: false } });
    expect(offersOf(told)).toEqual({
      timed: { means: 'rtcwake' },
      untimed: { reason: 'sam may not run systemctl there without a password.', remedy: expect.stringContaining('sam ALL=(root) NOPASSWD: /usr/sbin/rtcwake, /usr/bin/systemctl suspend.') },
    });
  });

  it.each([
    ['sam', 'sam'],
    ['Günther K', '#1000'],
    ['a,b', '#1000'],
  ])('of %s names the user in sudoers as %s', (name, who) => {
    const { programs } = surveyOf();
    const told = surveyOf({ user: { uid: 1000, name }, programs: { ...programs, sudo: SUDO }, sudo: null });
    expect(offersOf(told).timed).toMatchObject({ remedy: expect.stringContaining(`write there: ${who} ALL=(root)`) });
  });

  it('without sudo', () => {
    expect(offersOf(surveyOf({ user: sam })).timed).toMatchObject({ reason: 'sam may not put it to sleep, and there is no sudo.' });
  });

  it('whose libvirt sleeps does so where rtcwake does not, and only with pm-suspend, which libvirt runs', () => {
    const without = surveyOf({ user: sam, libvirt: 'sleeps' });
    expect(offersOf(without).timed).not.toHaveProperty('means');
    const told = surveyOf({ user: sam, libvirt: 'sleeps', programs: { ...without.programs, 'pm-suspend': '/usr/sbin/pm-suspend' } });
    expect(offersOf(told).timed).toEqual({ means: 'libvirt' });
    expect(offersOf(told).untimed).not.toHaveProperty('means');
    for (const libvirt of ['cannot-sleep', 'forbidden', 'absent'] as const) expect(offersOf({ ...told, libvirt }).timed).not.toHaveProperty('means');
  });

  it('without S3 does not sleep at all', () => {
    const { timed, untimed } = offersOf(surveyOf({ states: ['freeze'] }));
    expect(timed).toMatchObject({ reason: 'It cannot sleep to memory (S3): its kernel offers freeze.' });
    expect(untimed).toEqual(timed);
    expect(offersOf(surveyOf({ states: [] })).timed).toMatchObject({ reason: expect.stringContaining('no sleep at all') });
  });

  it('without a clock that wakes it, or without rtcwake, sleeps until it is woken', () => {
    expect(offersOf(surveyOf({ hasAlarm: false }))).toEqual({
      timed: expect.objectContaining({ reason: expect.stringContaining('no clock') }) as object,
      untimed: { means: 'systemctl' },
    });
    expect(offersOf(surveyOf({ programs: { systemctl: '/usr/bin/systemctl' } })).timed).toMatchObject({ reason: 'rtcwake is not installed there.' });
    expect(offersOf(surveyOf({ programs: { rtcwake: '/usr/sbin/rtcwake' } })).untimed).toMatchObject({ reason: expect.stringContaining('systemd') });
  });
});
