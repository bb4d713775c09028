import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fuseWire } from '../support/fuse-wire';
import { ROOT } from './packages';

/**
 * Folders that are to electron-builder what Electron's for other systems are: the files that it looks for, by name and format,
 * and in them nothing that runs.
 */

interface Executable {
  generate(): ArrayBuffer;
}
interface Entry {
  readonly type: unknown;
  readonly id: unknown;
  readonly bin: ArrayBuffer;
}
interface Resources {
  readonly entries: Entry[];
  outputResource(executable: Executable): void;
}
export interface ResEdit {
  NtExecutable: { createEmpty(is32Bit: boolean, isDll: boolean): Executable; from(bytes: Uint8Array): Executable };
  NtExecutableResource: { from(executable: Executable): Resources };
  Resource: {
    VersionInfo: {
      create(lang: number, fixed: object, strings: { lang: number; codepage: number; values: Record<string, string> }[]): { outputToResourceEntries(entries: Entry[]): void };
      fromEntries(entries: Entry[]): { getStringValues(language: { lang: number; codepage: number }): Record<string, string> }[];
    };
    IconGroupEntry: { fromEntries(entries: Entry[]): { icons: { width: number }[] }[] };
  };
}
const fromBuilder = createRequire(createRequire(createRequire(path.join(ROOT, 'package.json')).resolve('electron-builder')).resolve('app-builder-lib'));
/** What electron-builder edits .exe files with. */
export const resedit = fromBuilder('resedit') as ResEdit;
const plist = fromBuilder('plist') as { build(value: unknown): string; parse(text: string): unknown };
export const readPlist = (text: string) => plist.parse(text) as Record<string, unknown>;

/** Every file of the folder, with what is in it. */
async function write(dir: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dir, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o755 });
  }
}

/** @param wire what the fuses are before the app is packaged; version: Electron's */
export async function writeWindowsRuntime(dir: string, wire: string, version: string): Promise<void> {
  const executable = resedit.NtExecutable.createEmpty(false, false);
  const resources = resedit.NtExecutableResource.from(executable);
  const strings = [{ lang: 1033, codepage: 1200, values: { ProductName: 'Electron', CompanyName: 'GitHub, Inc.' } }];
  resedit.Resource.VersionInfo.create(1033, {}, strings).outputToResourceEntries(resources.entries);
  resources.outputResource(executable);
  await write(dir, {
    'electron.exe': Buffer.concat([Buffer.from(executable.generate()), fuseWire(wire)]),
    'resources/x': '',
    'locales/en-US.pak': '',
    'locales/de.pak': '',
    LICENSE: 'Electron',
    'LICENSES.chromium.html': 'Chromium',
    version,
  });
}

/** @param wire what the fuses are before the app is packaged; version: Electron's */
export async function writeMacRuntime(dir: string, wire: string, version: string): Promise<void> {
  const contents = 'Electron.app/Contents';
  const framework = `${contents}/Frameworks/Electron Framework.framework`;
  const info = (name: string) => plist.build({ CFBundleExecutable: name, CFBundleIdentifier: `com.github.${name}`, CFBundleName: name, CFBundleVersion: version });
  const helpers = ['', ' (GPU)', ' (Plugin)', ' (Renderer)'].map((kind) => `Electron Helper${kind}`);
  await write(dir, {
    [`${contents}/Info.plist`]: info('Electron'),
    [`${contents}/MacOS/Electron`]: 'runs',
    [`${framework}/Versions/A/Electron Framework`]: fuseWire(wire),
    [`${framework}/Versions/A/Resources/en.lproj/locale.pak`]: '',
    [`${framework}/Versions/A/Resources/de.lproj/locale.pak`]: '',
    [`${contents}/Resources/electron.icns`]: '',
    [`${contents}/Resources/en.lproj/x`]: '',
    [`${contents}/Resources/de.lproj/x`]: '',
    ...Object.fromEntries(
      helpers.flatMap((name) => [
        [`${contents}/Frameworks/${name}.app/Contents/Info.plist`, info(name)],
        [`${contents}/Frameworks/${name}.app/Contents/MacOS/${name}`, 'runs'],
      ]),
    ),
  });
  await symlink('A', path.join(dir, framework, 'Versions/Current'));
  for (const name of ['Electron Framework', 'Resources']) await symlink(`Versions/Current/${name}`, path.join(dir, framework, name));
}
