import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { useLabWindow } from './lab-window';

/** Where the keyboard is once what had the focus is gone, in the window alone over the fake api. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(() => {
  page = lab.page();
});

const row = (name: string) => page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name, exact: true });
const runs = () => page.getByRole('region', { name: 'Actions on several guests' });
const run = (title: string) => runs().getByRole('region', { name: title });
const notices = () => page.getByRole('region', { name: 'Notices' });
const press = async (name: string, within = page.getByRole('main')) => {
  await within.getByRole('button', { name, exact: true }).first().focus();
  await page.keyboard.press('Enter');
};

test('the first schedule has the focus once it is made', async () => {
  await open('groups');
  await page.keyboard.press('Control+2');
  await press('New schedule');
  const dialog = page.getByRole('dialog', { name: 'New schedule' });
  await dialog.getByRole('checkbox', { name: 'nas' }).check();
  await press('Create schedule', dialog);
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('row', { name: 'Weekdays 23:30 to 07:00' })).toBeFocused();
});

test('a page that is filled by somebody else keeps the keyboard', async () => {
  await open('schedules');
  await page.evaluate(() => {
    const { schedules } = window.lab.current();
    window.lab.patch({ schedules: Object.fromEntries(Object.keys(schedules).map((id) => [id, null])) });
    Object.assign(window, { before: schedules });
  });
  await page.keyboard.press('Control+2');
  await page.getByRole('main').getByRole('button', { name: 'New schedule' }).focus();
  await page.evaluate(() => window.lab.patch({ schedules: (window as unknown as { before: Record<string, never> }).before }));
  await expect(page.getByRole('row').first()).toBeFocused();
});

test('a cancelled grace leaves the focus in the list, and what was cancelled is said and seen', async () => {
  await open('grace');
  const banner = page.getByRole('region', { name: 'Storage: 2 guests go to sleep' });
  await press('Cancel', banner);
  await expect(banner).toHaveCount(0);
  await expect(row('build-server')).toBeFocused();
  await expect(page.getByRole('status').filter({ hasText: 'Cancelled: Storage: 2 guests go to sleep' })).toBeVisible();
});

test('the focus stays with a run, goes to the next one, and from the last to the list', async () => {
  await open('runs');
  await press('Cancel the rest', run('Sleep: 5 guests'));
  await expect(run('Sleep: 5 guests').getByRole('button', { name: 'Hide guests' })).toBeFocused();
  await press('Dismiss', run('Sleep: 5 guests'));
  await expect(run('Sleep: 5 guests')).toHaveCount(0);
  await expect(run('Wake: Storage').getByRole('button').first()).toBeFocused();
  await press('Dismiss', run('Wake: Storage'));
  await expect(run('Start: Storage').getByRole('button').first()).toBeFocused();
  await press('Dismiss', run('Start: Storage'));
  await expect(runs()).toHaveCount(0);
  await expect(row('alpine')).toBeFocused();
});

test('the last notice leaves the focus in the list', async () => {
  await open('groups');
  await page.evaluate(() => window.lab.refuseNext({ code: 'disk', message: 'The disk is full.', remedy: 'Make room.' }));
  await row('nas').focus();
  await page.getByRole('button', { name: /^Storage/ }).click();
  await page.getByRole('menuitem', { name: /^Wake/ }).click();
  await press('Dismiss', notices());
  await expect(row('nas')).toBeFocused();
});

test('a press elsewhere gives the focus away', async () => {
  await open('runs');
  await run('Start: Storage').getByRole('button', { name: 'Dismiss' }).focus();
  await page.getByRole('banner').click({ position: { x: 4, y: 4 } });
  await page.evaluate(() => window.lab.patch({ runs: { r0: null } }));
  await expect(run('Start: Storage')).toHaveCount(0);
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
});
