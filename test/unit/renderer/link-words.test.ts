import { describe, expect, it } from 'vitest';
import type { HostView } from '../../../preload/contract/view';
import type { Said } from '../../../renderer/link-words';
import { alarmsUntil, guestCount, hostNotesWords, linkAnnouncements, lostAlarms, notHonouredWords } from '../../../renderer/link-words';
import { alarmView, guestView, hostPower, snapshotOf, sshHost, thisComputer } from '../../fakes/views';

const now = new Date(2025, 10, 22, 14, 0).getTime();
const ready: HostView['link'] = { kind: 'ready' };
const connecting: HostView['link'] = { kind: 'connecting', step: 'TCP' };
const lost: HostView['link'] = { kind: 'backoff', nextTry: now + 12_000, reason: 'It does not answer.' };
const blocked: HostView['link'] = { kind: 'blocked', reason: 'The host key\nhas changed.' };
const offline: HostView['link'] = { kind: 'offline' };

const hosts = (...views: HostView[]) => snapshotOf({ hosts: views }).hosts;

/** What is said of one host through a series of states of its connection. */
function heard(...states: Partial<HostView>[]): string[] {
  let said: Said = new Map();
  return states.map((state) => {
    const next = linkAnnouncements(hosts(sshHost({ id: 'nas', ...state })), said, now);
    ({ said } = next);
    return next.text;
  });
}

describe('announcements of connections', () => {
  it('tell when a connection stands and when it is lost', () => {
    expect(heard({ link: connecting }, { link: ready }, { link: lost })).toEqual([
      '',
      'nas: connected',
      'nas: connection lost, next try in 12 s',
    ]);
  });

  it('do not call lost what was never there', () => {
    expect(heard({ link: connecting }, { link: lost })).toEqual(['', 'nas: not reached, next try in 12 s']);
  });

  it('are silent about the tries that fail like the one before', () => {
    expect(heard({ link: ready }, { link: lost }, { link: connecting }, { link: lost }, { link: connecting })).toEqual([
      'nas: connected',
      'nas: connection lost, next try in 12 s',
      '',
      '',
      '',
    ]);
    expect(heard({ link: lost }, { link: connecting }, { link: ready })[2]).toBe('nas: connected');
  });

  it('say why a host is blocked, on one line', () => {
    expect(heard({ link: connecting }, { link: blocked })[1]).toBe('nas: blocked. The host key␊has changed.');
  });

  it('say that a host is disabled, and nothing of one that was not tried yet', () => {
    expect(heard({ link: offline })).toEqual(['']);
    expect(heard({ link: ready }, { link: offline, enabled: false }, { link: ready })).toEqual([
      'nas: connected',
      'nas: disabled',
      'nas: connected',
    ]);
  });

  it('say that a host sleeps and until when, and nothing of the connection that goes with it', () => {
    const asleep = hostPower({ state: 'asleep', wakesAt: now + 3_600_000 });
    expect(
      heard(
        { link: ready, power: hostPower() },
        { link: ready, power: hostPower({ state: 'falling-asleep' }) },
        { link: offline, power: hostPower({ state: 'falling-asleep' }) },
        { link: lost, power: asleep },
        { link: offline, power: hostPower({ state: 'waking' }) },
        { link: ready, power: hostPower() },
      ),
    ).toEqual(['nas: connected', '', '', 'nas: sleeping, wakes 15:00', '', 'nas: connected']);
  });

  it('count many changes, and forget hosts that are gone', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => sshHost({ id }));
    const all = linkAnnouncements(hosts(thisComputer, ...four), new Map(), now);
    expect(all.text).toBe('4 hosts changed their connection');
    expect(linkAnnouncements(hosts(thisComputer), all.said, now)).toEqual({ said: new Map(), text: '' });
  });
});

describe('words for hosts', () => {
  it('count', () => {
    expect([guestCount(1), guestCount(3)]).toEqual(['1 guest', '3 guests']);
    expect(notHonouredWords(1)).toBe('1 option of ~/.ssh/config is not honoured');
    expect(notHonouredWords(2)).toBe('2 options of ~/.ssh/config are not honoured');
    const remark = { text: 'libvirt refuses this user.', remedy: 'Join its group.' };
    expect(hostNotesWords({ remarks: [], notHonoured: [] })).toBe('');
    expect(hostNotesWords({ remarks: [remark], notHonoured: [] })).toBe('1 remark about this host');
    expect(hostNotesWords({ remarks: [remark, remark], notHonoured: ['x'] })).toBe(
      '2 remarks about this host; 1 option of ~/.ssh/config is not honoured',
    );
  });

  it('name the alarms of a host’s guests, and of no other’s', () => {
    const alarm = alarmView({ id: 'a', due: now + 3_600_000 });
    const view = snapshotOf({
      hosts: [thisComputer, sshHost({ id: 'nas' })],
      guests: [
        guestView({ id: '1', name: 'web', hostId: 'nas', alarm }),
        guestView({ id: '2', name: 'db', hostId: 'nas', alarm }),
        guestView({ id: '3', name: 'idle', hostId: 'nas' }),
        guestView({ id: '4', name: 'local', alarm }),
      ],
    });
    expect(lostAlarms(view, 'nas', now)).toEqual(['db, wakes 15:00', 'web, wakes 15:00']);
    expect(alarmsUntil(view, 'nas', alarm.due, now)).toEqual([]);
    expect(alarmsUntil(view, 'nas', alarm.due + 1, now)).toHaveLength(2);
  });
});
