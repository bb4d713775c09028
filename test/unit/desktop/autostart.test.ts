import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { autostartEntry, autostartFile, autostartIsOn, setAutostart } from '../../../main/desktop/autostart';

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'reveille-autostart-'));
  file = path.join(dir, 'autostart/reveille.desktop');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Reads Exec as the Desktop Entry Specification says: string escapes, then quoting, then field codes. */
function argumentsOf(entry: string): string[] {
  const exec = /^Exec=(.*)$/m.exec(entry)?.[1] ?? '';
  const text = exec.replace(/\\(.)/g, (_, letter: string) => ({ s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\' })[letter] ?? `\\${letter}`);
  return [...text.matchAll(/"((?:\\[\s\S]|[^"\\])*)"/g)].map(([, inner = '']) => inner.replace(/\\([\s\S])/g, '$1').replaceAll('%%', '%'));
}

describe('the entry that starts the app at login', () => {
  it('lies where the desktop looks', () => {
    expect(autostartFile({}, '/home/me')).toBe('/home/me/.config/autostart/reveille.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: '' }, '/home/me')).toBe('/home/me/.config/autostart/reveille.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: '/cfg' }, '/home/me')).toBe('/cfg/autostart/reveille.desktop');
  });

  it.each([
    [['/usr/bin/reveille', '--hidden']],
    [['/opt/My Apps/100% "good" $HOME `x` \\ é/reveille', '--hidden', '--user-data-dir=/tmp/a b\nType=Link']],
  ])('starts just this command: %j', (command) => {
    const entry = autostartEntry(command);
    expect(argumentsOf(entry)).toEqual(command);
    expect(entry.match(/^Type=/gm)).toHaveLength(1);
  });

  it('is off, on, and off again, and leaves nothing else behind', async () => {
    expect(await autostartIsOn(file)).toBe(false);
    await setAutostart(file, ['/usr/bin/reveille', '--hidden']);
    expect(await autostartIsOn(file)).toBe(true);
    expect(argumentsOf(await readFile(file, 'utf8'))).toEqual(['/usr/bin/reveille', '--hidden']);
    expect(await readdir(path.dirname(file))).toEqual(['reveille.desktop']);
    await setAutostart(file, null);
    await setAutostart(file, null);
    expect(await autostartIsOn(file)).toBe(false);
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  it.each(['Hidden=true', 'X-GNOME-Autostart-enabled=false', 'X-GNOME-Autostart-enabled = false'])('is off when the user switched it off elsewhere (%s)', async (line) => {
    await setAutostart(file, ['/usr/bin/reveille']);
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text.replace(/^X-GNOME.*$/m, '')}${line}\n`);
    expect(await autostartIsOn(file)).toBe(false);
  });

  it('says what to do when it cannot be written', async () => {
    await mkdir(dir, { recursive: true });
    await writeFile(path.join(dir, 'autostart'), 'a file, not a folder');
    await expect(setAutostart(file, ['/usr/bin/reveille'])).rejects.toThrow(/could not be written: .*Make its folder writable/s);
  });
});
