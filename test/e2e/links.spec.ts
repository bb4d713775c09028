import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { guestsCanRun } from '../guest/tiny-guest';
import { requireComponent } from '../support/requires';
import { expect, test } from './fixtures';
import { electronPath, type LaunchedApp } from './launch';

const details = (page: Page) => page.getByRole('region', { name: 'Details', exact: true });

const isShown = (app: ElectronApplication) => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());

/** Not minimized: that takes a window manager. */
async function hide(app: ElectronApplication): Promise<void> {
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
  await expect.poll(() => isShown(app)).toBe(false);
}

/** What the system does with a link: it starts the app with it. Resolves when that start has ended. */
async function openLink({ userDataDir }: LaunchedApp, ...args: string[]): Promise<void> {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const second = spawn(electronPath, ['.', ...asRoot, '--user-data-dir', userDataDir, ...args], { stdio: 'ignore' });
  const [code] = (await once(second, 'exit')) as [number | null];
  expect(code).toBe(0);
}

async function openDemo(page: Page): Promise<void> {
  const nas = page.getByRole('row', { name: 'nas', exact: true });
  const button = page.getByRole('button', { name: 'Try the demo' }).first();
  await expect(nas.or(button).first()).toBeVisible();
  if (!(await nas.isVisible())) await button.click();
  await expect(nas).toContainText('Running');
}

/** The link of the demo's nas, whose details are open then. */
async function copiedLink({ app, page }: LaunchedApp): Promise<string> {
  await page.getByRole('row', { name: 'nas', exact: true }).click();
  await details(page).getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Copied: the link to nas' })).toBeVisible();
  return app.evaluate(({ clipboard }) => clipboard.readText());
}

test('a second start with a link shows its guest in the window that is open, and ends', async ({ launch }) => {
  const one = await launch();
  const { app, page } = one;
  await openDemo(page);
  const link = await copiedLink(one);
  expect(link).toMatch(/^reveille:\/\/guest\/demo-[\w-]+$/);
  await page.getByRole('button', { name: 'Close details' }).click();
  await expect(details(page)).toBeHidden();

  await page.getByRole('searchbox', { name: 'Search guests' }).fill('nothing is called so');
  await hide(app);
  await openLink(one, link);
  await expect.poll(() => isShown(app)).toBe(true);
  await expect(details(page).getByRole('heading', { name: 'nas', exact: true })).toBeVisible();
  expect(app.windows()).toHaveLength(1);
  await page.getByRole('button', { name: 'Close details' }).click();

  await openLink(one, '--hidden', 'reveille://guest/demo/nas');
  await expect(details(page).getByRole('heading', { name: 'nas', exact: true })).toBeVisible();
  await one.screenshot('link');
});

test('a link that names an action, and what is no link, does nothing', async ({ launch }) => {
  const one = await launch();
  const { app, page } = one;
  await openDemo(page);
  const link = await copiedLink(one);
  await page.getByRole('button', { name: 'Close details' }).click();
  await app.evaluate(({ app: electron }) => {
    const seen = globalThis as unknown as { starts: number };
    seen.starts = 0;
    electron.on('second-instance', () => (seen.starts += 1));
  });
  await hide(app);
  const hostile = [
    `${link}?action=suspend`,
    `${link}/suspend/now`,
    `${link}#poweroff`,
    'reveille://poweroff/demo/nas',
    'reveille://guest/%00',
    'reveille:--print-view',
  ];
  for (const text of hostile) await openLink(one, text);
  await expect.poll(() => app.evaluate(() => (globalThis as unknown as { starts: number }).starts)).toBe(hostile.length);
  expect(await isShown(app)).toBe(false);
  // After a start without a link, so that all that came before it is dealt with.
  await openLink(one);
  await expect.poll(() => isShown(app)).toBe(true);
  await expect(details(page)).toBeHidden();
  await expect(page.getByRole('region', { name: 'Notices' }).getByText(/link/i)).toHaveCount(0);
  await expect(page.getByRole('row', { name: 'nas', exact: true })).toContainText('Running');
});

test('a link at the first start shows its guest when it is found, and one to nobody is told', async ({ launch }) => {
  requireComponent('QEMU', guestsCanRun(), (why) => test.skip(true, why));
  const dir = await mkdtemp(path.join(os.tmpdir(), 'linked-'));
  const name = 'linked & found';
  const qemu = spawn(
    'qemu-system-x86_64',
    ['-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8', '-name', `guest=${name}`, '-qmp', `unix:${dir}/qmp,server=on,wait=off`],
    { stdio: 'ignore' },
  );
  try {
    const one = await launch({ args: ['--hidden', `reveille://guest/localhost/${encodeURIComponent(name)}`] });
    await expect(details(one.page).getByRole('heading', { name, exact: true })).toBeVisible();
    await openLink(one, 'reveille://guest/nobody-1');
    await openLink(one, 'reveille://guest/nobody-2');
    const told = one.page.getByRole('region', { name: 'Notices' }).getByText('none has it here');
    await expect(told).toContainText('nobody-2');
    await expect(told).toHaveCount(1);
  } finally {
    const gone = once(qemu, 'exit');
    qemu.kill('SIGKILL');
    await gone;
    await rm(dir, { recursive: true, force: true });
  }
});

test('--help and --version print and end, without a display', async ({ launch: _ }, testInfo) => {
  const { version } = JSON.parse(await readFile(path.resolve(__dirname, '../../package.json'), 'utf8')) as { version: string };
  const run = async (...args: string[]) => {
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
    const child = spawn(electronPath, ['.', ...asRoot, '--user-data-dir', testInfo.outputPath('profile'), ...args], { env });
    let [said, complained] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said, complained };
  };
  expect(await run('--version')).toMatchObject({ code: 0, said: `${version}\n` });
  const { code, said, complained } = await run('--help', '--hiden');
  expect(code).toBe(0);
  expect(said).toContain(`Reveille ${version}`);
  for (const name of ['--user-data-dir', '--hidden', '--print-view', 'reveille://guest/']) expect(said).toContain(name);
  expect(complained).toContain('--hidden was probably meant');
});
