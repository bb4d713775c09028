import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../processes.mjs';
import { contentsText } from './contents.mjs';
import { setFuses } from './fuses.mjs';
import { readBundledPackages } from './notices.mjs';

/** electron-builder calls these by their names, as electron-builder.yml says. */

/** The file that marks the stand-in for Electron (scripts/electron-runtime.mjs). */
const STAND_IN_MARK = 'STAND-IN.json';

/** The folders that were packaged in this run. */
const folders = /** @type {string[]} */ ([]);

/**
 * Called for each packaged folder, before it is signed and archived. The stand-in for Electron can be packaged for a trial on
 * this computer alone, by `npm run dist` where the official one cannot be had.
 * @param {import('electron-builder').AfterPackContext} context
 * @throws Error for a folder that users must not get
 */
export async function afterPack({ appOutDir, electronPlatformName, packager }) {
  const isTrial = process.env['REVEILLE_TRIAL'] === '1';
  if (!isTrial) refuseOtherElectrons(appOutDir, packager.config.electronVersion ?? 'unknown');
  const { productFilename } = packager.appInfo;
  const program = { darwin: `${productFilename}.app`, win32: `${productFilename}.exe` }[electronPlatformName];
  const { executableName = productFilename } = /** @type {{ executableName?: string }} */ (packager);
  await setFuses(path.join(appOutDir, program ?? executableName), {
    strict: !isTrial,
    sealOnMac: electronPlatformName === 'darwin' && process.platform === 'darwin',
  });
  folders.push(appOutDir);
}

/**
 * Packages are made of the Electron that package.json names.
 * @param {string} folder
 * @param {string} configured the version that electron-builder was to take
 * @throws Error
 */
function refuseOtherElectrons(folder, configured) {
  if (existsSync(path.join(folder, STAND_IN_MARK))) {
    throw new Error(
      'This folder holds the stand-in for Electron, which nobody may be given. Remove node_modules/electron/dist, and run npm ci where github.com can be reached.',
    );
  }
  const { devDependencies } = manifest();
  // electron-builder removes the file from what it has fetched itself.
  const file = path.join(folder, 'version');
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim().replace(/^v/, '') : configured;
  for (const version of [found, configured]) {
    if (version !== devDependencies.electron) {
      throw new Error(`This folder holds Electron ${version}, and package.json names ${devDependencies.electron}. Nobody may be given it.`);
    }
  }
}

/** @returns {{ version: string, license: string, devDependencies: { electron: string } }} */
const manifest = () => JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/**
 * Called once, when every package is made: prints what is in them, and writes it to contents.txt beside them.
 * @param {import('electron-builder').BuildResult} result
 * @returns {Promise<string[]>} no further packages
 */
export async function afterAllArtifactBuild({ outDir, artifactPaths, configuration }) {
  const { version, license } = manifest();
  const text = await contentsText({
    packages: artifactPaths.filter((file) => existsSync(file)),
    folders,
    bundled: await readBundledPackages(ROOT),
    app: { version, licence: license },
    electronVersion: configuration.electronVersion ?? 'unknown',
  });
  await writeFile(path.join(outDir, 'contents.txt'), text);
  console.log(`\n${text}\nThis list is in ${path.join(outDir, 'contents.txt')}`);
  return [];
}
