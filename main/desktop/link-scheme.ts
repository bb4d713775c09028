import { app } from 'electron';
import { LINK_SCHEME } from '../../preload/contract/links';
import { isInstalledOnWindows } from './installed';

/**
 * Has the system open links with this app. Not on Linux, where the packages' desktop entry says so and the user may choose
 * otherwise; not for an app that runs from its source or, on Windows, from where no installer has put it and none removes it.
 */
export function registerLinkScheme(): void {
  if (!app.isPackaged || process.platform === 'linux') return;
  if (process.platform === 'win32' && !isInstalledOnWindows()) return;
  // What stands behind "--" is no switch, whatever is in the link.
  if (!app.setAsDefaultProtocolClient(LINK_SCHEME, process.execPath, ['--'])) {
    console.error('The system did not take this app for links to guests; another one may be set for them.');
  }
}
