import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { call, clickTray, closeWindow, test, trayLines, windowCount } from './desktop-world';
import { expect } from './fixtures';
import type { LaunchedApp } from './launch';
import { useGuest } from './real-guest';
import { scheduleDraft } from '../fakes/plan-views';

const NAME = 'e2e-desk';
const guest = useGuest(NAME);

const guestOf = async (one: LaunchedApp) => {
  const { guests } = await call(one, 'getSnapshot', {});
  return Object.values(guests).find(({ name }) => name === NAME);
};

/** Puts the guest to sleep with an alarm that only the app keeps. */
async function sleepFor(one: LaunchedApp, time: string): Promise<void> {
  await expect.poll(async () => (await guestOf(one))?.actions.suspend.available, { timeout: 20_000 }).toBe(true);
  const { id } = (await guestOf(one))!;
  await call(one, 'setPowerState', { guestId: id, action: 'suspend', for: time, alarm: 'app' });
  await expect.poll(async () => (await guestOf(one))?.alarm?.phase, { timeout: 20_000 }).toBe('armed');
}

/** Leaves the guest awake for the next test. */
async function wake(one: LaunchedApp): Promise<void> {
  const { id } = (await guestOf(one))!;
  await call(one, 'setPowerState', { guestId: id, action: 'wakeup' });
  await expect.poll(async () => (await guestOf(one))?.state.name, { timeout: 20_000 }).toBe('running');
}

const titles = async (session: { notifications(): Promise<{ title: string }[]> }) =>
  (await session.notifications()).map(({ title }) => title);

test('a closed window leaves the app in the tray, its alarm wakes the guest, and the notification of that opens it', async ({ desktop }) => {
  const { session } = desktop;
  const one = await desktop.start();
  await sleepFor(one, '12 s');
  await expect.poll(() => trayLines(session)).toEqual([
    expect.stringMatching(new RegExp(`^Next alarm: ${NAME}, \\d\\d:\\d\\d$`)),
    expect.stringMatching(new RegExp(`^${NAME}: asleep, wakes \\d\\d:\\d\\d$`)),
    expect.stringMatching(/> Wake now$/),
    expect.stringMatching(/> Show in Reveille$/),
    'Open Reveille',
    'Quit Reveille',
  ]);
  expect(await session.toolTip()).toMatch(new RegExp(`^Reveille · 1 guest asleep · Next alarm: ${NAME}, `));

  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);
  await expect.poll(() => session.notifications()).toMatchObject([
    { title: 'Reveille stays in the tray', text: expect.stringContaining('so that alarms are kept') },
  ]);
  await expect.poll(() => titles(session), { timeout: 30_000 }).toContain(`${NAME} was woken`);
  await expect.poll(() => trayLines(session)).toEqual(['No alarm is set', 'No guest is asleep', 'Open Reveille', 'Quit Reveille']);

  const opened = one.nextWindow();
  const shown = await session.notifications();
  await session.clickNotification(shown.find(({ title }) => title === `${NAME} was woken`)!.id);
  const page = await opened;
  await expect(page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: NAME })).toBeVisible();
  await expect(page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true })).toContainText('Running');
  expect(one.output.consoleErrors).toEqual([]);

  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);
  await clickTray(session, 'Open Reveille');
  await expect.poll(() => windowCount(one)).toBe(1);
  expect((await titles(session)).filter((title) => title === 'Reveille stays in the tray')).toHaveLength(1);
});

test('Wake now in the tray wakes a guest while there is no window; Show opens it', async ({ desktop }) => {
  const { session } = desktop;
  const one = await desktop.start();
  await sleepFor(one, '1 h');
  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);
  const opened = one.nextWindow();
  await clickTray(session, 'Show in Reveille', NAME);
  const page = await opened;
  await expect(page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: NAME })).toBeVisible();
  await one.screenshot('desktop-shown');
  await closeWindow(one);
  await clickTray(session, 'Wake now', NAME);
  await expect.poll(() => trayLines(session), { timeout: 20_000 }).toContain('No guest is asleep');
  expect(await windowCount(one)).toBe(0);
  expect(await guest().exec('echo awake')).toBe('awake');
});

