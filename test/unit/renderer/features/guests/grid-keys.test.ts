import { describe, expect, it } from 'vitest';
import { rowToGo } from '../../../../../renderer/features/guests/grid-keys';

describe('rowToGo', () => {
  it.each([
    ['ArrowDown', 0, 1],
    ['ArrowDown', 29, 29],
    ['ArrowUp', 1, 0],
    ['ArrowUp', 0, 0],
    ['PageDown', 5, 15],
    ['PageDown', 25, 29],
    ['PageUp', 5, 0],
    ['PageUp', 25, 15],
    ['Home', 17, 0],
    ['End', 17, 29],
  ])('%s from row %d of 30 goes to row %d', (key, from, to) => {
    expect(rowToGo(key, from, 30)).toBe(to);
  });

  it('leaves other keys alone', () => {
    expect(rowToGo('x', 3, 30)).toBeNull();
    expect(rowToGo('Enter', 3, 30)).toBeNull();
  });
});
