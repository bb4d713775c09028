import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesHostList, matchesPattern, matchesPatternList } from '../../../../main/protocols/ssh/patterns';

describe('patterns', () => {
  it('fit as a regular expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(text, pattern, (value, wanted) => {
        const source = wanted.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesPattern(value, wanted)).toBe(new RegExp(`^${source}$`).test(value));
      }),
      { numRuns: 3000 },
    );
  });

  it('take no longer for a hostile pattern', () => {
    expect(matchesPattern('a'.repeat(5000), `${'*a'.repeat(200)}*b`)).toBe(false);
  });

  it('are negated by !, wherever it stands in the list', () => {
    expect(matchesPatternList('nas', 'n*,!nas')).toBe(false);
    expect(matchesPatternList('nas', '!nas,n*')).toBe(false);
    expect(matchesPatternList('nas2', '!nas,n*')).toBe(true);
    expect(matchesPatternList('box', '!nas')).toBe(false);
    expect(matchesPatternList('nas', `nas,${'x'.repeat(1023)}`)).toBe(false);
  });

  it('ignore the case of host names only', () => {
    expect(matchesHostList('NAS', 'nAs')).toBe(true);
    expect(matchesPatternList('NAS', 'nas')).toBe(false);
  });
});
