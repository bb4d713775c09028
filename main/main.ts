import { homedir, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { app, dialog } from 'electron';
import { createApp, type App, type Platform } from './app';
import { systemClock } from './clock';
import { APP_ID } from './desktop/identity';
import { createLinkFollower } from './desktop/link-follower';
import { registerLinkScheme } from './desktop/link-scheme';
import { openedAtLogin } from './desktop/login-item';
import { setMenu } from './desktop/menu';
import { asOnlyInstance } from './desktop/only-instance';
import type { OneWindow } from './desktop/one-window';
import { declarePageScheme, servePage } from './desktop/page-scheme';
import { createPresence } from './desktop/presence';
import { printableView } from './desktop/print-view';
import { prepareProfile } from './desktop/profile';
import { saveFile } from './desktop/save-file';
import { openSecretStore } from './desktop/secrets';
import { mistypedLines, printInstead, readSwitches } from './desktop/switches';
import { lockDown } from './desktop/window';
import { createScanDeps, scanThisComputer } from './hosts/discovery/local';
import { runCommand } from './hosts/discovery/run-command';
import { placesHere } from './hosts/libvirt/places';
import { sshOnThisComputer } from './hosts/ssh/here';

const switches = readSwitches(process.argv);
for (const line of mistypedLines(switches)) console.error(line);
const said = printInstead(switches, app.getVersion());
if (said !== null) {
  process.stdout.write(said);
  // At once: what comes next takes a display.
  process.exit(0);
}
if (switches.userDataDir) app.setPath('userData', resolve(switches.userDataDir));
const dataDir = app.getPath('userData');
declarePageScheme();

let reveille: App | null = null;
let window: OneWindow | null = null;
const links = createLinkFollower();

const unusable = profileProblem();
if (unusable !== null) {
  void app.whenReady().then(() => fail(unusable));
} else {
  asOnlyInstance(process.env, systemClock, begin, (argv) => {
    const { link, hidden } = readSwitches(argv);
    if (link !== null) links.follow(link);
    else if (!hidden) window?.open();
  });
}

function begin(): void {
  if (switches.link !== null) links.follow(switches.link);
  // macOS gives links by this alone, and may do so before the app is ready.
  app.on('open-url', (event, url) => {
    event.preventDefault();
    links.follow(url);
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

  registerLinkScheme();
  if (process.platform === 'win32') app.setAppUserModelId(APP_ID);
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
    updates: presence.updates,
    saveFile,
    random: Math.random,
    onPatch: (patch) => presence.onPatch(patch),
    onEvent: (event) => presence.onEvent(event),
  });
  const running = reveille;
  const mine = (window = presence.begin(running));
  const started = running.start();
  if (!switches.hidden && !openedAtLogin()) mine.open();
  links.begin({ snapshot: running.snapshot, started, open: mine.open, reveal: mine.reveal, tell: running.tell });
  await mine.loaded();
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
