import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium, expect, test, type Browser, type Page } from '@playwright/test';
import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { isMissing, requireComponent } from '../support/requires';
import { packageFile, ROOT, UNPACKED } from './packages';

const NAME = 'packaged-nas';
const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

test.skip(isMissing('root with apt-get', canInstall), 'A .deb is installed by root, with apt-get.');
test.describe.configure({ mode: 'serial' });

let guest: TinyGuest;
let profile: string;
let app: ChildProcess;
let browser: Browser;
let page: Page;

const apt = (...args: string[]) =>
  spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', '--yes', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });

test.beforeAll(async () => {
  test.setTimeout(240_000);
  requireComponent('QEMU', guestsCanRun(), (why) => test.skip(true, why));
  profile = mkdtempSync(path.join(os.tmpdir(), 'reveille-package-'));
  guest = await startGuest({ name: NAME });
  await guest.waitForAgent(60_000);
});

test.afterAll(async () => {
  await browser?.close();
  app?.kill('SIGKILL');
  await guest?.stop();
  if (existsSync('/opt/Reveille')) apt('purge', 'reveille');
  if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

test('what it needs brings every library that the program is linked with, onto a system that has nothing', () => {
  const nothing = path.join(profile, 'status');
  writeFileSync(nothing, '');
  const simulate = () => apt('install', '--simulate', '--no-install-recommends', '-o', `Dir::State::status=${nothing}`, packageFile('.deb'));
  let { status, stdout, stderr } = simulate();
  if (status !== 0 && apt('update').status === 0) ({ status, stdout, stderr } = simulate());
  expect(status, stdout + stderr).toBe(0);
  const brought = new Set([...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name));
  const { stdout: linked } = spawnSync('ldd', [path.join(UNPACKED, 'reveille')], { encoding: 'utf8' });
  const files = [...linked.matchAll(/ => (\/\S+)/g)].map(([, file]) => file!).filter((file) => !file.startsWith(UNPACKED));
  expect(files.length).toBeGreaterThan(20);
  // dpkg knows some of them by their place before /lib became a link.
  const places = new Map(files.map((file) => [file, [file, file.replace(/^\/usr/, ''), realpathSync(file)]]));
  const { stdout: owned } = spawnSync('dpkg', ['-S', ...[...places.values()].flat()], { encoding: 'utf8' });
  const owners = new Map([...owned.matchAll(/^([^:\s]+)(?::\S+)?: (.+)$/gm)].map(([, owner, file]) => [file!, owner!]));
  const missing = files.filter((file) => !places.get(file)!.some((place) => brought.has(owners.get(place) ?? '')));
  expect(missing).toEqual([]);
});

test('apt installs it, with a command and an entry in the menu', () => {
  test.setTimeout(240_000);
  const { status, stdout, stderr } = apt('install', '--no-install-recommends', packageFile('.deb'));
  expect(status, stdout + stderr).toBe(0);
  expect(existsSync('/usr/bin/reveille')).toBe(true);
  const entry = readFileSync('/usr/share/applications/reveille.desktop', 'utf8');
  expect(entry).toMatch(/^Name=Reveille$/m);
  expect(entry).toMatch(/^MimeType=.*x-scheme-handler\/reveille;/m);
  expect(entry).toMatch(/^Icon=reveille$/m);
  expect(entry).toMatch(/^Exec=\/opt\/Reveille\/reveille %U$/m);
  expect(existsSync('/usr/share/icons/hicolor/256x256/apps/reveille.png')).toBe(true);
});

/** As a user's session has it, with a profile of the test's own; Chromium's sandbox does not take root. */
const environment = () => ({ ...process.env, XDG_CONFIG_HOME: profile, ELECTRON_DISABLE_SANDBOX: '1' });

async function start(): Promise<void> {
  app = spawn('/usr/bin/reveille', ['--remote-debugging-port=0'], { stdio: ['ignore', 'ignore', 'pipe'], env: environment() });
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    app.once('exit', (code) => reject(new Error(`It ended (${code}): ${said}`)));
    app.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]!);
    });
  });
  browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const [context] = browser.contexts();
  page = context!.pages()[0] ?? (await context!.waitForEvent('page'));
}

