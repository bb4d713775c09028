import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { useLabWindow } from './lab-window';

/** State over time in the window alone, in the real runtime, over the fake api: the page, the detail pane, the export. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(async () => {
  page = lab.page();
  await page.setViewportSize({ width: 1280, height: 800 });
});

const chart = () => page.getByRole('grid', { name: 'Timeline' });
const row = (name: string) => chart().getByRole('row', { name, exact: true });
const facts = () => page.locator('.timeline-facts');
const shownRange = () => page.locator('.timeline-range');
const details = () => page.getByRole('region', { name: 'Details' });
const calls = (name: string) =>
  page.evaluate((wanted) => window.lab.calls.filter((call) => call.name === wanted).map((call) => call.args), name);

async function openPage(scenario: string): Promise<void> {
  await open(scenario, 40);
  await page.keyboard.press('Control+3');
  await expect(page.getByRole('heading', { name: 'Timeline', level: 2 })).toBeFocused();
}

test('draws each guest’s states, and moves through time', async () => {
  await openPage('three');
  await expect(chart().getByRole('row')).toHaveCount(3);
  await page.keyboard.press('b');
  const bar = row('nas').getByRole('img');
  await expect(bar).toHaveAccessibleName(/^Running \d d .*Sleeping \d+ .*Unknown \d+ h/);
  const before = (await shownRange().textContent()) ?? '';
  await page.getByRole('button', { name: 'Earlier' }).click();
  await expect(shownRange()).not.toHaveText(before);
  await page.getByRole('button', { name: 'Later' }).click();
  await expect(shownRange()).toHaveText(before);
  await expect(page.locator('.now-line')).toHaveCount(0);
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await expect(page.locator('.now-line')).toHaveCount(1);
  await page.getByRole('radio', { name: 'Day' }).check();
  await expect(shownRange()).toHaveText(/^Today/);
  await page.getByRole('heading', { name: 'Timeline', level: 2 }).focus();
  await page.keyboard.press('f');
  await expect(page.locator('.now-line')).toHaveCount(0);
  await expect(row('nas').getByRole('img')).toHaveAccessibleName('Nothing yet');
  await page.keyboard.press('n');
  await expect(shownRange()).toHaveText(/^Today/);
  const [first] = (await calls('readTimeline')) as { from: number; to: number; ids: string[] }[];
  expect(first!.ids).toEqual([]);
  expect(first!.to - first!.from).toBeGreaterThan(6 * 24 * 3_600_000);
  expect(await lab.axeViolations()).toEqual([]);
});

test('states differ without colour, and the unknown is hatched', async () => {
  await openPage('three');
  await page.getByRole('radio', { name: 'Month' }).check();
  await page.getByRole('heading', { name: 'Timeline', level: 2 }).focus();
  await page.keyboard.press('b');
  await expect(row('nas').locator('.bar-unknown')).toHaveAttribute('fill', 'url(#timeline-unknown)');
  const legend = page.getByRole('list', { name: 'Legend' });
  const looks = await legend.locator('li').evaluateAll((items) =>
    items.flatMap((item) => {
      const path = item.querySelector('.bar-state');
      return path === null ? [] : [`${path.getAttribute('d')} ${path.getAttribute('fill') ?? 'solid'}`];
    }),
  );
  expect(looks.length).toBeGreaterThan(4);
  expect(new Set(looks).size).toBe(looks.length);
  // Patterns are found from an outer style sheet, too: the first stripe of the hatching is not the ground.
  expect(await row('nas').locator('.bar-unknown').evaluate((path) => getComputedStyle(path).fill)).toContain('#timeline-unknown');
});

test('tells the facts of a place, by pointer and by keys', async () => {
  await openPage('three');
  await page.keyboard.press('b');
  const bar = row('nas').getByRole('img');
  const box = (await bar.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.07, box.y + 8);
  await expect(facts()).toContainText(/Running.*to.*\(15 h.*Known because the hypervisor/s);
  const place = (await facts().boundingBox())!;
  expect(place.y - (box.y + box.height)).toBeLessThan(12);
  await page.mouse.move(box.x + box.width / 2, box.y + 300);
  await expect(facts()).toHaveCount(0);
  await row('nas').focus();
  await page.keyboard.press('Home');
  await expect(facts()).toContainText('Sleeping');
  await page.keyboard.press('ArrowRight');
  await expect(facts()).toContainText('Running');
  await page.keyboard.press('ArrowRight');
  await expect(facts()).toContainText(/Now running\..*by its own clock/s);
  await expect(page.getByRole('status').filter({ hasText: 'Now running.' })).toHaveCount(1);
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowDown');
  await expect(row('windows-11')).toBeFocused();
  await expect(facts()).toHaveCount(0);
  await page.keyboard.press('ArrowLeft');
  await expect(facts()).toBeVisible();
  expect(await lab.axeViolations()).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(details().getByRole('heading', { name: 'windows-11', exact: true })).toBeFocused();
});

test('has a table that says the same', async () => {
  await openPage('three');
  await page.keyboard.press('b');
  await page.getByRole('button', { name: 'Table' }).click();
  const table = page.getByRole('table', { name: /^Time in each state/ });
  await expect(table.getByRole('columnheader', { name: 'Sleeping' })).toBeVisible();
  await expect(table.getByRole('row', { name: /^nas/ })).toContainText(/\d d \d+ h/);
  await table.getByRole('button', { name: 'Stretches of nas' }).click();
  const stretches = page.getByRole('table', { name: 'Stretches of nas' });
  await expect(stretches.getByRole('row').filter({ hasText: 'Unknown' })).toContainText('nobody looked');
  await expect(stretches.getByRole('row').filter({ hasText: 'Now running.' }).first()).toContainText('by its own clock');
  expect(await lab.axeViolations()).toEqual([]);
});

test('a guest’s own timeline stands in its details, and grows by what happens', async () => {
  await open('three', 40);
  await page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: 'nas', exact: true }).click();
  const own = details().getByRole('region', { name: 'Timeline' });
  await expect(own.getByRole('img')).toHaveAccessibleName(/Running/);
  await own.getByRole('radio', { name: 'Week' }).check();
  await own.getByRole('button', { name: 'Earlier' }).click();
  await expect(own.getByRole('img')).toHaveAccessibleName(/Unknown/);
  await own.getByRole('button', { name: 'Now' }).click();
  await expect(own.getByRole('button', { name: 'Now' })).toHaveCount(0);
  const bar = own.getByRole('application');
  await bar.focus();
  await page.keyboard.press('End');
  await expect(facts()).toContainText(/Now|to now/);
  await page.keyboard.press('Tab');
  await expect(facts()).toHaveCount(0);
  await details().getByRole('button', { name: 'Sleep', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sleep', exact: true }).click();
  await own.getByRole('button', { name: 'Table' }).click();
  await expect(own.getByRole('table').getByRole('row').last()).toContainText('Now suspended.');
  await expect(own.getByRole('table').getByRole('row').last()).toContainText('by you');
  expect(await lab.axeViolations()).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBe(800);
  await own.getByRole('button', { name: 'Timeline of all guests' }).click();
  await expect(chart()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: 'nas', exact: true })).toBeFocused();
});

test('who did what is told in the history', async () => {
  await open('three', 40);
  await page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: 'nas', exact: true }).click();
  await details().getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(details().getByRole('region', { name: 'History' })).toContainText(/Now paused\..*by you/s);
});

test('exports the history, and tells what came of it', async () => {
  await openPage('three');
  await page.getByRole('button', { name: 'Export history…' }).click();
  const box = page.getByRole('dialog', { name: 'Export history' });
  await expect(box).toContainText('All guests and hosts');
  await page.evaluate(() => window.lab.setExportPath(null));
  await box.getByRole('button', { name: 'Choose a file…' }).click();
  await expect(box.getByRole('status')).toHaveText('No file was chosen; nothing was written.');
  await page.evaluate(() => window.lab.refuseNext({ code: 'disk', message: 'The disk is full.', remedy: 'Make room.' }));
  await box.getByRole('button', { name: 'Choose a file…' }).click();
  await expect(box.getByRole('alert')).toContainText('The disk is full.');
  await page.evaluate(() => window.lab.setExportPath('/home/me/all.csv'));
  await box.getByRole('radio', { name: 'JSON' }).check();
  await box.getByRole('button', { name: 'Choose a file…' }).click();
  await expect(box.getByRole('status')).toHaveText('Saved to /home/me/all.json');
  expect(await lab.axeViolations()).toEqual([]);
  await box.getByRole('button', { name: 'Close', exact: true }).last().click();
  await expect(box).toHaveCount(0);
  expect(await calls('exportHistory')).toEqual([
    { ids: [], format: 'csv' },
    { ids: [], format: 'csv' },
    { ids: [], format: 'json' },
  ]);
});

test('a month of 300 guests is drawn at once', async () => {
  await page.setViewportSize({ width: 900, height: 600 });
  await openPage('crowd');
  await expect(chart().getByRole('row')).toHaveCount(300);
  const frames = await page.evaluate(async () => {
    const month = [...document.querySelectorAll<HTMLInputElement>('.segment-input')].at(-1)!;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    month.click();
    let seen = 0;
    for (; document.querySelectorAll('.timeline-bar .bar-running').length < 300; seen += 1) await frame();
    return seen;
  });
  // In one piece, and before anything else is shown.
  expect(frames).toBeLessThanOrEqual(2);
  // One path for each state, not an element for each stretch.
  expect(await page.evaluate(() => document.querySelectorAll('.timeline-bar *').length)).toBeLessThan(300 * 12);
  await page.getByRole('searchbox', { name: 'Search guests' }).fill('guest-29');
  await expect(chart().getByRole('row')).toHaveCount(11);
  expect(await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight])).toEqual([900, 600]);
  expect(await lab.axeViolations()).toEqual([]);
});

test('says that there is nothing yet', async () => {
  await openPage('none');
  await expect(page.getByRole('heading', { name: 'No guests yet' })).toBeVisible();
  expect(await lab.axeViolations()).toEqual([]);
});
