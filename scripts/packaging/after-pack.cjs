const { existsSync } = require('node:fs');
const path = require('node:path');

/** The file that marks the stand-in for Electron (scripts/electron-runtime.mjs). */
const STAND_IN_MARK = 'STAND-IN.json';

/**
 * Called by electron-builder for each packaged folder, before it is signed and archived. The stand-in for Electron can be
 * packaged for a trial on this computer alone, by `npm run dist` where the official one cannot be had.
 * @param {{ appOutDir: string, electronPlatformName: string }} context
 * @throws Error for a folder that users must not get
 */
exports.default = async function afterPack({ appOutDir }) {
  const mark = path.join(appOutDir, STAND_IN_MARK);
  if (existsSync(mark) && process.env.REVEILLE_TRIAL !== '1') {
    throw new Error(
      'This folder holds the stand-in for Electron, which nobody may be given. Remove node_modules/electron/dist, and run npm ci where github.com can be reached.',
    );
  }
};
