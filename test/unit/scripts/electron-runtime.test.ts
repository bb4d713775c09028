import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPTS = path.resolve(__dirname, '../../../scripts');
const VERSION = '45.4.1';

/** Notes that it was asked, and what could be started meanwhile; then downloads, or not, as electron's own does. */
const INSTALL = `
const fs = require('node:fs');
const path = require('node:path');
const root = process.env.ROOT;
const ready = fs.existsSync(path.join(root, 'node_modules/electron/dist/electron'));
fs.appendFileSync(path.join(root, 'asked'), ready ? 'with one in place\\n' : 'with none\\n');
if (!fs.existsSync(path.join(root, 'online'))) { console.error('TypeError: fetch failed'); process.exit(1); }
fs.mkdirSync(path.join(__dirname, 'dist'));
fs.writeFileSync(path.join(__dirname, 'dist/electron'), 'official');
fs.writeFileSync(path.join(__dirname, 'dist/version'), require('./package').version);
fs.writeFileSync(path.join(__dirname, 'path.txt'), 'electron');
`;

let root: string;
let electron: string;
const at = (...names: string[]) => path.join(root, ...names);
const asked = () => (existsSync(at('asked')) ? readFileSync(at('asked'), 'utf8').trim().split('\n') : []);

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'reveille-runtime-')));
  for (const name of ['electron-runtime.mjs', 'node-modules.mjs', 'processes.mjs', 'default-app']) cpSync(path.join(SCRIPTS, name), at('scripts', name), { recursive: true });
  electron = at('node_modules/electron');
  mkdirSync(electron, { recursive: true });
  writeFileSync(path.join(electron, 'package.json'), JSON.stringify({ name: 'electron', version: VERSION }));
  writeFileSync(path.join(electron, 'checksums.json'), '{}');
  writeFileSync(path.join(electron, 'install.js'), INSTALL);
});
afterEach(() => rmSync(root, { recursive: true }));

/** As an earlier run has left it. */
function linkStandIn(): void {
  mkdirSync(at('stand-in'));
  writeFileSync(at('stand-in/electron'), 'stand-in');
  writeFileSync(at('stand-in/version'), '25.1.1');
  writeFileSync(at('stand-in/STAND-IN.json'), '{}');
  symlinkSync(at('stand-in'), path.join(electron, 'dist'), 'dir');
  writeFileSync(path.join(electron, 'path.txt'), 'electron');
}

/** What the scripts would start or package, and what they said about it. */
function ensure(standIn?: string, env: NodeJS.ProcessEnv = {}) {
  const code = `import { ensureElectron } from ${JSON.stringify(at('scripts/electron-runtime.mjs'))};
    process.stdout.write(JSON.stringify(await ensureElectron(${JSON.stringify(standIn === undefined ? undefined : { standIn })})));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ROOT: root, REVEILLE_CACHE: at('cache'), ...env },
  });
  const runtime = status === 0 ? (JSON.parse(stdout) as { executable: string; version: string; standIn: boolean }) : null;
  return { runtime, is: runtime && readFileSync(runtime.executable, 'utf8'), stderr };
}

describe.skipIf(process.platform === 'win32')('the Electron that is there', () => {
  it('is used for starting and testing, whichever it is', () => {
    linkStandIn();
    writeFileSync(at('online'), '');
    expect(ensure()).toMatchObject({ is: 'stand-in', runtime: { standIn: true, version: '25.1.1' } });
    expect(asked()).toEqual([]);
  });

  it('is used for packaging, too, where it is the official one', () => {
    writeFileSync(at('online'), '');
    expect(ensure()).toMatchObject({ is: 'official', runtime: { standIn: false, version: VERSION } });
    rmSync(at('online'));
    for (const standIn of ['if-need-be', 'never']) expect(ensure(standIn), standIn).toMatchObject({ is: 'official' });
    expect(asked()).toEqual(['with none']);
  });
});

describe.skipIf(process.platform === 'win32')('packaging where a stand-in is linked', () => {
  it.each(['if-need-be', 'never'])('takes the official one as soon as it can be had: %s', (standIn) => {
    linkStandIn();
    writeFileSync(at('online'), '');
    expect(ensure(standIn)).toMatchObject({ is: 'official', runtime: { standIn: false, version: VERSION } });
    expect(asked()).toEqual(['with one in place']);
    // From now on for everything, and nothing of the download is left beside it.
    expect(ensure()).toMatchObject({ is: 'official' });
    expect(readFileSync(at('stand-in/electron'), 'utf8')).toBe('stand-in');
    expect(existsSync(path.join(electron, 'dist/STAND-IN.json'))).toBe(false);
    expect(readdirSync(electron).sort()).toEqual(['checksums.json', 'dist', 'install.js', 'package.json', 'path.txt']);
  });

  it('takes the stand-in after the official one could not be had', () => {
    linkStandIn();
    const { is, stderr } = ensure('if-need-be');
    expect(is).toBe('stand-in');
    expect(stderr).toContain(`Electron ${VERSION} could not be downloaded (TypeError: fetch failed)`);
    expect(asked()).toEqual(['with one in place']);
  });

  it('takes none for a release, and leaves it for what may use it', () => {
    linkStandIn();
    const { runtime, stderr } = ensure('never');
    expect(runtime).toBeNull();
    expect(stderr).toContain(`Electron ${VERSION} could not be downloaded (TypeError: fetch failed)`);
    expect(stderr).toContain('nothing else may stand in for it');
    expect(ensure()).toMatchObject({ is: 'stand-in' });
  });
});

it.skipIf(process.platform === 'win32')('a folder that ELECTRON_OVERRIDE_DIST_PATH names in vain is said, and nothing is got', () => {
  writeFileSync(at('online'), '');
  const { runtime, stderr } = ensure(undefined, { ELECTRON_OVERRIDE_DIST_PATH: at('nowhere') });
  expect(runtime).toBeNull();
  expect(stderr).toContain(`ELECTRON_OVERRIDE_DIST_PATH has ${at('nowhere')} used instead`);
  expect(existsSync(at('cache')) || asked().length > 0).toBe(false);
});

describe.skipIf(process.platform === 'win32')('REVEILLE_STAND_IN=never', () => {
  const never = { REVEILLE_STAND_IN: 'never' };

  it.each([undefined, 'if-need-be'])('forbids the stand-in to whoever would take it: %s', (standIn) => {
    linkStandIn();
    expect(ensure(standIn, never).runtime).toBeNull();
    expect(asked()).toEqual(['with one in place']);
    writeFileSync(at('online'), '');
    expect(ensure(standIn, never)).toMatchObject({ is: 'official' });
  });

  it('gets none where there is nothing', () => {
    expect(ensure(undefined, never).runtime).toBeNull();
    expect(existsSync(at('cache'))).toBe(false);
  });

  it('takes no copy of another version for the official one', () => {
    linkStandIn();
    rmSync(at('stand-in/STAND-IN.json'));
    const override = { ELECTRON_OVERRIDE_DIST_PATH: at('stand-in') };
    expect(ensure(undefined, override)).toMatchObject({ is: 'stand-in' });
    const { runtime, stderr } = ensure(undefined, { ...override, ...never });
    expect(runtime).toBeNull();
    expect(stderr).toContain('ELECTRON_OVERRIDE_DIST_PATH');
  });
});
