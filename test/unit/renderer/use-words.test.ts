import { describe, expect, it } from 'vitest';
import { inUseWords, oneInWords } from '../../../renderer/use-words';

const idle = { users: [], cpuPercent: 1.4 };
const unknown = { users: null, cpuPercent: null };

describe('whether a guest is in use', () => {
  it.each([
    [idle, 'Nobody is signed in, and it is idle.'],
    [{ users: ['ann'], cpuPercent: 2 }, 'ann is signed in.'],
    [{ users: ['ann', 'root'], cpuPercent: 180.4 }, 'ann and root are signed in. It uses 180 % of one vCPU.'],
    [{ users: [], cpuPercent: 50 }, 'It uses 50 % of one vCPU.'],
    [{ users: [], cpuPercent: 49.9 }, 'Nobody is signed in, and it is idle.'],
    [{ users: [], cpuPercent: null }, 'Nobody is signed in.'],
    [{ users: null, cpuPercent: 3 }, 'It is idle; who is signed in cannot be known.'],
    [unknown, 'Whether it is in use cannot be known.'],
    [{ users: ['a\u202eb'], cpuPercent: null }, 'a‹U+202E›b is signed in.'],
  ])('%j: %s', (use, words) => expect(oneInWords(use)).toBe(words));

  it('names those of several that are', () => {
    const nas = { name: 'nas', use: { users: ['ann'], cpuPercent: 1 } };
    expect(inUseWords([nas])).toEqual({ inUse: ['ann is signed in.'], rest: '' });
    expect(inUseWords([nas, { name: 'db', use: idle }])).toEqual({ inUse: ['nas: ann is signed in.'], rest: '' });
    expect(inUseWords([{ name: 'web', use: idle }, { name: 'db', use: idle }]).rest).toBe('Nobody is signed in, and they are idle.');
    expect(inUseWords([{ name: 'web', use: unknown }, { name: 'db', use: idle }])).toEqual({
      inUse: [],
      rest: 'None is known to be in use; of 1 it is not known in full.',
    });
  });
});
