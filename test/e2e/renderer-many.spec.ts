import type { Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { useLabWindow } from './lab-window';

/** Several guests at once in the real runtime over the fake api: selection, groups, runs. */

const lab = useLabWindow();
const { open } = lab;
let page: Page;
test.beforeEach(() => {
  page = lab.page();
});

const grid = () => page.getByRole('grid', { name: 'Guests' });
const row = (name: string) => grid().getByRole('row', { name, exact: true });
const bar = () => page.getByRole('region', { name: 'Selection' });
const menuItem = (name: string | RegExp) => page.getByRole('menuitem', { name, exact: true });
const runs = () => page.getByRole('region', { name: 'Actions on several guests' });
const selected = () =>
  grid().evaluate((element) =>
    [...element.querySelectorAll('[role=row][aria-selected=true]')].map((one) => one.getAttribute('aria-label')),
  );
const callsOf = (name: string) =>
  page.evaluate((wanted) => window.lab.calls.filter((call) => call.name === wanted).map((call) => call.args), name);

test('selects by clicks: one, from there to another, one more or less', async () => {
  await open('crowd');
  await expect(grid()).toHaveAttribute('aria-multiselectable', 'true');
  await row('guest-1').click();
  await expect(page.getByRole('region', { name: 'Details' })).toBeVisible();
  await row('guest-4').click({ modifiers: ['Shift'] });
  await expect(page.getByRole('region', { name: 'Details' })).toHaveCount(0);
  expect(await selected()).toEqual(['guest-1', 'guest-2', 'guest-3', 'guest-4']);
  await row('guest-2').click({ modifiers: ['Control'] });
  await row('guest-6').click({ modifiers: ['Control'] });
  expect(await selected()).toEqual(['guest-1', 'guest-3', 'guest-4', 'guest-6']);
  await expect(bar().getByRole('status')).toHaveText('4 guests selected');
  await row('guest-2').click();
  expect(await selected()).toEqual(['guest-2']);
  await expect(bar().getByRole('status')).toHaveText('');
});

test('selects by keys, passes over hosts, and forgets on Escape', async () => {
  await open('estate');
  await row('web-0').focus();
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  expect(await selected()).toHaveLength(3);
  await page.keyboard.press('Shift+ArrowUp');
  expect(await selected()).toHaveLength(2);
  await page.keyboard.press('Escape');
  expect(await selected()).toEqual([]);
  await page.keyboard.press('Space');
  expect(await selected()).toHaveLength(1);
  await page.keyboard.press('Control+a');
  expect(await selected()).toHaveLength(300);
  await expect(bar()).toContainText('300 guests selected');
  await page.keyboard.press('/');
  await page.keyboard.type('attic');
  await expect(bar()).toContainText('300 guests selected, 200 not shown');
  await page.keyboard.press('Control+a');
  await expect(bar()).toContainText('300 guests selected');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(bar()).not.toContainText('selected');
});

test('the last guest of one host and the first of the next are neighbours', async () => {
  await open('host-power');
  await page.evaluate(() => {
    const guest = window.lab.current().guests['nas']!;
    window.lab.patch({ guests: { far: { ...guest, id: 'far', name: 'far', hostId: 'cellar' } } });
  });
  await row('windows-11').focus();
  await page.keyboard.press('Shift+ArrowDown');
  expect(await selected()).toEqual(['windows-11', 'far']);
  await expect(row('far')).toBeFocused();
});

test('offers what at least one of them can do, and says how many can', async () => {
  await open('crowd');
  await row('guest-1').click();
  await row('guest-5').click({ modifiers: ['Shift'] });
  await expect(bar().getByRole('button', { name: 'Sleep… 3 of 5 guests' })).toBeVisible();
  await expect(bar().getByRole('button', { name: 'Start 1 of 5 guests' })).toBeVisible();
  await bar().getByRole('button', { name: 'Wake 1 of 5 guests' }).click();
  await expect(row('guest-2')).toContainText('Running');
  await expect(runs()).toContainText('1 of 5 done, 4 skipped');
  await expect(runs()).toContainText('Not while the guest is running.');
  await expect(bar().getByRole('button', { name: /^Wake/ })).toHaveCount(0);
  await expect(row('guest-5')).toBeFocused();
  const ids = ['guest-1', 'guest-2', 'guest-3', 'guest-4', 'guest-5'];
  expect(await callsOf('setPowerStates')).toEqual([{ target: { kind: 'guests', guestIds: ids }, action: 'wakeup' }]);
  await expect(page.getByRole('status').filter({ hasText: '1 of 5 done, 4 skipped' })).toHaveCount(1);
  await runs().getByRole('button', { name: 'Dismiss' }).click();
  await expect(runs()).toHaveCount(0);
});

test('the keys of actions are about the selection while there is one', async () => {
  await open('crowd');
  await row('guest-1').click();
  await row('guest-5').click({ modifiers: ['Shift'] });
  await page.keyboard.press('s');
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  await expect(dialog).toContainText('5 guests');
  await expect(dialog.getByText('2 guests left as they are')).toBeVisible();
  await dialog.getByRole('button', { name: '8 h', exact: true }).click();
  await dialog.getByRole('radio', { name: 'Their hosts' }).check();
  await dialog.getByRole('textbox', { name: 'For' }).press('Enter');
  await expect(dialog).toHaveCount(0);
  expect(await callsOf('setPowerStates')).toMatchObject([{ action: 'suspend', for: '8 h', alarm: 'host' }]);
  await expect(row('guest-1')).toContainText('Sleeping');
});

test('asks before several are shut down, with Cancel at hand', async () => {
  await open('crowd');
  await row('guest-1').click();
  await row('guest-5').click({ modifiers: ['Shift'] });
  await bar().getByRole('button', { name: /^Shut down/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Shut down', exact: true });
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await callsOf('setPowerStates')).toEqual([]);
  await bar().getByRole('button', { name: /^Shut down/ }).click();
  await dialog.getByRole('button', { name: 'Shut down: 3 guests' }).click();
  await expect(row('guest-1')).toContainText('Off');
});

test('a right click on the selection is about all of it, elsewhere about that guest', async () => {
  await open('crowd');
  await row('guest-1').click();
  await row('guest-3').click({ modifiers: ['Shift'] });
  await row('guest-2').click({ button: 'right' });
  await expect(menuItem('Hibernate… (2)')).toBeVisible();
  await expect(menuItem('Clear selection')).toBeVisible();
  await page.keyboard.press('Escape');
  await row('guest-5').click({ button: 'right' });
  await expect(menuItem('Details')).toBeVisible();
  await menuItem('Select').click();
  expect(await selected()).toEqual(['guest-1', 'guest-2', 'guest-3', 'guest-5']);
});

test('the focus goes back to the list with the bar', async () => {
  await open('crowd');
  await row('guest-2').focus();
  await page.keyboard.press('Space');
  await bar().getByRole('button', { name: 'Clear selection' }).focus();
  await page.keyboard.press('Enter');
  await expect(row('guest-2')).toBeFocused();
  await page.keyboard.press('Space');
  await bar().getByRole('button', { name: 'New group…' }).focus();
  await page.keyboard.press('Escape');
  await expect(row('guest-2')).toBeFocused();
  expect(await selected()).toEqual([]);
});

test('makes a group of the selection, in an order that is dragged and typed', async () => {
  await open('crowd');
  await row('guest-1').click();
  await row('guest-3').click({ modifiers: ['Shift'] });
  await bar().getByRole('button', { name: 'New group…' }).click();
  const dialog = page.getByRole('dialog', { name: 'New group' });
  const members = dialog.getByRole('list', { name: 'Members' }).getByRole('listitem');
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toBeFocused();
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveAccessibleDescription('The group has no name yet. Give it one.');
  await page.keyboard.type('Storage');

  await dialog.getByRole('button', { name: 'Move guest-3 up' }).click();
  await expect(members).toContainText(['guest-1', 'guest-3', 'guest-2']);
  await expect(dialog.getByRole('button', { name: 'Move guest-3 up' })).toBeFocused();
  await page.keyboard.press('Alt+ArrowUp');
  await expect(members).toContainText(['guest-3', 'guest-1', 'guest-2']);
  await expect(dialog.getByRole('status')).toHaveText('guest-3 is now 1 of 3');

  const grip = members.nth(0).getByTitle('Drag to move');
  const last = (await members.nth(2).boundingBox())!;
  await grip.hover();
  await page.mouse.down();
  await page.mouse.move(last.x + 10, last.y + last.height, { steps: 8 });
  await page.mouse.up();
  await expect(members).toContainText(['guest-1', 'guest-2', 'guest-3']);

  const wait = dialog.getByRole('spinbutton', { name: 'Seconds to wait after guest-1' });
  await wait.fill('-5');
  await expect(wait).toHaveAccessibleDescription('Write whole seconds, from 0 to 3600.');
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await expect(wait).toBeFocused();
  expect(await lab.axeViolations()).toEqual([]);
  expect(await callsOf('saveGroup')).toEqual([]);
  await wait.fill('30');
  await dialog.getByRole('combobox', { name: 'Add a guest' }).selectOption({ label: 'guest-9' });
  await dialog.getByRole('button', { name: 'Remove guest-2 from the group' }).click();
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await expect(dialog).toHaveCount(0);
  const members1 = [
    { guestId: 'guest-1', delaySeconds: 30 },
    { guestId: 'guest-3', delaySeconds: 0 },
    { guestId: 'guest-9', delaySeconds: 0 },
  ];
  expect(await callsOf('saveGroup')).toEqual([{ groupId: null, draft: { name: 'Storage', members: members1 } }]);
  await expect(page.getByRole('region', { name: 'Groups' }).getByRole('button', { name: 'Storage 3 guests' })).toBeVisible();
});

test('a group is acted on, selected, changed and removed from its menu and from the palette', async () => {
  await open('groups');
  const chip = page.getByRole('region', { name: 'Groups' }).getByRole('button', { name: /^Storage/ });
  const lefts = [chip, row('nas')].map(async (element) => (await element.boundingBox())?.x);
  expect(await lefts[0]).toBe(await lefts[1]);
  await chip.click();
  await menuItem('Wake (1)').click();
  await expect(row('build-server')).toContainText('Running');
  expect(await callsOf('setPowerStates')).toEqual([{ target: { kind: 'group', groupId: 'storage' }, action: 'wakeup' }]);
  await chip.click();
  await menuItem('Select its guests').click();
  expect(await selected()).toEqual(['build-server', 'nas']);
  await chip.click();
  await menuItem('Edit…').click();
  const edit = page.getByRole('dialog', { name: 'Edit group' });
  await expect(edit.getByRole('spinbutton', { name: 'Seconds to wait after nas' })).toHaveValue('30');
  await edit.getByRole('textbox', { name: 'Name' }).fill('Disks');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /^Disks/ })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('remove group disks');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Remove group' }).getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Groups' })).toHaveCount(0);
});

