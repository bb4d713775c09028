import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp, type App } from '../../main/app';
import { systemClock } from '../../main/clock';
import type { FoundGuest } from '../../main/hosts/discovery/found';
import { sshOnThisComputer } from '../../main/hosts/ssh/here';
import type { ScheduleDraft } from '../../main/schedules/model';
import { StorageError } from '../../main/storage/errors';
import { Patch, Snapshot, type NoticeView } from '../../preload/contract/view';
import { fakeDesktop } from '../fakes/desktop';
import { fakeUpdateSource } from '../fakes/update-source';
import { noKeyring } from '../fakes/secret-store';
import { draft } from './schedules/world';

const documents = ['guests', 'alarms', 'history', 'settings', 'hosts', 'schedules', 'groups'] as const;

let dir: string;
let apps: App[] = [];

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'rev-'));
  // Other tests open demos, too.
  vi.stubEnv('TMPDIR', dir);
  await put('settings', JSON.stringify({ document: 'settings', version: 1, value: { startedBefore: true } }));
});

afterEach(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  apps = [];
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

const file = (name: string) => path.join(dir, `${name}.json`);
const put = (name: string, text: string) => writeFile(file(name), text);

async function open(
  scan: () => Promise<readonly FoundGuest[]> = () => Promise.resolve([]),
  patches: Patch[] = [],
): Promise<App> {
  const app = await createApp({
    clock: systemClock,
    dataDir: dir,
    version: '1.2.3',
    platform: 'linux',
    scan,
    libvirtPlaces: [],
    ssh: { ...sshOnThisComputer({}), places: { user: null, system: null, home: dir } },
    secrets: noKeyring,
    desktop: fakeDesktop(),
    updates: fakeUpdateSource({ missing: 'Not published.' }),
    saveFile: () => Promise.resolve(null),
    onEvent: () => undefined,
    networkInterfaces: () => ({}),
    wakeOnLan: { port: 9, everywhere: '127.0.0.1' },
    random: () => 0.5,
    onPatch: (patch) => patches.push(patch),
  });
  apps.push(app);
  return app;
}

const notices = (app: App): NoticeView[] => Object.values(app.snapshot().notices);
const demoDirectories = async () => (await readdir(dir)).filter((name) => name.startsWith('reveille-demo-'));

describe('a profile that cannot be read as it is', () => {
  const damages: [string, string][] = [
    ['empty', ''],
    ['cut off', '{"document":"guests","vers'],
    ['no JSON', '\u0000\u0000\u0000\u0000'],
    ['another document', '{"document":"recipes","version":1,"value":[]}'],
    ['the wrong shape', 'WRONG'],
  ];
  const cases = documents.flatMap((name) =>
    damages.map(([how, text]): [string, string, string] => [name, how, text]),
  );

  it.each(cases)('(%s.json: %s) starts without it, keeps it aside, and says so', async (name, how, text) => {
    const damaged = text === 'WRONG' ? JSON.stringify({ document: name, version: 1, value: 42 }) : text;
    await put(name, damaged);
    const app = await open();
    await app.start();
    const told = notices(app).filter(({ title }) => title === 'A file of Reveille was damaged');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining(`${name}.json is damaged`),
    });
    const kept = (await readdir(dir)).find((entry) => entry.startsWith(`${name}.json.bad-`));
    expect(told[0]?.message).toContain(kept);
    expect(await readFile(path.join(dir, kept ?? ''), 'utf8')).toBe(damaged);
    expect(how).toBeTruthy();
    Snapshot.parse(app.snapshot());
  });

  it.each(documents)(
    '(%s.json of a newer version) is not touched, and the app does not start',
    async (name) => {
      const newer = JSON.stringify({ document: name, version: 99, value: { anything: true } });
      await put(name, newer);
      const error: unknown = await open().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({ code: 'NEWER_VERSION' });
      expect((error as Error).message).toMatch(
        new RegExp(
          `${name}\\.json was written by a newer Reveille \\(format 99.*\\)\\. Update the app; the file was left as it is\\.`,
        ),
      );
      expect(await readFile(file(name), 'utf8')).toBe(newer);
    },
  );

  it('(a folder in place of a file) starts without it', async () => {
    await mkdir(file('guests'));
    const app = await open();
    await app.start();
    expect(notices(app)).toMatchObject([
      { title: 'A file of Reveille was damaged', message: expect.stringContaining('guests.json') },
    ]);
  });

  it('(all of them at once) starts with an empty list', async () => {
    for (const name of documents) await put(name, '\u0000');
    const app = await open();
    await app.start();
    expect(notices(app).filter(({ title }) => title === 'A file of Reveille was damaged')).toHaveLength(documents.length);
  });
});

