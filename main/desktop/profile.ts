import { accessSync, constants, mkdirSync } from 'node:fs';

/**
 * Makes the profile's folder where it is missing. To be called before anything is kept there: without a writable folder
 * Chromium takes the app for a second instance.
 * @throws Error in words for the user
 */
export function prepareProfile(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Reveille cannot keep anything in its profile ${dir}: ${why}. Make the folder writable for your user, or start Reveille with --user-data-dir and another folder.`,
      { cause: error },
    );
  }
}
