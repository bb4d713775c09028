import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { useLabWindow } from './lab-window';

/** The detail pane's screen and load, the dialog that changes a definition, and remarks about hosts, in the real runtime. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(() => {
  page = lab.page();
});

const row = (name: string) => page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name, exact: true });
const details = () => page.getByRole('region', { name: 'Details' });
const screen = () => details().getByRole('region', { name: 'Screen' });
const load = () => details().getByRole('region', { name: 'Load' });
const dialog = (name: string) => page.getByRole('dialog', { name, exact: true });
const calls = (name: string) =>
  page.evaluate((wanted) => window.lab.calls.filter((call) => call.name === wanted).map((call) => call.args), name);
const count = async (name: string) => (await calls(name)).length;

/** The window's timers are the test's from now on, to its end. */
let held = false;
const holdTimers = async () => {
  held = true;
  await page.clock.install();
};
test.afterEach(async () => {
  if (held) await page.clock.resume();
  held = false;
});
const pass = (ms: number) => page.clock.runFor(ms);

async function show(scenario: string, guest: string): Promise<void> {
  await open(scenario, 40);
  await row(guest).click();
  await expect(details().getByRole('heading', { name: guest, exact: true })).toBeVisible();
}

/** Replaces a guest's state, as main would when it has seen another. */
const enter = (id: string, name: 'running' | 'suspended', since: number) =>
  page.evaluate(
    (next) => {
      const guest = window.lab.current().guests[next.id]!;
      const state = { ...guest.state, name: next.name, since: next.since };
      window.lab.patch({ guests: { [next.id]: { ...guest, state } } });
    },
    { id, name, since },
  );

/** What is on the canvas, at a place of it. */
const pixel = (x: number, y: number) =>
  screen()
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement, [left, top]) => [...canvas.getContext('2d')!.getImageData(left!, top!, 1, 1).data], [x, y]);

const setVisible = (state: 'visible' | 'hidden') =>
  page.evaluate((next) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => next });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

test('shows the screen of a guest that runs, and asks again by itself and when told', async () => {
  await show('libvirt', 'desktop');
  const picture = screen().getByRole('img', { name: 'The screen of desktop, 320 by 200 pixels', exact: true });
  await expect(picture).toBeVisible();
  expect(await pixel(5, 5)).toEqual([18, 26, 58, 255]);
  await expect(screen()).not.toContainText('black');
  const before = await count('guestScreen');
  await screen().getByRole('button', { name: 'Refresh the screen' }).click();
  await expect.poll(() => count('guestScreen')).toBe(before + 1);
  await expect.poll(() => count('guestScreen'), { timeout: 8000 }).toBeGreaterThan(before + 1);
});

test('says at once that a screen is black after a wake', async () => {
  await show('libvirt', 'desktop');
  await expect(screen().getByRole('img')).toBeInViewport({ ratio: 1 });
  await enter('desktop', 'suspended', 1000);
  await expect(screen()).toHaveCount(0);
  await expect(load()).toHaveCount(0);
  await page.evaluate(() => window.lab.setScreen('desktop', 'dark'));
  const before = await count('guestScreen');
  await enter('desktop', 'running', 2000);
  await expect(screen().getByRole('status')).toHaveText(/^The screen is black\. The guest may have blanked its console/);
  expect(await count('guestScreen')).toBe(before + 1);
  await page.evaluate(() => window.lab.setScreen('desktop', 'lit'));
  await screen().getByRole('button', { name: 'Refresh the screen' }).click();
  await expect(screen()).not.toContainText('black');
});

test('asks anew when a guest has begun to run again without having been seen otherwise', async () => {
  await open('libvirt', 40);
  await holdTimers();
  await row('desktop').click();
  await expect(screen().getByRole('img')).toBeVisible();
  await page.evaluate(() => window.lab.setScreen('desktop', 'dark'));
  await enter('desktop', 'running', 3000);
  await expect(screen()).toContainText('The screen is black.');
  expect([await count('guestScreen'), await count('guestStats')]).toEqual([2, 2]);
});

