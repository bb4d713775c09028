import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test as base, expect } from './fixtures';
import type { LaunchedApp, LaunchOptions } from './launch';
import { requireComponent } from '../support/requires';
import { sessionPresent, startSession, type MenuEntry, type TestSession } from './session-bus';
import type { Api } from '../../preload/contract/api';
import type { CommandArgs, CommandName, CommandValue } from '../../preload/contract/commands';

export interface DesktopWorld {
  readonly session: TestSession;
  /** Where the desktop of this user keeps its settings. */
  readonly configDir: string;
  start(options?: LaunchOptions): Promise<LaunchedApp>;
}

/** Playwright's test with `desktop`: a session with a panel and a notification daemon, which the app is started in. */
export const test = base.extend<{ session: TestSession; desktop: DesktopWorld }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
  session: async ({}, use) => {
    requireComponent('python3-dbusmock', sessionPresent, (why) => base.skip(true, why));
    const session = await startSession();
    await use(session);
    await session.stop();
  },
  // The session first, so that it ends last: Chromium aborts when its bus is gone.
  desktop: async ({ session, launch }, use) => {
    const configDir = await mkdtemp(path.join(os.tmpdir(), 'reveille-config-'));
    await session.startDaemon();
    await session.startPanel();
    const env = { ...session.env, XDG_CONFIG_HOME: configDir };
    await use({ session, configDir, start: (options) => launch({ ...options, env: { ...env, ...options?.env } }) });
    await rm(configDir, { recursive: true, force: true });
  },
});

/** Calls main as the window's page does. @throws Error when it is refused */
export async function call<N extends CommandName>({ app }: LaunchedApp, name: N, args: CommandArgs<N>): Promise<CommandValue<N>> {
  const page = app.windows()[0];
  if (!page) throw new Error('There is no window to call from');
  const result = await page.evaluate(
    ([command, given]) => (window as unknown as { api: Api }).api[command as 'getSnapshot'](given as CommandArgs<'getSnapshot'>),
    [name, args] as const,
  );
  if (!result.ok) throw new Error(`${name} was refused: ${result.refusal.message}`);
  return result.value;
}

/** Closes the window as its frame's button does. */
export const closeWindow = ({ app }: LaunchedApp): Promise<void> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());

export const windowCount = ({ app }: LaunchedApp): Promise<number> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

/** The tray's menu in a line for each entry, those of submenus behind " > ". */
export async function trayLines(session: TestSession): Promise<string[]> {
  const lines = (entries: readonly MenuEntry[], before: string): string[] =>
    entries.flatMap((entry) => (entry.separator ? [] : [before + entry.label, ...lines(entry.entries, `${before}${entry.label} > `)]));
  return lines(await session.menu(), '');
}

/** Clicks the entry of that label, in the submenu of the entry that begins with `within` if that is given. */
export async function clickTray(session: TestSession, label: string, within?: string): Promise<void> {
  let found: MenuEntry | undefined;
  await expect
    .poll(async () => {
      const top = await session.menu();
      const entries = within === undefined ? top : (top.find((entry) => entry.label.startsWith(within))?.entries ?? []);
      found = entries.find((entry) => entry.label === label && entry.enabled);
      return found !== undefined;
    })
    .toBe(true);
  await session.click(found!.id);
}
