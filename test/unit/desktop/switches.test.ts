import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helpText, mistypedLines, printInstead, readSwitches } from '../../../main/desktop/switches';

const read = (...args: string[]) => readSwitches(['/opt/Reveille/reveille', ...args]);
const none = { userDataDir: null, printView: false, hidden: false, print: null, link: null, mistyped: [] };

describe('the app’s switches', () => {
  it('are read from anywhere before a link', () => {
    expect(read()).toEqual(none);
    expect(read('.', '--no-sandbox', '--user-data-dir', '/tmp/a b', '--hidden')).toEqual({ ...none, userDataDir: '/tmp/a b', hidden: true });
    expect(read('--user-data-dir=/a=b', '--print-view')).toEqual({ ...none, userDataDir: '/a=b', printView: true });
    expect(read('--user-data-dir=')).toEqual(none);
    expect(read('--user-data-dir')).toEqual(none);
    expect(read('--version').print).toBe('version');
    expect(read('--version', '--help').print).toBe('help');
  });

  it('are not what stands behind a link, nor behind --', () => {
    const link = 'reveille://guest/web';
    expect(read('--hidden', link, '--user-data-dir=/evil', '--help')).toEqual({ ...none, hidden: true, link });
    expect(read('--', link, '--print-view')).toEqual({ ...none, link });
    expect(read('--', '--hidden')).toEqual(none);
    // Chromium hands a second start's switches on before its other arguments.
    expect(read('--user-data-dir', link)).toEqual({ ...none, link });
    expect(read('REVEILLE:what?', link).link).toBe('REVEILLE:what?');
  });

  it('are never what a page could have put into a link', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('--help', '--hidden', '--user-data-dir=/x', '--user-data-dir', '/y', '--print-view'))), (rest) => {
        const link = 'reveille://guest/x';
        expect(read(link, ...rest)).toEqual({ ...none, link });
      }),
    );
  });

  it('that are mistyped are named, with what was meant; those of Chromium are not', () => {
    const { mistyped } = read('--hiden', '--print-views', '--user-data-dri=/x', '--verson', '--hidden=yes');
    expect(mistyped.map(({ meant }) => meant)).toEqual(['--hidden', '--print-view', '--user-data-dir', '--version', '--hidden']);
    expect(mistypedLines(read('--hiden\n'))).toEqual(['Reveille has no switch "--hiden\\n", and goes on without. --hidden was probably meant; see --help.']);
    const others = ['--no-sandbox', '--ozone-platform=wayland', '--password-store=basic', '--disable-gpu', '--lang=de', '--headless', '--v=1', '--type=renderer', '-r', '--'];
    expect(read(...others, '--remote-debugging-port=0', '--inspect=0', '--enable-logging', '--force-device-scale-factor=2').mistyped).toEqual([]);
  });
});

describe('--help', () => {
  it('names every switch, the links and the version, in lines that fit a terminal', () => {
    const help = helpText('1.2.3');
    for (const word of ['1.2.3', '--hidden', '--print-view', '--user-data-dir', '--help', '--version', 'reveille://guest/ID', 'reveille://guest/HOST/NAME']) {
      expect(help).toContain(word);
    }
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(printInstead({ print: 'help' }, '1.2.3')).toBe(help);
    expect(printInstead({ print: 'version' }, '1.2.3')).toBe('1.2.3\n');
    expect(printInstead({ print: null }, '1.2.3')).toBeNull();
  });
});
