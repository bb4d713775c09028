import { execFileSync } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { guestsCanRun } from '../guest/tiny-guest';
import { requireComponent } from '../support/requires';
import { accountsPresent, sshdPresent } from '../support/sshd';
import { axeViolations } from './axe';
import { expect, keepEvidence, test } from './fixtures';
import { keyringPresent, launchApp, ownNamespacesPresent, type LaunchedApp } from './launch';
import { startSshWorld, type SshWorld } from './ssh-world';

/** Hosts over SSH as a user meets them: the real app, real OpenSSH servers, a real guest behind them. */

const NAME = 'ssh-guest';

test.describe.configure({ mode: 'serial' });

let world: SshWorld;
let launched: LaunchedApp;
let page: Page;

test.beforeAll(async () => {
  test.setTimeout(240_000);
  requireComponent('QEMU', guestsCanRun(), (why) => test.skip(true, why));
  requireComponent('OpenSSH', sshdPresent, (why) => test.skip(true, why));
  requireComponent('mount namespaces', accountsPresent, (why) => test.skip(true, why));
  requireComponent('PID namespaces', ownNamespacesPresent, (why) => test.skip(true, why));
  world = await startSshWorld(NAME);
  launched = await launchApp({ ownProcesses: true, env: { HOME: world.home, SSH_AUTH_SOCK: undefined } });
  page = launched.page;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  // Where no guest runs the demo opens by itself.
  await page.getByRole('button', { name: 'Close the demo' }).first().click();
});

test.afterEach(async () => {
  const testInfo = test.info();
  if (testInfo.status === testInfo.expectedStatus) return;
  await keepEvidence(launched, testInfo, 'app');
  await writeFile(testInfo.outputPath('sshd.txt'), `nas:\n${world.nas.log()}\nattic:\n${world.attic.log()}`);
});

test.afterAll(async () => {
  await launched?.close();
  await world?.stop();
});

const grid = () => page.getByRole('grid', { name: 'Guests' });
const hostRow = (name: string) => grid().getByRole('row', { name: `Host ${name}`, exact: true });
const guestRow = (host = /^(nas|Storage)$/) =>
  grid().getByRole('rowgroup', { name: host }).getByRole('row', { name: NAME, exact: true });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = (name: string) => page.getByRole('dialog', { name, exact: true });
const steps = () => page.getByRole('region', { name: 'Connection test' });
const hostField = () => page.getByRole('combobox', { name: 'Host', exact: true });
const keyQuestion = () => page.getByRole('alertdialog', { name: 'Unknown host key', exact: true });

async function hostCommand(host: string, command: string): Promise<void> {
  await button(`Host actions: ${host}`).click();
  await page.getByRole('menuitem', { name: command, exact: true }).click();
}