async function end(): Promise<void> {
  await browser.close();
  const ended = new Promise((resolve) => app.once('exit', resolve));
  app.kill('SIGTERM');
  await ended;
}

test('the installed app opens its window', async () => {
  await start();
  await expect(page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true })).toContainText('Running');
});

test('a real guest sleeps for 5 s in it, and wakes on time', async () => {
  const row = page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true });
  await row.getByRole('button', { name: 'Sleep', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  await dialog.getByLabel('For', { exact: true }).fill('5 s');
  const asked = Date.now();
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(row).toContainText('Sleeping');
  await expect(row).toContainText(/Wakes \d\d?:\d\d/);
  await page.screenshot({ path: path.join(ROOT, 'test-results/screenshots/package-sleeping.png') });
  await expect(row).toContainText('Running', { timeout: 20_000 });
  expect(Date.now() - asked).toBeGreaterThanOrEqual(4_000);
});

test('a link that is opened on this computer shows its guest in the window that is open', async () => {
  const details = page.getByRole('region', { name: 'Details', exact: true });
  await expect(details).toBeHidden();
  const { status, stdout, stderr } = spawnSync('xdg-open', [`reveille://guest/localhost/${NAME}`], { env: environment(), encoding: 'utf8', timeout: 30_000 });
  expect(status, stdout + stderr).toBe(0);
  await expect(details.getByRole('heading', { name: NAME, exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Close details' }).click();
});

test('newer versions are looked for only when the user has said so, and are told', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (!request.url?.startsWith('/latest-linux.yml')) return void response.writeHead(404).end();
    response.end(`version: 9.9.9\nfiles:\n  - url: reveille_9.9.9_amd64.deb\n    sha512: ${'A'.repeat(86)}==\n    size: 1\nreleaseDate: '2026-11-23T00:00:00.000Z'\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await end();
    // As a release has it, which is published somewhere.
    writeFileSync('/opt/Reveille/resources/app-update.yml', `provider: generic\nurl: http://127.0.0.1:${port}\n`);
    writeFileSync('/opt/Reveille/resources/package-type', 'deb');
    await start();
    const question = page.getByRole('region', { name: 'Newer versions' });
    await expect(question).toContainText('Nothing is looked for until you say so.');
    expect(asked).toEqual([]);
    await question.getByRole('button', { name: 'Tell me' }).click();
    await expect(page.getByRole('region', { name: 'Newer version', exact: true })).toContainText(
      'Reveille 9.9.9 is there. Install it the way you installed this one.',
    );
    expect(asked.map((url) => url.split('?')[0])).toEqual(['/latest-linux.yml']);
  } finally {
    for (const name of ['app-update.yml', 'package-type']) rmSync(`/opt/Reveille/resources/${name}`, { force: true });
    server.close();
  }
});

test('it ends when it is told to, and is removed without leftovers', async () => {
  await end();
  const listed = spawnSync('dpkg', ['-L', 'reveille'], { encoding: 'utf8' }).stdout.trim().split('\n');
  expect(listed.length).toBeGreaterThan(10);
  const { status, stdout, stderr } = apt('purge', 'reveille');
  expect(status, stdout + stderr).toBe(0);
  const left = listed.filter((file) => /reveille/i.test(file) && existsSync(file));
  expect(left).toEqual([]);
  expect(existsSync('/usr/bin/reveille')).toBe(false);
  expect(existsSync('/etc/apparmor.d/reveille')).toBe(false);
  expect(spawnSync('update-alternatives', ['--query', 'reveille']).status).not.toBe(0);
});
