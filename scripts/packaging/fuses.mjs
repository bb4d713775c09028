import { flipFuses, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';

/**
 * What the program may do besides running the app (Electron's docs/tutorial/fuses.md), by the names in @electron/fuses. Stated
 * one by one, so that a new Electron's defaults change nothing here. electron-builder's own key for them, electronFuses, does
 * not know all of them.
 */
export const FUSES = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  GrantFileProtocolExtraPrivileges: false,
  WasmTrapHandlers: true,
};

/** @typedef {keyof typeof FUSES} FuseName */

/**
 * Sets the fuses of a packaged program.
 * @param {string} program the executable, or macOS's Name.app
 * @param {{ strict: boolean, sealOnMac: boolean }} options strict: the program has these fuses and no others; else those that
 *   it lacks are left out. sealOnMac: the bundle gets an ad-hoc signature, without which a changed program does not start on
 *   Apple's processors; signing with an identity replaces it.
 * @throws Error when the program's fuses are not those of FUSES and `strict` says so
 */
export async function setFuses(program, { strict, sealOnMac }) {
  const wire = /** @type {Record<string, unknown>} */ (await getCurrentFuseWire(program));
  const names = /** @type {FuseName[]} */ (Object.keys(FUSES));
  const stated = names.filter((name) => strict || wire[FuseV1Options[name]] !== undefined);
  const config = /** @type {import('@electron/fuses').FuseConfig} */ ({
    version: FuseVersion.V1,
    strictlyRequireAllFuses: strict,
    resetAdHocDarwinSignature: sealOnMac,
    ...Object.fromEntries(stated.map((name) => [FuseV1Options[name], FUSES[name]])),
  });
  await flipFuses(program, config);
}
