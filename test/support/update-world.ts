import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { NsisUpdater } from 'electron-updater';
import { vi } from 'vitest';
import { fakeElectron, type FakeElectron } from '../fakes/electron';

/** The version that is published. */
export const NEWER = '9.9.9';

export interface UpdateWorld {
  readonly electron: FakeElectron;
  /** The folder that the app lies in, and its resources. */
  readonly dir: string;
  readonly resources: string;
  /** What was fetched of the release, in order. */
  readonly fetched: readonly string[];
  close(): Promise<void>;
}

export interface UpdateWorldOptions {
  readonly platform: 'linux' | 'darwin' | 'win32';
  /** The release's file by its name, and what is in it. */
  readonly file: string;
  readonly bytes: string;
  /** Whose signature the package was built with. Windows. */
  readonly publisherName?: string;
  /** Put there by the installer. Windows. */
  readonly installed?: boolean;
  /** The file that runs. Linux. */
  readonly appImage?: string;
}

const require = createRequire(import.meta.url);
const electronModule = require.resolve('electron');

/**
 * A packaged app on one of the systems, and a release on a server of this computer. electron-updater is the real one; only
 * Electron is played. Modules of ours are to be imported after this.
 */
export async function updateWorld({ platform, file, bytes, publisherName, installed = false, appImage }: UpdateWorldOptions): Promise<UpdateWorld> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'reveille-updates-'));
  const resources = path.join(dir, 'resources');
  await mkdir(resources);
  const fetched: string[] = [];
  const release = [
    `version: ${NEWER}`,
    'files:',
    `  - url: ${file}`,
    `    sha512: ${createHash('sha512').update(bytes).digest('base64')}`,
    `    size: ${Buffer.byteLength(bytes)}`,
    `releaseDate: '2026-11-01T00:00:00.000Z'`,
  ].join('\n');
  const server = createServer((request, response) => {
    const name = path.posix.basename(new URL(request.url ?? '/', 'http://release').pathname);
    fetched.push(name);
    if (name === file) return response.end(bytes);
    if (/^latest.*\.yml$/.test(name)) return response.end(release);
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await writeFile(
    path.join(resources, 'app-update.yml'),
    [
      'provider: generic',
      `url: http://127.0.0.1:${port}/`,
      'updaterCacheDirName: reveille-updater',
      ...(publisherName === undefined ? [] : ['publisherName:', `  - ${publisherName}`]),
    ].join('\n'),
  );
  const program = path.join(dir, platform === 'win32' ? 'Reveille.exe' : 'reveille');
  if (installed) await writeFile(path.join(dir, 'Uninstall Reveille.exe'), '');

  const electron = fakeElectron(dir);
  const restore = [set(process, 'platform', platform), set(process, 'resourcesPath', resources), set(process, 'execPath', program)];
  for (const name of ['HOME', 'XDG_CACHE_HOME', 'LOCALAPPDATA']) vi.stubEnv(name, path.join(dir, 'home'));
  for (const name of ['APPIMAGE', 'SNAP', 'PORTABLE_EXECUTABLE_FILE']) vi.stubEnv(name, undefined);
  if (appImage !== undefined) vi.stubEnv('APPIMAGE', await writeProgram(path.join(dir, appImage), '#!/bin/sh\n'));
  // What macOS says by its own programs.
  if (platform === 'darwin') vi.stubEnv('PATH', path.dirname(await writeProgram(path.join(dir, 'bin/sysctl'), '#!/bin/sh\nexit 1\n')));
  restore.push(...loadAnew(electron, platform));

  return {
    electron,
    dir,
    resources,
    fetched,
    async close() {
      for (const undo of restore.reverse()) undo();
      vi.unstubAllEnvs();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Modules that were loaded for another Electron are loaded again for this one. @returns what undoes it */
function loadAnew(electron: FakeElectron, platform: string): (() => void)[] {
  vi.resetModules();
  vi.doMock('electron', () => electron);
  for (const name of Object.keys(require.cache)) if (/node_modules\/electron-updater\//.test(name)) delete require.cache[name];
  const was = require.cache[electronModule];
  require.cache[electronModule] = Object.assign(Object.create(null) as NodeJS.Module, { id: electronModule, loaded: true, exports: electron });
  vi.doMock('electron-updater', () => {
    const library = require('electron-updater') as { autoUpdater: NsisUpdater };
    // Windows answers that by PowerShell.
    if (platform === 'win32') library.autoUpdater.verifyUpdateCodeSignature = () => Promise.resolve(null);
    return { autoUpdater: library.autoUpdater };
  });
  return [
    () => {
      vi.doUnmock('electron');
      vi.doUnmock('electron-updater');
      if (was) require.cache[electronModule] = was;
      else delete require.cache[electronModule];
    },
  ];
}

function set(target: object, name: string, value: unknown): () => void {
  const was = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { configurable: true, enumerable: true, writable: true, value });
  return () => (was ? Object.defineProperty(target, name, was) : Reflect.deleteProperty(target, name));
}

/** @returns the file */
export async function writeProgram(file: string, script: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, script);
  await chmod(file, 0o755);
  return file;
}
