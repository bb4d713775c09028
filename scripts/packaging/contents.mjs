import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { getRawHeader } from '@electron/asar';

/**
 * What was packaged, to be read: each package's size, each file of each packaged folder and of the app's archive in it, and the
 * licences of what is in the app. Sizes are in bytes.
 * @param {{ packages: string[], folders: string[], bundled: import('./notices.mjs').BundledPackage[],
 *   app: { version: string, licence: string }, electronVersion: string }} made
 */
export async function contentsText({ packages, folders, bundled, app, electronVersion }) {
  const sizes = await Promise.all(packages.map(async (file) => line((await lstat(file)).size, path.basename(file))));
  const licences = [
    ['Reveille', app.version, app.licence, 'LICENSE'],
    ['Electron', electronVersion, 'MIT', 'LICENSE.electron.txt'],
    ['Chromium and others in Electron', '', 'several', 'LICENSES.chromium.html'],
    ...bundled.map(({ name, version, licence }) => [name, version, licence || 'see its text', 'LICENSES.app.txt']),
  ];
  return [
    ...section('Packages', sizes),
    ...(await Promise.all(folders.map(describeFolder))).flat(),
    ...section('Licences', licences.map(([name, version, licence, file]) => `${`${name} ${version}`.trim()}: ${licence} (${file})`)),
  ].join('\n');
}

/** @param {string} folder */
async function describeFolder(folder) {
  const files = (await filesOf(folder)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  return [
    ...section(
      `${path.basename(folder)}: ${files.length} files, ${grouped(total)} bytes`,
      files.map(({ name, size }) => line(size, name)),
    ),
    ...files
      .filter(({ name }) => path.basename(name) === 'app.asar')
      .flatMap(({ name }) => {
        const inside = filesOfArchive(getRawHeader(path.join(folder, name)).header);
        return section(`in ${name}: ${inside.length} files`, inside.map((file) => line(file.size, file.name)));
      }),
  ];
}

/**
 * @param {string} title
 * @param {string[]} lines
 */
function section(title, lines) {
  return [title, ...lines.map((each) => `  ${each}`), ''];
}

const grouped = (/** @type {number} */ size) => size.toLocaleString('en-GB');
const line = (/** @type {number} */ size, /** @type {string} */ name) => `${grouped(size).padStart(13)}  ${name}`;

/**
 * Links are named with where they lead, and take no room.
 * @param {string} folder
 * @returns {Promise<{ name: string, size: number }[]>} names are from the folder on, with slashes
 */
async function filesOf(folder, prefix = '') {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const file = path.join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) return filesOf(file, `${name}/`);
      if (entry.isSymbolicLink()) return [{ name: `${name} -> ${await readlink(file)}`, size: 0 }];
      return [{ name, size: (await lstat(file)).size }];
    }),
  );
  return found.flat();
}

/**
 * @param {object} entry of an archive's header: a folder's `files`, or a file's `size`
 * @returns {{ name: string, size: number }[]}
 */
function filesOfArchive(entry, name = '') {
  const { files, size } = /** @type {{ files?: Record<string, object>, size?: number }} */ (entry);
  if (files === undefined) return [{ name, size: size ?? 0 }];
  return Object.entries(files).flatMap(([each, inside]) => filesOfArchive(inside, name === '' ? each : `${name}/${each}`));
}
