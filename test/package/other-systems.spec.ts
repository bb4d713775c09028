import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { getRawHeader, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { expect, test } from '@playwright/test';
import { load } from 'js-yaml';
import type { Configuration } from 'electron-builder';
import { APP_ID } from '../../main/desktop/identity';
import { FUSES, type FuseName } from '../../scripts/packaging/fuses.mjs';
import { readIcns } from '../unit/packaging/icons';
import { ROOT } from './packages';
import { readPlist, resedit, writeMacRuntime, writeWindowsRuntime } from './stub-runtime';

/**
 * electron-builder's steps for Windows and macOS on this computer, with folders that stand for Electron's: what it takes from
 * electron-builder.yml, where it puts the app, and what it writes into the programs. Installers take those systems' own tools.
 */
const config = load(readFileSync(path.join(ROOT, 'electron-builder.yml'), 'utf8')) as Configuration;
const { version, devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string; devDependencies: { electron: string } };
const NAMES = Object.keys(FuseV1Options).filter((name) => Number.isNaN(Number(name))) as FuseName[];
/** The opposite of what is stated, so that each has to be set. */
const opposite = NAMES.map((name) => (FUSES[name] ? '0' : '1')).join('');

let work: string;

test.beforeAll(() => {
  work = mkdtempSync(path.join(os.tmpdir(), 'reveille-systems-'));
});
test.afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Packages with this runtime. @returns what electron-builder said */
function pack(name: string, runtime: string, ...args: string[]): { output: string; said: string } {
  const output = path.join(work, `${name}-packages`);
  const file = path.join(work, `${name}.json`);
  const sevenZip = path.join(work, '7za');
  cpSync(path.join(ROOT, 'node_modules/7zip-bin/linux', process.arch, '7za'), sevenZip);
  chmodSync(sevenZip, 0o755);
  const changed: Configuration = { ...config, directories: { ...config.directories, output }, electronDist: runtime, electronVersion: devDependencies.electron };
  writeFileSync(file, JSON.stringify(changed));
  const cli = path.join(ROOT, 'node_modules/electron-builder/cli.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args, '--publish', 'never', '--config', file], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 100_000,
    env: { ...process.env, ELECTRON_BUILDER_7ZIP_PATH: sevenZip, ELECTRON_BUILDER_OFFLINE: 'true', CSC_LINK: undefined, CSC_IDENTITY_AUTO_DISCOVERY: 'false' },
  });
  expect(status, stdout + stderr).toBe(0);
  return { output, said: stdout + stderr };
}

async function expectFuses(program: string): Promise<void> {
  const wire: Record<string, unknown> = { ...(await getCurrentFuseWire(program)) };
  for (const [index, name] of NAMES.entries()) expect(wire[index], name).toBe(FUSES[name] ? FuseState.ENABLE : FuseState.DISABLE);
}

const headerHash = (asar: string) => createHash('sha256').update(getRawHeader(asar).headerString).digest('hex');

function expectApp(resources: string): void {
  const files = listPackage(path.join(resources, 'app.asar'), { isPack: false }).map((file) => file.replaceAll('\\', '/'));
  for (const file of ['/package.json', '/out/main/main.js', '/out/preload/preload.js', '/out/renderer/index.html']) expect(files).toContain(file);
  expect(files.filter((file) => file.startsWith('/node_modules'))).toEqual([]);
}

