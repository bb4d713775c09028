import { describe, expect, it } from 'vitest';
import { delayOf, dropPlace, moved } from '../../../../../renderer/features/groups/order';

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

describe('delayOf', () => {
  it('is whole seconds up to an hour', () => {
    expect(['30', '1.6', '-4', '90000', '', 'x'].map(delayOf)).toEqual([30, 2, 0, 3600, 0, 0]);
  });
});