test('draws a PNG, and says what is wrong with a picture that is none', async () => {
  await show('libvirt', 'desktop');
  await expect(screen().getByRole('img')).toBeVisible();
  await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = 64;
    canvas.height = 48;
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'rgb(200, 30, 40)';
    context.fillRect(0, 0, 64, 48);
    const data = canvas.toDataURL('image/png').split(',')[1]!;
    window.lab.setScreen('desktop', { mime: 'image/png', data });
  });
  await screen().getByRole('button', { name: 'Refresh the screen' }).click();
  await expect(screen().getByRole('img', { name: 'The screen of desktop, 64 by 48 pixels' })).toBeVisible();
  expect(await pixel(10, 10)).toEqual([200, 30, 40, 255]);
  for (const [mime, data, words] of [
    ['image/png', btoa('\u0089PNG\r\n\u001a\n....IHDR\0\0\0\u0010\0\0\0\u0010 and nothing more'), 'The picture is damaged.'],
    ['image/png', 'R0lGODlh', 'The picture is no PNG.'],
    ['image/x-portable-pixmap', btoa('P6\n4 4\n255\nabc'), 'The picture breaks off.'],
  ] as const) {
    await page.evaluate((next) => window.lab.setScreen('desktop', next), { mime, data });
    await screen().getByRole('button', { name: 'Refresh the screen' }).click();
    await expect(screen()).toContainText(words);
    await expect(screen().getByRole('img')).toHaveCount(0);
  }
  await page.evaluate(() => window.lab.setScreen('desktop', 'lit'));
  await screen().getByRole('button', { name: 'Refresh the screen' }).click();
  await expect(screen().getByRole('img')).toBeVisible();
  expect(await pixel(5, 5)).toEqual([18, 26, 58, 255]);
});

test('a guest without a screen has one line for it, and is not asked again by itself', async () => {
  await open('libvirt', 40);
  await holdTimers();
  await page.evaluate(() => window.lab.setScreen('firewall', { missing: 'It has no screen.' }));
  await row('firewall').click();
  await expect(screen()).toHaveText('Screen: It has no screen.');
  await expect(screen().getByRole('heading')).toHaveCount(0);
  await pass(30_000);
  expect(await count('guestScreen')).toBe(1);
  await screen().getByRole('button', { name: 'Refresh the screen' }).click();
  await expect.poll(() => count('guestScreen')).toBe(2);
});

test('tells what a guest uses, and why something is not told', async () => {
  await show('libvirt', 'desktop');
  await expect(load()).toContainText(/Processor\d+ % of 2 vCPUs/);
  await expect(load()).toContainText(/Memory.*GiB of 2 GiB in use|Memory.*MiB of 2 GiB in use/);
  await expect(load()).toContainText(/Diskreads .*B\/s, writes .*B\/s/);
  await expect(load()).toContainText(/Networkin .*B\/s, out 59 KiB\/s/);
  await expect(load().locator('.spark-line').first()).toBeAttached({ timeout: 6000 });
  await show('three', 'nas');
  await expect(load()).toContainText('2 GiB in all Its balloon is not asked to report.');
  await expect(load()).toContainText('NetworkQEMU does not tell.');
});

test('asks for it only while it is seen and the guest runs', async () => {
  await open('libvirt', 40);
  await holdTimers();
  await pass(10_000);
  expect([await count('guestStats'), await count('guestScreen')]).toEqual([0, 0]);
  await row('desktop').click();
  await expect(load()).toContainText('Processor');
  await pass(2000);
  await expect.poll(() => count('guestStats')).toBe(2);

  await setVisible('hidden');
  await pass(20_000);
  expect([await count('guestStats'), await count('guestScreen')]).toEqual([2, 1]);
  await setVisible('visible');
  await expect.poll(async () => [await count('guestStats'), await count('guestScreen')]).toEqual([3, 2]);

  await enter('desktop', 'suspended', 1000);
  await expect(load()).toHaveCount(0);
  await pass(20_000);
  expect([await count('guestStats'), await count('guestScreen')]).toEqual([3, 2]);
  await enter('desktop', 'running', 2000);
  await expect.poll(async () => [await count('guestStats'), await count('guestScreen')]).toEqual([4, 3]);

  await page.keyboard.press('Escape');
  await expect(details()).toHaveCount(0);
  await pass(20_000);
  expect([await count('guestStats'), await count('guestScreen')]).toEqual([4, 3]);
});

