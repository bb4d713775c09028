import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { extractFile, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '@playwright/test';
import { load } from 'js-yaml';
import type { Configuration } from 'electron-builder';
import { isTrial, packageFile, ROOT, UNPACKED } from './packages';

const ASAR = path.join(UNPACKED, 'resources/app.asar');
const config = load(readFileSync(path.join(ROOT, 'electron-builder.yml'), 'utf8')) as Configuration;

test('the archive holds what the app runs, and nothing else', () => {
  const files = listPackage(ASAR, { isPack: false }).filter((name) => /\.\w+$/.test(name));
  const expected = [
    /^\/package\.json$/,
    // What looks for newer versions is loaded only when it is wanted.
    /^\/out\/main\/main(-[\w-]+)?\.js$/,
    /^\/out\/preload\/preload\.js$/,
    /^\/out\/renderer\/index\.html$/,
    /^\/out\/renderer\/assets\/[\w.-]+\.(js|css|woff2|svg|png)$/,
    /^\/out\/main\/tray[\w@.-]*\.png$/,
  ];
  expect(files.filter((name) => !expected.some((pattern) => pattern.test(name)))).toEqual([]);
  expect(files).toContain('/out/main/main.js');
  expect(statSync(ASAR).size).toBeLessThan(8 * 2 ** 20);
  const manifest = JSON.parse(extractFile(ASAR, 'package.json').toString('utf8')) as Record<string, unknown>;
  expect(Object.keys(manifest)).not.toContain('devDependencies');
  expect(Object.keys(manifest)).not.toContain('scripts');
  for (const name of files) {
    const text = extractFile(ASAR, name.slice(1)).toString('latin1');
    expect(text, name).not.toMatch(/-----BEGIN (\w+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}/);
    expect(text, name).not.toMatch(/\b(ghp|gho|npm)_[A-Za-z0-9]{30,}/);
    expect(text, name).not.toContain('sourceMappingURL=data:');
    expect(text, name).not.toContain(ROOT);
  }
});

test('beside it lie the runtime, its licences and the app’s, and no app that opens others', () => {
  expect(readdirSync(path.join(UNPACKED, 'resources')).sort()).toEqual(expect.arrayContaining(['app.asar']));
  expect(readdirSync(path.join(UNPACKED, 'resources')).filter((name) => /default_app|node_modules/.test(name))).toEqual([]);
  expect(readdirSync(path.join(UNPACKED, 'locales'))).toEqual(['en-US.pak']);
  for (const name of ['LICENSE', 'LICENSE.electron.txt', 'LICENSES.chromium.html']) {
    expect(existsSync(path.join(UNPACKED, name)), name).toBe(true);
  }
  const notices = readFileSync(path.join(UNPACKED, 'LICENSES.app.txt'), 'utf8');
  const named = notices.match(/^## .+$/gm) ?? [];
  for (const name of ['react', 'react-dom', 'ssh2', 'zod', 'zustand']) {
    expect(named.some((line) => line.startsWith(`## ${name} - `)), name).toBe(true);
  }
});

test('every fuse of the program is as electron-builder.yml states it', async () => {
  const wire: Record<string, unknown> = { ...(await getCurrentFuseWire(path.join(UNPACKED, 'reveille'))) };
  const stated = config.electronFuses!;
  const names = {
    [FuseV1Options.RunAsNode]: 'runAsNode',
    [FuseV1Options.EnableCookieEncryption]: 'enableCookieEncryption',
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: 'enableNodeOptionsEnvironmentVariable',
    [FuseV1Options.EnableNodeCliInspectArguments]: 'enableNodeCliInspectArguments',
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: 'enableEmbeddedAsarIntegrityValidation',
    [FuseV1Options.OnlyLoadAppFromAsar]: 'onlyLoadAppFromAsar',
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: 'loadBrowserProcessSpecificV8Snapshot',
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: 'grantFileProtocolExtraPrivileges',
  } as const;
  expect(Object.keys(stated).sort()).toEqual(Object.values(names).sort());
  const seen = Object.entries(names).flatMap(([option, name]) => {
    const state = wire[option];
    return state === FuseState.ENABLE || state === FuseState.DISABLE ? [{ name, isOn: state === FuseState.ENABLE }] : [];
  });
  // The stand-in is of Electron 25, which has all but the last.
  expect(seen.length).toBeGreaterThanOrEqual(7);
  for (const { name, isOn } of seen) expect(isOn, name).toBe(stated[name]);
});

test('what it must not be made to run, it does not run', () => {
  const program = path.join(UNPACKED, 'reveille');
  const asNode = spawnSync(program, ['--no-sandbox', '-e', 'console.log("ran " + process.version)'], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', DISPLAY: '' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(asNode.stdout).not.toContain('ran v');
});

test('no release can be made of the stand-in', async () => {
  const text = readFileSync(path.join(ROOT, 'electron-builder.yml'), 'utf8');
  expect(text).not.toMatch(/electronDist|electronVersion|electronDownload/);
  expect(config.afterPack).toBe('scripts/packaging/after-pack.cjs');
  const hook = (await import(path.join(ROOT, 'scripts/packaging/after-pack.cjs'))) as {
    default: { default: (context: object) => Promise<void> };
  };
  const folder = mkdtempSync(path.join(os.tmpdir(), 'reveille-pack-'));
  const trial = process.env['REVEILLE_TRIAL'];
  delete process.env['REVEILLE_TRIAL'];
  try {
    await hook.default.default({ appOutDir: folder });
    writeFileSync(path.join(folder, 'STAND-IN.json'), '{}');
    await expect(hook.default.default({ appOutDir: folder })).rejects.toThrow(/nobody may be given/);
  } finally {
    if (trial !== undefined) process.env['REVEILLE_TRIAL'] = trial;
    rmSync(folder, { recursive: true });
  }
  test.skip(!isTrial, 'The official Electron is here.');
  const release = spawnSync(process.execPath, [path.join(ROOT, 'scripts/dist.mjs'), '--release'], { encoding: 'utf8' });
  expect(release.status).not.toBe(0);
  expect(release.stderr).toContain('no release is made of anything else');
});

test('the packages are there, and the .deb says what it needs', () => {
  expect(statSync(packageFile('.tar.gz')).size).toBeGreaterThan(10 * 2 ** 20);
  const control = execFileSync('dpkg-deb', ['--field', packageFile('.deb')], { encoding: 'utf8' });
  expect(control).toMatch(/^Package: reveille$/m);
  expect(control).toMatch(/^Depends: .*libgtk-3-0/m);
  expect(control).toMatch(/^Description: Puts virtual machines to sleep and wakes them on time$/m);
});
