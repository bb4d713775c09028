import { describe, expect, it } from 'vitest';
import type { Sleeper } from '../../../main/host-power/model';
import type { NetworkInterfaces } from '../../../main/hosts/network-watch';
import type { LinkState } from '../../../main/hosts/ssh/link';
import { hostPowerView, type PowerSurroundings } from '../../../main/view/host-power-view';
import { CARD, lost, surveyOf } from '../host-power/bench';

const NOW = new Date(2026, 10, 23, 12, 0).getTime();
const HOUR = 3_600_000;
const sameNetwork: NetworkInterfaces = {
  wlan0: [{ address: '192.168.1.77', netmask: '255.255.255.0', family: 'IPv4', mac: '02:00:00:00:00:01', internal: false, cidr: null }],
};

const view = (over: Partial<Sleeper> = {}, around: Partial<PowerSurroundings> = {}) => {
  const survey = surveyOf();
  const sleeper = { stage: 'awake', since: null, wakesAt: null, detail: null, survey, network: survey.network, ...over } as Sleeper;
  return hostPowerView(sleeper, { now: NOW, interfaces: sameNetwork, link: { kind: 'ready' }, alarms: [], ...around });
};

describe('the view of a host’s sleep', () => {
  it('of one that is awake offers Sleep alone', () => {
    expect(view()).toEqual({
      ...{ state: 'awake', since: null, wakesAt: null, mac: CARD.mac },
      sleep: { available: true },
      wake: { available: false, reason: 'It is awake.' },
    });
  });

  it('of one that sleeps offers Wake alone', () => {
    const shown = view({ stage: 'asleep', since: NOW - HOUR, wakesAt: NOW + HOUR, detail: 'Concluded.' }, { link: lost });
    expect(shown).toMatchObject({ state: 'asleep', since: NOW - HOUR, wakesAt: NOW + HOUR, detail: 'Concluded.' });
    expect([shown.sleep, shown.wake]).toEqual([{ available: false, reason: 'It sleeps already.' }, { available: true }]);
  });

  it('tells before the sleep which alarms come due', () => {
    const alarms = [
      { name: 'web', due: NOW + HOUR },
      { name: 'db', due: NOW + 24 * HOUR },
    ];
    expect(view({}, { alarms }).sleep).toEqual({
      available: true,
      warning: 'Alarms that come due while it sleeps wait until it is awake: web 13:00 and db 2026-11-24 12:00.',
    });
  });

  it('tells what it does not offer, and why', () => {
    const noTime = surveyOf({ hasAlarm: false });
    expect(view({ survey: noTime }).sleep).toMatchObject({ available: true, warning: expect.stringMatching(/^Only without a time: It has no clock/) });
    const onlyTime = surveyOf({ programs: { rtcwake: '/usr/sbin/rtcwake' } });
    expect(view({ survey: onlyTime }).sleep).toMatchObject({ available: true, warning: expect.stringMatching(/^Only with a time: It is not run by systemd/) });
    expect(view({ survey: surveyOf({ states: [] }) }).sleep).toMatchObject({ available: false, reason: expect.stringContaining('S3'), remedy: expect.stringContaining('firmware') });
    expect(view({ survey: { reason: 'It runs FreeBSD.', remedy: 'None.' } }).sleep).toEqual({ available: false, reason: 'It runs FreeBSD.', remedy: 'None.' });
  });

  it('warns where nothing could wake it over the network', () => {
    const off = { ...surveyOf().network, cards: [{ ...CARD, wakes: false }] };
    expect(view({ network: off }).sleep).toMatchObject({ warning: expect.stringContaining('sudo ethtool -s eth0 wol g') });
    expect(view({ network: { ...off, cards: [...off.cards, CARD] } }).sleep).toEqual({ available: true });
    const unknown = view({ network: null });
    expect(unknown).toMatchObject({ mac: null, sleep: { available: true, warning: expect.stringContaining('network card is not known') } });
    expect(view({ stage: 'asleep', network: null }, { link: lost }).wake).toMatchObject({ available: false, reason: expect.stringContaining('network card') });
  });

  it('warns where the packet may not arrive', () => {
    expect(view({ stage: 'asleep' }, { link: lost, interfaces: {} }).wake).toMatchObject({ available: true, warning: expect.stringContaining('not in its network') });
  });

  it.each<[Partial<Sleeper>, LinkState, string]>([
    [{ stage: 'falling-asleep' }, { kind: 'ready' }, 'It is falling asleep.'],
    [{ stage: 'waking' }, lost, 'It is being woken.'],
    [{}, lost, 'It is not connected.'],
    [{ survey: null }, { kind: 'ready' }, 'What it offers is being looked at.'],
  ])('offers no sleep: %j %j', (over, link, reason) => expect(view(over, { link }).sleep).toMatchObject({ available: false, reason }));

  it.each<[Partial<Sleeper>, LinkState, string]>([
    [{ stage: 'falling-asleep' }, { kind: 'ready' }, 'It is still connected.'],
    [{ stage: 'asleep' }, { kind: 'offline' }, 'This host is switched off in Reveille.'],
  ])('offers no wake: %j %j', (over, link, reason) => expect(view(over, { link }).wake).toMatchObject({ available: false, reason }));
});