test('a sleep that a schedule announces is told and can be cancelled while there is no window', async ({ desktop }) => {
  test.setTimeout(180_000);
  const { session } = desktop;
  const one = await desktop.start();
  await expect.poll(async () => (await guestOf(one))?.actions.suspend.available, { timeout: 20_000 }).toBe(true);
  const { id } = (await guestOf(one))!;
  const minute = new Date(Math.ceil((Date.now() + 5_000) / 60_000) * 60_000);
  const sleep = `${minute.getUTCMinutes()} ${minute.getUTCHours()} * * *`;
  const draft = scheduleDraft({
    target: { kind: 'guests', guestIds: [id] },
    rule: { kind: 'cron', sleep, wake: null },
    timeZone: 'UTC',
    conditions: { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds: 600 },
  });
  await call(one, 'changeSettings', { notifications: { woken: false, failed: false, late: false } });
  await call(one, 'saveSchedule', { scheduleId: null, draft });
  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);

  const announced = expect.stringMatching(new RegExp(`^${NAME} goes to sleep at \\d\\d:\\d\\d$`));
  await expect.poll(() => trayLines(session), { timeout: 90_000 }).toContainEqual(announced);
  await expect.poll(() => titles(session)).toContainEqual(announced);
  await clickTray(session, 'Cancel', `${NAME} goes to sleep`);
  await expect.poll(() => trayLines(session)).toEqual(['No alarm is set', 'No guest is asleep', 'Open Reveille', 'Quit Reveille']);
  expect(await windowCount(one)).toBe(0);

  const opened = one.nextWindow();
  const shown = await session.notifications();
  await session.clickNotification(shown.find(({ title }) => title.startsWith(`${NAME} goes to sleep`))!.id);
  const page = await opened;
  await expect(page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: NAME })).toBeVisible();
  await expect(page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true })).toContainText('Running');
});

test('Quit asks while an alarm depends on the app, and both answers hold; a signal does not ask', async ({ desktop }) => {
  const { session } = desktop;
  const one = await desktop.start();
  await sleepFor(one, '1 h');
  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);
  const opened = one.nextWindow();
  await clickTray(session, 'Quit Reveille');
  const page = await opened;
  const question = page.getByRole('alertdialog', { name: 'Quit Reveille?' });
  await expect(question).toContainText(NAME);
  await one.screenshot('desktop-quit');
  await question.getByRole('button', { name: 'Stay' }).click();
  await expect(question).toBeHidden();
  await expect.poll(() => trayLines(session)).toContainEqual(expect.stringContaining('Next alarm'));

  await clickTray(session, 'Quit Reveille');
  // The page is gone before the click is over.
  await question.getByRole('button', { name: 'Quit anyway' }).click().catch(() => undefined);
  await one.ended();

  const second = await desktop.start();
  await expect.poll(async () => (await guestOf(second))?.alarm?.phase, { timeout: 20_000 }).toBe('armed');
  process.kill(second.pid, 'SIGTERM');
  await second.ended();

  const third = await desktop.start();
  await expect.poll(async () => (await guestOf(third))?.state.name, { timeout: 20_000 }).toBe('suspended');
  await wake(third);
  await third.app.evaluate(({ app }) => app.quit()).catch(() => undefined); // it may be gone before it answers
  await third.ended();
});

test('without a panel closing the window is quitting: it asks while an alarm depends on the app. A panel that comes up later is noticed', async ({ desktop }) => {
  const { session } = desktop;
  await session.endPanel();
  const one = await desktop.start();
  await expect.poll(async () => (await call(one, 'getSnapshot', {})).app.settings.tray).toBe(false);
  await sleepFor(one, '1 h');
  await closeWindow(one);
  const question = one.page.getByRole('alertdialog', { name: 'Quit Reveille?' });
  await question.getByRole('button', { name: 'Stay' }).click();
  await expect(question).toBeHidden();
  expect(await windowCount(one)).toBe(1);

  await session.startPanel();
  await expect.poll(async () => (await call(one, 'getSnapshot', {})).app.settings.tray).toBe(true);
  await expect.poll(() => session.items()).not.toEqual([]);
  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);
  await clickTray(session, 'Wake now', NAME);
  await expect.poll(() => trayLines(session), { timeout: 20_000 }).toContain('No guest is asleep');

  await session.endPanel();
  const opened = one.nextWindow();
  await secondStart(one);
  await opened;
  await expect.poll(async () => (await call(one, 'getSnapshot', {})).app.settings.tray).toBe(false);
  await closeWindow(one);
  await one.ended();
});

