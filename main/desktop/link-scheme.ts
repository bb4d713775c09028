import { app } from 'electron';
import { LINK_SCHEME } from '../../preload/contract/links';

/**
 * Has the system open links with this app. Not on Linux, where the packages' desktop entry says so and the user may choose
 * otherwise; not for an app that runs from its source or, on Windows, from a portable program's temporary folder.
 */
export function registerLinkScheme(): void {
  const isPortable = process.env['PORTABLE_EXECUTABLE_FILE'] !== undefined;
  if (!app.isPackaged || process.platform === 'linux' || isPortable) return;
  // What stands behind "--" is no switch, whatever is in the link.
  if (!app.setAsDefaultProtocolClient(LINK_SCHEME, process.execPath, ['--'])) {
    console.error('The system did not take this app for links to guests; another one may be set for them.');
  }
}
