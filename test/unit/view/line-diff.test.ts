import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineDiff, type DiffLine } from '../../../main/view/line-diff';

const shown = (lines: readonly DiffLine[]): string[] =>
  lines.map((line) =>
    line.kind === 'skipped' ? `… ${line.count}` : `${{ same: ' ', removed: '-', added: '+' }[line.kind]}${line.text}`,
  );

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at + 1}`);
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

describe('the difference of two texts', () => {
  it('is nothing when they are the same', () => {
    expect(lineDiff(text(numbered(5)), text(numbered(5)))).toEqual([]);
  });

  it('shows a changed line with three around it, and how many are left out', () => {
    const after = numbered(20);
    after.splice(9, 1, 'new 10');
    expect(shown(lineDiff(text(numbered(20)), text(after)))).toEqual([
      '… 6',
      ' line 7',
      ' line 8',
      ' line 9',
      '-line 10',
      '+new 10',
      ' line 11',
      ' line 12',
      ' line 13',
      '… 7',
    ]);
  });

  it('keeps two changes apart', () => {
    const after = numbered(16);
    after.splice(1, 0, 'first');
    after.push('last');
    expect(shown(lineDiff(text(numbered(16)), text(after)))).toEqual([
      ...[' line 1', '+first', ' line 2', ' line 3', ' line 4'],
      '… 9',
      ...[' line 14', ' line 15', ' line 16', '+last'],
    ]);
  });

  it('tells lines that come twice by their place', () => {
    const pm = ['<pm>', "  <suspend-to-mem enabled='no'/>", '</pm>'];
    const on = ['<pm>', "  <suspend-to-mem enabled='yes'/>", '</pm>'];
    expect(shown(lineDiff(text([...pm, ...pm]), text([...pm, ...on])))).toEqual([
      '… 1',
      ` ${pm[1]}`,
      ' </pm>',
      ' <pm>',
      `-${pm[1]}`,
      `+${on[1]}`,
      ' </pm>',
    ]);
  });

  it('adds to an empty text, and takes all away', () => {
    expect(shown(lineDiff('', 'a\n'))).toEqual(['-', '+a']);
    expect(shown(lineDiff('a\nb', 'b'))).toEqual(['-a', ' b']);
  });

  it('shows large changed parts as replaced, without a long search', () => {
    const before = numbered(2000);
    const after = numbered(2000).map((line) => `${line}!`);
    const lines = lineDiff(text(before), text(after));
    expect(lines).toHaveLength(4000);
    expect(lines.filter(({ kind }) => kind === 'removed')).toHaveLength(2000);
  });

  it('always tells both texts, whatever they are', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', '<x/>'), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        fc.pre(before.at(-1) !== '' && after.at(-1) !== '');
        const read = (texts: readonly string[], left: 'removed' | 'added') => {
          const told: string[] = [];
          for (const line of lineDiff(text(before), text(after))) {
            if (line.kind === 'skipped') told.push(...texts.slice(told.length, told.length + line.count));
            else if (line.kind === 'same' || line.kind === left) told.push(line.text);
          }
          return told;
        };
        if (text(before) === text(after)) return;
        expect(read(before, 'removed')).toEqual(before);
        expect(read(after, 'added')).toEqual(after);
      }),
    );
  });
});
