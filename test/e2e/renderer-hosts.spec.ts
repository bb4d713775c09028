import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import type { PromptView } from '../../preload/contract/view';
import { hostKeyPrompt, secretPrompt } from '../fakes/views';
import { useLabWindow } from './lab-window';

/** Hosts over SSH in the window alone: adding and testing, connections in the list, questions, keyboard, axe. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(() => {
  page = lab.page();
});

const grid = () => page.getByRole('grid', { name: 'Guests' });
const hostRow = (name: string) => grid().getByRole('row', { name: `Host ${name}`, exact: true });
const guestRow = (name: string) => grid().getByRole('row', { name, exact: true });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const hostMenu = (name: string) => button(`Host actions: ${name}`);
const menuItem = (name: string) => page.getByRole('menuitem', { name, exact: true });
const hostDialog = (name = 'Add host') => page.getByRole('dialog', { name, exact: true });
const hostField = () => page.getByRole('combobox', { name: 'Host', exact: true });
const steps = () => page.getByRole('region', { name: 'Connection test' });
const keyQuestion = () => page.getByRole('alertdialog', { name: 'Unknown host key', exact: true });
const calls = (...names: string[]) =>
  page.evaluate((wanted) => window.lab.calls.filter(({ name }) => wanted.includes(name)), names);
const prompts = (change: Record<string, PromptView | null>) =>
  page.evaluate((wanted) => window.lab.patch({ prompts: wanted }), change);
const focusInDialog = () =>
  page.evaluate(() => document.activeElement?.closest('[role=dialog], [role=alertdialog]') !== null);

test('a host’s heading says how its connection stands', async () => {
  await open('hosts');
  await expect(hostRow('attic')).toContainText('me@attic');
  await expect(hostRow('attic')).toContainText('2 guests');
  await expect(hostRow('attic')).toContainText('Connected');
  await expect(hostRow('bench')).toContainText('Connecting… Authentication');
  await expect(hostRow('Backup in the cellar')).toContainText(/Next try in 0:\d\d/);
  await expect(hostRow('Backup in the cellar')).toContainText('refused the connection on port 2222');
  await expect(hostRow('cellar')).toContainText('Blocked');
  await expect(hostRow('cellar')).toContainText('ssh-keygen -R cellar');
  await expect(hostRow('garage')).toContainText('Offline (disabled)');
  await expect(hostRow('hut')).toContainText('Offline');
  await expect(hostRow('nas')).toContainText('Looking for guests…');
  await expect(hostRow('pve1')).toContainText('hidepid');
  await expect(hostRow('workshop')).toContainText('No QEMU guests were found there.');
  await expect(grid().locator('[data-host-row]')).toHaveCount(20);
});

test('connects now, disables, enables and removes', async () => {
  await open('hosts');
  await hostRow('cellar').getByRole('button', { name: 'Connect now' }).click();
  await expect(hostRow('cellar')).toContainText('Connected');
  await hostMenu('cellar').click();
  await expect(menuItem('Connect now')).toHaveAccessibleDescription('The host is connected.');
  await menuItem('Disable').click();
  await expect(hostRow('cellar')).toContainText('Offline (disabled)');
  await hostMenu('cellar').click();
  await menuItem('Enable').click();
  await expect(hostRow('cellar')).toContainText('Connected');

  await hostMenu('attic').click();
  await menuItem('Remove…').click();
  const dialog = hostDialog('Remove host');
  await expect(dialog.getByRole('list', { name: 'Lost alarms' })).toHaveText(/^photos, wakes/);
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(hostRow('attic')).toHaveCount(0);
  await expect(guestRow('photos')).toHaveCount(0);
  expect(await calls('connectHost', 'setHostEnabled', 'removeHost')).toEqual([
    { name: 'connectHost', args: { hostId: 'cellar' } },
    { name: 'setHostEnabled', args: { hostId: 'cellar', enabled: false } },
    { name: 'setHostEnabled', args: { hostId: 'cellar', enabled: true } },
    { name: 'removeHost', args: { hostId: 'attic' } },
  ]);
});

test('lists the options of ~/.ssh/config that are not honoured', async () => {
  await open('hosts');
  await button('2 options of ~/.ssh/config are not honoured').click();
  await expect(hostRow('attic')).toContainText('ProxyCommand is not supported (~/.ssh/config, line 14).');
});

test('a guest that can’t be seen shows what was seen last, its age and no claim', async () => {
  await open('hosts');
  const vault = guestRow('vault');
  await expect(vault).toContainText('Running');
  await expect(vault).toContainText(/as of \d min ago/);
  await expect(vault.locator('time')).toHaveAttribute('title', /^Last seen .*\d\d:\d\d:\d\d$/);
  await expect(vault.getByRole('button')).toHaveText(['']);
  await vault.click();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('Its host can’t be seen now');
  await expect(details.getByRole('region', { name: 'State' })).not.toContainText(/Since|Answers/);
  await expect(details).toContainText('Its host is not connected.');
});

test('adds a host from ~/.ssh/config after a test', async () => {
  await open('hosts');
  await button('Add host').click();
  await expect(hostField()).toBeFocused();
  await hostField().pressSequentially('na');
  await expect(page.getByRole('option')).toHaveText([/^nas/, /^nas-old/]);
  await hostField().press('ArrowDown');
  await hostField().press('Enter');
  await expect(hostField()).toHaveValue('nas');
  await expect(page.getByRole('option')).toHaveCount(0);
  await button('Test connection').click();
  await expect(steps()).toContainText('It works, with a warning.');
  const taken = steps().getByRole('list', { name: 'Steps', exact: true }).getByRole('listitem');
  await expect(taken.nth(6)).toContainText('Permissions: warning.');
  await expect(taken.nth(6)).toContainText('sudo usermod -aG kvm me');
  await page.getByRole('textbox', { name: 'Name' }).fill('Storage');
  await hostDialog().getByRole('button', { name: 'Add host' }).click();
  await expect(hostDialog()).toHaveCount(0);
  await expect(hostRow('Storage')).toContainText('Connected');
  await expect(page.getByRole('status').filter({ hasText: 'Storage: connected' })).toHaveCount(1);
  expect(await calls('testHost', 'endTest', 'addHost')).toEqual([
    { name: 'testHost', args: { address: 'nas' } },
    { name: 'addHost', args: { address: 'nas', name: 'Storage' } },
    { name: 'endTest', args: { testId: 'test-1' } },
  ]);
});

test('a test names the step that failed and ends with a new address or the dialog', async () => {
  await open('hosts');
  await button('Add host').click();
  await hostField().fill('fail');
  await button('Test connection').click();
  await expect(steps()).toContainText('Failed at: Authentication');
  await expect(steps()).toContainText('authorized_keys');
  await hostField().fill('fail2');
  await expect(steps()).not.toContainText('Failed');
  expect(await calls('endTest')).toHaveLength(1);
  await button('Test connection').click();
  await expect(steps()).toContainText('Testing…');
  await button('Cancel').click();
  const ended = async () => (await calls('endTest')).map(({ args }) => args);
  await expect.poll(ended).toEqual([{ testId: 'test-1' }, { testId: 'test-2' }]);
  expect(await page.evaluate(() => Object.keys(window.lab.current().tests))).toEqual([]);
});

test('says in the dialog what main refuses', async () => {
  await open('none');
  await button('Add host').click();
  await hostDialog().getByRole('button', { name: 'Add host' }).click();
  await expect(hostDialog().getByRole('alert')).toContainText('ssh://me@nas:2222');
  await expect(hostField()).toBeFocused();
  await hostField().fill('x');
  await expect(hostDialog().getByRole('alert')).toBeEmpty();
  await page.evaluate(() => window.lab.refuseNext({ code: 'twice', message: 'This host is in the list already.' }));
  await button('Test connection').click();
  await expect(hostDialog().getByRole('alert')).toContainText('in the list already');
});

test('edits a host in the same dialog', async () => {
  await open('hosts');
  await hostMenu('Backup in the cellar').click();
  await menuItem('Edit…').click();
  await expect(hostField()).toHaveValue('root@backup.example.org:2222');
  await page.getByRole('textbox', { name: 'Name' }).fill('Cellar backup');
  await hostDialog('Edit host').getByRole('button', { name: 'Save' }).click();
  await expect(hostRow('Cellar backup')).toBeVisible();
  await expect(hostMenu('Cellar backup')).toBeFocused();
});

test('an unknown host key is shown to be compared, and is accepted or refused', async () => {
  await open('host-key');
  await expect(keyQuestion()).toContainText('me@attic');
  await expect(keyQuestion()).toContainText('ssh-ed25519');
  await expect(keyQuestion().getByLabel('Fingerprint', { exact: true })).toHaveText(/^SHA256:uNiVztksCs/);
  await expect(keyQuestion()).toContainText('/home/me/.ssh/known_hosts');
  await keyQuestion().getByText('How to see it on the host').click();
  await expect(keyQuestion()).toContainText('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  await page.keyboard.press('Control+k');
  await page.mouse.click(5, 5);
  await expect(keyQuestion()).toBeVisible();
  await button('Accept and save').click();
  await expect(keyQuestion()).toHaveCount(0);

  await open('host-key-once');
  await expect(keyQuestion()).toBeVisible();
  await expect(button('Accept and save')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  expect(await calls('answerHostKey')).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(keyQuestion()).toHaveCount(0);
  expect(await calls('answerHostKey')).toEqual([{ name: 'answerHostKey', args: { promptId: 'k', answer: 'refuse' } }]);
});

test('questions come one after the other, over a dialog whose text stays', async () => {
  await open('hosts');
  await button('Add host').click();
  await hostField().fill('me@attic');
  await prompts({ k: hostKeyPrompt({ id: 'k' }), s: secretPrompt({ id: 's' }) });
  await expect(keyQuestion()).toBeVisible();
  await expect(page.getByRole('dialog', { name: 'Password' })).toHaveCount(0);
  await expect(keyQuestion()).toContainText('For the connection test');
  await page.mouse.click(5, 5);
  await expect(keyQuestion()).toBeVisible();
  await expect(page.locator('input[role=combobox]')).toHaveValue('me@attic');
  await button('Accept once').click();
  const password = page.getByRole('dialog', { name: 'Password', exact: true });
  await expect(password).toBeVisible();
  await expect(password.getByLabel('Password', { exact: true })).toBeFocused();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press('Escape');
  await expect(password).toHaveCount(0);
  await expect(hostDialog()).toBeVisible();
  await expect(hostField()).toHaveValue('me@attic');
  await expect(hostField()).toBeFocused();
  expect((await calls('answerSecret')).map(({ args }) => args)).toEqual([{ promptId: 's', answers: null, keep: false }]);
  await prompts({ gone: hostKeyPrompt({ id: 'gone' }) });
  await expect(keyQuestion()).toBeVisible();
  await prompts({ gone: null });
  await expect(keyQuestion()).toHaveCount(0);
  await expect(hostField()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(hostDialog()).toHaveCount(0);
  await expect(button('Add host')).toBeFocused();
});

test('a question over an open menu has the focus and gives it back', async () => {
  await open('hosts');
  await hostMenu('attic').click();
  await expect(menuItem('Disable')).toBeVisible();
  await prompts({ k: hostKeyPrompt({ id: 'k' }) });
  await expect(keyQuestion()).toBeVisible();
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect.poll(focusInDialog).toBe(true);
  await button('Refuse').click();
  await expect(keyQuestion()).toHaveCount(0);
  await expect(hostMenu('attic')).toBeFocused();
});

test('secrets are sent once and stay nowhere in the window', async () => {
  await open('secret');
  const question = page.getByRole('dialog', { name: 'Passphrase of ~/.ssh/id_ed25519', exact: true });
  await expect(question).toContainText('For the host Backup in the cellar');
  const field = question.getByLabel('Passphrase', { exact: true });
  await expect(field).toHaveAttribute('type', 'password');
  await field.fill('wrong');
  await field.press('Enter');
  await expect(question).toContainText('That was not accepted.');
  await expect(field).toHaveValue('');
  await page.evaluate(() => window.lab.refuseNext({ code: 'busy', message: 'Not now.' }));
  await field.fill('hunter2-7c1e');
  await field.press('Enter');
  await expect(question).toContainText('Not now.');
  await expect(field).toHaveValue('');
  await field.fill('hunter2-7c1e');
  await question.getByRole('checkbox', { name: 'Keep it on this computer' }).check();
  await question.getByRole('button', { name: 'Continue' }).click();
  await expect(question).toHaveCount(0);
  expect((await calls('answerSecret')).map(({ args }) => args)).toEqual([
    { promptId: 's', answers: ['wrong'], keep: false },
    { promptId: 's-again', answers: ['hunter2-7c1e'], keep: false },
    { promptId: 's-again', answers: ['hunter2-7c1e'], keep: true },
  ]);
  expect(await page.content()).not.toContain('hunter2-7c1e');
});

test('shows a server’s own questions as text, each with its field', async () => {
  await open('questions');
  await button('Refuse').click();
  const question = page.getByRole('dialog', { name: /^attic/ });
  await expect(question.getByLabel('User code:')).toHaveAttribute('type', 'text');
  await expect(question.getByLabel('Password:')).toHaveAttribute('type', 'password');
  await expect(question).toContainText('<b>Never</b>');
  await expect(question.locator('b')).toHaveCount(0);
  await expect(question).toContainText('not kept on this computer');
  await expect(question.getByRole('checkbox')).toHaveCount(0);
});

test('can be used by the keyboard alone', async () => {
  await open('hosts');
  await guestRow('alpine').focus();
  await page.keyboard.press('ArrowDown');
  await expect(hostRow('attic')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(hostRow('attic')).toContainText('Match exec');
  await page.keyboard.press('ArrowRight');
  await expect(hostMenu('attic')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await expect(menuItem('Connect now')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(hostDialog('Edit host')).toBeVisible();
  await expect(hostField()).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('option').first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('option')).toHaveCount(0);
  await expect(hostDialog('Edit host')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(hostMenu('attic')).toBeFocused();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('connect cellar');
  await page.keyboard.press('Enter');
  await expect.poll(() => calls('connectHost')).toHaveLength(1);
  await prompts({ k: hostKeyPrompt({ id: 'k' }) });
  await expect(keyQuestion()).toBeVisible();
  await expect.poll(focusInDialog).toBe(true);
  for (let press = 0; press < 10; press += 1) {
    await page.keyboard.press('Tab');
    if (await button('Accept once').evaluate((element) => element === document.activeElement)) break;
  }
  await page.keyboard.press('Enter');
  await expect.poll(() => calls('answerHostKey')).toHaveLength(1);
});

test('tells a screen reader when connections change', async () => {
  await open('hosts');
  await page.evaluate(() => {
    const { attic } = window.lab.current().hosts;
    const link = { kind: 'backoff' as const, nextTry: Date.now() + 12_000, reason: 'No answer.' };
    window.lab.patch({ hosts: { attic: { ...attic!, link } } });
  });
  const heard = page.getByRole('status').filter({ hasText: /^attic: connection lost, next try in 1[12] s$/ });
  await expect(heard).toHaveCount(1);
});

test('fits a window of 900 by 600', async () => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open('hosts');
  await expect(button('Add guest')).toBeInViewport({ ratio: 1 });
  await button('Add host').click();
  await hostField().fill('nas');
  await page.keyboard.press('Tab');
  await button('Test connection').click();
  await expect(steps()).toContainText('It works');
  await expect(steps()).toBeInViewport({ ratio: 1 });
  await expect(hostDialog().getByRole('button', { name: 'Add host' })).toBeInViewport({ ratio: 1 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(900);
});

const views: Record<string, () => Promise<void>> = {
  'twenty hosts': async () => {
    await open('hosts');
    await button('2 options of ~/.ssh/config are not honoured').click();
  },
  'hosts without guests': () => open('only-hosts'),
  'a host’s menu': async () => {
    await open('hosts');
    await hostMenu('attic').click();
    await expect(page.getByRole('menu')).toBeVisible();
  },
  'details of a guest that can’t be seen': async () => {
    await open('hosts');
    await guestRow('vault').click();
    await expect(page.getByRole('region', { name: 'Details' })).toContainText('Facts');
  },
  'the host dialog and its list': async () => {
    await open('hosts');
    await button('Add host').click();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('option').first()).toBeVisible();
  },
  'a test under way': async () => {
    await open('hosts', 60_000);
    await button('Add host').click();
    await hostField().fill('nas');
    await button('Test connection').click();
    await expect(steps()).toContainText('Testing…');
  },
  'a failed test': async () => {
    await open('hosts', 40);
    await button('Add host').click();
    await hostField().fill('fail');
    await button('Test connection').click();
    await expect(steps()).toContainText('Failed at');
  },
  'removing a host': async () => {
    await open('hosts');
    await hostMenu('attic').click();
    await menuItem('Remove…').click();
    await expect(hostDialog('Remove host')).toBeVisible();
  },
  'an unknown host key': async () => {
    await open('host-key');
    await expect(keyQuestion()).toBeVisible();
  },
  'a secret over a dialog': async () => {
    await open('hosts');
    await button('Add host').click();
    await prompts({ s: secretPrompt({ id: 's', again: true, instruction: 'Hello.' }) });
    await expect(page.getByRole('dialog', { name: 'Password' })).toBeVisible();
  },
};

for (const [name, show] of Object.entries(views)) {
  test(`axe finds nothing in: ${name}`, async () => {
    await show();
    expect(await lab.axeViolations()).toEqual([]);
  });
}