test('says which schedules lose their guests with a group, and what main refuses', async () => {
  await open('schedules');
  await page.getByRole('button', { name: /^Storage 2/ }).click();
  await menuItem('Remove…').click();
  const dialog = page.getByRole('dialog', { name: 'Remove group' });
  await expect(dialog.getByRole('list', { name: 'Schedules of the group' })).toContainText('Storage at night');
  await page.evaluate(() => window.lab.refuseNext({ code: 'storage', message: 'The disk is full.', remedy: 'Free some space.' }));
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Notices' })).toContainText('The disk is full.');
  await expect(page.getByRole('button', { name: /^Storage 2/ })).toBeVisible();
});

test('a host’s menu acts on all of its guests', async () => {
  await open('host-power');
  await page.getByRole('button', { name: 'Host actions: attic' }).click();
  await menuItem('All guests: Sleep… (1)').click();
  const dialog = page.getByRole('dialog', { name: 'Sleep', exact: true });
  await expect(dialog).toContainText('All guests of attic');
  await dialog.getByRole('button', { name: 'Sleep', exact: true }).click();
  await expect(row('nas')).toContainText('Sleeping');
  expect(await callsOf('setPowerStates')).toEqual([{ target: { kind: 'host', hostId: 'attic' }, action: 'suspend' }]);
});

