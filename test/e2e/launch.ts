import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { _electron } from '@playwright/test';
import { findProgram } from '../guest/run';
import type { ProcessSeen } from './process-tree';
import { descendantThatRuns, endLeftovers, processTree, stillRunning } from './process-tree';

const ROOT = path.resolve(__dirname, '../..');
const CLOSE_LIMIT_MS = 10_000;
const GONE_LIMIT_MS = 5_000;

export interface LaunchOptions {
  /** Further arguments to the app, after `--user-data-dir DIR`. */
  args?: string[];
  /** A profile to open again; it is left where it is. Without it close() removes the fresh one. */
  userDataDir?: string;
  /** undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /**
   * The app sees no processes but its own, so that what the test runs beside it is on another computer as far as it
   * can tell. Needs `ownNamespacesPresent`. `keyring`: with a keyring in $HOME, which this password opens.
   */
  ownProcesses?: boolean | { keyring: string };
  /** Makes an executable file that runs a program as the app is to run, in another mount namespace for example. */
  wrapper?: (program: string) => Promise<string>;
  /** The folder with the app's package.json; the repository by default. */
  appDir?: string;
  /** It opens no window by itself (--hidden): there is no page then, and nextWindow() waits for one. */
  windowless?: boolean;
}

/** Whether the app can be run with a /proc of its own. */
export const ownNamespacesPresent =
  process.platform === 'linux' &&
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' }).status === 0;

/** Whether it can be given a keyring there. */
export const keyringPresent = ['dbus-run-session', 'gnome-keyring-daemon'].every((name) => findProgram(name) !== undefined);

const require = createRequire(__filename);

/** Required from outside of Electron, the package is the executable's path. */
export const electronPath = require('electron') as string;

/** What Playwright loads into an app that it starts by itself; it has no window for the app without it. */
const playwrightLoader = path.join(path.dirname(require.resolve('playwright-core/package.json')), 'lib/server/electron/loader.js');

export interface LaunchedApp {
  app: ElectronApplication;
  /** the first window, loaded */
  page: Page;
  /** Resolves with the window that opens next, loaded; to be called before it is made to. */
  nextWindow(): Promise<Page>;
  /** the main process's id */
  pid: number;
  userDataDir: string;
  /** What the app has said so far. Lines printed before Playwright has attached to it are not in stdout. */
  output: {
    stdout: () => string;
    stderr: () => string;
    /** console.error, uncaught errors and CSP violations of every window */
    consoleErrors: string[];
  };
  /** Keeps a picture of the window as test-results/screenshots/NAME.png. */
  screenshot(name: string): Promise<void>;
  /** Resolves when the app has ended by itself. */
  ended(): Promise<void>;
  /**
   * Ends the app by a signal, which asks nothing (on Windows by quitting it), and sees to it that no process of it is left.
   * Does nothing when it has ended already.
   * @throws Error when it did not quit in time or left processes behind; they are ended then
   */
  close(): Promise<void>;
  /** Ends the main process by SIGKILL, as a crash would, and waits until its helpers are gone. The profile stays. */
  crash(): Promise<void>;
}

