import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(__dirname, '../..');

/** Where `npm run dist` has put its packages: those of the stand-in are kept apart. */
export const isTrial = existsSync(path.join(ROOT, 'node_modules/electron/dist/STAND-IN.json'));
export const PACKAGES = path.join(ROOT, isTrial ? 'dist/trial' : 'dist');
export const UNPACKED = path.join(PACKAGES, 'linux-unpacked');

/** @throws Error when there is none */
export function packageFile(extension: string): string {
  const name = readdirSync(PACKAGES).find((one) => one.endsWith(extension));
  if (name === undefined) throw new Error(`There is no ${extension} in ${PACKAGES}`);
  return path.join(PACKAGES, name);
}
