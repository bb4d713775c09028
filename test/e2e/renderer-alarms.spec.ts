import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { useLabWindow } from './lab-window';

/** Who keeps an alarm, what is about to happen, hosts that sleep, settings, and the end of the app, over the fake api. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(() => {
  page = lab.page();
});

const row = (name: string) => page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name, exact: true });
const inRow = (name: string, button: string) => row(name).getByRole('button', { name: button, exact: true });
const sleepDialog = () => page.getByRole('dialog', { name: 'Sleep', exact: true });
const hostRow = (name: string) => row(`Host ${name}`);
const callsOf = (name: string) =>
  page.evaluate((wanted) => window.lab.calls.filter((call) => call.name === wanted).map((call) => call.args), name);

async function sleepFor8h(name: string): Promise<void> {
  await inRow(name, 'Sleep').click();
  await sleepDialog().getByRole('button', { name: '8 h', exact: true }).click();
}

test('asks who could keep the alarm once a time is given, and says which one Automatic picks', async () => {
  await open('three');
  await inRow('nas', 'Sleep').click();
  expect(await callsOf('offerHolders')).toEqual([]);
  await expect(sleepDialog().getByRole('radio')).toHaveCount(0);
  await sleepDialog().getByRole('button', { name: '8 h', exact: true }).click();
  const radio = (name: string) => sleepDialog().getByRole('group', { name: 'Woken by' }).getByRole('radio', { name, exact: true });
  await expect(radio('Automatic')).toBeChecked();
  await expect(radio('Automatic')).toHaveAccessibleDescription('The one that survives most: its own clock (RTC).');
  await expect(radio('A systemd timer on This computer')).toHaveAccessibleDescription(/does not survive a restart of the host/);
  await sleepDialog().getByRole('textbox', { name: 'For' }).fill('soon');
  await expect(sleepDialog().getByRole('radio')).toHaveCount(0);
  await sleepDialog().getByRole('textbox', { name: 'For' }).fill('90 min');
  await radio('Reveille').check();
  await sleepDialog().getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(row('nas')).toContainText('by Reveille');
  expect(await callsOf('offerHolders')).toEqual([{ guestId: 'nas', action: 'suspend' }]);
  expect(await callsOf('setPowerState')).toEqual([{ guestId: 'nas', action: 'suspend', for: '90 min', alarm: 'app' }]);
});

test('says when a guest that is to sleep is in use', async () => {
  await open('three');
  await sleepFor8h('nas');
  await expect(sleepDialog().getByRole('list', { name: 'In use' })).toHaveText('ann and root are signed in.');
  await page.keyboard.press('Escape');
  await open('many');
  await row('alpine').click();
  await row('ci-runner').click({ modifiers: ['Shift'] });
  await page.keyboard.press('s');
  await expect(sleepDialog().getByRole('list', { name: 'In use' })).toHaveText('ci-runner: It uses 390 % of one vCPU.');
  expect(await lab.axeViolations()).toEqual([]);
});

test('a holder that is not offered says why and what to do, and can’t be chosen', async () => {
  await open('three');
  await page.evaluate(() => {
    const nas = window.lab.current().guests['nas']!;
    window.lab.patch({ guests: { nas: { ...nas, agent: { status: 'silent', text: 'Silent.' } } } });
  });
  await sleepFor8h('nas');
  const clock = sleepDialog().getByRole('radio', { name: 'Its own clock (RTC)' });
  await expect(clock).toBeDisabled();
  await expect(clock).toHaveAccessibleDescription('Its agent does not answer. Start qemu-guest-agent in the guest.');
  await expect(sleepDialog().getByRole('radio', { name: 'Automatic' })).toHaveAccessibleDescription(
    'The one that survives most: a systemd timer on This computer.',
  );
  await sleepDialog().getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(row('nas')).toContainText('by its host');
});

test('where only Reveille can keep the alarm, nothing is said to survive most', async () => {
  await open('three');
  await page.evaluate(() => {
    const { guests, hosts } = window.lab.current();
    const nas = guests['nas']!;
    const host = hosts[nas.hostId]!;
    window.lab.patch({
      guests: { nas: { ...nas, agent: { status: 'silent', text: 'Silent.' } } },
      hosts: { [host.id]: { ...host, simulated: true } },
    });
  });
  await sleepFor8h('nas');
  await expect(sleepDialog().getByRole('radio', { name: 'Automatic' })).toHaveAccessibleDescription('The only one that can: Reveille.');
});

test('an alarm in the guest’s own clock can’t be changed while it sleeps, and says so', async () => {
  await open('three');
  await sleepFor8h('nas');
  await sleepDialog().getByRole('textbox', { name: 'For' }).press('Enter');
  await expect(row('nas')).toContainText('by its own clock');
  await inRow('nas', 'Alarm').click();
  for (const name of ['+30 min', 'Change…', 'Cancel alarm']) {
    const item = page.getByRole('menuitem', { name, exact: true });
    await expect(item).toHaveAttribute('aria-disabled', 'true');
    await expect(item).toHaveAccessibleDescription(/can’t be reached while it sleeps. Wake the guest/);
  }
  await expect(page.getByRole('menuitem', { name: 'Wake now' })).not.toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Escape');
  await row('nas').click();
  const card = page.getByRole('region', { name: 'Alarm' });
  await expect(card).toContainText('Its own clock wakes it, also when Reveille is closed');
  const cancel = card.getByRole('button', { name: 'Cancel alarm' });
  await expect(cancel).toHaveAccessibleDescription(/Wake the guest; that ends its alarm/);
  await cancel.click({ force: true });
  await card.getByRole('button', { name: 'Change…' }).click({ force: true });
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await callsOf('cancelAlarm')).toEqual([]);
  expect(await lab.axeViolations()).toEqual([]);
  await card.getByRole('button', { name: 'Wake now' }).click();
  await expect(row('nas')).toContainText('Running');
});

test('what is about to happen counts down, is said once, and can be cancelled or done now', async () => {
  await open('grace');
  const first = page.getByRole('region', { name: 'Storage: 2 guests go to sleep' });
  const second = page.getByRole('region', { name: 'nas goes to sleep' });
  await expect(first).toContainText(/in 0:3\d/);
  await expect(second).toContainText('Weekdays 23:30 to 07:00');
  const said = second.getByRole('alert');
  const words = await said.textContent();
  expect(words).toMatch(/^nas goes to sleep in (4 min|3 min 5\d s) \(Weekdays 23:30 to 07:00\)\. It can be cancelled/);
  const before = await second.getByRole('time').or(second.locator('time')).first().textContent();
  await expect(second.locator('time')).not.toHaveText(before ?? '');
  expect(await said.textContent()).toBe(words);
  expect(await lab.axeViolations()).toEqual([]);
  await second.getByRole('button', { name: 'Cancel' }).click();
  await expect(second).toHaveCount(0);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('sleep now storage');
  await page.keyboard.press('Enter');
  await expect(first).toHaveCount(0);
  expect(await callsOf('endGrace')).toEqual([
    { graceId: 'g1', how: 'cancel' },
    { graceId: 'g2', how: 'now' },
  ]);
});

test('puts a host to sleep, its guests first, and says which alarms will be late', async () => {
  await open('host-power');
  await page.getByRole('button', { name: 'Host actions: attic' }).click();
  await page.getByRole('menuitem', { name: 'Sleep host…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sleep host', exact: true });
  const late = dialog.getByRole('list', { name: 'Late alarms' });
  await expect(late).toContainText('build-server, wakes');
  await dialog.getByRole('textbox', { name: 'For' }).fill('1 h');
  await expect(dialog).toContainText('in 1 h');
  await expect(late).toHaveCount(0);
  expect(await lab.axeViolations()).toEqual([]);
  await dialog.getByRole('radio', { name: 'Shut down' }).check();
  await page.evaluate(() => window.lab.refuseNext({ code: 'busy', message: 'nas: it is being saved.', remedy: 'Wait for that.' }));
  await dialog.getByRole('button', { name: 'Sleep host' }).click();
  await expect(dialog).toContainText('nas: it is being saved.');
  await dialog.getByRole('button', { name: 'Sleep host' }).click();
  await expect(dialog).toHaveCount(0);
  expect(await callsOf('sleepHost')).toEqual([
    { hostId: 'attic', for: '1 h', guests: 'shutdown' },
    { hostId: 'attic', for: '1 h', guests: 'shutdown' },
  ]);
  await expect(hostRow('attic')).toContainText(/Sleeping\s*Wakes .*in 59:\d\d/);
  await expect(page.getByRole('status').filter({ hasText: 'attic: sleeping, wakes' })).toHaveCount(1);
  await hostRow('attic').getByRole('button', { name: 'Wake host' }).click();
  await expect(hostRow('attic')).toContainText('Connected');
  expect(await callsOf('wakeHost')).toEqual([{ hostId: 'attic' }]);
});

test('says why a host can’t be put to sleep, or can’t be woken', async () => {
  await open('host-power');
  await page.getByRole('button', { name: 'Host actions: cellar' }).click();
  const item = page.getByRole('menuitem', { name: 'Sleep host…' });
  await expect(item).toHaveAttribute('aria-disabled', 'true');
  await expect(item).toHaveAccessibleDescription(/sudo asks for a password.*NOPASSWD/);
  await page.keyboard.press('Escape');
  await expect(hostRow('den')).toContainText('Its MAC address was never seen. Wake it by its power button.');
  await expect(hostRow('den').getByRole('button', { name: 'Wake host' })).toHaveCount(0);
  expect(await lab.axeViolations()).toEqual([]);
});

test('changes settings at once, and takes back what is refused', async () => {
  await open('three');
  await page.keyboard.press('Control+,');
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await expect(dialog).toContainText('Closing the window leaves Reveille in the tray');
  await dialog.getByRole('checkbox', { name: 'An alarm is late' }).uncheck();
  await dialog.getByRole('checkbox', { name: 'Start Reveille when I sign in' }).check();
  expect(await callsOf('changeSettings')).toEqual([
    { notifications: { woken: true, failed: true, late: false } },
    { startAtLogin: true },
  ]);
  await page.evaluate(() => window.lab.refuseNext({ code: 'storage', message: 'The disk is full.', remedy: 'Free some space.' }));
  await dialog.getByRole('checkbox', { name: 'A guest was woken' }).click();
  await expect(dialog.getByRole('alert')).toContainText('The disk is full.');
  await expect(dialog.getByRole('checkbox', { name: 'A guest was woken' })).toBeChecked();
  await expect(dialog.getByRole('checkbox', { name: 'Start Reveille when I sign in' })).toBeChecked();
  await expect(dialog.getByRole('checkbox', { name: 'An alarm is late' })).not.toBeChecked();
  expect(await lab.axeViolations()).toEqual([]);
});

test('says which settings can’t be had here, and that closing ends Reveille without a tray', async () => {
  await open('no-tray');
  await page.getByRole('button', { name: 'Settings' }).click();
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await expect(dialog).toContainText('closing the window quits Reveille');
  await expect(dialog.getByRole('checkbox', { name: 'A guest was woken' })).toBeDisabled();
  await expect(dialog.getByRole('checkbox', { name: 'Start Reveille when I sign in' })).toHaveAccessibleDescription(/no folder for programs/);
  expect(await lab.axeViolations()).toEqual([]);
});

test('quitting with alarms that need Reveille lists them and asks; Escape stays', async () => {
  await open('quit');
  const question = page.getByRole('alertdialog', { name: 'Quit Reveille?' });
  await expect(question).toContainText('Alarms of 4 guests need Reveille');
  await expect(question.getByRole('listitem').nth(1)).toContainText(/backup\s*Wakes .*in 0:\d\d/);
  await expect(question.getByRole('button', { name: 'Stay' })).toBeFocused();
  expect(await lab.axeViolations()).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(question).toHaveCount(0);
  await page.evaluate(() =>
    window.lab.patch({ prompts: { again: { id: 'again', kind: 'quit', alarms: [{ guestId: 'mail', name: 'mail', due: Date.now() + 60_000 }], schedules: [] } } }),
  );
  await expect(question).toContainText('An alarm needs Reveille');
  await question.getByRole('button', { name: 'Quit anyway' }).click();
  expect(await callsOf('answerQuit')).toEqual([
    { promptId: 'q', answer: 'stay' },
    { promptId: 'again', answer: 'quit' },
  ]);
});

test('quitting with a schedule asks as well, and says when it would be next', async () => {
  await open('quit-schedules');
  const question = page.getByRole('alertdialog', { name: 'Quit Reveille?' });
  await expect(question).toContainText('A schedule needs Reveille to go on running.');
  await expect(question.getByRole('listitem')).toContainText(/Nights\s*Sleeps /);
  await expect(question).toContainText('schedules do nothing');
  await expect(question).not.toContainText('on past');
  expect(await lab.axeViolations()).toEqual([]);
});

test('axe finds nothing in the sleep dialog with its holders', async () => {
  await open('three');
  await sleepFor8h('nas');
  await expect(sleepDialog().getByRole('radio')).toHaveCount(4);
  expect(await lab.axeViolations()).toEqual([]);
});
