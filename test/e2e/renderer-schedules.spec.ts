import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { useLabWindow } from './lab-window';

/** Schedules in the window alone, in the real runtime, over the fake api: the page, the dialog, and the ways there. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(async () => {
  page = lab.page();
  await page.setViewportSize({ width: 1280, height: 800 });
});

const schedules = () => page.getByRole('grid', { name: 'Schedules' });
const row = (name: string) => schedules().getByRole('row', { name, exact: true });
const dialog = (name = 'New schedule') => page.getByRole('dialog', { name, exact: true });
const next = () => dialog().getByRole('status', { name: 'Next times' });
const calls = (name: string) =>
  page.evaluate((wanted) => window.lab.calls.filter((call) => call.name === wanted).map((call) => call.args), name);
const localZone = () => page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);

async function openPage(scenario: string): Promise<void> {
  await open(scenario, 40);
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: /^Schedules/ }).click();
}

test('lists what comes, what is skipped, paused, missed, or can do nothing', async () => {
  await openPage('schedules');
  await expect(schedules().getByRole('row')).toHaveCount(4);
  await expect(row('Weekdays')).toContainText('nas, build-server');
  await expect(row('Weekdays')).toContainText(/Sleeps .* 23:30, wakes .*07:00/);
  await expect(row('Storage at night')).toContainText('Group Storage: 2 guests');
  await expect(row('Storage at night')).toContainText(/Skipped: Sleeps .*01:30/);
  await expect(row('Storage at night')).toContainText(/The sleep of .* was missed\./);
  await expect(row('Weekends sleep 01:00')).toContainText('Paused: nothing happens until it is resumed.');
  await expect(row('Every day wake 06:30')).toContainText('Its guest is gone. Choose another, or remove the schedule.');
  await expect(page.getByRole('button', { name: 'Schedules 1 missed' })).toHaveAttribute('aria-current', 'page');
  expect(await lab.axeViolations()).toEqual([]);
});

test('says in the row and in the dialog which guests could not be put to sleep now', async () => {
  await openPage('schedules');
  await expect(row('Weekdays')).not.toContainText('can’t be put to sleep');
  await page.evaluate(() => {
    const nas = window.lab.current().guests['nas']!;
    const reason = 'It has no guest agent.';
    window.lab.patch({ guests: { nas: { ...nas, actions: { ...nas.actions, suspend: { available: false, reason } } } } });
  });
  const words = 'As it is now, nas can’t be put to sleep: It has no guest agent.';
  await expect(row('Weekdays')).toContainText(words);
  expect(await lab.axeViolations()).toEqual([]);
  await row('Weekdays').getByRole('button', { name: 'Edit' }).click();
  await expect(dialog('Edit schedule')).toContainText(words);
  expect(await lab.axeViolations()).toEqual([]);
});

test('pauses, skips once, answers what was missed, removes after a question', async () => {
  await openPage('schedules');
  await row('Weekdays').getByRole('button', { name: 'Skip next' }).click();
  await expect(row('Weekdays')).toContainText('Skipped:');
  await row('Weekdays').getByRole('button', { name: 'Don’t skip' }).click();
  await expect(row('Weekdays')).not.toContainText('Skipped:');
  await row('Weekdays').getByRole('button', { name: 'Pause' }).click();
  await expect(row('Weekdays')).toContainText('Paused');
  await expect(row('Weekdays').getByRole('button', { name: 'Skip next' })).toHaveCount(0);
  await row('Weekdays').getByRole('button', { name: 'Resume' }).click();
  await expect(row('Weekdays')).not.toContainText('Paused');
  await row('Storage at night').getByRole('button', { name: 'Sleep now' }).click();
  await expect(row('Storage at night')).not.toContainText('was missed');
  await row('Weekdays').getByRole('button', { name: 'Remove…' }).click();
  await expect(dialog('Remove schedule').getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog('Remove schedule').getByRole('button', { name: 'Remove' }).click();
  await expect(row('Weekdays')).toHaveCount(0);
  expect(await calls('skipNext')).toEqual([
    { scheduleId: 's1', skip: true },
    { scheduleId: 's1', skip: false },
  ]);
  expect(await calls('pauseSchedule')).toEqual([
    { scheduleId: 's1', paused: true },
    { scheduleId: 's1', paused: false },
  ]);
  expect(await calls('answerMissed')).toEqual([{ scheduleId: 's3', answer: 'now' }]);
  expect(await calls('removeSchedule')).toEqual([{ scheduleId: 's1' }]);
});

test('what is refused is told', async () => {
  await openPage('schedules');
  await page.evaluate(() => window.lab.refuseNext({ code: 'disk', message: 'The disk is full.', remedy: 'Make room.' }));
  await row('Weekdays').getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('alert')).toContainText('Pause schedule: Weekdays');
  await expect(page.getByRole('alert')).toContainText('The disk is full.');
});

test('is walked through by keys, and is reached and left by them', async () => {
  await open('schedules', 40);
  await page.keyboard.press('Control+2');
  await expect(page.getByRole('heading', { name: 'Schedules', level: 2 })).toBeFocused();
  await row('Weekdays').focus();
  await page.keyboard.press('ArrowDown');
  await expect(row('Storage at night')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(row('Storage at night').getByRole('button', { name: 'Don’t skip' })).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(dialog('Edit schedule')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(row('Storage at night')).toBeFocused();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('pause storage');
  await page.keyboard.press('Enter');
  await expect(row('Storage at night')).toContainText('Paused');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('grid', { name: 'Guests' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('schedules');
  await page.keyboard.press('Enter');
  await expect(schedules()).toBeVisible();
});

test('a new schedule shows its next three times before it is saved', async () => {
  await openPage('none');
  await expect(page.getByRole('heading', { name: 'No schedules' })).toBeVisible();
  expect(await lab.axeViolations()).toEqual([]);
  await openPage('groups');
  await page.getByRole('button', { name: 'New schedule' }).click();
  await expect(dialog().getByRole('radio', { name: 'Guests' })).toBeFocused();
  await expect(next().getByRole('listitem')).toHaveCount(3);
  await expect(next()).toContainText('Weekdays 23:30 to 07:00');
  await dialog().getByRole('button', { name: 'Create schedule' }).click();
  await expect(dialog().getByRole('alert').filter({ hasText: 'Choose at least one guest.' })).toBeVisible();
  await expect(dialog().getByRole('checkbox', { name: 'build-server' })).toBeFocused();
  expect(await calls('saveSchedule')).toEqual([]);
  await dialog().getByRole('checkbox', { name: 'nas' }).check();
  await dialog().getByRole('button', { name: 'Sat', exact: true }).click();
  await dialog().getByRole('textbox', { name: 'Sleep at' }).fill('22');
  await dialog().getByRole('textbox', { name: 'Wake at' }).fill('25:00');
  await expect(dialog().getByText('This is no time of day. Write it as 23:30.')).toBeVisible();
  await expect(next().getByRole('listitem')).toHaveCount(0);
  await dialog().getByRole('textbox', { name: 'Wake at' }).fill('0615');
  await expect(next().getByRole('listitem').first()).toContainText(/Sleeps .* 22:00, wakes .* 06:15/);
  expect(await lab.axeViolations()).toEqual([]);
  await dialog().getByRole('button', { name: 'Create schedule' }).click();
  await expect(schedules().getByRole('row')).toHaveCount(1);
  expect(await calls('saveSchedule')).toEqual([
    {
      scheduleId: null,
      draft: {
        name: '',
        target: { kind: 'guests', guestIds: ['nas'] },
        action: 'suspend',
        rule: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6], sleepAt: '22:00', wakeAt: '06:15' },
        timeZone: await localZone(),
        missed: 'late',
        conditions: { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds: 0 },
        holder: 'auto',
      },
    },
  ]);
});

test('cron is explained, and what is wrong with it stands at its field', async () => {
  await openPage('groups');
  await page.getByRole('button', { name: 'New schedule' }).click();
  await dialog().getByRole('radio', { name: 'Group' }).check();
  await dialog().getByRole('combobox', { name: 'Group' }).selectOption({ label: 'Storage (2 guests)' });
  await dialog().getByRole('radio', { name: 'Cron' }).check();
  const sleep = dialog().getByRole('textbox', { name: 'Sleep (cron)' });
  const wake = dialog().getByRole('textbox', { name: 'Wake (cron)' });
  await sleep.fill('30 1 * * 1-5');
  await expect(sleep).toHaveAccessibleDescription('at 01:30, Mon to Fri');
  await wake.fill('every morning');
  await expect(wake).toHaveAccessibleDescription(/“every morning” is no cron expression\. Write five fields/);
  await expect(wake).toHaveAttribute('aria-invalid', 'true');
  await expect(sleep).toHaveAttribute('aria-invalid', 'false');
  expect(await lab.axeViolations()).toEqual([]);
  await wake.fill('0 6 * * *');
  await expect(next().getByRole('listitem')).toHaveCount(3);
  await dialog().getByText('Options').click();
  await dialog().getByRole('textbox', { name: 'Name' }).fill('Storage');
  await dialog().getByRole('combobox', { name: 'Time zone' }).selectOption('America/New_York');
  await expect(next().getByRole('listitem').first()).toContainText('in America/New York');
  await dialog().getByRole('checkbox', { name: /nobody is signed in/ }).check();
  await dialog().getByRole('textbox', { name: 'Only if its processor load is below' }).fill('15');
  await dialog().getByRole('combobox', { name: /^Notice/ }).selectOption('300');
  await dialog().getByRole('combobox', { name: 'When it was missed' }).selectOption('ask');
  await dialog().getByRole('combobox', { name: 'Who keeps the alarm' }).selectOption('host');
  expect(await lab.axeViolations()).toEqual([]);
  await dialog().getByRole('button', { name: 'Create schedule' }).click();
  await expect(row('Storage')).toContainText('if nobody signed in, CPU below 15 % · 5 min notice');
  expect((await calls('saveSchedule'))[0]).toMatchObject({
    draft: {
      name: 'Storage',
      target: { kind: 'group', groupId: 'storage' },
      rule: { kind: 'cron', sleep: '30 1 * * 1-5', wake: '0 6 * * *' },
      timeZone: 'America/New_York',
      missed: 'ask',
      conditions: { nobodySignedIn: true, cpuBelowPercent: 15, graceSeconds: 300 },
      holder: 'host',
    },
  });
});

test('a refused save keeps what was written; editing changes the schedule that is there', async () => {
  await openPage('schedules');
  await row('Storage at night').getByRole('button', { name: 'Edit…' }).click();
  const box = dialog('Edit schedule');
  await expect(box.getByRole('textbox', { name: 'Sleep (cron)' })).toHaveValue('30 1 * * *');
  await expect(box.getByRole('combobox', { name: 'Who keeps the alarm' })).toHaveValue('host');
  await box.getByRole('textbox', { name: 'Name' }).fill('Storage by night');
  await page.evaluate(() => window.lab.refuseNext({ code: 'disk', message: 'The disk is full.', remedy: 'Make room.' }));
  await box.getByRole('button', { name: 'Save' }).click();
  await expect(box.getByRole('status', { name: 'Next times' })).toContainText('The disk is full.');
  await box.getByRole('button', { name: 'Save' }).click();
  await expect(row('Storage by night')).toBeVisible();
  await expect(schedules().getByRole('row')).toHaveCount(4);
  expect((await calls('saveSchedule')).map((args) => (args as { scheduleId: string }).scheduleId)).toEqual(['s3', 's3']);
});

test('a guest’s menu and details lead to its schedules', async () => {
  await open('schedules', 40);
  const guest = page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: 'windows-11', exact: true });
  await guest.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Schedule…' }).click();
  await expect(dialog()).toContainText('For');
  await expect(dialog()).toContainText('windows-11');
  await expect(dialog().getByRole('textbox', { name: 'Sleep at' })).toBeFocused();
  await dialog().getByRole('button', { name: 'Others…' }).click();
  await expect(dialog().getByRole('checkbox', { name: 'windows-11' })).toBeChecked();
  await page.keyboard.press('Escape');
  await page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: 'nas', exact: true }).click();
  const mine = page.getByRole('region', { name: 'Details' }).getByRole('region', { name: 'Schedules' });
  await expect(mine.getByRole('listitem')).toHaveCount(2);
  await expect(mine).toContainText('Storage at night');
  await mine.getByRole('button', { name: 'Edit schedule Weekdays' }).click();
  await expect(dialog('Edit schedule')).toContainText('nas, build-server');
});

test('finds guests among many, and fits a window of 900 by 600', async () => {
  await page.setViewportSize({ width: 900, height: 600 });
  await openPage('crowd-schedules');
  await expect(schedules().getByRole('row')).toHaveCount(60);
  await page.getByRole('searchbox', { name: 'Search guests' }).fill('plan guest-42');
  await expect(schedules().getByRole('row')).toHaveCount(2);
  await page.getByRole('searchbox', { name: 'Search guests' }).fill('');
  await page.getByRole('button', { name: 'New schedule' }).click();
  await dialog().getByRole('searchbox', { name: 'Find guests' }).fill('guest-12');
  await expect(dialog().getByRole('checkbox')).toHaveCount(11);
  await dialog().getByRole('checkbox', { name: 'guest-123' }).check();
  await expect(dialog().getByRole('button', { name: 'Create schedule' })).toBeInViewport({ ratio: 1 });
  await dialog().getByText('Options').click();
  const holder = dialog().getByRole('combobox', { name: 'Who keeps the alarm' });
  await holder.focus();
  for (const fixed of [dialog().getByRole('heading', { name: 'New schedule' }), dialog().getByRole('button', { name: 'Close' })]) {
    await expect(fixed).toBeInViewport({ ratio: 1 });
  }
  const font = (element: Element) => getComputedStyle(element).fontFamily;
  expect(await holder.evaluate(font)).toBe(await page.locator('body').evaluate(font));
  expect(await lab.axeViolations()).toEqual([]);
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
  expect(wide).toEqual([900, 600]);
});
