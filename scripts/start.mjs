import { spawn } from 'node:child_process';
import { build } from './build.mjs';
import { hasDisplay, startDisplay } from './display.mjs';
import { ensureElectron } from './electron-runtime.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { endWithUs, ROOT, say } from './processes.mjs';
import { sandboxSwitches } from './sandbox.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/**
 * Installs what is missing, builds, and runs the app until it ends or Ctrl-C is pressed.
 * @param {string[]} appArguments
 * @returns the app's exit code
 */
async function start(appArguments) {
  const visible = hasDisplay();
  await ensureNodeModules();
  const missing = await ensureSystemPackages(visible ? ['window'] : ['window', 'display']);
  if (missing) say(missing);
  const { executable } = await ensureElectron();
  await build();

  const switches = await sandboxSwitches(executable);
  const env = { ...process.env };
  delete env['ELECTRON_RUN_AS_NODE'];
  const virtual = visible ? undefined : await startDisplay();
  if (virtual) {
    env['DISPLAY'] = virtual.display;
    // Without a desktop Chromium reports every bus it does not find; the view goes to the terminal instead.
    switches.push('--log-level=3', '--print-view');
    say(
      `There is no display: the window is on a virtual one (Xvfb ${virtual.display}), which shows this.`,
    );
    say('Ctrl-C ends the app.');
  }
  const code = await new Promise((resolve, reject) => {
    const child = spawn(executable, ['.', ...switches, ...appArguments], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: process.platform !== 'win32',
    });
    const release = endWithUs(child);
    child.once('error', reject);
    child.once('exit', (status, signal) => {
      release();
      if (signal) say(`The app was ended by ${signal}.`);
      resolve(status ?? 1);
    });
  });
  await virtual?.stop();
  return code;
}
