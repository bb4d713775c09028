import { describe, expect, it } from 'vitest';
import { actionOrder, isSleep } from '../../../renderer/commands';
import { askMany, groupName, leftOut, leads, manyLabel, manyWords, offeredToMany, someNames, targetGuests, targetWords } from '../../../renderer/many';
import { groupView } from '../../fakes/plan-views';
import { guestView, snapshotOf, sshHost, thisComputer } from '../../fakes/views';

const nas = guestView({ id: 'nas' });
const db = guestView({ id: 'db', state: { name: 'suspended' } });
const web = guestView({ id: 'web', hostId: 'attic' });
const group = groupView({
  id: 'g',
  name: 'Storage',
  members: [
    { guestId: 'web', delaySeconds: 0 },
    { guestId: 'gone', delaySeconds: 5 },
    { guestId: 'nas', delaySeconds: 0 },
  ],
});
const view = snapshotOf({ hosts: [thisComputer, sshHost({ id: 'attic', name: 'Attic' })], guests: [nas, db, web], groups: [group] });
const idsOf = (target: Parameters<typeof targetGuests>[1]) => targetGuests(view, target).map(({ id }) => id);

describe('a target', () => {
  it('means guests in its own order, without those that are gone', () => {
    expect(idsOf({ kind: 'guests', guestIds: ['web', 'gone', 'nas'] })).toEqual(['web', 'nas']);
    expect(idsOf({ kind: 'group', groupId: 'g' })).toEqual(['web', 'nas']);
    expect(idsOf({ kind: 'host', hostId: 'here' })).toEqual(['nas', 'db']);
    expect(idsOf({ kind: 'group', groupId: 'no such' })).toEqual([]);
  });

  it('is named for what it is', () => {
    expect(targetWords(view, { kind: 'guests', guestIds: ['web', 'gone', 'nas'] })).toBe('2 guests');
    expect(targetWords(view, { kind: 'guests', guestIds: ['web'] })).toBe('web');
    expect(targetWords(view, { kind: 'group', groupId: 'g' })).toBe('Storage');
    expect(targetWords(view, { kind: 'host', hostId: 'attic' })).toBe('All guests of Attic');
    expect(groupName('  ')).toBe('Unnamed group');
  });
});

describe('what several guests can do', () => {
  it('is what at least one can, with how many', () => {
    const offered = offeredToMany([nas, db, web]);
    expect(offered).toContainEqual({ action: 'suspend', count: 2 });
    expect(offered).toContainEqual({ action: 'wakeup', count: 1 });
    expect(offered.map(({ action }) => action)).not.toContain('start');
    expect(offeredToMany([])).toEqual([]);
  });

  it('counts a hibernated guest among those that are woken, which starts it', () => {
    const web = guestView({ id: 'web', state: { name: 'hibernated' } });
    expect(offeredToMany([nas, db, web])).toEqual(expect.arrayContaining([{ action: 'wakeup', count: 2 }, { action: 'start', count: 1 }]));
    expect(leftOut([nas, db, web], 'wakeup').map(({ guest }) => guest.id)).toEqual(['nas']);
  });

  it('leaves the others out, with the reason and the remedy', () => {
    const [left] = leftOut([nas, db], 'wakeup');
    expect(left).toEqual({ guest: nas, why: 'Not while the guest is running.' });
    expect(leftOut([nas, web], 'suspend')).toEqual([]);
    expect(leftOut([nas], 'hybrid')[0]?.why).toBe(
      'The guest’s agent does not offer hybrid sleep. Install systemd in the guest, or choose Sleep.',
    );
  });
});

describe('an action on several guests', () => {
  it('asks for a time with a sleep, and before it ends what runs', () => {
    for (const action of actionOrder) {
      const ends = ['shutdown', 'reboot', 'poweroff', 'reset', 'discard'].includes(action);
      expect([action, askMany(action)]).toEqual([action, isSleep(action) ? 'when' : ends ? 'confirmation' : 'nothing']);
    }
  });

  it('has three dots where a dialog follows', () => {
    expect(manyLabel('suspend')).toBe('Sleep…');
    expect(manyLabel('shutdown')).toBe('Shut down…');
    expect(manyLabel('wakeup')).toBe('Wake');
    expect(manyWords({ action: 'wakeup', count: 4 }, 'All guests: ').label).toBe('All guests: Wake (4)');
  });

  it('is a button of the bar when it is about sleep, or its contrary', () => {
    expect(actionOrder.filter(leads)).toEqual(['suspend', 'wakeup', 'shutdown', 'start']);
  });
});

describe('someNames', () => {
  const named = (count: number) => Array.from({ length: count }, (_, place) => guestView({ id: `g${place + 1}` }));

  it('names a few, and counts more than one that are left', () => {
    expect(someNames(named(0), 2)).toBe('');
    expect(someNames(named(1), 2)).toBe('g1');
    expect(someNames(named(2), 2)).toBe('g1 and g2');
    expect(someNames(named(3), 2)).toBe('g1, g2 and g3');
    expect(someNames(named(4), 2)).toBe('g1, g2 and 2 more');
  });
});
