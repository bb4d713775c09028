import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { _electron } from '@playwright/test';
import type { ProcessSeen } from './process-tree';
import { endLeftovers, processTree, stillRunning } from './process-tree';

const ROOT = path.resolve(__dirname, '../..');
const CLOSE_LIMIT_MS = 10_000;
const GONE_LIMIT_MS = 5_000;

export interface LaunchOptions {
  /** Further arguments to the app, after `--user-data-dir DIR`. */
  args?: string[];
  /** A profile to open again; it is left where it is. Without it close() removes the fresh one. */
  userDataDir?: string;
  env?: Record<string, string>;
  /** The folder with the app's package.json; the repository by default. */
  appDir?: string;
}

export interface LaunchedApp {
  app: ElectronApplication;
  /** the first window, loaded */
  page: Page;
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
  /**
   * Quits the app, and sees to it that no process of it is left. Does nothing when it has ended already.
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
  const app = await _electron.launch({
    cwd: options.appDir ?? ROOT,
    args: ['.', ...(asRoot ? ['--no-sandbox'] : []), '--user-data-dir', userDataDir, ...(options.args ?? [])],
    env: { ...inheritedEnv(), ...options.env },
    timeout: 30_000,
  });
  const child = app.process();
  const pid = child.pid;
  if (pid === undefined) throw new Error('The app has no process id');
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let ended = false;
  app.once('close', () => (ended = true));
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

  return {
    app,
    page: await firstWindow(app, () => stderr),
    pid,
    userDataDir,
    output: { stdout: () => stdout, stderr: () => stderr, consoleErrors },
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
        await within(CLOSE_LIMIT_MS, app.close(), 'The app did not quit');
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
      const closed = new Promise<void>((resolve) => app.once('close', resolve));
      process.kill(pid, 'SIGKILL');
      await within(CLOSE_LIMIT_MS, closed, 'The app did not end');
      await ensureGone(tree);
    },
  };
}

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

function inheritedEnv(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => name !== 'ELECTRON_RUN_AS_NODE');
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

async function within<T>(ms: number, promise: Promise<T>, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} within ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
