import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Configuration } from 'electron-builder';
import { load } from 'js-yaml';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Notice } from '../../../main/guests/notices';
import type { UpdateChoice, UpdateView } from '../../../preload/contract/settings';
import { fakeClock } from '../../fakes/clock';
import { NEWER, updateWorld, writeProgram, type UpdateWorld, type UpdateWorldOptions } from '../../support/update-world';

let world: UpdateWorld;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const before = SIGNALS.map((signal) => process.listeners(signal));

afterEach(async () => {
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal)) if (!before[index]!.includes(listener)) process.off(signal, listener);
  }
  await world.close();
});

/** An app that something depends on, so that quitting asks, with the updater as presence.ts puts it together. */
async function start(options: UpdateWorldOptions, choice: UpdateChoice) {
  world = await updateWorld(options);
  const { createQuitting } = await import('../../../main/desktop/quitting');
  const { createInstalling } = await import('../../../main/desktop/installing');
  const { createUpdateSource } = await import('../../../main/desktop/update-source');
  const { createUpdates } = await import('../../../main/updates');
  const clock = fakeClock();
  const user = { choice, asked: 0, opened: 0, told: [] as Notice[] };
  const quitting = createQuitting(
    () => true,
    () => {
      user.asked += 1;
      return Promise.resolve('stay');
    },
  );
  const tell = (notice: Notice) => {
    user.told.push(notice);
    return () => undefined;
  };
  const source = createUpdateSource(createInstalling(quitting, () => (user.opened += 1), tell));
  const updates = createUpdates({ clock, source, choice: () => user.choice, onChange: () => undefined });
  const until = (view: UpdateView) => vi.waitFor(() => expect(updates.view()).toEqual(view), { timeout: 5000, interval: 5 });
  updates.start();
  return {
    clock,
    user,
    updates,
    until,
    leave: () => quitting.leave(),
    /** The first look, by itself. */
    async look(view: UpdateView) {
      await clock.advance(31_000);
      await until(view);
    },
    choose(to: UpdateChoice) {
      user.choice = to;
      updates.choiceChanged();
    },
  };
}

const ready = { kind: 'ready', version: NEWER } as const;
const found = { kind: 'found', version: NEWER, canInstall: true } as const;

/** The name of the published file. */
function appImageName(): string {
  const config = load(readFileSync(path.resolve(__dirname, '../../../electron-builder.yml'), 'utf8')) as Configuration;
  const parts: Record<string, string> = { productName: 'Reveille', version: NEWER, os: 'linux', arch: 'x86_64', ext: 'AppImage' };
  return (config.appImage?.artifactName ?? config.artifactName!).replace(/\$\{(\w+)\}/g, (_, name: string) => parts[name]!);
}
const IMAGE = appImageName();
/** It says how it was started. */
const newImage = '#!/bin/sh\nprintf "%s" "$APPIMAGE_EXIT_AFTER_INSTALL" > "$0.started"\n';
const linux: UpdateWorldOptions = { platform: 'linux', file: IMAGE, bytes: newImage, appImage: IMAGE.replace(NEWER, '0.1.0') };
const mac: UpdateWorldOptions = { platform: 'darwin', file: 'Reveille-9.9.9-mac-x64.zip', bytes: 'the newer app' };
const windows: UpdateWorldOptions = { platform: 'win32', file: 'Reveille-9.9.9-win-x64-setup.exe', bytes: 'the installer', installed: true, publisherName: 'CN=Reveille' };

const fileOf = (name: string) => readFileSync(path.join(world.dir, name), 'utf8');
const fetches = () => world.fetched.filter((name) => !/\.(yml|blockmap)$/.test(name));

describe('a newer AppImage', () => {
  it('takes the place of the one that ran when the app ends, and its name, for those who kept that choice', async () => {
    const app = await start(linux, 'install');
    await app.look(ready);
    expect(fileOf(linux.appImage!)).toBe('#!/bin/sh\n');
    app.leave();
    expect(world.electron.app.ended).toBe(true);
    expect(fileOf(linux.appImage!)).toBe(newImage);
    expect(fileOf(`${linux.appImage}.started`)).toBe('true');
  });

  it('does so, too, for those who chose it after it was fetched, once', async () => {
    const app = await start(linux, 'notify');
    await app.look(found);
    await app.updates.look();
    expect(app.updates.view()).toEqual(ready);
    app.choose('install');
    await app.until(ready);
    app.leave();
    expect(fileOf(linux.appImage!)).toBe(newImage);
    expect(fetches()).toEqual([IMAGE]);
  });

  it.each(['off', 'notify'] as const)('stays where it was fetched to for those who changed their mind to %s', async (choice) => {
    const app = await start(linux, 'install');
    await app.look(ready);
    app.choose(choice);
    await app.clock.advance(0);
    app.leave();
    expect(world.electron.app.ended).toBe(true);
    expect(fileOf(linux.appImage!)).toBe('#!/bin/sh\n');
  });

  it('that could not be put in place is told, the app goes on, and quitting asks again', async () => {
    const app = await start(linux, 'notify');
    await app.updates.look();
    rmSync(path.join(world.dir, linux.appImage!));
    app.updates.install();
    await vi.waitFor(() => expect(app.user.told).toMatchObject([{ severity: 'error', message: expect.stringContaining('ENOENT') }]));
    expect(app.user.opened).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    world.electron.app.quit();
    expect(world.electron.app.ended).toBe(false);
    expect(app.user.asked).toBe(1);
    await writeProgram(path.join(world.dir, linux.appImage!), '#!/bin/sh\n');
    app.updates.install();
    await vi.waitFor(() => expect(world.electron.app.ended).toBe(true));
    expect(app.user.asked).toBe(1);
    expect(fileOf(linux.appImage!)).toBe(newImage);
  });
});

