import type { Locator, Page } from '@playwright/test';
import { openQmp } from '../guest/tiny-guest';
import { axeViolations } from './axe';
import { expect, test } from './fixtures';
import { useGuest } from './real-guest';

/** Alarms that hold without the app, schedules, groups and the timeline, by clicking, on a real guest. */

const NAME = 'e2e-alarms';
const guest = useGuest(NAME);

const rowOf = (page: Page): Locator => page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true });

async function openSleep(page: Page, text: string): Promise<Locator> {
  await rowOf(page).getByRole('button', { name: 'Sleep', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  await dialog.getByLabel('For', { exact: true }).fill(text);
  await expect(dialog.getByRole('group', { name: 'Woken by' })).toBeVisible();
  return dialog;
}

test('a guest’s own clock wakes it although the app was killed, and the history says so', async ({ launch }) => {
  const first = await launch();
  const dialog = await openSleep(first.page, '20 s');
  await expect(dialog.getByRole('radio', { name: 'Automatic' })).toHaveAccessibleDescription(/its own clock/i);
  await expect(dialog.getByRole('radio', { name: 'Reveille', exact: true })).toBeEnabled();
  await expect(dialog.getByRole('status').filter({ hasText: 'Nobody is signed in' })).toBeVisible();
  await first.screenshot('alarms-1-holders');
  expect(await axeViolations(first.page)).toEqual([]);
  const asked = Date.now();
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(rowOf(first.page)).toContainText('Sleeping');
  await expect(rowOf(first.page)).toContainText('by its own clock');
  await rowOf(first.page).click();
  await expect(first.page.getByRole('button', { name: '+30 min' })).toBeDisabled();
  await first.screenshot('alarms-2-own-clock');
  await first.crash();

  // Nobody holds its monitor now.
  const monitor = await openQmp(guest().qmpPath);
  expect(await monitor.execute('query-status')).toMatchObject({ status: 'suspended' });
  await monitor.nextEvent('WAKEUP', 40_000);
  monitor.close();
  expect(Date.now() - asked).toBeGreaterThan(17_000);
  const second = await launch();
  await expect(rowOf(second.page)).toContainText('Running');
  await rowOf(second.page).click();
  await expect(second.page.getByText(/own clock/).first()).toBeVisible();
  await second.screenshot('alarms-3-woken');
});

test('a schedule is made for it, shows its next times, and skips one', async ({ launch }) => {
  const { page, screenshot } = await launch();
  await rowOf(page).getByRole('button', { name: /More/ }).click();
  await page.getByRole('menuitem', { name: 'Schedule…' }).click();
  const dialog = page.getByRole('dialog', { name: 'New schedule', exact: true });
  await expect(dialog.getByRole('status', { name: 'Next times' }).getByRole('listitem')).toHaveCount(3);
  await screenshot('alarms-4-schedule');
  await dialog.getByRole('button', { name: 'Create schedule' }).click();
  await expect(dialog).toBeHidden();
  await page.keyboard.press('Control+2');
  const row = page.getByRole('grid', { name: 'Schedules' }).getByRole('row').filter({ hasText: NAME });
  await expect(row).toContainText(/Sleeps .*23:30/);
  await row.getByRole('button', { name: 'Skip next' }).click();
  await expect(row).toContainText('Skipped:');
  await screenshot('alarms-5-schedules');
  expect(await axeViolations(page)).toEqual([]);
});

test('the timeline shows when it slept', async ({ launch }) => {
  const { page, screenshot } = await launch();
  const dialog = await openSleep(page, '3 s');
  await dialog.getByRole('radio', { name: 'Reveille', exact: true }).check();
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(rowOf(page)).toContainText('Sleeping');
  await expect(rowOf(page)).toContainText('Running', { timeout: 20_000 });
  await page.keyboard.press('Control+3');
  const chart = page.getByRole('grid', { name: 'Timeline' });
  await expect(chart.getByRole('row').filter({ hasText: NAME })).toBeVisible();
  await screenshot('alarms-6-timeline');
  expect(await axeViolations(page)).toEqual([]);
});
