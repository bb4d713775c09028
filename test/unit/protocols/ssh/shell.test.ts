import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marked, posix, shellCommand, shellQuote, unmark } from '../../../../main/protocols/ssh/shell';

const hasSh = process.platform !== 'win32';
const sh = (command: string) => execFileSync('sh', ['-c', command]);

describe('shellQuote', () => {
  it('leaves plain words and quotes the rest', () => {
    expect(['-m', '512', 'a=b', '/x/y.z', '', "it's", '$(id)'].map(shellQuote)).toEqual(
      ['-m', '512', 'a=b', '/x/y.z', "''", "'it'\\''s'", "'$(id)'"],
    );
    expect(() => shellQuote('a\0b')).toThrow(RangeError);
  });

  it.skipIf(!hasSh)('gives sh back what was quoted', () => {
    const words = fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')), { minLength: 1 });
    fc.assert(
      fc.property(words, (argv) => {
        expect(sh(shellCommand(['printf', '%s\\0', ...argv]))).toEqual(Buffer.from(argv.map((each) => `${each}\0`).join('')));
      }),
      { numRuns: 50 },
    );
  });
});

describe('posix', () => {
  it('sends nothing that login shells read differently', () => {
    const sent = posix("a'b\\c!d\ne\rüf\u007f");
    expect(sent).toBe(
      `exec sh -c 'eval "$(printf %b "$1")"' sh 'a\\0047b\\0134c\\0041d\\0012e\\0015\\0303\\0274f\\0177'`,
    );
    expect(() => posix('a\0b')).toThrow(RangeError);
  });
});

describe('marked', () => {
  it.skipIf(!hasSh)('finds a command’s own output amid other text', () => {
    const said = sh(`echo noise; ${marked('printf "a\\nb"; exit 4', 'mark')}`);
    expect(unmark(said, 'mark')).toEqual({ stdout: Buffer.from('a\nb'), code: 4 });
    expect(unmark(Buffer.concat([said, Buffer.from('logout\n')]), 'mark')).toEqual({ stdout: Buffer.from('a\nb'), code: 4 });
  });

  it('finds none where a mark is missing', () => {
    expect(unmark(Buffer.from('noise'), 'mark')).toBeNull();
    expect(unmark(Buffer.from('mark\nhalf'), 'mark')).toBeNull();
    expect(unmark(Buffer.from('mark\nall\nmark x\n'), 'mark')).toBeNull();
    expect(() => marked('true', 'a b')).toThrow(RangeError);
  });
});
