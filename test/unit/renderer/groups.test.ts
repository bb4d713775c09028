import { describe, expect, it } from 'vitest';
import { emptiness, groupGuests, sameOrder, searchGroups } from '../../../renderer/groups';
import { demoHost, guestView, snapshotOf, thisComputer } from '../../fakes/views';

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
    expect(emptiness(snapshotOf({ hosts: [failed], guests: guests.slice(0, 1) }))).toBe('some');
  });
});
