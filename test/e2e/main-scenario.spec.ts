import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { useGuest } from './real-guest';

const NAME = 'e2e-nas';
const guest = useGuest(NAME);

const rowOf = (page: Page): Locator => page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true });

/** Opens the row's Sleep dialog and sends it with `text` in "For", to be woken by the app. */
async function sleepFor(page: Page, text: string): Promise<void> {
  await rowOf(page).getByRole('button', { name: 'Sleep', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  await dialog.getByLabel('For', { exact: true }).fill(text);
  await dialog.getByRole('radio', { name: 'Reveille', exact: true }).check();
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(dialog).toBeHidden();
}

test('a real guest sleeps for 8 s, counts down, and wakes on time', async ({ launch }) => {
  const { page, screenshot, output } = await launch();
  const row = rowOf(page);
  await expect(row).toContainText('Running');
  await screenshot('main-1-running');

  await row.getByRole('button', { name: 'Sleep', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  await dialog.getByLabel('For', { exact: true }).fill('8 parsecs');
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(dialog).toContainText('8 h');
  await dialog.getByLabel('For', { exact: true }).fill('8 s');
  await screenshot('main-2-dialog');
  const asked = Date.now();
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();

  await expect(row).toContainText('Sleeping');
  await expect(row).toContainText(/Wakes \d\d?:\d\d.*0:0\d/);
  await expect(row.getByRole('button', { name: 'Wake', exact: true })).toBeVisible();
  await screenshot('main-3-sleeping');
  await expect(row).toContainText('Running', { timeout: 20_000 });
  expect(Date.now() - asked).toBeGreaterThanOrEqual(8_000);
  await expect(row).not.toContainText('Wakes');
  await row.click();
  await expect(page.getByText('Clock set:', { exact: false }).first()).toBeVisible();
  await screenshot('main-4-woken');
  expect(output.consoleErrors).toEqual([]);
});

test('an alarm survives kill -9 of the app, and one that came due meanwhile is late and says so', async ({ launch }) => {
  const first = await launch();
  await sleepFor(first.page, '20 s');
  await expect(rowOf(first.page)).toContainText('Sleeping');
  await expect(rowOf(first.page)).toContainText('Wakes');
  const asleep = Date.now();
  await first.crash();

  const second = await launch();
  await expect(rowOf(second.page)).toContainText('Sleeping');
  await expect(rowOf(second.page)).toContainText('Wakes');
  await expect(rowOf(second.page)).toContainText('Running', { timeout: 40_000 });
  expect(Date.now() - asleep).toBeGreaterThan(15_000);

  await expect(rowOf(second.page).getByRole('button', { name: 'Sleep', exact: true })).toBeVisible();
  await sleepFor(second.page, '3 s');
  await expect(rowOf(second.page)).toContainText('Sleeping');
  await second.crash();
  await expect.poll(() => Date.now() - asleep, { timeout: 60_000 }).toBeGreaterThan(30_000);
  const third = await launch();
  await expect(rowOf(third.page)).toContainText('Running', { timeout: 20_000 });
});

test('hibernates for a time by the menu, and is started again with its memory', async ({ launch }) => {
  const { page, screenshot } = await launch();
  const row = rowOf(page);
  await expect(row.getByRole('button', { name: 'Sleep', exact: true })).toBeVisible();
  await guest().exec('echo still-here > /run/kept');
  await row.getByRole('button', { name: /More/ }).click();
  await page.getByRole('menuitem', { name: 'Hibernate' }).click();
  const dialog = page.getByRole('dialog', { name: 'Hibernate', exact: true });
  await expect(dialog).toContainText('qemu-system-x86_64');
  await dialog.getByLabel('For', { exact: true }).fill('10 s');
  await screenshot('hibernate-dialog');
  await dialog.getByRole('button', { name: 'Hibernate', exact: true }).click();
  await expect(row).toContainText('Hibernated', { timeout: 20_000 });
  await expect(row).toContainText('Wakes');
  await screenshot('hibernated');
  await expect(row).toContainText('Running', { timeout: 40_000 });
  await expect.poll(() => guest().exec('cat /run/kept').catch(() => ''), { timeout: 30_000 }).toBe('still-here');
});

test('a guest that was shut down stays in the list and is started', async ({ launch }) => {
  const { page } = await launch();
  const row = rowOf(page);
  await row.getByRole('button', { name: 'Shut down', exact: true }).click();
  await expect(row).toContainText('Off', { timeout: 40_000 });
  await row.getByRole('button', { name: 'Start', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Start', exact: true });
  await expect(dialog).toContainText('qemu-system-x86_64');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(row).toContainText('Running', { timeout: 20_000 });
});
