import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { guestName } from '../../renderer/text';
import { hostileNames } from '../renderer-lab/scenarios';
import { useLabWindow } from './lab-window';

/** The window alone, in the real runtime, over the fake api: names, keyboard, dialogs, notices, hostile text, axe. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(() => {
  page = lab.page();
});

const grid = () => page.getByRole('grid', { name: 'Guests' });
const row = (name: string) => grid().getByRole('row', { name, exact: true });
const inRow = (name: string, button: string) => row(name).getByRole('button', { name: button, exact: true });
const notices = () => page.getByRole('region', { name: 'Notices' });
const powerCalls = () =>
  page.evaluate(() => window.lab.calls.filter((call) => call.name === 'setPowerState').map((call) => call.args));

test('every row is a guest, named by it, with its state', async () => {
  await open('three');
  await expect(grid().getByRole('row')).toHaveCount(3);
  await expect(row('nas')).toContainText('Running');
  await expect(row('build-server')).toContainText('Sleeping');
  await expect(row('build-server')).toContainText(/Wakes .*\d\d:\d\d · in 7:59:\d\d/);
  await expect(row('windows-11')).toContainText('Hibernated');
  await expect(inRow('nas', 'Sleep')).toBeVisible();
  await expect(inRow('build-server', 'Wake')).toBeVisible();
  await expect(inRow('build-server', 'Sleep')).toHaveCount(0);
  await expect(inRow('windows-11', 'Start')).toBeVisible();
});

test('finds guests by their names and by their hosts', async () => {
  await open('estate');
  await expect(grid().getByRole('row')).toHaveCount(303);
  const search = page.getByRole('searchbox', { name: 'Search guests' });
  await search.fill('cellar web');
  await expect(grid().getByRole('row').first()).toHaveAccessibleName('Host cellar');
  await expect(grid().getByRole('row')).toHaveCount(26);
  await expect(page.getByText('No guests found here.')).toBeHidden();
  expect(await lab.axeViolations()).toEqual([]);
  await search.fill('10.0.0.14');
  await expect(grid().getByRole('row')).toHaveCount(101);
  await search.fill('no such');
  await expect(page.getByText('No guest and no host is named like this')).toBeVisible();
});

test('sleeps for a time, counts down, and is woken', async () => {
  await open('three');
  await inRow('nas', 'Sleep').click();
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  const field = dialog.getByRole('textbox', { name: 'For', exact: true });
  await expect(field).toBeFocused();
  await expect(dialog).toContainText('No alarm');
  await field.fill('soon');
  await expect(dialog).toContainText('This is not a time.');
  await field.press('Enter');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: '8 h', exact: true }).click();
  await expect(dialog).toContainText(/Wakes (today|tomorrow) \d\d:\d\d, in 8 h/);
  await dialog.getByRole('radio', { name: 'Reveille', exact: true }).check();
  await field.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(row('nas')).toContainText('Falling asleep…');
  await expect(row('nas')).toContainText('Sleeping');
  await expect(row('nas')).toContainText(/Wakes .*· in 7:59:5\d/);
  expect(await powerCalls()).toEqual([{ guestId: 'nas', action: 'suspend', for: '8 h', alarm: 'app' }]);
  await expect(page.getByRole('status').filter({ hasText: 'nas is sleeping, wakes' })).toHaveCount(1);

  await inRow('nas', 'Alarm').click();
  await page.getByRole('menuitem', { name: '+30 min', exact: true }).click();
  await expect(row('nas')).toContainText(/in 8:29:\d\d/);
  await inRow('nas', 'Wake').click();
  await expect(row('nas')).toContainText('Running');
  await expect(row('nas')).not.toContainText('Wakes');
});

test('an empty field means no alarm', async () => {
  await open('three');
  await inRow('nas', 'Sleep').click();
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(row('nas')).toContainText('Sleeping');
  await expect(row('nas')).not.toContainText('Wakes');
  expect(await powerCalls()).toEqual([{ guestId: 'nas', action: 'suspend' }]);
});

test('shows what was asked for at once, and a refusal as a notice that stays', async () => {
  await open('three');
  await page.evaluate(() =>
    window.lab.refuseNext({ code: 'busy', message: 'The agent is silent.', remedy: 'Look at its console.' }),
  );
  await inRow('build-server', 'Wake').click();
  await expect(notices()).toContainText('The agent is silent.');
  await expect(notices()).toContainText('Look at its console.');
  await expect(row('build-server')).not.toContainText('Waking…');
  await notices().getByRole('button', { name: 'Dismiss', exact: true }).click();
  await expect(notices()).not.toContainText('The agent is silent.');
});

test('a notice offers its action, which asks first', async () => {
  await open('notices');
  await notices().getByRole('button', { name: 'Force off' }).click();
  const dialog = page.getByRole('dialog', { name: 'Force off', exact: true });
  await expect(dialog).toContainText('lost');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Force off', exact: true }).click();
  await expect(row('nas')).toContainText('Off');
});

test('the menu says why an action can’t be used', async () => {
  await open('many');
  const more = inRow('alpine', 'More actions');
  await more.click();
  const sleep = page.getByRole('menuitem', { name: 'Sleep…', exact: true });
  await expect(sleep).toHaveAttribute('aria-disabled', 'true');
  await expect(sleep).toHaveAccessibleDescription(/no agent channel.*qemu-guest-agent/);
  await sleep.focus();
  await expect(sleep).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();
  await more.press('Enter');
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await more.click();
  await more.click();
  await expect(page.getByRole('menu')).toHaveCount(0);
  await row('alpine').click({ button: 'right' });
  await expect(page.getByRole('menuitem', { name: 'Force off…' })).toBeVisible();
});

test('a sleeping guest’s menu begins with its alarm, ends with what is hard, and says that its link was copied', async () => {
  await open('three');
  await inRow('build-server', 'More actions').click();
  const items = page.getByRole('menuitem');
  await expect(items.first()).toHaveText('Alarm 30 min later');
  const names = await items.allInnerTexts();
  const placeOf = (text: string) => names.findIndex((name) => name.startsWith(text));
  expect(placeOf('Force off…')).toBeGreaterThan(placeOf('Look again'));
  expect(names).toEqual(expect.arrayContaining(['Change alarm…', 'Cancel alarm', 'Reset…']));
  await page.getByRole('menuitem', { name: 'Copy link' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Copied: the link to build-server' })).toBeVisible();
});

test('shows the start command before the first start', async () => {
  await open('three');
  await inRow('windows-11', 'Start').click();
  const dialog = page.getByRole('dialog', { name: 'Start', exact: true });
  await expect(dialog).toContainText('file=/srv/vm/my nas.qcow2,if=virtio');
  await expect(dialog).toContainText('/srv/vm');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(row('windows-11')).toContainText('Running');
  expect(await powerCalls()).toEqual([{ guestId: 'windows-11', action: 'start', startAccepted: true }]);
});

test('can be used by the keyboard alone', async () => {
  await open('three');
  await page.keyboard.press('/');
  const search = page.getByRole('searchbox', { name: 'Search guests' });
  await expect(search).toBeFocused();
  await search.fill('a');
  await expect(grid().getByRole('row')).toHaveCount(1);
  await search.press('Escape');
  await expect(grid().getByRole('row')).toHaveCount(3);
  await search.press('ArrowDown');
  await expect(row('build-server')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(row('nas')).toBeFocused();
  await page.keyboard.press('End');
  await expect(row('windows-11')).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(inRow('build-server', 'Alarm')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(inRow('build-server', 'Wake')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(row('nas')).toBeFocused();
  await page.keyboard.press('s');
  await expect(page.getByRole('dialog', { name: 'Sleep', exact: true })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(row('nas')).toBeFocused();
  await page.keyboard.press('w');
  expect(await powerCalls()).toEqual([]);
  await page.keyboard.press('Enter');
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('heading', { name: 'nas', exact: true })).toBeFocused();
  await expect(details).toContainText('Debian GNU/Linux 12');
  await page.keyboard.press('Escape');
  await expect(details).toHaveCount(0);
  await expect(row('nas')).toBeFocused();
});

test('Tab reaches one row only, and its buttons', async () => {
  await open('crowd');
  await row('guest-1').focus();
  await page.keyboard.press('Tab');
  await expect(inRow('guest-1', 'Sleep')).toBeFocused();
  const stops = await grid().evaluate((element) =>
    [...element.querySelectorAll<HTMLElement>('[tabindex="0"]')].map((stop) => stop.closest('[role=row]')?.ariaLabel),
  );
  expect(new Set(stops)).toEqual(new Set(['guest-1']));
});

test('the palette finds a command of any guest', async () => {
  await open('three');
  await row('nas').focus();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Find a command' }).fill('wake buil');
  await expect(page.getByRole('option').first()).toContainText('Wake');
  await page.keyboard.press('Enter');
  await expect(row('build-server')).toContainText('Running');
  await expect(row('nas')).toBeFocused();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('add guest');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Add guest' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(row('nas')).toBeFocused();
});

test('the focus stays in the list when its row or its button goes', async () => {
  await open('three');
  await inRow('nas', 'Sleep').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(inRow('nas', 'Wake')).toBeFocused();
  await page.evaluate(() => window.lab.patch({ guests: { nas: null } }));
  await expect(row('nas')).toHaveCount(0);
  await expect(row('windows-11')).toBeFocused();
});

test('names that are hostile are text', async () => {
  await open('hostile');
  for (const name of hostileNames) await expect(row(guestName(name)).first()).toBeVisible();
  await expect(row(hostileNames[0]!)).toBeVisible();
  await expect(grid().locator('img')).toHaveCount(0);
  await expect(page).toHaveTitle(/Reveille/);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wide).toBeLessThanOrEqual(0);
});

test('adds a guest by hand and says what main refuses', async () => {
  await open('none');
  await page.getByRole('button', { name: 'Add guest' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add guest' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('lamp');
  await dialog.getByRole('button', { name: 'Add guest' }).click();
  await expect(dialog).toContainText('A QMP address is needed.');
  await dialog.getByRole('textbox', { name: 'QMP address' }).fill('/run/lamp.sock');
  await dialog.getByRole('button', { name: 'Add guest' }).click();
  await expect(row('lamp')).toBeVisible();
});

test('opens the demo from the empty list, marked as simulated, and closes it', async () => {
  await open('none');
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  await page.getByRole('button', { name: 'Try the demo' }).click();
  await expect(row('demo-nas')).toContainText('Simulated');
  await page.getByRole('button', { name: 'Close the demo' }).click();
  await expect(grid()).toHaveCount(0);
});

test('a patch to one guest of 300 changes one row', async () => {
  await open('crowd');
  await expect(grid().getByRole('row')).toHaveCount(300);
  const touched = await page.evaluate(async () => {
    const rows = new Set<string | null>();
    const element = document.querySelector('[role=grid]')!;
    const observer = new MutationObserver((records) => {
      for (const { target } of records) {
        const node = target instanceof Element ? target : target.parentElement;
        rows.add(node?.closest('[role=row]')?.getAttribute('aria-label') ?? null);
      }
    });
    const guest = window.lab.current().guests['guest-7']!;
    const changed = { ...guest, state: { ...guest.state, name: 'paused' as const } };
    observer.observe(element, { subtree: true, childList: true, attributes: true });
    window.lab.patch({ guests: { [guest.id]: changed } });
    await new Promise((resolve) => setTimeout(resolve));
    observer.disconnect();
    return [...rows];
  });
  expect(touched).toEqual(['guest-7']);
});

const views: Record<string, () => Promise<void>> = {
  none: () => open('none'),
  failed: () => open('failed'),
  many: () => open('many'),
  'demo beside real guests': () => open('both'),
  notices: () => open('notices'),
  details: async () => {
    await open('many');
    await row('mail').click();
    await expect(page.getByRole('region', { name: 'Details' })).toContainText('Facts');
  },
  menu: async () => {
    await open('many');
    await inRow('alpine', 'More actions').click();
    await expect(page.getByRole('menu')).toBeVisible();
  },
  'sleep dialog': async () => {
    await open('three');
    await inRow('nas', 'Sleep').click();
    await page.getByRole('textbox', { name: 'For' }).fill('soon');
    await expect(page.getByRole('dialog')).toContainText('This is not a time.');
  },
  'start dialog': async () => {
    await open('three');
    await inRow('windows-11', 'Start').click();
  },
  'add dialog': async () => {
    await open('three');
    await page.getByRole('button', { name: 'Add guest' }).click();
  },
  palette: async () => {
    await open('three');
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('option').first()).toBeVisible();
  },
};

for (const [name, show] of Object.entries(views)) {
  test(`axe finds nothing in: ${name}`, async () => {
    await show();
    expect(await lab.axeViolations()).toEqual([]);
  });
}