describe('a newer version on Windows', () => {
  it('is installed in silence when the app ends', async () => {
    const app = await start(windows, 'install');
    await app.look(ready);
    // What was fetched is no program here, and then Windows is asked for more rights.
    await writeProgram(path.join(world.resources, 'elevate.exe'), '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.new" && mv "$0.new" "$0.asked"\n');
    app.leave();
    const asked = await vi.waitFor(() => fileOf('resources/elevate.exe.asked'), { timeout: 5000 });
    expect(asked.split('\n')).toEqual([expect.stringMatching(/pending\/Reveille-9\.9\.9-win-x64-setup\.exe$/), '--updated', '/S', '']);
  });

  it('whose installer does not start is told, and the app does not end', async () => {
    const app = await start(windows, 'install');
    await app.look(ready);
    app.updates.install();
    await vi.waitFor(() => expect(app.user.told).toMatchObject([{ severity: 'error', message: expect.stringContaining('ENOENT') }]));
    // electron-updater ends the app all the same, in the next turn.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(world.electron.app.ended).toBe(false);
    world.electron.app.quit();
    expect(app.user.asked).toBe(1);
  });

  it.each([
    ['the package names nobody whose signature it must have', { ...windows, publisherName: undefined }],
    ['it was unpacked from a zip', { ...windows, installed: false }],
  ])('is told and not fetched where %s', async (_, { publisherName, ...given }) => {
    const app = await start({ ...given, ...(publisherName === undefined ? {} : { publisherName }) }, 'install');
    await app.look({ ...found, canInstall: false });
    await app.updates.look();
    expect(fetches()).toEqual([]);
  });
});

describe('a newer version on macOS', () => {
  it('is with Squirrel before it is called ready, for those who kept that choice, and restarts the app when asked to', async () => {
    const app = await start(mac, 'install');
    await app.look(ready);
    expect(world.electron.autoUpdater.taken).toEqual(['the newer app']);
    app.updates.install();
    await vi.waitFor(() => expect(world.electron.autoUpdater.restarts).toBe(1));
    expect(world.electron.autoUpdater.taken).toHaveLength(1);
    world.electron.app.quit();
    expect(world.electron.app.ended).toBe(true);
    expect(app.user.asked).toBe(0);
  });

  it('goes there when that is chosen after it was fetched, once', async () => {
    const app = await start(mac, 'notify');
    await app.updates.look();
    expect(world.electron.autoUpdater.taken).toEqual([]);
    app.choose('install');
    await vi.waitFor(() => expect(world.electron.autoUpdater.taken).toEqual(['the newer app']));
    await app.until(ready);
    app.choose('notify');
    app.choose('install');
    await app.until(ready);
    expect(world.electron.autoUpdater.taken).toHaveLength(1);
    expect(fetches()).toEqual([mac.file]);
  });

  it('goes there at once for those who are only told, when they install it; twice asked is once', async () => {
    const app = await start(mac, 'notify');
    await app.updates.look();
    app.updates.install();
    app.updates.install();
    await vi.waitFor(() => expect(world.electron.autoUpdater.restarts).toBe(1));
    expect(app.user.told).toEqual([]);
  });

  it('that Squirrel refuses is not called ready, and is tried again', async () => {
    const app = await start(mac, 'install');
    world.electron.autoUpdater.refuses = 'Code signature did not pass validation';
    await app.look(found);
    await expect(app.updates.look()).rejects.toThrow('Code signature did not pass validation');
    world.electron.autoUpdater.refuses = null;
    await app.clock.advance(3_600_000);
    await app.until(ready);
    expect(world.electron.autoUpdater.taken).toEqual(['the newer app']);
    expect(app.user.told).toEqual([]);
  });

  it('that Squirrel refuses when it is to be installed is told, and quitting asks again', async () => {
    const app = await start(mac, 'notify');
    await app.updates.look();
    world.electron.autoUpdater.refuses = 'Code signature did not pass validation';
    app.updates.install();
    await vi.waitFor(() => expect(app.user.told).toMatchObject([{ severity: 'error', message: 'Code signature did not pass validation' }]));
    expect(world.electron.autoUpdater.restarts).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    world.electron.app.quit();
    expect(world.electron.app.ended).toBe(false);
    expect(app.user.asked).toBe(1);
    world.electron.autoUpdater.refuses = null;
    app.updates.install();
    await vi.waitFor(() => expect(world.electron.autoUpdater.restarts).toBe(1));
  });
});
