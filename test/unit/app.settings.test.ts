import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Patch } from '../../preload/contract/view';
import { fakeDesktop } from '../fakes/desktop';
import { startTestApp, type TestApp } from '../support/app';

let dir: string;
let app: TestApp | undefined;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'rev-'));
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
  await rm(dir, { recursive: true, force: true });
});

describe('the settings in the view', () => {
  it('follow a change, and are there after a restart', async () => {
    const patches: Patch[] = [];
    const desktop = fakeDesktop({ tray: false });
    app = await startTestApp({ dataDir: dir, startedBefore: true, desktop, onPatch: (patch) => patches.push(patch) });
    await app.call('changeSettings', { notifications: { woken: false, failed: true, late: true }, startAtLogin: true });
    await app.until('the settings changed', ({ app: { settings } }) => settings.startAtLogin);
    expect(patches.at(-1)?.app?.settings).toEqual({
      notifications: { woken: false, failed: true, late: true },
      startAtLogin: true,
      updates: null,
      updatesMissing: null,
      startAtLoginMissing: null,
      notificationsMissing: null,
      tray: false,
    });
    desktop.change({ tray: true });
    app.app.desktopChanged();
    await app.until('the tray is seen', ({ app: { settings } }) => settings.tray);
    await app.stop();

    expect(JSON.parse(await readFile(path.join(dir, 'settings.json'), 'utf8'))).toMatchObject({ version: 2, value: { startedBefore: true } });
    app = await startTestApp({ dataDir: dir });
    expect(app.view.app.settings).toMatchObject({ notifications: { woken: false, failed: true, late: true }, startAtLogin: false });
  });

  it('refuse what is no setting, and answers that nobody waits for', async () => {
    app = await startTestApp({ dataDir: dir, startedBefore: true });
    expect(await app.tryCall('changeSettings', { notifications: { woken: 'yes' } } as never)).toMatchObject({ ok: false, refusal: { code: 'bad-call' } });
    expect(await app.tryCall('answerQuit', { promptId: 'gone', answer: 'quit' })).toMatchObject({ ok: false, refusal: { code: 'unknown-question' } });
    expect(await app.app.askToQuit()).toBe('quit');
    expect(app.app.dependents()).toEqual({ alarms: [], schedules: [] });
  });
});
