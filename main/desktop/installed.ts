import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Windows: the installer has put this app where it is. A zip's and a portable program's folder have everything but what removes it. */
export const isInstalledOnWindows = (): boolean => existsSync(join(dirname(process.execPath), `Uninstall ${basename(process.execPath)}`));
