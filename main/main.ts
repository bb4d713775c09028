import { homedir, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { app, dialog, powerMonitor, type BrowserWindow } from 'electron';
import { createApp, type App, type Platform } from './app';
import { systemClock } from './clock';
import { setMenu } from './desktop/menu';
import { declarePageScheme, servePage } from './desktop/page-scheme';
import { printableView } from './desktop/print-view';
import { prepareProfile } from './desktop/profile';
import { openSecretStore } from './desktop/secrets';
import { readSwitches } from './desktop/switches';
import { createWindow, lockDown } from './desktop/window';
import { createScanDeps, scanThisComputer } from './hosts/discovery/local';
import { runCommand } from './hosts/discovery/run-command';
import { placesHere } from './hosts/libvirt/places';
import { sshOnThisComputer } from './hosts/ssh/here';
import { serveBridge } from './ipc/bridge';
import { createDispatch } from './ipc/dispatch';
import type { Patch } from '../preload/contract/view';

const switches = readSwitches(process.argv);
if (switches.userDataDir) app.setPath('userData', resolve(switches.userDataDir));
const dataDir = app.getPath('userData');
declarePageScheme();

let reveille: App | null = null;
let window: BrowserWindow | null = null;

const unusable = profileProblem();
if (unusable !== null) {
  void app.whenReady().then(() => fail(unusable));
} else if (app.requestSingleInstanceLock()) {
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.show();
    window?.focus();
  });
  app.on('window-all-closed', () => app.quit());
  app.on('will-quit', (event) => {
    const running = reveille;
    if (!running) return;
    reveille = null;
    event.preventDefault();
    void running.stop().then(
      () => app.exit(0),
      (error: unknown) => {
        console.error('Reveille did not stop in order:', error);
        app.exit(1);
      },
    );
  });
  void app.whenReady().then(run).catch(fail);
} else {
  app.quit();
}

function profileProblem(): unknown {
  try {
    prepareProfile(dataDir);
    return null;
  } catch (error) {
    return error;
  }
}

async function run(): Promise<void> {
  setMenu();
  lockDown();
  servePage(join(__dirname, '../renderer'));

  const created = createWindow();
  window = created.window;
  let send = (_patch: Patch) => {};
  const scanDeps = createScanDeps(systemClock, runCommand);
  reveille = await createApp({
    clock: systemClock,
    dataDir,
    version: app.getVersion(),
    platform: platformName(),
    scan: () => scanThisComputer(process.platform, scanDeps),
    libvirtPlaces: placesHere({ platform: process.platform, home: homedir(), env: process.env, uid: process.getuid?.() ?? null }),
    ssh: sshOnThisComputer(process.env),
    networkInterfaces,
    secrets: await openSecretStore(dataDir),
    random: Math.random,
    onPatch: (patch) => send(patch),
  });
  const running = reveille;
  const bridge = serveBridge(
    window.webContents,
    createDispatch(running.handlers, (error) => console.error('A command met a fault:', error)),
  );
  send = bridge.send;
  window.once('closed', () => {
    bridge.stop();
    window = null;
  });
  powerMonitor.on('resume', () => running.recheck());

  const started = running.start();
  try {
    await created.load();
  } catch (error) {
    // A window that was closed while it loaded is no failure.
    if (!created.window.isDestroyed()) throw error;
  }
  await started;
  if (switches.printView) process.stdout.write(`${printableView(running.snapshot())}\n`);
}

function platformName(): Platform['platform'] {
  const { platform } = process;
  return platform === 'linux' || platform === 'darwin' || platform === 'win32' ? platform : 'other';
}

/** Without a profile there is nothing to show: the reason is said, and nothing is touched. */
function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`Reveille cannot start: ${message}`);
  // Not showErrorBox: it would block, and could not be ended by a signal.
  void dialog.showMessageBox({ type: 'error', title: 'Reveille', message: 'Reveille cannot start', detail: message }).then(() => app.exit(1));
}
