import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Configuration } from 'electron-builder';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { APP_ID } from '../../../main/desktop/identity';
import { guestLink, LINK_SCHEME } from '../../../preload/contract/links';
import { readIcns, readIco, readPng } from './icons';

const ROOT = path.resolve(__dirname, '../../..');
const text = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const bytes = (file: string) => readFileSync(path.join(ROOT, file));
const config = () => load(text('electron-builder.yml')) as Configuration;
const manifest = JSON.parse(text('package.json')) as Record<string, unknown>;

/** electron-builder's own check, of the version that packages. */
const fromBuilder = createRequire(createRequire(__filename).resolve('electron-builder'));
const { validateConfiguration } = fromBuilder('app-builder-lib/out/util/config/config.js') as {
  validateConfiguration(config: unknown, log: { readonly isEnabled: boolean; add(key: string, value: unknown): void }): Promise<void>;
};
const { default: AppImageTarget } = fromBuilder('app-builder-lib/out/targets/appimage/AppImageTarget.js') as {
  default: new (name: string, packager: unknown, helper: { computeDesktopEntry(options: unknown, exec: string): Promise<string> }, outDir: string) => { desktopEntry: { value: Promise<string> } };
};
const { default: FpmTarget } = fromBuilder('app-builder-lib/out/targets/FpmTarget.js') as { default: { prototype: { getDefaultDepends(target: string): string[] } } };
const { NsisTarget } = fromBuilder('app-builder-lib/out/targets/nsis/NsisTarget.js') as {
  NsisTarget: new (packager: unknown, outDir: string, name: string, helper: { refCount: number }) => { shouldBuildUniversalInstaller: boolean };
};
const validate = (given: unknown) => validateConfiguration(given, { isEnabled: false, add: () => {} });

/** "nsis x64" */
const targetsOf = (system: 'win' | 'mac' | 'linux'): string[] => {
  const targets = config()[system]?.target as { target: string; arch: string[] }[];
  return targets.flatMap(({ target, arch }) => arch.map((one) => `${target} ${one}`)).sort();
};
const both = (...targets: string[]) => targets.flatMap((target) => [`${target} arm64`, `${target} x64`]).sort();