/** Presses Tab until the element has the focus. */
async function tabTo(element: Locator): Promise<void> {
  for (let presses = 0; presses < 25; presses += 1) {
    if (await element.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('Tab does not lead there');
}

const fingerprintByOpenSsh = (publicKey: string) => execFileSync('ssh-keygen', ['-lf', publicKey], { encoding: 'utf8' }).split(' ')[1]!;

test('a host of ~/.ssh/config is tested and added by the keyboard alone; its key is asked about once, and saved', async () => {
  await tabTo(button('Add host'));
  await page.keyboard.press('Enter');
  await expect(hostField()).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('option')).toHaveText([/^nas/, /^attic/, /^inner/]);
  await launched.screenshot('ssh-1-pick');
  await page.keyboard.press('Enter');
  await expect(hostField()).toHaveValue('nas');
  await tabTo(button('Test connection'));
  await page.keyboard.press('Enter');

  await expect(keyQuestion()).toContainText('For the connection test');
  await expect(keyQuestion().getByLabel('Fingerprint', { exact: true })).toHaveText(fingerprintByOpenSsh(`${world.nas.hostKeys[0]!.path}.pub`));
  await expect(keyQuestion()).toContainText(world.knownHosts);
  await launched.screenshot('ssh-2-host-key');
  expect(await axeViolations(page)).toEqual([]);
  expect(world.nas.log()).not.toContain('Accepted');
  await tabTo(button('Accept and save'));
  await page.keyboard.press('Enter');

  await expect(steps()).toContainText('Everything works.');
  const taken = steps().getByRole('list', { name: 'Steps', exact: true }).getByRole('listitem');
  await expect(taken).toHaveText([/^Address/, /^Name/, /^TCP/, /^Host key/, /^Authentication/, /^QEMU found/, /^Permissions/, /^Guests/]);
  await launched.screenshot('ssh-3-tested');
  expect(await axeViolations(page)).toEqual([]);
  const found = execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${world.nas.port}`, '-f', world.knownHosts], { encoding: 'utf8' });
  expect(found).toContain(world.nas.hostKeys[0]!.publicLine.split(' ')[1]);

  await tabTo(dialog('Add host').getByRole('button', { name: 'Add host', exact: true }));
  await page.keyboard.press('Enter');
  await expect(dialog('Add host')).toBeHidden();
  await expect(hostRow('nas')).toContainText('Connected');
  await expect(guestRow()).toContainText('Running');
  await expect(guestRow().getByRole('button', { name: 'Sleep', exact: true })).toBeVisible();
  await expect(keyQuestion()).toBeHidden();
  await launched.screenshot('ssh-4-listed');
});

test('its guest sleeps for 5 s and wakes by itself', async () => {
  await guestRow().getByRole('button', { name: 'Sleep', exact: true }).click();
  await dialog('Sleep').getByLabel('For', { exact: true }).fill('5 s');
  const asked = Date.now();
  await dialog('Sleep').getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(guestRow()).toContainText('Sleeping');
  await expect(guestRow()).toContainText(/Wakes \d\d?:\d\d/);
  await expect(guestRow()).toContainText('Running', { timeout: 20_000 });
  expect(Date.now() - asked).toBeGreaterThanOrEqual(5000);
  await expect(guestRow()).not.toContainText('Wakes');
});

test('it hibernates, and is started on its host by the command that is shown first, with its memory', async () => {
  await world.guest.exec('echo far-away > /run/kept');
  await expect(guestRow().getByRole('button', { name: 'Sleep', exact: true })).toBeVisible();
  await guestRow().getByRole('button', { name: /More/ }).click();
  await page.getByRole('menuitem', { name: 'Hibernate' }).click();
  await dialog('Hibernate').getByRole('button', { name: 'Hibernate', exact: true }).click();
  await expect(guestRow()).toContainText('Hibernated', { timeout: 30_000 });
  await guestRow().getByRole('button', { name: 'Start', exact: true }).click();
  await expect(dialog('Start')).toContainText('qemu-system-x86_64');
  await expect(dialog('Start')).toContainText(world.guest.uuid);
  await expect(dialog('Start')).toContainText('on nas, as the user it is signed in as there');
  await launched.screenshot('ssh-5-start-command');
  await dialog('Start').getByRole('button', { name: 'Start', exact: true }).click();
  await expect(guestRow()).toContainText('Running', { timeout: 30_000 });
  await expect.poll(() => world.guest.exec('cat /run/kept').catch(() => ''), { timeout: 30_000 }).toBe('far-away');
  await expect(guestRow().getByRole('button', { name: 'Sleep', exact: true })).toBeVisible({ timeout: 20_000 });
});

test('while its sshd is gone the next try counts down, and the guest is shown as last seen; Connect now connects', async () => {
  await world.nas.kill();
  await expect(hostRow('nas')).toContainText(/Next try in 0:0\d/);
  await expect(guestRow()).toContainText(/Running.*as of/);
  await expect(guestRow().getByRole('button', { name: 'Sleep', exact: true })).toBeHidden();
  await expect(hostRow('nas')).toContainText(`Nobody listens at 127.0.0.1 port ${world.nas.port}`);
  await launched.screenshot('ssh-6-backoff');
  expect(await axeViolations(page)).toEqual([]);
  // The waits grow, so that the click comes before the next try.
  await expect(hostRow('nas')).toContainText(/Next try in 0:0[4-9]/, { timeout: 20_000 });
  await world.nas.restart();
  await hostRow('nas').getByRole('button', { name: 'Connect now' }).click();
  await expect(hostRow('nas')).toContainText('Connected', { timeout: 4000 });
  await expect(guestRow()).not.toContainText('as of');
  await expect(guestRow().getByRole('button', { name: 'Sleep', exact: true })).toBeVisible();
});

test('it is disabled, renamed and enabled', async () => {
  await hostCommand('nas', 'Disable');
  await expect(hostRow('nas')).toContainText('Offline (disabled)');
  await expect(guestRow()).toContainText(/Running.*as of/);
  await expect.poll(() => world.nas.sessions()).toEqual([]);
  await launched.screenshot('ssh-7-disabled');
  await hostCommand('nas', 'Edit…');
  await expect(hostField()).toHaveValue('nas');
  await dialog('Edit host').getByRole('textbox', { name: 'Name' }).fill('Storage');
  await button('Save').click();
  await expect(hostRow('Storage')).toContainText('Offline (disabled)');
  await hostCommand('Storage', 'Enable');
  await expect(hostRow('Storage')).toContainText('Connected');
  await expect(guestRow()).not.toContainText('as of');
});

test('a changed host key blocks, with both fingerprints and the line, before any authentication', async () => {
  const genuine = await world.knownHostsText();
  await writeFile(world.knownHosts, `[127.0.0.1]:${world.nas.port} ${world.strangeKey.publicLine}\n`);
  world.nas.clearLog();
  await hostCommand('Storage', 'Disable');
  await hostCommand('Storage', 'Enable');
  await expect(hostRow('Storage')).toContainText('Blocked');
  await expect(hostRow('Storage')).toContainText(world.strangeKey.fingerprint);
  await expect(hostRow('Storage')).toContainText(world.nas.hostKeys[0]!.fingerprint);
  await expect(hostRow('Storage')).toContainText(`${world.knownHosts} line 1`);
  expect(world.nas.log()).not.toMatch(/Accepted|Failed|Postponed|userauth/);
  await launched.screenshot('ssh-8-changed-key');
  expect(await axeViolations(page)).toEqual([]);
  await writeFile(world.knownHosts, genuine);
  await hostRow('Storage').getByRole('button', { name: 'Connect now' }).click();
  await expect(hostRow('Storage')).toContainText('Connected');
});

test('a refused key blocks the host and says so; a password is asked for, wrong and right', async () => {
  await button('Add host').click();
  await hostField().fill('attic');
  await hostField().press('Enter');
  await expect(keyQuestion()).toContainText('pat@127.0.0.1');
  await button('Refuse').click();
  await expect(hostRow('attic')).toContainText('Blocked');
  await launched.screenshot('ssh-9-refused');
  expect(world.attic.log()).not.toMatch(/Accepted|Failed|Postponed|userauth/);
  expect(await world.knownHostsText()).not.toContain(`${world.attic.port}`);

  await hostRow('attic').getByRole('button', { name: 'Connect now' }).click();
  await button('Accept once').click();
  const secret = dialog('Password').getByLabel('Password', { exact: true });
  await expect(secret).toBeFocused();
  await secret.fill('wrong-4711');
  await secret.press('Enter');
  await expect(dialog('Password')).toContainText('That was not accepted.');
  await launched.screenshot('ssh-10-password');
  expect(await axeViolations(page)).toEqual([]);
  await secret.fill(world.password);
  await secret.press('Enter');
  await expect(hostRow('attic')).toContainText('Connected');

  // pat may not open what the user who runs the test has started.
  await guestRow(/^attic$/).click();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('pat may not enter it');
  await expect(details).toContainText(/setfacl -m u:pat:x/);
  await launched.screenshot('ssh-11-no-permission');
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press('Escape');
});

test('a host behind another is reached by its jump, and tested hop by hop', async () => {
  await button('Add host').click();
  await hostField().fill('inner');
  await button('Test connection').click();
  await expect(keyQuestion()).toContainText('pat@localhost');
  await button('Accept once').click();
  await dialog('Password').getByLabel('Password', { exact: true }).fill(world.password);
  await button('Continue').click();
  await expect(steps()).toContainText('It works, with a warning.');
  const taken = steps().getByRole('list', { name: 'Steps', exact: true }).getByRole('listitem');
  for (const hop of ['127.0.0.1', 'localhost']) {
    await expect(taken.filter({ hasText: `Authentication (${hop}): passed.` })).toHaveCount(1);
  }
  await expect(taken.filter({ hasText: 'Permissions' })).toContainText('pat may not enter it');
  await launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(900, 600));
  await expect(dialog('Add host').getByRole('button', { name: 'Add host', exact: true })).toBeInViewport({ ratio: 1 });
  expect(await page.locator('.dialog-viewport').evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBe(0);
  await launched.screenshot('ssh-12-jump');
  expect(await axeViolations(page)).toEqual([]);
  await button('Cancel').click();
  await launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(1280, 800));
});

test('hosts are removed, and nothing is left of them', async () => {
  for (const host of ['Storage', 'attic']) {
    await hostCommand(host, 'Remove…');
    await dialog('Remove host').getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(hostRow(host)).toHaveCount(0);
  }
  await expect(guestRow()).toHaveCount(0);
  await expect.poll(() => world.nas.sessions()).toEqual([]);
  await expect.poll(() => profileText(launched.userDataDir)).not.toMatch(/ssh-[0-9a-f]{8}|attic|Storage|horse|wrong-/);
  expect(launched.output.consoleErrors).toEqual([]);
});

test('a password is kept by the keyring if the user says so, used at the next start, and forgotten with its host', async () => {
  requireComponent('gnome-keyring', keyringPresent, (why) => test.skip(true, why));
  await launched.close();
  const userDataDir = path.join(world.home, 'profile');
  const secrets = path.join(userDataDir, 'secrets.json');
  const options = { ownProcesses: { keyring: 'opens it' }, userDataDir, env: { HOME: world.home, SSH_AUTH_SOCK: undefined } };
  launched = await launchApp(options);
  page = launched.page;
  await button('Add host').click();
  await hostField().fill('attic');
  await hostField().press('Enter');
  await button('Accept and save').click();
  await dialog('Password').getByLabel('Password', { exact: true }).fill(world.password);
  await dialog('Password').getByRole('checkbox', { name: 'Keep it on this computer' }).check();
  await launched.screenshot('ssh-13-keep');
  await button('Continue').click();
  await expect(hostRow('attic')).toContainText('Connected');
  await expect.poll(() => readFile(secrets, 'utf8').catch(() => '')).toContain(`password:pat@127.0.0.1:${world.attic.port}`);
  expect(await readFile(secrets, 'utf8')).not.toContain(world.password);
  await launched.close();

  launched = await launchApp(options);
  page = launched.page;
  await expect(hostRow('attic')).toContainText('Connected');
  await hostCommand('attic', 'Remove…');
  await dialog('Remove host').getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(hostRow('attic')).toHaveCount(0);
  await expect.poll(() => readFile(secrets, 'utf8')).not.toContain('password:');
});

/** All that the app keeps in its profile, Chromium's own files aside. */
async function profileText(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json') || name.endsWith('.log'));
  return (await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')))).join('\n');
}
