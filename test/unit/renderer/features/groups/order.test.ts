import { describe, expect, it } from 'vitest';
import { dropPlace, moved, readDelay, readMembers } from '../../../../../renderer/features/groups/order';

const members = ['a', 'b', 'c'].map((guestId) => ({ guestId, delaySeconds: 0 }));
const order = (from: number, to: number) => moved(members, from, to).map(({ guestId }) => guestId).join('');

describe('moved', () => {
  it('puts a member elsewhere and keeps the others in order', () => {
    expect(order(0, 2)).toBe('bca');
    expect(order(2, 0)).toBe('cab');
    expect(order(1, 2)).toBe('acb');
  });

  it('changes nothing beyond the ends', () => {
    for (const [from, to] of [[0, -1], [2, 3], [1, 1], [5, 0]] as const) expect(moved(members, from, to)).toBe(members);
  });
});

describe('dropPlace', () => {
  it('is among the other rows, by their middles', () => {
    const middles = [20, 60, 100];
    expect(dropPlace(middles, 0, 5)).toBe(0);
    expect(dropPlace(middles, 0, 61)).toBe(1);
    expect(dropPlace(middles, 0, 500)).toBe(2);
    expect(dropPlace(middles, 2, 59)).toBe(1);
    expect(dropPlace(middles, 2, 5)).toBe(0);
    expect(dropPlace(middles, 1, 60)).toBe(1);
  });
});

describe('a wait', () => {
  it('is whole seconds up to an hour, and nothing else', () => {
    expect(['30', ' 5 ', '0', '3600', ''].map(readDelay)).toEqual([30, 5, 0, 3600, 0]);
    expect(['-5', '1.6', '3601', '90000', '1e2', 'x'].map(readDelay)).toEqual([null, null, null, null, null, null]);
  });

  it('of the last member is waited by nobody, so it can’t be wrong', () => {
    expect(readMembers([{ guestId: 'a', delay: '30' }, { guestId: 'b', delay: '-5' }])).toEqual([
      { guestId: 'a', delaySeconds: 30 },
      { guestId: 'b', delaySeconds: 0 },
    ]);
    expect(readMembers([{ guestId: 'a', delay: '-5' }, { guestId: 'b', delay: '' }])).toBeNull();
  });
});
