import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { say } from './processes.mjs';

/**
 * The switches that Chromium's sandbox needs on this system, with one line on stderr about why.
 * @param {string} executable Electron's
 * @returns {Promise<string[]>}
 */
export async function sandboxSwitches(executable) {
  if (process.platform !== 'linux') return [];
  if (process.getuid?.() === 0) {
    say('Running as root: Chromium\'s sandbox cannot be used (--no-sandbox).');
    return ['--no-sandbox'];
  }
  if (await restrictsUserNamespaces()) {
    const helper = path.join(path.dirname(executable), 'chrome-sandbox');
    const { uid, mode } = await stat(helper);
    if (uid !== 0 || (mode & 0o4000) === 0) {
      say(`This system keeps Chromium from making its sandbox. If the app does not start, allow it with:
  sudo chown root "${helper}" && sudo chmod 4755 "${helper}"`);
    }
  }
  return [];
}

/** Ubuntu 23.10 and later allow user namespaces to named programs only. */
async function restrictsUserNamespaces() {
  try {
    return (await readFile('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', 'utf8')).trim() === '1';
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return false;
    throw error;
  }
}
