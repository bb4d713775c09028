import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import type { AfterPackContext } from 'electron-builder';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FUSES, type FuseName } from '../../../scripts/packaging/fuses.mjs';
import { afterPack } from '../../../scripts/packaging/hooks.mjs';
import { fuseWire } from '../../support/fuse-wire';

const ROOT = path.resolve(__dirname, '../../..');
const { devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { devDependencies: { electron: string } };
const PINNED = devDependencies.electron;

/** All that @electron/fuses knows, in the order in which they lie in a program. */
const NAMES = Object.keys(FuseV1Options).filter((name) => Number.isNaN(Number(name))) as FuseName[];
/** The opposite of what is stated, so that each has to be set. */
const opposite = (count: number) => NAMES.slice(0, count).map((name) => (FUSES[name] ? '0' : '1')).join('');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'reveille-pack-'));
  vi.stubEnv('REVEILLE_TRIAL', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A packaged folder with a program that has this many fuses. @returns the program */
function put(system: 'linux' | 'win32' | 'darwin', fuses = NAMES.length): string {
  const name = { linux: 'reveille', win32: 'Reveille.exe', darwin: 'Reveille.app/Contents/Frameworks/Electron Framework.framework/Electron Framework' }[system];
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, Buffer.concat([Buffer.from('before '), fuseWire(opposite(fuses)), Buffer.from(' behind')]));
  return file;
}

async function pack(system: 'linux' | 'win32' | 'darwin', electronVersion = PINNED): Promise<void> {
  const packager = { appInfo: { productFilename: 'Reveille' }, config: { electronVersion }, ...(system === 'linux' && { executableName: 'reveille' }) };
  await afterPack({ appOutDir: folder, electronPlatformName: system, packager } as unknown as AfterPackContext);
}

async function fusesOf(program: string): Promise<Partial<Record<FuseName, boolean>>> {
  const { version: _version, ...wire } = await getCurrentFuseWire(program);
  return Object.fromEntries(Object.entries(wire).map(([index, state]) => [NAMES[Number(index)]!, (state as unknown) === FuseState.ENABLE]));
}

describe('a packaged folder', () => {
  it('has every fuse that there is, each as it is stated', async () => {
    expect(Object.keys(FUSES).sort()).toEqual([...NAMES].sort());
    for (const system of ['linux', 'win32', 'darwin'] as const) {
      const program = put(system);
      await pack(system);
      expect(await fusesOf(program), system).toEqual(FUSES);
    }
  });

  it('is refused when its program has fuses that are not stated, or lacks some', async () => {
    put('linux', NAMES.length - 1);
    await expect(pack('linux')).rejects.toThrow(/fuse wire in this version of Electron is not long enough/);
    writeFileSync(path.join(folder, 'reveille'), fuseWire(`${opposite(NAMES.length)}0`));
    await expect(pack('linux')).rejects.toThrow(/strictlyRequireAllFuses/);
  });

  it('of the stand-in is refused, and only for a trial its program may have fewer fuses', async () => {
    const program = put('linux', 7);
    writeFileSync(path.join(folder, 'STAND-IN.json'), '{}');
    await expect(pack('linux')).rejects.toThrow(/nobody may be given/);
    vi.stubEnv('REVEILLE_TRIAL', '1');
    await pack('linux', '25.1.1');
    expect(await fusesOf(program)).toEqual(Object.fromEntries(NAMES.slice(0, 7).map((name) => [name, FUSES[name]])));
  });

  it('of another Electron than package.json’s is refused, marked as the stand-in or not', async () => {
    put('linux');
    await expect(pack('linux', '25.1.1')).rejects.toThrow(`holds Electron 25.1.1, and package.json names ${PINNED}`);
    writeFileSync(path.join(folder, 'version'), '25.1.1');
    await expect(pack('linux')).rejects.toThrow(`holds Electron 25.1.1, and package.json names ${PINNED}`);
    writeFileSync(path.join(folder, 'version'), `v${PINNED}\n`);
    await expect(pack('linux')).resolves.toBeUndefined();
  });
});

describe.skipIf(process.platform === 'win32')('on macOS', () => {
  const actual = process.platform;
  afterEach(() => Object.defineProperty(process, 'platform', { value: actual }));

  /** A codesign that writes down what it is asked to. */
  function codesign(status: number): string {
    const bin = path.join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'codesign'), `#!/bin/sh\nprintf '%s\\n' "$@" > "${bin}/asked"\nexit ${status}\n`);
    chmodSync(path.join(bin, 'codesign'), 0o755);
    vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    return path.join(bin, 'asked');
  }

  it('the changed program is sealed anew, so that it starts where nothing else signs it', async () => {
    put('darwin');
    const asked = codesign(0);
    await pack('darwin');
    const args = readFileSync(asked, 'utf8').trim().split('\n');
    expect(args).toEqual(expect.arrayContaining(['--force', '--deep']));
    expect(args[args.indexOf('--sign') + 1]).toBe('-');
    expect(args.at(-1)).toBe(path.join(folder, 'Reveille.app'));
  });

  it('what cannot be sealed is no package', async () => {
    put('darwin');
    codesign(1);
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    await expect(pack('darwin')).rejects.toThrow(/codesign failed/);
    expect(said).toHaveBeenCalled();
    said.mockRestore();
  });
});