describe('a host that cannot be looked at', () => {
  it('is shown with the reason, and the app goes on', async () => {
    const app = await open(() => Promise.reject(new Error('ps: command not found')));
    await app.start();
    expect(Object.values(app.snapshot().hosts)).toMatchObject([
      {
        kind: 'this-computer',
        status: {
          kind: 'failed',
          message: expect.stringContaining('ps: command not found'),
          remedy: expect.any(String),
        },
      },
    ]);
  });
});

describe('the demo', () => {
  it('opens by itself at the first start only, when nothing real was found', async () => {
    await rm(file('settings'));
    const patches: Patch[] = [];
    const app = await open(undefined, patches);
    await app.start();
    const { app: view, hosts, guests } = app.snapshot();
    expect(view).toMatchObject({ version: '1.2.3', platform: 'linux', demo: 'open' });
    expect(Object.values(hosts).filter(({ simulated }) => simulated)).toHaveLength(1);
    expect(Object.keys(guests).length).toBeGreaterThan(3);
    for (const patch of patches) Patch.parse(patch);
    await app.stop();
    const again = await open();
    await again.start();
    expect(again.snapshot().app.demo).toBe('closed');
    expect(again.snapshot().guests).toEqual({});
  });

  it('does not open by itself where a guest was found', async () => {
    await rm(file('settings'));
    const app = await open(() => Promise.resolve([lone]));
    await app.start();
    expect(app.snapshot().app.demo).toBe('closed');
    expect(Object.values(app.snapshot().guests)).toMatchObject([{ name: 'lone' }]);
  });

  it('opens and closes without a trace, however often it is asked to', async () => {
    const before = await demoDirectories();
    const app = await open();
    await app.start();
    await Promise.all([app.handlers.openDemo({}), app.handlers.openDemo({})]);
    expect(Object.values(app.snapshot().hosts).filter(({ simulated }) => simulated)).toHaveLength(1);
    await Promise.all([app.handlers.closeDemo({}), app.handlers.closeDemo({})]);
    expect(app.snapshot()).toMatchObject({ app: { demo: 'closed' }, guests: {}, notices: {} });
    expect(Object.values(app.snapshot().hosts)).toHaveLength(1);
    await app.handlers.openDemo({});
    expect(app.snapshot().app.demo).toBe('open');
    await app.handlers.closeDemo({});
    expect(await demoDirectories()).toEqual(before);
  });

  it('keeps nothing of what was planned in it', async () => {
    const app = await open();
    await app.start();
    await app.handlers.openDemo({});
    const [first, second] = Object.values(app.snapshot().guests).map(({ id }) => id);
    const members = [first ?? '', second ?? ''].map((guestId) => ({ guestId, delaySeconds: 0 }));
    const { groupId } = await app.handlers.saveGroup({ groupId: null, draft: { name: 'Lab', members } });
    const targets: ScheduleDraft['target'][] = [
      { kind: 'group', groupId },
      { kind: 'guests', guestIds: [first ?? ''] },
      { kind: 'host', hostId: 'demo' },
    ];
    for (const target of targets) await app.handlers.saveSchedule({ scheduleId: null, draft: draft({ target }) });
    expect(Object.keys(app.snapshot().schedules)).toHaveLength(3);
    const onDisk = async (name: string) => (JSON.parse(await readFile(file(name), 'utf8')) as { value: unknown }).value;
    expect([await onDisk('groups'), await onDisk('schedules')]).toEqual([[], []]);
    await app.handlers.closeDemo({});
    await vi.waitFor(() => expect([app.snapshot().groups, app.snapshot().schedules]).toEqual([{}, {}]));
    await app.stop();
    const again = await open();
    expect([again.snapshot().groups, again.snapshot().schedules]).toEqual([{}, {}]);
  });

  it('that is still opening when the app stops leaves nothing behind', async () => {
    const before = await demoDirectories();
    const app = await open();
    await app.start();
    const opening = app.handlers.openDemo({});
    await app.stop();
    await opening;
    expect(await demoDirectories()).toEqual(before);
  });
});

const lone: FoundGuest = {
  key: 'lone',
  pid: process.pid,
  startedAt: null,
  name: 'lone',
  uuid: null,
  memoryMiB: null,
  vcpus: null,
  machine: null,
  monitors: [],
  agent: null,
  owner: 'user',
  recipe: null,
  problem: { reason: 'no-monitor', detail: 'It has no QMP monitor.' },
};