describe('electron-builder.yml', () => {
  it('is what electron-builder’s schema says, which knows no other keys', async () => {
    await expect(validate(config())).resolves.toBeUndefined();
    await expect(validate({ ...config(), nosuch: true })).rejects.toThrow(/unknown property 'nosuch'/);
    for (const part of ['win', 'mac', 'linux', 'nsis', 'deb', 'portable'] as const) {
      await expect(validate({ ...config(), [part]: { ...config()[part], nosuch: true } })).rejects.toThrow(`configuration.${part} should be`);
    }
    await expect(validate({ ...config(), mac: { ...config().mac, hardenedRuntime: 'yes' } })).rejects.toThrow('configuration.mac should be');
  });

  it('names every package for every processor', () => {
    expect(targetsOf('win')).toEqual(both('nsis', 'portable', 'zip'));
    expect(targetsOf('mac')).toEqual(both('dmg', 'zip'));
    expect(targetsOf('linux')).toEqual(both('AppImage', 'deb', 'rpm', 'tar.gz'));
  });

  it('installs for the user alone on Windows, and is hardened on macOS', () => {
    const { nsis, mac } = config();
    expect(nsis).toMatchObject({ perMachine: false, deleteAppDataOnUninstall: false });
    expect(mac).toMatchObject({ hardenedRuntime: true, notarize: true, entitlements: 'build/entitlements.mac.plist', entitlementsInherit: 'build/entitlements.mac.plist' });
  });

  it('gives each file a name of its own', () => {
    const { artifactName, nsis, portable } = config();
    const names = [artifactName!, nsis!.artifactName!, portable!.artifactName!];
    expect(new Set(names).size).toBe(3);
    // The setup and the portable program are both .exe.
    for (const name of names) for (const macro of ['${version}', '${arch}', '${ext}']) expect(name).toContain(macro);
  });

  it('makes one program for each processor on Windows, and none that holds both', () => {
    const packager = { config: config(), info: { metadata: {} } };
    for (const name of ['nsis', 'portable']) expect(new NsisTarget(packager, 'dist', name, { refCount: 0 }).shouldBuildUniversalInstaller, name).toBe(false);
  });

  it('starts the AppImage with Chromium’s sandbox', async () => {
    const packager = { config: config(), platformSpecificBuildOptions: config().linux, appInfo: { buildVersion: '1' } };
    const helper = { computeDesktopEntry: async (_options: unknown, exec: string) => exec };
    expect(await new AppImageTarget('appImage', packager, helper, 'dist').desktopEntry.value).toBe('AppRun %U');
  });

  it('has the .deb and the .rpm need what electron-builder would have them need, and sound and graphics memory', () => {
    const { deb, rpm } = config();
    const byDefault = (target: string) => FpmTarget.prototype.getDefaultDepends(target);
    expect(deb!.depends).toEqual([...byDefault('deb'), 'libgbm1', 'libdrm2', 'libasound2t64 | libasound2']);
    expect(rpm!.depends).toEqual([...byDefault('rpm'), '(mesa-libgbm or libgbm1)', '(alsa-lib or libasound2)']);
  });

  it('takes with it on Windows what the app has registered, by its id', () => {
    const [, removed = ''] = /\$\{ifNot\} \$\{isUpdated\}\n(.*)\$\{endIf\}/s.exec(text('build/installer.nsh')) ?? [];
    const current = 'HKCU "Software\\Microsoft\\Windows\\CurrentVersion';
    expect(removed.trim().split(/\n\s*/)).toEqual([
      `DeleteRegKey HKCU "Software\\Classes\\${LINK_SCHEME}"`,
      `DeleteRegValue ${current}\\Run" "${APP_ID}"`,
      `DeleteRegValue ${current}\\Explorer\\StartupApproved\\Run" "${APP_ID}"`,
    ]);
  });

  it('has the id by which the app calls itself on Windows', () => {
    expect(config().appId).toBe(APP_ID);
    // CFBundleIdentifier takes no more than these.
    expect(APP_ID).toMatch(/^[a-z]+(\.[A-Za-z0-9-]+){2}$/);
    expect(text('main/main.ts')).toContain('setAppUserModelId(APP_ID)');
  });

  it('registers the scheme of links, and no other', () => {
    const protocols = config().protocols as { schemes: string[] }[];
    expect(protocols.flatMap(({ schemes }) => schemes)).toEqual([LINK_SCHEME]);
    expect(guestLink('x').startsWith(`${LINK_SCHEME}://`)).toBe(true);
  });

  it('takes the official Electron of package.json, which is pinned', () => {
    expect(config()).not.toHaveProperty('electronDist');
    expect(config()).not.toHaveProperty('electronVersion');
    expect(config()).not.toHaveProperty('electronDownload');
    expect((manifest['devDependencies'] as Record<string, string>)['electron']).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('is found by the desktop: its entry is the window’s name', () => {
    const { linux } = config();
    expect(manifest['desktopName']).toBe(`${linux?.executableName}.desktop`);
    expect(linux?.desktop?.entry?.['StartupWMClass']).toBe(linux?.executableName);
  });
});

describe('the icons', () => {
  it('of Windows are PNGs of every size that it asks for', () => {
    const sizes = readIco(bytes(config().win!.icon as string)).map(({ width, height }) => [width, height]);
    expect(sizes).toEqual([16, 24, 32, 48, 64, 128, 256].map((size) => [size, size]));
  });

  it('of macOS are PNGs of the sizes that their types say', () => {
    const pictures = readIcns(bytes(config().mac!.icon as string));
    const sizes = Object.fromEntries([...pictures].map(([type, { width }]) => [type, width]));
    // ic11 to ic14 are those of screens with twice as many pixels.
    expect(sizes).toEqual({ icp4: 16, icp5: 32, ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 });
    for (const { width, height } of pictures.values()) expect(height).toBe(width);
  });

  it('of Linux are PNGs of the sizes that their names say', () => {
    const folder = config().linux!.icon as string;
    const files = readdirSync(path.join(ROOT, folder));
    for (const file of files) {
      const { width, height } = readPng(bytes(path.join(folder, file)));
      expect(`${width}x${height}.png`).toBe(file);
    }
    expect(files.map((file) => parseInt(file, 10)).sort((a, b) => a - b)).toEqual([16, 24, 32, 48, 64, 128, 256, 512, 1024]);
  });

  it('are of one drawing', () => {
    const largest = (pictures: Iterable<{ bytes: Uint8Array; width: number }>, size: number) => [...pictures].find(({ width }) => width === size)!.bytes;
    const png = bytes('build/icons/256x256.png');
    expect(Buffer.compare(largest(readIco(bytes('build/icon.ico')), 256), png)).toBe(0);
    expect(Buffer.compare(largest(readIcns(bytes('build/icon.icns')).values(), 256), png)).toBe(0);
    expect(text('build/icon.svg')).toMatch(/^<svg /m);
  });
});

describe('the entitlements', () => {
  it('are what V8 needs to compile, and nothing else', () => {
    const plist = text('build/entitlements.mac.plist').replace(/<!--.*?-->/gs, '');
    const entitlements = [...plist.matchAll(/<key>(.*?)<\/key>\s*<(true|false)\/>/g)].map(([, key, value]) => [key, value]);
    expect(entitlements).toEqual([['com.apple.security.cs.allow-jit', 'true']]);
    expect(plist.match(/<key>/g)).toHaveLength(1);
  });
});
