import { stat } from 'node:fs/promises';
import path from 'node:path';
import { run, say } from './processes.mjs';

/**
 * The switches that Chromium's sandbox needs on this system, with one line on stderr about why.
 * @param {string} executable Electron's
 * @returns {Promise<string[]>}
 */
export async function sandboxSwitches(executable) {
  if (process.platform !== 'linux') return [];
  if (process.getuid?.() === 0) {
    say("Running as root: Chromium's sandbox cannot be used (--no-sandbox).");
    return ['--no-sandbox'];
  }
  const helper = path.join(path.dirname(executable), 'chrome-sandbox');
  if (!(await hasSetuid(helper)) && (await refusesUserNamespaces())) {
    say(`This system keeps Chromium from making its sandbox. If the app does not start, allow it with:
  sudo chown root "${helper}" && sudo chmod 4755 "${helper}"`);
  }
  return [];
}

/** @param {string} file */
async function hasSetuid(file) {
  const { uid, mode } = await stat(file);
  return uid === 0 && (mode & 0o4000) !== 0;
}

/** As Ubuntu 23.10 and later do, which allow them to named programs only. */
async function refusesUserNamespaces() {
  const { code, error } = await run('unshare', ['--user', '--map-root-user', 'true']);
  return error === undefined && code !== 0;
}
