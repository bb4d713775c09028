import { describe, expect, it } from 'vitest';
import { emptiness, groupGuests, hostRowId, rowsOf, sameOrder, searchGroups } from '../../../renderer/groups';
import { demoHost, guestView, snapshotOf, sshHost, thisComputer } from '../../fakes/views';

const guests = [
  guestView({ id: '1', name: 'web-10' }),
  guestView({ id: '2', name: 'web-2' }),
  guestView({ id: '3', name: 'Alpine' }),
  guestView({ id: '4', name: 'demo-db', hostId: 'demo' }),
];
const view = snapshotOf({ hosts: [demoHost, thisComputer], guests });

describe('groupGuests', () => {
  it('puts this computer first and orders names as people count', () => {
    expect(groupGuests(view).map((group) => [group.hostId, group.guests.map(({ name }) => name)])).toEqual([
      ['here', ['Alpine', 'web-2', 'web-10']],
      ['demo', ['demo-db']],
    ]);
  });

  it('keeps two guests of one name apart and in a steady order', () => {
    const twins = [guestView({ id: 'b', name: 'twin' }), guestView({ id: 'a', name: 'twin' })];
    for (const order of [twins, [...twins].reverse()]) {
      expect(groupGuests(snapshotOf({ guests: order }))[0]?.guests.map(({ id }) => id)).toEqual(['a', 'b']);
    }
  });
});

describe('hosts reached by SSH', () => {
  const hosts = [demoHost, sshHost({ id: 'b', name: 'pve10' }), sshHost({ id: 'a', name: 'pve2' }), thisComputer];

  it('stand between this computer and the demo, by name', () => {
    expect(groupGuests(snapshotOf({ hosts })).map(({ hostId }) => hostId)).toEqual(['here', 'a', 'b', 'demo']);
  });

  it('are rows of the list, with guests or without', () => {
    const rows = rowsOf(groupGuests(snapshotOf({ hosts, guests: [...guests, guestView({ id: '5', hostId: 'b' })] })));
    expect(rows).toEqual(['3', '2', '1', hostRowId('a'), hostRowId('b'), '5', '4']);
  });

  it('make a new order when one is renamed or gets another address, not when its connection changes', () => {
    const [, b, ...rest] = hosts;
    const withB = (change: object) => snapshotOf({ hosts: [...rest, { ...b!, ...change }] });
    expect(sameOrder(withB({}), withB({ link: { kind: 'offline' } }))).toBe(true);
    expect(sameOrder(withB({}), withB({ name: 'x' }))).toBe(false);
    expect(sameOrder(withB({}), withB({ address: 'x' }))).toBe(false);
  });
});

describe('a host with remarks', () => {
  const remarks = [{ text: 'libvirt refuses this user.', remedy: 'Join its group.' }];
  const remarked = { ...thisComputer, remarks };

  it('has a row of its own above its guests', () => {
    const rows = (host: typeof thisComputer) => rowsOf(groupGuests(snapshotOf({ hosts: [host], guests: guests.slice(0, 1) })));
    expect(rows(remarked)).toEqual([hostRowId('here'), '1']);
    expect(rows(thisComputer)).toEqual(['1']);
    expect(rowsOf(groupGuests(snapshotOf({ hosts: [remarked] })))).toEqual([]);
  });

  it('makes a new order when the first comes and the last goes', () => {
    const withHost = (host: typeof thisComputer) => snapshotOf({ hosts: [host], guests });
    expect(sameOrder(withHost(thisComputer), withHost(remarked))).toBe(false);
    expect(sameOrder(withHost(remarked), withHost({ ...remarked, remarks: [...remarks, ...remarks] }))).toBe(true);
  });
});

describe('sameOrder', () => {
  it('sees names, hosts and comings and goings, and nothing else', () => {
    const changed = (change: object) =>
      snapshotOf({ hosts: [demoHost, thisComputer], guests: guests.map((one, i) => (i === 0 ? { ...one, ...change } : one)) });
    expect(sameOrder(view, changed({ vcpus: 9 }))).toBe(true);
    expect(sameOrder(view, changed({ name: 'x' }))).toBe(false);
    expect(sameOrder(view, changed({ hostId: 'demo' }))).toBe(false);
    expect(sameOrder(view, snapshotOf({ hosts: [demoHost, thisComputer], guests: guests.slice(1) }))).toBe(false);
    expect(sameOrder(view, snapshotOf({ hosts: [thisComputer], guests }))).toBe(false);
  });
});

describe('searchGroups', () => {
  it('finds by any part of the name, whatever the case, and drops empty hosts', () => {
    const found = searchGroups(groupGuests(view), ' WEB ');
    expect(found.map((group) => group.guests.map(({ id }) => id))).toEqual([['2', '1']]);
    expect(searchGroups(groupGuests(view), 'nothing')).toEqual([]);
  });

  it('finds guests by their host, by its name and its address, and keeps an added host that is found itself', () => {
    const groups = groupGuests(
      snapshotOf({
        hosts: [
          thisComputer,
          sshHost({ id: 'a', name: 'Attic', address: 'me@10.0.0.7' }),
          sshHost({ id: 'b', name: 'Barn', address: 'me@10.0.0.8' }),
          sshHost({ id: 'c', name: 'Attic two', address: 'c' }),
        ],
        guests: [
          ...guests,
          guestView({ id: '5', name: 'web-5', hostId: 'a' }),
          guestView({ id: '6', name: 'dns', hostId: 'a' }),
          guestView({ id: '7', name: 'web-7', hostId: 'b' }),
        ],
      }),
    );
    const idsOf = (search: string) =>
      searchGroups(groups, search).map(({ hostId, guests: found }) => [hostId, ...found.map(({ id }) => id)]);
    expect(idsOf('attic')).toEqual([['a', '6', '5'], ['c']]);
    expect(idsOf('10.0.0.8')).toEqual([['b', '7']]);
    expect(idsOf('web attic')).toEqual([['a', '5']]);
    expect(idsOf('attic nothing')).toEqual([]);
    expect(idsOf('this')).toEqual([['here', '3', '2', '1']]);
  });
});

describe('emptiness', () => {
  const failed = { ...thisComputer, status: { kind: 'failed' as const, message: 'm', remedy: 'r' } };
  const looking = { ...thisComputer, status: { kind: 'looking' as const } };

  it('says why there is no guest', () => {
    expect(emptiness(null)).toBe('starting');
    expect(emptiness(snapshotOf({ hosts: [looking] }))).toBe('looking');
    expect(emptiness(snapshotOf({ app: { demo: 'opening' } }))).toBe('looking');
    expect(emptiness(snapshotOf({ hosts: [failed] }))).toBe('failed');
    expect(emptiness(snapshotOf())).toBe('none');
    expect(emptiness(snapshotOf({ hosts: [looking, sshHost({ id: 'nas' })] }))).toBe('some');
    expect(emptiness(snapshotOf({ hosts: [failed], guests: guests.slice(0, 1) }))).toBe('some');
  });
});
