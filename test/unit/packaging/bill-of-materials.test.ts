import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { billOfMaterials } from '../../../scripts/bill-of-materials.mjs';

const ROOT = path.resolve(__dirname, '../../..');
const made = { serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79', timestamp: '2026-11-23T06:00:00.000Z' };

/** By OWASP's own schemas, and the checker of schemas that electron-builder has. */
const library = createRequire(__filename).resolve('@cyclonedx/cyclonedx-library/package.json');
const schema = (name: string) => JSON.parse(readFileSync(path.join(path.dirname(library), `res/schema/${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
const { default: Ajv } = createRequire(library)('ajv') as {
  default: new (options: object) => { compile(schema: object): { (data: unknown): boolean; errors: unknown } };
};
const others = Object.fromEntries(['spdx', 'jsf-0.82'].map((name) => [`http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`, schema(name)]));
const isBill = new Ajv({ strict: false, validateFormats: false, schemas: others }).compile(schema('bom-1.6'));

let root: string;
const at = (file: string) => path.join(root, file);
const list = (part: string, text: string) => {
  mkdirSync(at(`out/${part}`), { recursive: true });
  writeFileSync(at(`out/${part}/licenses.md`), text);
};
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'reveille-bill-'));
  for (const name of ['package.json', 'package-lock.json', 'node_modules']) symlinkSync(path.join(ROOT, name), at(name));
  // As electron-vite writes them.
  list('main', '# Licenses\n\n## zod - 4.6.7 (MIT)\n\nMIT License\n\n## sax - 1.6.1 (BlueOak-1.0.0)\n\n# Blue Oak\n\n## Purpose\n\nThis.\n\n## ssh2 - 1.17.0\n\nCopyright Brian White\n');
  list('preload', '# Licenses\n\nThe app does not bundle any dependencies with licenses.\n');
  list('renderer', '# Licenses\n\n## @base-ui/react - 1.9.0 (MIT)\n\nMIT License\n\n## zod - 4.6.7 (MIT)\n\nMIT License\n');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the bill of materials', () => {
  it('is CycloneDX 1.6', async () => {
    const bill = await billOfMaterials(root, made);
    expect(isBill(bill), JSON.stringify(isBill.errors)).toBe(true);
    expect(bill.specVersion).toBe('1.6');
    expect(isBill({ ...bill, components: [{ type: 'library' }] })).toBe(false);
    expect(isBill({ ...bill, components: [{ type: 'library', name: 'x', licenses: [{ license: { id: 'no licence' } }] }] })).toBe(false);
  });

  it('names what is in the app, Electron, and nothing that only builds or tests it', async () => {
    const { metadata, components, dependencies } = await billOfMaterials(root, made);
    const { version, devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string; devDependencies: Record<string, string> };
    expect(metadata.component).toMatchObject({ type: 'application', name: 'Reveille', version });
    expect(components.map(({ name, version: one }) => `${name} ${one}`)).toEqual([
      `electron ${devDependencies['electron']}`,
      '@base-ui/react 1.9.0',
      'sax 1.6.1',
      'ssh2 1.17.0',
      'zod 4.6.7',
    ]);
    expect(dependencies).toEqual([{ ref: `reveille@${version}`, dependsOn: components.map((each) => each['bom-ref']) }]);
  });

  it('says of each what it is by: package URL, licence, and hash', async () => {
    const { components } = await billOfMaterials(root, made);
    const [electron, base, , ssh2] = components;
    expect(base).toMatchObject({ purl: 'pkg:npm/%40base-ui/react@1.9.0', licenses: [{ license: { id: 'MIT' } }] });
    // Its manifest names its licence the way that was usual once.
    expect(ssh2).toMatchObject({ licenses: [{ license: { id: 'MIT' } }], hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^c0f95d0a4dda[0-9a-f]{116}$/) as string }] });
    const zips = (electron as { externalReferences: { url: string; hashes: object[] }[] }).externalReferences;
    expect(zips.map(({ url }) => /-((linux|darwin|win32)-\w+)\.zip$/.exec(url)?.[1])).toEqual(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64']);
    for (const { hashes } of zips) expect(hashes).toEqual([{ alg: 'SHA-256', content: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
  });

  it('is refused of a package that package-lock.json does not have', async () => {
    list('preload', '# Licenses\n\n## zod - 1.0.0 (MIT)\n\nMIT License\n');
    await expect(billOfMaterials(root, made)).rejects.toThrow('package-lock.json has no zod 1.0.0');
  });
});