/** Launches the built app on the runtime of node_modules/electron, with a profile of its own. */
export async function launchApp(options: LaunchOptions = {}): Promise<LaunchedApp> {
  const userDataDir = options.userDataDir ?? (await mkdtemp(path.join(os.tmpdir(), 'reveille-e2e-')));
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const { ownProcesses, wrapper } = options;
  const script = ownProcesses ? 'own-namespace.sh' : wrapper ? 'with-loader.sh' : undefined;
  const plain = script && path.join(__dirname, script);
  const executablePath = plain && (wrapper ? await wrapper(plain) : plain);
  const app = await _electron.launch({
    ...(executablePath ? { executablePath } : {}),
    cwd: options.appDir ?? ROOT,
    args: ['.', ...(asRoot ? ['--no-sandbox'] : []), '--user-data-dir', userDataDir, ...(options.args ?? [])],
    env: definedOnly({
      ...process.env,
      ELECTRON_RUN_AS_NODE: undefined,
      ...(executablePath ? { ELECTRON: electronPath, LOADER: playwrightLoader } : {}),
      KEYRING: ownProcesses ? keyringOf(ownProcesses) : undefined,
      ...options.env,
    }),
    timeout: 30_000,
  });
  const child = app.process();
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let ended = false;
  const hasEnded = new Promise<void>((resolve) => app.once('close', () => resolve()));
  void hasEnded.then(() => (ended = true));
  const consoleErrors: string[] = [];
  const watch = (page: Page) => {
    page.on('console', (message) => {
      if (message.type() === 'error') consoleErrors.push(message.text());
    });
    page.on('pageerror', (error) => consoleErrors.push(String(error)));
  };
  app.windows().forEach(watch);
  app.on('window', watch);

  async function ensureGone(tree: ProcessSeen[]): Promise<void> {
    const deadline = Date.now() + GONE_LIMIT_MS;
    let left = await stillRunning(tree);
    while (left.length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      left = await stillRunning(tree);
    }
    if (left.length === 0) return;
    endLeftovers(left);
    throw new Error(`The app left processes behind:\n${describe(left)}`);
  }

  const page = options.windowless ? noPage : await firstWindow(app, () => stderr);
  const pid = executablePath ? await descendantThatRuns(electronPath, child.pid) : child.pid;
  if (pid === undefined) throw new Error('The app has no process id');
  return {
    app,
    page,
    pid,
    userDataDir,
    output: { stdout: () => stdout, stderr: () => stderr, consoleErrors },
    async nextWindow() {
      const next = await app.waitForEvent('window', { timeout: 30_000 });
      await next.waitForLoadState('load');
      return next;
    },
    ended: () => within(CLOSE_LIMIT_MS, hasEnded, 'The app did not end'),
    async screenshot(name) {
      const folder = path.join(ROOT, 'test-results/screenshots');
      await mkdir(folder, { recursive: true });
      const page = app.windows()[0];
      if (page === undefined) throw new Error('There is no window to take a picture of');
      await page.screenshot({ path: path.join(folder, `${name}.png`) });
    },
    async close() {
      if (ended) return;
      const tree = await processTree(pid);
      try {
        if (process.platform !== 'win32') process.kill(pid, 'SIGTERM');
        await within(CLOSE_LIMIT_MS, process.platform === 'win32' ? app.close() : hasEnded, 'The app did not quit');
      } catch (error) {
        ended = true;
        const left = await stillRunning(tree);
        endLeftovers(left);
        throw new Error(`The app did not quit. Still running:\n${describe(left)}`, { cause: error });
      }
      await ensureGone(tree);
      if (options.userDataDir === undefined)
        await rm(userDataDir, { recursive: true, force: true, maxRetries: 3 });
    },
    async crash() {
      const tree = await processTree(pid);
      process.kill(pid, 'SIGKILL');
      await within(CLOSE_LIMIT_MS, hasEnded, 'The app did not end');
      await ensureGone(tree);
    },
  };
}

/** Stands for the page of an app that was started without a window. */
const noPage = new Proxy({} as Page, {
  get: () => {
    throw new Error('The app was started without a window: use nextWindow()');
  },
});

const describe = (processes: ProcessSeen[]) =>
  processes.map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`).join('\n');

async function firstWindow(app: ElectronApplication, stderr: () => string): Promise<Page> {
  try {
    const page = await app.firstWindow({ timeout: 30_000 });
    await page.waitForLoadState('load');
    return page;
  } catch (error) {
    await app.close();
    throw new Error(`The app opened no window. It said:\n${stderr()}`, { cause: error });
  }
}

const keyringOf = (own: true | { keyring: string }) => (own === true ? undefined : own.keyring);

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

async function within<T>(ms: number, promise: Promise<T>, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} within ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
