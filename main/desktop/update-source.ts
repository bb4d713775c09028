import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { app, autoUpdater as squirrel } from 'electron';
import type { AppUpdater } from 'electron-updater';
import type { UpdateSource } from '../updates';
import { isInstalledOnWindows } from './installed';

/** What the app does while a newer version is put in place at once. */
export interface Installing {
  /** It is about to be ended. */
  begins(): void;
  /** It goes on: nothing was put in place. */
  fails(error: Error): void;
}

/** The file that names where releases are published; electron-builder packs it into those that are published somewhere. */
const CHANNEL = 'app-update.yml';
/** The file by which a deb or an rpm knows what it was installed from. */
const PACKAGE_TYPE = 'package-type';

/**
 * Newer versions by electron-updater: everywhere what was downloaded is installed only when its hash is the one in the
 * release's own list, and on macOS and Windows only when its code signature is that of the running app, too.
 */
export function createUpdateSource(installing: Installing): UpdateSource {
  const missing = whyMissing();
  const isMac = process.platform === 'darwin';
  let loaded: Promise<AppUpdater> | null = null;
  let forQuit = false;
  let isInstalling = false;
  let handedOver: Promise<unknown> | null = null;

  /** Not before somebody wants it: it is large, and starts with work of its own. */
  const updater = (): Promise<AppUpdater> =>
    (loaded ??= import('electron-updater').then(({ autoUpdater }) => {
      autoUpdater.autoDownload = false;
      autoUpdater.allowDowngrade = false;
      autoUpdater.logger = null;
      autoUpdater.on('error', failed);
      tellForQuit(autoUpdater);
      return autoUpdater;
    }));

  /** It looks at this when it has downloaded, and when the app ends. On macOS it would hand over, and not see what comes of that. */
  const tellForQuit = (ready: AppUpdater) => (ready.autoInstallOnAppQuit = forQuit && !isMac);

  /** What else fails is told by the promise that failed. */
  const failed = (error: unknown) => {
    if (!isInstalling) return;
    isInstalling = false;
    installing.fails(error instanceof Error ? error : new Error(String(error)));
  };

  /**
   * macOS: what was downloaded goes to Squirrel, which checks its signature, and installs it when the app ends: it cannot be
   * told not to any more. @throws Error
   */
  const handOver = () => {
    handedOver ??= takenBySquirrel().catch((error: unknown) => {
      handedOver = null;
      throw error;
    });
    return handedOver;
  };

  return {
    missing,
    async check() {
      const result = await (await updater()).checkForUpdates();
      if (!result) throw new Error('This kind of package looks for none.');
      if (!result.isUpdateAvailable) return null;
      return { version: result.updateInfo.version, canInstall: await canReplaceItself() };
    },
    async download() {
      await (await updater()).downloadUpdate();
      if (isMac && forQuit) await handOver();
    },
    install() {
      if (isInstalling) return;
      isInstalling = true;
      installing.begins();
      updater()
        .then(async (ready) => {
          if (isMac) await handOver();
          ready.quitAndInstall();
        })
        .catch(failed);
    },
    installWhenQuit(on) {
      forQuit = on;
      void loaded?.then(tellForQuit);
    },
  };
}

/** It fetches from where electron-updater has put the download. @throws Error */
async function takenBySquirrel(): Promise<void> {
  const taken = once(squirrel, 'update-downloaded');
  squirrel.checkForUpdates();
  await taken;
}

function whyMissing(): string | null {
  if (!app.isPackaged) return 'This Reveille was built from its sources. Newer versions come the same way.';
  const has = (name: string) => existsSync(join(process.resourcesPath, name));
  if (!has(CHANNEL)) return 'This package was published nowhere, so that there is nowhere to look for newer versions.';
  const isArchive = process.platform === 'linux' && process.env['APPIMAGE'] === undefined && !has(PACKAGE_TYPE);
  return isArchive ? 'An unpacked archive does not look for newer versions. Look where you got it from.' : null;
}

/**
 * What a package manager has installed is its to replace; a portable program and an archive are the user's. On Windows
 * electron-updater takes anybody's program where the package does not say whose signature it must have.
 */
async function canReplaceItself(): Promise<boolean> {
  switch (process.platform) {
    case 'darwin':
      return true;
    case 'win32':
      return isInstalledOnWindows() && /^publisherName:/m.test(await readFile(join(process.resourcesPath, CHANNEL), 'utf8'));
    default:
      return process.env['APPIMAGE'] !== undefined;
  }
}