test('a run shows guest by guest what failed and why, before the rest', async () => {
  await open('run');
  const run = runs().getByRole('region', { name: 'Sleep: 5 guests' });
  await expect(run).toContainText('1 of 5 done, 1 failed, 1 skipped');
  await expect(run.getByRole('list', { name: 'Not done' }).getByRole('listitem')).toHaveText([
    /database\s*Failed\s*It did not fall asleep within 60 s/,
    /ci-runner\s*Skipped\s*It is off/,
  ]);
  await expect(run.getByRole('list', { name: 'Guests' }).getByRole('listitem')).toHaveText([/alpine\s*Done/, /backup\s*Under way/, /gitlab\s*Waiting/]);
  await run.getByRole('button', { name: 'Hide guests' }).click();
  await expect(run.getByRole('list')).toHaveCount(0);
  await run.getByRole('button', { name: 'Show guests' }).click();
  await expect(run.getByRole('list')).toHaveCount(2);
  await run.getByRole('button', { name: 'Cancel the rest' }).click();
  expect(await callsOf('cancelRun')).toEqual([{ runId: 'r1' }]);
});

test('a group’s wake counts whom it starts, and leads to a command that nobody has read', async () => {
  await open('groups');
  await page.evaluate(() => {
    const storage = window.lab.current().groups['storage']!;
    const members = [...storage.members, { guestId: 'windows-11', delaySeconds: 0 }];
    window.lab.patch({ groups: { storage: { ...storage, members } } });
  });
  await page.getByRole('region', { name: 'Groups' }).getByRole('button', { name: /^Storage/ }).click();
  await menuItem('Wake (2)').click();
  const failed = runs().getByRole('list', { name: 'Not done' }).getByRole('listitem').filter({ hasText: 'windows-11' });
  await expect(failed).toContainText('You have not seen its start command yet.');
  await failed.getByRole('button', { name: 'Read command…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Start', exact: true });
  await expect(dialog.getByRole('group', { name: 'Command, one argument a line' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(row('windows-11')).toContainText('Running');
  await expect(failed.getByRole('button')).toHaveCount(0);
});

test('an older run that has ended is one line, and one that was cancelled is marked so', async () => {
  await open('runs');
  const older = runs().getByRole('region', { name: 'Start: Storage' });
  await expect(older).toContainText('1 of 2 done, 1 cancelled');
  await expect(older).toHaveAttribute('data-outcome', 'cancelled');
  await expect(older.getByRole('list')).toHaveCount(0);
  await expect(runs().getByRole('region', { name: 'Wake: Storage' }).getByRole('list')).toHaveCount(0);
  await older.getByRole('button', { name: 'Show guests' }).click();
  await expect(older.getByRole('listitem').filter({ hasText: 'backup' })).toContainText('Cancelled');
});

const views: Record<string, () => Promise<void>> = {
  selection: async () => {
    await open('crowd');
    await row('guest-1').click();
    await row('guest-3').click({ modifiers: ['Shift'] });
  },
  'selection menu': async () => {
    await open('three');
    await row('nas').focus();
    await page.keyboard.press('Control+a');
    await page.getByRole('button', { name: 'More for the selection' }).click();
    await expect(page.getByRole('menu')).toBeVisible();
  },
  'sleep several': async () => {
    await open('groups');
    await row('nas').focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('s');
    await page.getByRole('button', { name: '8 h', exact: true }).click();
    await page.getByText('left as they are').click();
    await expect(page.getByRole('radio')).toHaveCount(4);
  },
  'shut several down': async () => {
    await open('three');
    await row('nas').focus();
    await page.keyboard.press('Control+a');
    await bar().getByRole('button', { name: /^Shut down/ }).click();
  },
  'edit group': async () => {
    await open('groups');
    await page.getByRole('button', { name: /^Storage/ }).click();
    await menuItem('Edit…').click();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'remove group': async () => {
    await open('schedules');
    await page.getByRole('button', { name: /^Storage 2/ }).click();
    await menuItem('Remove…').click();
  },
  'group menu': async () => {
    await open('groups');
    await page.getByRole('button', { name: /^Storage/ }).click();
    await expect(page.getByRole('menu')).toBeVisible();
  },
  run: () => open('run'),
  'several runs': () => open('runs'),
  'a run of 300': async () => {
    await open('crowd', 30_000);
    await row('guest-1').focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('w');
    await expect(runs()).toContainText('of 300 done');
  },
};

for (const [name, show] of Object.entries(views)) {
  test(`axe finds nothing in: ${name}`, async () => {
    await show();
    expect(await lab.axeViolations()).toEqual([]);
  });
}
