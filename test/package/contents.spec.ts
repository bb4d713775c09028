import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { extractFile, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '@playwright/test';
import { load } from 'js-yaml';
import type { Configuration } from 'electron-builder';
import { FUSES, type FuseName } from '../../scripts/packaging/fuses.mjs';
import { bundledPackages } from '../../scripts/packaging/notices.mjs';
import { isTrial, packageFile, PACKAGES, ROOT, UNPACKED } from './packages';

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

/** Names from the folder on, with slashes. */
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

test('beside it lie the runtime, its licences and the app’s, and nothing else', () => {
  const ours = new Map([
    ['electron', 'reveille'],
    ['LICENSE', 'LICENSE.electron.txt'],
  ]);
  const runtime = filesOf(realpathSync(path.join(ROOT, 'node_modules/electron/dist')))
    // An app that opens others; other languages; what electron-builder removes from what it has fetched itself.
    .filter((name) => !/^resources\/default_app\.asar|^locales\/(?!en-US\.pak$)/.test(name) && (isTrial || name !== 'version'))
    .map((name) => ours.get(name) ?? name);
  const added = ['LICENSE', 'LICENSES.app.txt', 'resources/app.asar', 'resources/apparmor-profile'];
  expect(filesOf(UNPACKED)).toEqual([...runtime, ...added].sort());
});

const words = (text: string) => text.replace(/\s+/g, ' ').trim();

test('the app’s licences are those of the packages in it, each as a whole', () => {
  const notices = readFileSync(path.join(UNPACKED, 'LICENSES.app.txt'), 'utf8');
  const { packages: locked } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version?: string }> };
  const parts = bundledPackages([notices]);
  for (const name of ['react', 'react-dom', 'ssh2', 'zod', 'zustand']) expect(parts.map((part) => part.name)).toContain(name);
  for (const { name, version, text } of parts) {
    const folders = Object.keys(locked).filter((key) => key.endsWith(`node_modules/${name}`) && locked[key]?.version === version);
    expect(folders, `${name} ${version}`).not.toEqual([]);
    const folder = path.join(ROOT, folders.find((each) => existsSync(path.join(ROOT, each)))!);
    const file = readdirSync(folder).find((each) => /^licen[cs]e(\.(md|txt))?$/i.test(each));
    if (file !== undefined) expect(words(text), name).toContain(words(readFileSync(path.join(folder, file), 'utf8')));
  }
});

test('a list of all that was packaged lies beside it, with sizes and licences', () => {
  const lines = readFileSync(path.join(PACKAGES, 'contents.txt'), 'utf8').split('\n').map((line) => line.trim().replace(/ +/g, ' '));
  const sized = (size: number, name: string) => `${size.toLocaleString('en-GB')} ${name}`;
  for (const ending of ['.deb', '.tar.gz']) expect(lines).toContain(sized(statSync(packageFile(ending)).size, path.basename(packageFile(ending))));
  for (const name of filesOf(UNPACKED)) expect(lines).toContain(sized(statSync(path.join(UNPACKED, name)).size, name));
  expect(lines).toContain(sized(statSync(path.join(ROOT, 'out/main/main.js')).size, 'out/main/main.js'));
  for (const pattern of [/^Reveille [\d.]+: MIT/, /^Electron [\d.]+: MIT/, /^react [\d.]+: MIT/]) expect(lines.filter((line) => pattern.test(line))).toHaveLength(1);
});

test('every fuse of the program is as it is stated', async () => {
  const { version: _version, ...wire } = await getCurrentFuseWire(path.join(UNPACKED, 'reveille'));
  const seen = Object.entries(wire).map(([index, state]) => ({ name: FuseV1Options[Number(index)] as FuseName, isOn: (state as unknown) === FuseState.ENABLE }));
  // The stand-in is of Electron 25, which has all but the last two.
  expect(seen).toHaveLength(Object.keys(FUSES).length - (isTrial ? 2 : 0));
  for (const { name, isOn } of seen) expect(isOn, name).toBe(FUSES[name]);
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

test('no release can be made of the stand-in', () => {
  const text = readFileSync(path.join(ROOT, 'electron-builder.yml'), 'utf8');
  expect(text).not.toMatch(/electronDist|electronVersion|electronDownload/);
  expect(config.afterPack).toBe('scripts/packaging/hooks.mjs');
  test.skip(!isTrial, 'The official Electron is here.');
  const release = spawnSync(process.execPath, [path.join(ROOT, 'scripts/dist.mjs'), '--release'], { encoding: 'utf8' });
  expect(release.status).not.toBe(0);
  expect(release.stderr).toContain('nothing else may stand in for it');
});

test('the packages are there, and the .deb says what it needs', () => {
  expect(statSync(packageFile('.tar.gz')).size).toBeGreaterThan(10 * 2 ** 20);
  const control = execFileSync('dpkg-deb', ['--field', packageFile('.deb')], { encoding: 'utf8' });
  expect(control).toMatch(/^Package: reveille$/m);
  expect(control).toMatch(/^Depends: .*libgtk-3-0/m);
  expect(control).toMatch(/^Description: Puts virtual machines to sleep and wakes them on time$/m);
});
