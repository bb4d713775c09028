import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readBundledPackages } from './packaging/notices.mjs';
import { ROOT, say } from './processes.mjs';

/**
 * What the packages of a release are made of, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): what the last build
 * bundled, and Electron. What only builds and tests is in no package, and not in here.
 * @param {string} root the repository's, with its npm packages installed and the app built
 * @param {{ serialNumber: string, timestamp: string }} made serialNumber: "urn:uuid:…"; timestamp: ISO 8601
 * @throws Error for a bundled package that is not the one of package-lock.json
 */
export async function billOfMaterials(root, { serialNumber, timestamp }) {
  const read = async (/** @type {string} */ file) => JSON.parse(await readFile(path.join(root, file), 'utf8'));
  const { name, productName, version, description, license } = await read('package.json');
  const locked = /** @type {Record<string, { version?: string, integrity?: string }>} */ ((await read('package-lock.json')).packages);

  const bundled = await Promise.all(
    (await readBundledPackages(root)).map(async (one) => {
      const [folder = '', { integrity } = {}] =
        Object.entries(locked).find(([each, entry]) => each.endsWith(`node_modules/${one.name}`) && entry.version === one.version) ?? [];
      if (integrity === undefined) throw new Error(`package-lock.json has no ${one.name} ${one.version}, which is in the app.`);
      const licence = one.licence || olderLicence(await read(path.join(folder, 'package.json')));
      return { type: 'library', ...named(one.name, one.version), ...licensed(licence), hashes: [{ alg: 'SHA-512', content: sha512Of(integrity) }] };
    }),
  );
  const electron = await read('node_modules/electron/package.json');
  const zips = /** @type {Record<string, string>} */ (await read('node_modules/electron/checksums.json'));
  const framework = {
    type: 'framework',
    ...named('electron', electron.version),
    description: 'With Chromium, Node.js and FFmpeg, whose licences are in LICENSES.chromium.html of each package.',
    ...licensed(electron.license),
    externalReferences: Object.entries(zips)
      .filter(([file]) => /^electron-v[\d.]+-(linux|darwin|win32)-(x64|arm64)\.zip$/.test(file))
      .map(([file, content]) => ({
        type: 'distribution',
        url: `https://github.com/electron/electron/releases/download/v${electron.version}/${file}`,
        hashes: [{ alg: 'SHA-256', content }],
      })),
  };
  const app = { type: 'application', 'bom-ref': `${name}@${version}`, name: productName, version, description, ...licensed(license) };
  const components = [framework, ...bundled];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber,
    version: 1,
    metadata: { timestamp, lifecycles: [{ phase: 'build' }], component: app },
    components,
    // A bundle is one piece.
    dependencies: [{ ref: app['bom-ref'], dependsOn: components.map((each) => each['bom-ref']) }],
  };
}

/**
 * An npm package, by its package URL (https://github.com/package-url/purl-spec, type npm).
 * @param {string} name
 * @param {string} version
 */
function named(name, version) {
  const purl = `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
  return { 'bom-ref': purl, name, version, purl };
}

/** @param {string} licence its SPDX name, or several in an SPDX expression */
function licensed(licence) {
  if (licence === '') return {};
  return { licenses: [/ (AND|OR|WITH) /.test(licence) ? { expression: licence } : { license: { id: licence } }] };
}

/**
 * As npm packages named it before `license`.
 * @param {{ licenses?: { type: string }[] }} manifest
 */
const olderLicence = ({ licenses = [] }) => licenses.map(({ type }) => type).join(' OR ');

/** @param {string} integrity as package-lock.json has it: "sha512-BASE64" */
function sha512Of(integrity) {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  if (base64 === undefined) throw new Error(`This is no SHA-512: ${integrity}`);
  return Buffer.from(base64, 'base64').toString('hex');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error('Which file shall it be written to?');
  const bill = await billOfMaterials(ROOT, { serialNumber: `urn:uuid:${randomUUID()}`, timestamp: new Date().toISOString() });
  await writeFile(file, `${JSON.stringify(bill, undefined, 2)}\n`);
  say(`${bill.components.length} components are in ${file}`);
}