test('changes a definition after showing what changes in it', async () => {
  await show('libvirt', 'desktop');
  await expect(details().getByRole('button', { name: 'Enable sleep…' })).toHaveCount(1);
  await details().getByRole('button', { name: 'Enable sleep…' }).click();
  const box = dialog('Enable sleep');
  await expect(box.getByRole('button', { name: 'Cancel' })).toBeFocused();
  const diff = box.getByRole('group', { name: 'Change of the definition' });
  await expect(diff).toContainText("Removed: <suspend-to-mem enabled='no'/>");
  await expect(diff).toContainText("Added: <suspend-to-mem enabled='yes'/>");
  await expect(diff.locator('[data-diff=added] .diff-sign').first()).toHaveText('+');
  await expect(diff.locator('[data-diff=removed] .diff-sign').first()).toHaveText('\u2212');
  await expect(diff).toContainText('17 lines stay as they are');
  await expect(box).toContainText('It takes effect at the next start; shut it down and start it for that.');
  await page.evaluate(() =>
    window.lab.refuseNext({ code: 'hypervisor-refused', message: 'The definition has changed since.', remedy: 'Look again.' }),
  );
  await box.getByRole('button', { name: 'Change definition' }).click();
  await expect(box.getByRole('alert')).toContainText('The definition has changed since.');
  await expect(box.getByRole('button', { name: 'Change definition' })).toHaveCount(0);
  await box.getByRole('button', { name: 'Look again' }).click();
  await expect(box.getByRole('alert')).toHaveText('');
  await box.getByRole('button', { name: 'Change definition' }).click();
  await expect(box.getByRole('status')).toContainText('The definition was changed.');
  await expect(box.getByRole('button', { name: 'Close', exact: true }).last()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(box).toHaveCount(0);
  await expect(details().getByRole('button', { name: 'Enable sleep…' })).toHaveCount(0);
  expect(await calls('readMending')).toEqual([
    { guestId: 'desktop', fix: 'enable-sleep' },
    { guestId: 'desktop', fix: 'enable-sleep' },
  ]);
  expect(await calls('applyMending')).toEqual([{ mendingId: 'mending-1' }, { mendingId: 'mending-2' }]);
});

test('nothing is changed by Cancel; the menu and the palette lead there, too', async () => {
  await open('libvirt', 40);
  const more = row('firewall').getByRole('button', { name: 'More actions' });
  await more.click();
  await page.getByRole('menuitem', { name: 'Add agent channel…' }).click();
  await expect(dialog('Add agent channel')).toContainText('Install qemu-guest-agent in the guest, too');
  await dialog('Add agent channel').getByRole('button', { name: 'Cancel' }).click();
  await expect(more).toBeFocused();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('enable sleep desktop');
  await page.keyboard.press('Enter');
  await expect(dialog('Enable sleep').getByRole('group')).toContainText('suspend-to-mem');
  await page.keyboard.press('Escape');
  await expect(dialog('Enable sleep')).toHaveCount(0);
  expect(await calls('applyMending')).toEqual([]);
});

test('a saved state is its own, and is discarded only after a question', async () => {
  await show('libvirt', 'laboratory');
  await expect(row('laboratory')).toContainText('Saved');
  await expect(details()).toContainText('The host wrote its memory to a file and stopped it.');
  const marks = await Promise.all(
    ['laboratory', 'media', 'spare'].map((name) =>
      row(name)
        .locator('.state-mark')
        .evaluate((mark) => [getComputedStyle(mark).color, mark.querySelector('svg')!.innerHTML]),
    ),
  );
  expect([new Set(marks.map(([colour]) => colour)).size, new Set(marks.map(([, icon]) => icon)).size]).toEqual([3, 3]);
  await details().getByRole('button', { name: 'Discard saved state' }).click();
  const box = dialog('Discard saved state');
  await expect(box).toContainText('deleted');
  await expect(box.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await box.getByRole('button', { name: 'Discard saved state' }).click();
  await expect(row('laboratory')).toContainText('Off');
  await expect(details()).not.toContainText('Start command');
});

test('marks what libvirt runs', async () => {
  await show('libvirt', 'desktop');
  await expect(row('desktop').locator('.guest-summary')).toHaveText('libvirt 2 GiB · 2 vCPU');
  await expect(details().locator('.guest-summary')).toHaveText('libvirt 2 GiB · 2 vCPU');
  await open('three');
  await expect(row('nas').locator('.guest-summary')).toHaveText('2 GiB · 2 vCPU');
});

test('says what could not be asked of a host', async () => {
  await open('remarks');
  const head = row('Host This computer');
  const notes = head.getByRole('button', { name: '1 remark about this host' });
  await expect(head).not.toContainText('group libvirt');
  await row('build-server').focus();
  await page.keyboard.press('ArrowUp');
  await expect(head).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(notes).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(head).toContainText('libvirt refuses this user');
  await expect(head).toContainText('Add your user to the group libvirt');
  await head.click({ button: 'right', position: { x: 40, y: 10 } });
  await expect(page.getByRole('menuitem', { name: 'All guests: Sleep… (1)' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: /Edit|Remove|Connect/ })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await open('only-remarks');
  await expect(page.getByText('Add your user to the group libvirt')).toBeVisible();
});

test('fits a window of 900 by 600', async () => {
  await page.setViewportSize({ width: 900, height: 600 });
  await show('libvirt', 'desktop');
  await expect(screen().getByRole('img')).toBeVisible();
  await details().getByRole('button', { name: 'Enable sleep…' }).click();
  const change = dialog('Enable sleep').getByRole('button', { name: 'Change definition' });
  await expect(change).toBeInViewport({ ratio: 1 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(900);
  await page.setViewportSize({ width: 1280, height: 800 });
});

const views: Record<string, () => Promise<void>> = {
  'details of a libvirt guest': async () => {
    await show('libvirt', 'desktop');
    await expect(screen().getByRole('img')).toBeVisible();
    await expect(load()).toContainText('Processor');
  },
  'a black screen': async () => {
    await open('libvirt');
    await page.evaluate(() => window.lab.setScreen('desktop', 'dark'));
    await row('desktop').click();
    await expect(screen()).toContainText('The screen is black.');
  },
  'details of a guest without a screen': async () => {
    await open('libvirt');
    await page.evaluate(() => window.lab.setScreen('firewall', { missing: 'It has no screen.' }));
    await row('firewall').click();
    await expect(screen()).toContainText('It has no screen.');
  },
  'a change of a definition': async () => {
    await show('libvirt', 'desktop');
    await details().getByRole('button', { name: 'Enable sleep…' }).click();
    await expect(dialog('Enable sleep').getByRole('group')).toBeVisible();
  },
  'a change that was made': async () => {
    await show('libvirt', 'desktop');
    await details().getByRole('button', { name: 'Enable sleep…' }).click();
    await dialog('Enable sleep').getByRole('button', { name: 'Change definition' }).click();
    await expect(dialog('Enable sleep').getByRole('status')).toContainText('was changed');
  },
  'a menu with a fix': async () => {
    await open('libvirt');
    await row('desktop').getByRole('button', { name: 'More actions' }).click();
    await expect(page.getByRole('menuitem', { name: 'Enable sleep…' })).toBeVisible();
  },
  'a host with remarks': async () => {
    await open('remarks');
    await page.getByRole('button', { name: '1 remark about this host' }).click();
  },
  'remarks and no guests': () => open('only-remarks'),
};

for (const [name, showView] of Object.entries(views)) {
  test(`axe finds nothing in: ${name}`, async () => {
    await showView();
    expect(await lab.axeViolations()).toEqual([]);
  });
}
