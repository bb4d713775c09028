import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../main/clock';
import { createScanDeps, scanThisComputer } from '../../main/hosts/discovery/local';
import { runCommand } from '../../main/hosts/discovery/run-command';
import { guestsCanRun } from '../guest/tiny-guest';
import { requireComponent } from '../support/requires';
import { expect, test } from './fixtures';
import { electronPath } from './launch';

/** A guest of the test before may be on its way out. */
async function noGuestsHere(): Promise<boolean> {
  const deps = createScanDeps(systemClock, runCommand);
  for (let second = 0; second < 10; second += 1) {
    if ((await scanThisComputer(process.platform, deps)).length === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return false;
}

test('the demo opens by itself at a first start where there are no guests, is marked, and its guests sleep and wake', async ({ launch }) => {
  const alone = await noGuestsHere();
  const first = await launch({ args: ['--print-view'] });
  const grid = first.page.getByRole('grid', { name: 'Guests' });
  // Beside real guests it stays closed until it is asked for.
  if (!alone) await first.page.getByRole('button', { name: 'Try the demo' }).click();
  await expect(grid.getByRole('row', { name: 'nas', exact: true })).toBeVisible();
  await expect(first.page.getByText('Simulated').first()).toBeVisible();
  await first.screenshot('demo');
  const row = grid.getByRole('row', { name: 'nas', exact: true });
  await expect(row).toContainText('Running');
  await row.getByRole('button', { name: 'Sleep', exact: true }).click();
  const dialog = first.page.getByRole('dialog', { name: 'Sleep', exact: true });
  await dialog.getByLabel('For', { exact: true }).fill('3 s');
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(row).toContainText('Sleeping');
  await expect(row).toContainText('Wakes');
  await expect(row).toContainText('Running');
  if (alone) await expect.poll(() => first.output.stdout()).toContain('Demo (simulated)');
  await first.page.getByRole('button', { name: 'Close the demo' }).first().click();
  await expect(row).toBeHidden();
  await first.screenshot('no-guests');
  await first.close();

  const second = await launch();
  await expect(second.page.getByRole('button', { name: 'Try the demo' }).first()).toBeVisible();
  await expect(second.page.getByRole('row', { name: 'nas', exact: true })).toBeHidden();
});

test('the page can neither leave, nor open windows, nor reach anything', async ({ launch }) => {
  const { app, page, output } = await launch();
  await expect(page.getByRole('button', { name: 'Add guest' })).toBeVisible();
  const tried = await page.evaluate(async () => {
    const globals = window as unknown as Record<string, unknown>;
    const popup = window.open('https://example.org/');
    const link = document.createElement('a');
    link.href = 'https://example.org/';
    link.target = '_blank';
    document.body.append(link);
    link.click();
    location.href = 'https://example.org/';
    location.href = 'file:///etc/passwd';
    const failures = await Promise.allSettled([fetch('https://127.0.0.1:1/'), fetch('file:///etc/passwd'), fetch('app://reveille/../../package.json')]);
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
    const permission = await navigator.permissions.query({ name: 'geolocation' });
    return {
      popup: popup === null,
      fetched: failures.map(({ status }) => status),
      injected: globals['injected'] === true,
      permission: permission.state,
      node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in globals),
      api: Object.keys(globals['api'] as object).sort(),
    };
  });
  expect(tried).toMatchObject({ popup: true, fetched: ['rejected', 'rejected', 'rejected'], injected: false, permission: 'denied', node: [] });
  expect(tried.api).toContain('setPowerState');
  expect(tried.api).not.toContain('ipcRenderer');
  expect(app.windows()).toHaveLength(1);
  expect(page.url()).toBe('app://reveille/index.html');
  expect(output.consoleErrors.some((text) => text.includes('Content Security Policy'))).toBe(true);
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> };
    const { sandbox, contextIsolation, nodeIntegration, webviewTag } = contents.getLastWebPreferences();
    return { sandbox, contextIsolation, nodeIntegration, webviewTag };
  });
  expect(preferences).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false });
});

test('a call with bad arguments is refused in words', async ({ launch }) => {
  const { page } = await launch();
  const answers = await page.evaluate(async () => {
    const { setPowerState } = (window as unknown as { api: { setPowerState: (args: unknown) => Promise<unknown> } }).api;
    return Promise.all([{ guestId: 7, action: 'suspend' }, { guestId: 'x', action: 'explode' }, null].map(setPowerState));
  });
  for (const answer of answers) expect(answer).toMatchObject({ ok: false, refusal: { code: 'bad-call' } });
});