/** @returns its exit code */
async function secondStart(one: LaunchedApp, ...args: string[]): Promise<number | null> {
  const executable = await one.app.evaluate(() => process.execPath);
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const second = spawn(executable, ['.', ...asRoot, '--user-data-dir', one.userDataDir, ...args], { stdio: 'ignore' });
  const [code] = (await once(second, 'exit')) as [number | null];
  return code;
}

test('--hidden starts without a window; tray and a second start open it, a hidden second start does not', async ({ desktop }) => {
  const { session } = desktop;
  const one = await desktop.start({ args: ['--hidden'], windowless: true });
  await expect.poll(() => session.items()).toHaveLength(1);
  await expect.poll(() => trayLines(session)).toContain('Open Reveille');
  expect(await session.icon()).toEqual([[48, 48, expect.any(Number)]]);
  expect((await session.icon())[0]?.[2]).toBeGreaterThan(2000);
  expect(await secondStart(one, '--hidden')).toBe(0);
  expect(await windowCount(one)).toBe(0);

  const first = one.nextWindow();
  await session.activate();
  await expect((await first).getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true })).toBeVisible();
  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);

  const second = one.nextWindow();
  expect(await secondStart(one)).toBe(0);
  await expect((await second).getByRole('grid', { name: 'Guests' }).getByRole('row', { name: NAME, exact: true })).toBeVisible();
});

test('where nothing shows notifications the settings say so, and the window tells what they would', async ({ desktop }) => {
  const { session } = desktop;
  await session.endDaemon();
  const one = await desktop.start();
  await expect.poll(async () => (await call(one, 'getSnapshot', {})).app.settings.notificationsMissing).toContain('notification daemon');
  await sleepFor(one, '1 h');
  await one.app.evaluate(({ powerMonitor }) => powerMonitor.emit('suspend'));
  await expect(one.page.getByText('Alarms wait for this computer')).toBeVisible();
  await wake(one);
  await closeWindow(one);
  await expect(one.page.getByText('Reveille stays in the tray')).toBeVisible();
  expect(await windowCount(one)).toBe(1);
  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);

  await session.startDaemon();
  const opened = one.nextWindow();
  await clickTray(session, 'Open Reveille');
  await opened;
  await expect.poll(async () => (await call(one, 'getSnapshot', {})).app.settings.notificationsMissing).toBeNull();
  await closeWindow(one);
  await expect.poll(() => windowCount(one)).toBe(0);
  expect(await session.notifications()).toEqual([]);
});

test('what is chosen in the settings holds and lasts: notifications, and the start at login', async ({ desktop }) => {
  const { session, configDir } = desktop;
  const entry = path.join(configDir, 'autostart/reveille.desktop');
  const first = await desktop.start();
  expect((await call(first, 'getSnapshot', {})).app.settings).toMatchObject({
    notifications: { woken: true, failed: true, late: true },
    startAtLogin: false,
    startAtLoginMissing: null,
    notificationsMissing: null,
    tray: true,
  });
  await call(first, 'changeSettings', { startAtLogin: true });
  await call(first, 'changeSettings', { notifications: { woken: false, failed: true, late: false } });
  const text = await readFile(entry, 'utf8');
  const executable = await first.app.evaluate(() => process.execPath);
  expect(text).toContain(`Exec="${executable}" `);
  expect(text).toContain(' "--hidden" ');
  expect(text).toContain(`"--user-data-dir=${first.userDataDir}"`);
  await first.close();

  const second = await desktop.start();
  expect((await call(second, 'getSnapshot', {})).app.settings).toMatchObject({
    notifications: { woken: false, failed: true, late: false },
    startAtLogin: true,
  });
  await sleepFor(second, '4 s');
  await second.app.evaluate(({ powerMonitor }) => powerMonitor.emit('suspend'));
  await expect.poll(() => session.notifications()).toMatchObject([
    { title: 'Alarms wait for this computer', text: expect.stringMatching(new RegExp(`Reveille wakes ${NAME} \\(\\d\\d:\\d\\d\\) only while`)) },
  ]);
  await expect.poll(async () => (await guestOf(second))?.state.name, { timeout: 20_000 }).toBe('running');
  await expect.poll(async () => (await guestOf(second))?.alarm).toBeNull();
  await call(second, 'changeSettings', { startAtLogin: false });
  await expect(stat(entry)).rejects.toThrow('ENOENT');
  expect(await titles(session)).toEqual(['Alarms wait for this computer']);
});
