import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createPackage } from '@electron/asar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentsText } from '../../../scripts/packaging/contents.mjs';
import { bundledPackages, noticesText } from '../../../scripts/packaging/notices.mjs';

/** A licence with headings of its own, as packages have it. */
const BLUE_OAK = '# Blue Oak Model License\n\nVersion 1.0.0\n\n## Purpose\n\nThis license gives everyone permission.\n\n## No Liability\n\n***As far as the law allows.***';
const MAIN = `# Licenses\n\nThe app bundles dependencies which contain the following licenses:\n\n## sax - 1.6.1 (BlueOak-1.0.0)\n\n${BLUE_OAK}\n\n## ssh2 - 1.17.0\n\nCopyright Brian White.\n\n## zod - 4.6.7 (MIT)\n\nMIT License\n`;
const RENDERER = `# Licenses\n\n## @base-ui/react - 1.9.0 (MIT)\n\nMIT License\n\n## lazy-val - 1.0.5 (MIT)\n\n## zod - 4.6.7 (MIT)\n\nMIT License\n`;

describe('the notices', () => {
  it('have each package once, by name, and each licence as a whole', () => {
    const packages = bundledPackages([MAIN, RENDERER]);
    expect(packages.map(({ name, version, licence }) => `${name} ${version} ${licence}`)).toEqual([
      '@base-ui/react 1.9.0 MIT',
      'lazy-val 1.0.5 MIT',
      'sax 1.6.1 BlueOak-1.0.0',
      'ssh2 1.17.0 ',
      'zod 4.6.7 MIT',
    ]);
    expect(packages[2]!.text).toBe(BLUE_OAK);
    expect(noticesText(packages)).toContain(`## lazy-val - 1.0.5 (MIT)\n\n## sax - 1.6.1 (BlueOak-1.0.0)\n\n${BLUE_OAK}\n\n## ssh2 - 1.17.0\n\nCopyright Brian White.\n\n## zod`);
    expect(bundledPackages([noticesText(packages)])).toEqual(packages);
  });

  it('keep two versions of a package, and take no heading for what it is not', () => {
    expect(bundledPackages(['## a - 1.0.0 (MIT)\n\nx\n\n## a - 2.0.0 (MIT)\n\nx\n']).map(({ version }) => version)).toEqual(['1.0.0', '2.0.0']);
    expect(() => bundledPackages(['## a - 1.0.0 (MIT) and more\n'])).toThrow("This is no package's heading");
  });
});

describe('the list of what was packaged', () => {
  let work: string;
  beforeEach(() => (work = mkdtempSync(path.join(os.tmpdir(), 'reveille-contents-'))));
  afterEach(() => rmSync(work, { recursive: true }));

  it('names packages, files, the app’s archive and licences, with sizes', async () => {
    const source = path.join(work, 'source');
    mkdirSync(path.join(source, 'out'), { recursive: true });
    writeFileSync(path.join(source, 'out/main.js'), 'x'.repeat(1234));
    writeFileSync(path.join(source, 'package.json'), '{}');
    const folder = path.join(work, 'linux-unpacked');
    mkdirSync(path.join(folder, 'resources'), { recursive: true });
    await createPackage(source, path.join(folder, 'resources/app.asar'));
    writeFileSync(path.join(folder, 'reveille'), 'x'.repeat(2_000_000));
    symlinkSync('reveille', path.join(folder, 'link'));
    const file = path.join(work, 'Reveille-1.2.3.tar.gz');
    writeFileSync(file, 'x'.repeat(56_789));

    const text = await contentsText({ packages: [file], folders: [folder], bundled: bundledPackages([MAIN]), app: { version: '1.2.3', licence: 'MIT' }, electronVersion: '45.4.1' });
    const lines = text.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
    expect(lines).toEqual(expect.arrayContaining(['56,789 Reveille-1.2.3.tar.gz', '2,000,000 reveille', '0 link -> reveille', 'in resources/app.asar: 2 files', '1,234 out/main.js', '2 package.json']));
    expect(lines.find((line) => line.startsWith('linux-unpacked'))).toMatch(/^linux-unpacked: 3 files, 2,00\d,\d{3} bytes$/);
    expect(lines).toEqual(
      expect.arrayContaining([
        'Reveille 1.2.3: MIT (LICENSE)',
        'Electron 45.4.1: MIT (LICENSE.electron.txt)',
        'sax 1.6.1: BlueOak-1.0.0 (LICENSES.app.txt)',
        'ssh2 1.17.0: see its text (LICENSES.app.txt)',
      ]),
    );
  });
});