test('a hostile guest name is text', async ({ launch }) => {
  requireComponent('QEMU', guestsCanRun(), (why) => test.skip(true, why));
  const dir = await mkdtemp(path.join(os.tmpdir(), 'hostile-'));
  const name = '<img src=x onerror="window.hacked=1">\u202Egnp.exe\n$(touch /tmp/hacked)';
  const qemu = spawn(
    'qemu-system-x86_64',
    ['-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8', '-name', `guest=${name.replaceAll(',', ',,')}`, '-qmp', `unix:${dir}/qmp,server=on,wait=off`],
    { stdio: 'ignore' },
  );
  try {
    const { page, screenshot } = await launch();
    const row = page.getByRole('grid', { name: 'Guests' }).getByRole('row').filter({ hasText: '<img src=x onerror=' });
    await expect(row).toContainText('Running');
    await row.click();
    await screenshot('hostile-name');
    expect(await page.evaluate(() => ({ hacked: 'hacked' in window, images: document.querySelectorAll('img[src="x"]').length }))).toEqual({
      hacked: false,
      images: 0,
    });
  } finally {
    const gone = once(qemu, 'exit');
    qemu.kill('SIGKILL');
    await gone;
    await rm(dir, { recursive: true, force: true });
  }
});

test('a second start brings the first window forward, and ends', async ({ launch }) => {
  const { app, userDataDir } = await launch();
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
  const executable = await app.evaluate(() => process.execPath);
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const second = spawn(executable, ['.', ...asRoot, '--user-data-dir', userDataDir], { stdio: 'ignore' });
  const [code] = (await once(second, 'exit')) as [number | null];
  expect(code).toBe(0);
  await expect.poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized())).toBe(false);
  expect(app.windows()).toHaveLength(1);
});

test('a version that took the place of the running one waits for its end', async ({ launch }) => {
  const { app, userDataDir, close } = await launch();
  const executable = await app.evaluate(() => process.execPath);
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const successor = spawn(executable, ['.', ...asRoot, '--user-data-dir', userDataDir, '--print-view'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, APPIMAGE_SILENT_INSTALL: 'true' },
  });
  const ended = once(successor, 'exit');
  const view = once(successor.stdout, 'data') as Promise<[Buffer]>;
  await app.evaluate(
    ({ app: first }) => new Promise<void>((resolve) => void first.once('second-instance', () => resolve())),
  );
  expect(app.windows()).toHaveLength(1);
  await close();
  expect(String((await view)[0])).toMatch(/: \d+ guests?\n/);
  successor.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a damaged file is kept aside, and the app says so', async ({ launch }) => {
  const first = await launch();
  await expect(first.page.getByRole('button', { name: 'Add guest' })).toBeVisible();
  await first.close();
  await writeFile(path.join(first.userDataDir, 'alarms.json'), '{"half a');
  const second = await launch();
  await expect(second.page.getByText('A file of Reveille was damaged')).toBeVisible();
  await second.page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(second.page.getByText('A file of Reveille was damaged')).toBeHidden();
});

test('a profile of a newer version is left alone, and the app can be ended', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'newer-'));
  const file = path.join(dir, 'alarms.json');
  const content = JSON.stringify({ document: 'alarms', version: 99, value: 'from the future' });
  await writeFile(file, content);
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = spawn(electronPath, ['.', ...asRoot, '--user-data-dir', dir], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  app.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said).toContain('was written by a newer Reveille');
  const ended = once(app, 'exit');
  app.kill('SIGTERM');
  await ended;
  expect(await readFile(file, 'utf8')).toBe(content);
  await rm(dir, { recursive: true, force: true });
});

test('a profile that cannot be written to is said, and nothing is taken for a second instance', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'no-folder-'));
  const file = path.join(dir, 'file');
  await writeFile(file, '');
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = spawn(electronPath, ['.', ...asRoot, '--user-data-dir', path.join(file, 'profile')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  app.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said).toContain('Reveille cannot keep anything in its profile');
  const ended = once(app, 'exit');
  app.kill('SIGTERM');
  await ended;
  await rm(dir, { recursive: true, force: true });
});
