import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { app } from 'electron';
import type { AppUpdater } from 'electron-updater';
import type { UpdateSource } from '../updates';

/** The file that names where releases are published; electron-builder packs it into those that are published somewhere. */
const CHANNEL = 'app-update.yml';
/** The file by which a deb or an rpm knows what it was installed from. */
const PACKAGE_TYPE = 'package-type';

/**
 * Newer versions by electron-updater: on macOS and Windows what was downloaded is installed only when its code signature is
 * that of the running app, and everywhere only when its hash is the one in the release's own list.
 */
export function createUpdateSource(onInstall: () => void): UpdateSource {
  const missing = whyMissing();
  let loaded: Promise<AppUpdater> | null = null;
  let installs = false;

  /** Not before somebody wants it: it is large, and starts with work of its own. */
  const updater = (): Promise<AppUpdater> =>
    (loaded ??= import('electron-updater').then(({ autoUpdater }) => {
      autoUpdater.autoDownload = false;
      autoUpdater.autoInstallOnAppQuit = installs;
      autoUpdater.allowDowngrade = false;
      autoUpdater.logger = null;
      // What fails is told by the promise that failed.
      autoUpdater.on('error', () => undefined);
      return autoUpdater;
    }));

  return {
    missing,
    async check() {
      const result = await (await updater()).checkForUpdates();
      if (!result) throw new Error('This kind of package looks for none.');
      if (!result.isUpdateAvailable) return null;
      return { version: result.updateInfo.version, canInstall: canReplaceItself() };
    },
    async download() {
      await (await updater()).downloadUpdate();
    },
    install() {
      onInstall();
      void updater().then((ready) => ready.quitAndInstall());
    },
    installWhenQuit(on) {
      installs = on;
      void loaded?.then((ready) => (ready.autoInstallOnAppQuit = on));
    },
  };
}

function whyMissing(): string | null {
  if (!app.isPackaged) return 'This Reveille was built from its sources. Newer versions come the same way.';
  const has = (name: string) => existsSync(join(process.resourcesPath, name));
  if (!has(CHANNEL)) return 'This package was published nowhere, so that there is nowhere to look for newer versions.';
  const isArchive = process.platform === 'linux' && process.env['APPIMAGE'] === undefined && !has(PACKAGE_TYPE);
  return isArchive ? 'An unpacked archive does not look for newer versions. Look where you got it from.' : null;
}

/** What a package manager has installed is its to replace; a portable program and an archive are the user's. */
function canReplaceItself(): boolean {
  switch (process.platform) {
    case 'darwin':
      return true;
    case 'win32':
      return process.env['PORTABLE_EXECUTABLE_FILE'] === undefined;
    default:
      return process.env['APPIMAGE'] !== undefined;
  }
}
