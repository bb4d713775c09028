import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusedError } from '../../main/power/actions';
import { createSettings, migrateSettings, newSettings, parseSettings, SETTINGS_VERSION, type KeptSettings } from '../../main/settings';
import { openDocument } from '../../main/storage/document';
import { StorageError } from '../../main/storage/errors';
import { fakeDesktop } from '../fakes/desktop';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'reveille-settings-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = () =>
  openDocument<KeptSettings>({ dir, name: 'settings', version: SETTINGS_VERSION, parse: parseSettings, migrate: migrateSettings, empty: newSettings });

describe('the settings', () => {
  it('begin with all notifications, and without a start at login', async () => {
    const settings = createSettings(await open(), fakeDesktop(), () => undefined);
    expect(settings.value()).toEqual({ notifications: { woken: true, failed: true, late: true }, startAtLogin: false, updates: null });
    expect(settings.kept).toMatchObject({ startedBefore: false, trayTold: false });
  });

  it.each([true, false])('of version 1 keep whether the app was started before (%s)', async (startedBefore) => {
    await writeFile(path.join(dir, 'settings.json'), JSON.stringify({ document: 'settings', version: 1, value: { startedBefore } }));
    const document = await open();
    expect(document.problem).toBeUndefined();
    expect(document.value).toEqual({ ...newSettings, startedBefore });
  });

  it('keep what is changed, and what is noted at the same time', async () => {
    const changed = vi.fn();
    const settings = createSettings(await open(), fakeDesktop(), changed);
    const notifications = { woken: false, failed: true, late: false };
    await Promise.all([settings.note({ startedBefore: true }), settings.change({ notifications }), settings.note({ trayTold: true })]);
    expect(changed).toHaveBeenCalledOnce();
    expect((await open()).value).toEqual({ ...newSettings, notifications, startedBefore: true, trayTold: true });
    expect(await readFile(path.join(dir, 'settings.json'), 'utf8')).not.toContain('startAtLogin');
  });

  it('show what the desktop offers, as it is now', async () => {
    const desktop = fakeDesktop({ tray: false });
    const settings = createSettings(await open(), desktop, () => undefined);
    expect(settings.view()).toMatchObject({ tray: false, startAtLogin: false, notificationsMissing: null });
    desktop.change({ tray: true, notificationsMissing: 'No daemon.' });
    await settings.change({ startAtLogin: true });
    expect(settings.view()).toMatchObject({ tray: true, startAtLogin: true, notificationsMissing: 'No daemon.' });
  });

  it('refuse a start at login where there is none, and tell what kept it from being set', async () => {
    const desktop = fakeDesktop({ startAtLoginMissing: 'Add it to the startup applications.' });
    const settings = createSettings(await open(), desktop, () => undefined);
    await settings.change({ startAtLogin: false });
    await expect(settings.change({ startAtLogin: true })).rejects.toMatchObject({
      refusal: { code: 'unsupported', message: 'Add it to the startup applications.' },
    });
    desktop.change({ startAtLoginMissing: null });
    desktop.failNext(new Error('The folder is read-only.'));
    await expect(settings.change({ startAtLogin: true })).rejects.toMatchObject({ refusal: { message: 'The folder is read-only.' } });
    expect(settings.value().startAtLogin).toBe(false);
  });

  it('are refused, and stay as they are, while the disk takes nothing', async () => {
    const document = await open();
    const full = { ...document, value: document.value, save: () => Promise.reject(new StorageError('ENOSPC', '/settings.json', 'The disk is full.')) };
    const settings = createSettings(full, fakeDesktop(), () => undefined);
    const change = settings.change({ notifications: { woken: false, failed: false, late: false } });
    await expect(change).rejects.toBeInstanceOf(RefusedError);
    await expect(change).rejects.toMatchObject({ refusal: { code: 'storage', message: 'The disk is full.' } });
    expect(settings.value().notifications.woken).toBe(true);
  });
});
