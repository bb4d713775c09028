import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * A package whose code is in the app, as the build lists it.
 * @typedef {{ name: string, version: string, licence: string, text: string }} BundledPackage
 */

/** "## name - 1.2.3 (MIT)". Some licences have headings of their own, like "## Purpose". */
const HEADING = /^## (?=\S+ - \d)/m;

/**
 * The packages of the lists that the build writes beside what it has bundled, each once, by name.
 * @param {string[]} lists
 * @returns {BundledPackage[]} `licence` is '' where the package does not name one
 * @throws Error for a heading that is not as expected
 */
export function bundledPackages(lists) {
  const found = lists.flatMap((list) => list.split(HEADING).slice(1)).map(readPackage);
  const each = new Map(found.map((one) => [`${one.name} ${one.version}`, one]));
  return [...each.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** @param {string} part from a heading up to the next */
function readPackage(part) {
  const [heading = '', ...lines] = part.trim().split('\n');
  const [, name = '', version = '', licence = ''] = /^(\S+) - (\d\S*)(?: \((.+)\))?$/.exec(heading) ?? [];
  if (name === '') throw new Error(`This is no package's heading: ${heading}`);
  return { name, version, licence, text: lines.join('\n').trim() };
}

/**
 * Those of the app that was built last.
 * @param {string} root the repository's
 * @throws Error when nothing was built
 */
export async function readBundledPackages(root) {
  const parts = ['main', 'preload', 'renderer'].map((part) => readFile(path.join(root, 'out', part, 'licenses.md'), 'utf8'));
  return bundledPackages(await Promise.all(parts));
}

/**
 * Whose work is in the app, beside Electron's and Chromium's own notices.
 * @param {BundledPackage[]} packages
 */
export function noticesText(packages) {
  const parts = packages.map(({ name, version, licence, text }) => {
    const heading = `## ${name} - ${version}${licence === '' ? '' : ` (${licence})`}`;
    return text === '' ? heading : `${heading}\n\n${text}`;
  });
  return `Reveille contains these packages.\n\n${parts.join('\n\n')}\n`;
}
