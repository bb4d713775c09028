import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanBlock, cleanLine, commandLines, guestName, hostName } from '../../../renderer/text';

describe('cleanLine', () => {
  it.each([
    ['nas', 'nas'],
    ['<b>&amp;"\'', '<b>&amp;"\''],
    ['two\nlines\r\n', 'two␊lines␍␊'],
    ['tab\tnul\u0000esc\u001b[31m', 'tab␉nul␀esc␛[31m'],
    ['del\u007f next\u0085', 'del␡ next‹U+0085›'],
    ['evil\u202egnp.exe', 'evil‹U+202E›gnp.exe'],
    ['\u2066isolate\u2069', '‹U+2066›isolate‹U+2069›'],
    ['zero\u200bwidth\ufeff', 'zero‹U+200B›width‹U+FEFF›'],
    ['tag\u{e0041}', 'tag‹U+E0041›'],
    ['line\u2028separator', 'line‹U+2028›separator'],
    ['half \ud83d surrogate', 'half \ufffd surrogate'],
    ['مضيف', 'مضيف'],
    ['👩‍💻 می‌خواهم', '👩‍💻 می‌خواهم'],
    ['é e\u0301', 'é e\u0301'],
  ])('%j is shown as %j', (text, shown) => {
    expect(cleanLine(text)).toBe(shown);
  });

  it('keeps at most six marks on a letter', () => {
    expect(cleanLine(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(6)}b`);
  });

  it('is one line of at most 500 characters without controls or direction changes, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        const line = cleanLine(text);
        expect([...line].length).toBeLessThanOrEqual(500);
        expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/u);
      }),
    );
  });

  it('cleans what is clean already to the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const once = cleanLine(text);
        expect(cleanLine(once)).toBe(once);
      }),
    );
  });

  it('cuts a very long text and says so', () => {
    const line = cleanLine('x'.repeat(1_000_000));
    expect(line).toHaveLength(500);
    expect(line.endsWith('…')).toBe(true);
  });
});

describe('cleanBlock', () => {
  it('keeps newlines and shows the rest', () => {
    expect(cleanBlock('a\r\nb\nc\u0007\u202e')).toBe('a\nb\nc␇‹U+202E›');
  });
});

describe('guestName', () => {
  it('names a guest whose name shows nothing', () => {
    expect(guestName('')).toBe('Unnamed guest');
    expect(guestName('   ')).toBe('Unnamed guest');
    expect(guestName('\u200b')).toBe('‹U+200B›');
  });
});

describe('hostName', () => {
  it('is the name, else the address, on one line', () => {
    expect(hostName({ name: 'nas', address: 'me@10.0.0.1' })).toBe('nas');
    expect(hostName({ name: ' ', address: 'me@nas\n' })).toBe('me@nas␊');
    expect(hostName({ name: '', address: null })).toBe('Unnamed host');
  });
});

describe('commandLines', () => {
  it('writes one argument a line, even one that holds a newline', () => {
    expect(commandLines({ executable: '/bin/qemu', args: ['-name', 'a b', 'x\ny'] })).toBe('/bin/qemu\n-name\na b\nx␊y');
  });
});
