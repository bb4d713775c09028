import { homedir, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { app, dialog } from 'electron';
import { createApp, type App, type Platform } from './app';
import { systemClock } from './clock';
import { openedAtLogin } from './desktop/login-item';
import { setMenu } from './desktop/menu';
import type { OneWindow } from './desktop/one-window';
import { declarePageScheme, servePage } from './desktop/page-scheme';
import { createPresence } from './desktop/presence';
import { printableView } from './desktop/print-view';
import { prepareProfile } from './desktop/profile';
import { saveFile } from './desktop/save-file';
import { openSecretStore } from './desktop/secrets';
import { readSwitches } from './desktop/switches';
import { lockDown } from './desktop/window';
import { createScanDeps, scanThisComputer } from './hosts/discovery/local';
import { runCommand } from './hosts/discovery/run-command';
import { placesHere } from './hosts/libvirt/places';
import { sshOnThisComputer } from './hosts/ssh/here';

const switches = readSwitches(process.argv);
if (switches.userDataDir) app.setPath('userData', resolve(switches.userDataDir));
const dataDir = app.getPath('userData');
declarePageScheme();

let reveille: App | null = null;
let window: OneWindow | null = null;

const unusable = profileProblem();
if (unusable !== null) {
  void app.whenReady().then(() => fail(unusable));
} else if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, argv) => {
    if (!readSwitches(argv).hidden) window?.open();
  });
  app.on('activate', () => window?.open());
  // Whether closing the window ends the app is decided when it is closed.
  app.on('window-all-closed', () => undefined);
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

  // As in the installed app's shortcuts, which Windows shows notifications for.
  if (process.platform === 'win32') app.setAppUserModelId('io.reveille.app');
  const presence = createPresence(systemClock, switches);
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
    wakeOnLan: { port: 9, everywhere: '255.255.255.255' },
    secrets: await openSecretStore(dataDir),
    desktop: presence.desktop,
    saveFile,
    random: Math.random,
    onPatch: (patch) => presence.onPatch(patch),
    onEvent: (event) => presence.onEvent(event),
  });
  const running = reveille;
  window = presence.begin(running);
  const started = running.start();
  if (!switches.hidden && !openedAtLogin()) window.open();
  await window.loaded();
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
