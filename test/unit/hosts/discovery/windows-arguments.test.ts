import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWindowsCommandLine } from '../../../../main/hosts/discovery/windows-arguments';

/**
 * Quotes an argument as CommandLineToArgvW reads it back ("Everyone quotes command line arguments the wrong
 * way").
 */
function quote(arg: string): string {
  if (arg !== '' && !/[ \t"]/.test(arg)) return arg;
  return `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

describe('splitWindowsCommandLine', () => {
  // The argument rows are those of Microsoft's documentation.
  it.each([
    ['"a b c" d e', ['a b c', 'd', 'e']],
    ['x "ab\\"c" "\\\\" d', ['x', 'ab"c', '\\', 'd']],
    ['x a\\\\\\b d"e f"g h', ['x', 'a\\\\\\b', 'de fg', 'h']],
    ['x a\\\\\\"b c d', ['x', 'a\\"b', 'c', 'd']],
    ['x a\\\\\\\\"b c" d e', ['x', 'a\\\\b c', 'd', 'e']],
    ['x "a""b" c', ['x', 'a"b c']],
    ['x "a"" b', ['x', 'a"', 'b']],
    ['x """a b"""', ['x', '"a', 'b"']],
    ['x "" ""', ['x', '', '']],
    ['  x', ['', 'x']],
    ['C:\\a\\ "b', ['C:\\a\\', 'b']],
    ['"C:\\a b\\"c d', ['C:\\a b\\', 'c', 'd']],
    ['x\ty \t z ', ['x', 'y', 'z']],
    ['x', ['x']],
    ['', []],
  ])('splits %s', (line, args) => {
    expect(splitWindowsCommandLine(line)).toEqual(args);
  });

  it('gives back what was quoted', () => {
    const arg = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('\\', '"', ' ', '\t', 'a', ','), { maxLength: 12 })
        .map((chars) => chars.join('')),
    );
    fc.assert(
      fc.property(fc.array(arg, { maxLength: 8 }), fc.constantFrom(' ', '  ', '\t'), (args, gap) => {
        const line = ['"C:\\Program Files\\qemu\\qemu.exe"', ...args.map(quote)].join(gap);
        expect(splitWindowsCommandLine(line)).toEqual(['C:\\Program Files\\qemu\\qemu.exe', ...args]);
      }),
      { numRuns: 2000 },
    );
  });

  it('comes to an end, whatever it is given', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => void splitWindowsCommandLine(line)));
  });
});