for (const arch of ['x64', 'arm64'] as const) {
  test(`for Windows on ${arch} the app lies in its place, and the program knows it`, async () => {
    const runtime = path.join(work, `win-${arch}`);
    await writeWindowsRuntime(runtime, opposite, devDependencies.electron);
    const { output } = pack(`win-${arch}`, runtime, '--win', 'zip', `--${arch}`);
    const folder = path.join(output, arch === 'x64' ? 'win-unpacked' : 'win-arm64-unpacked');
    expectApp(path.join(folder, 'resources'));
    expect(readdirSync(path.join(folder, 'locales'))).toEqual(['en-US.pak']);
    for (const name of ['LICENSE', 'LICENSE.electron.txt', 'LICENSES.app.txt', 'LICENSES.chromium.html']) expect(existsSync(path.join(folder, name)), name).toBe(true);
    expect(existsSync(path.join(folder, 'electron.exe'))).toBe(false);

    const program = path.join(folder, 'Reveille.exe');
    await expectFuses(program);
    const { entries } = resedit.NtExecutableResource.from(resedit.NtExecutable.from(readFileSync(program)));
    const integrity = entries.find(({ type, id }) => type === 'INTEGRITY' && id === 'ELECTRONASAR');
    const asar = path.join(folder, 'resources/app.asar');
    expect(JSON.parse(Buffer.from(integrity!.bin).toString())).toEqual([{ file: 'resources\\app.asar', alg: 'SHA256', value: headerHash(asar) }]);
    const [info] = resedit.Resource.VersionInfo.fromEntries(entries);
    expect(info!.getStringValues({ lang: 1033, codepage: 1200 })).toMatchObject({ ProductName: 'Reveille', FileDescription: 'Reveille', ProductVersion: expect.stringContaining(version), LegalCopyright: config.copyright });
    const [icon] = resedit.Resource.IconGroupEntry.fromEntries(entries);
    expect(icon!.icons.map(({ width }) => width || 256)).toEqual([16, 24, 32, 48, 64, 128, 256]);
    expect(readdirSync(output)).toEqual(expect.arrayContaining([`Reveille-${version}-win-${arch}.zip`, 'contents.txt']));
  });

  test(`for macOS on ${arch} the app lies in its place, and its bundle knows it`, async () => {
    const runtime = path.join(work, `mac-${arch}`);
    await writeMacRuntime(runtime, opposite, devDependencies.electron);
    const { output, said } = pack(`mac-${arch}`, runtime, '--mac', 'zip', `--${arch}`);
    const contents = path.join(output, arch === 'x64' ? 'mac' : 'mac-arm64', 'Reveille.app/Contents');
    const resources = path.join(contents, 'Resources');
    expectApp(resources);
    const info = readPlist(readFileSync(path.join(contents, 'Info.plist'), 'utf8'));
    expect(info).toMatchObject({
      CFBundleIdentifier: APP_ID,
      CFBundleExecutable: 'Reveille',
      CFBundleName: 'Reveille',
      CFBundleShortVersionString: version,
      LSApplicationCategoryType: 'public.app-category.utilities',
      CFBundleURLTypes: [{ CFBundleURLName: 'A guest in Reveille', CFBundleURLSchemes: ['reveille'] }],
      ElectronAsarIntegrity: { 'Resources/app.asar': { algorithm: 'SHA256', hash: headerHash(path.join(resources, 'app.asar')) } },
    });
    expect([...readIcns(readFileSync(path.join(resources, String(info['CFBundleIconFile'])))).keys()]).toContain('ic10');
    expect(existsSync(path.join(contents, 'MacOS/Reveille'))).toBe(true);
    for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
      const helper = path.join(contents, `Frameworks/Reveille Helper${kind}.app/Contents`);
      expect(existsSync(path.join(helper, `MacOS/Reveille Helper${kind}`)), kind).toBe(true);
    }
    expect(existsSync(path.join(resources, 'de.lproj'))).toBe(false);
    expect(existsSync(path.join(resources, 'en.lproj'))).toBe(true);
    for (const name of ['LICENSE', 'LICENSES.app.txt']) expect(existsSync(path.join(resources, name)), name).toBe(true);
    // codesign takes whatever else lies there for code that is not signed.
    expect(readdirSync(contents).sort()).toEqual(['Frameworks', 'Info.plist', 'MacOS', 'Resources']);
    await expectFuses(path.join(contents, 'Frameworks/Electron Framework.framework/Electron Framework'));
    // Signing takes macOS itself.
    expect(said).toMatch(/skipped macOS application code signing/);
    expect(readdirSync(output)).toContain(`Reveille-${version}-mac-${arch}.zip`);
  });
}
