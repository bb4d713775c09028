import { describe, expect, it, vi } from 'vitest';
import { manualGuest } from '../../../main/guests/manual';
import { byUser } from '../../../main/power/actor';
import { HistoryEntry } from '../../../preload/contract/timeline';
import { agentIgnores } from '../../fakes/faulty-qemu';
import { memoryFs } from '../../fakes/memory-fs';
import { createWorld } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const typed = { name: '', qmp: '', agent: '', command: '', workingDirectory: '' };

describe('a guest that is gone when the app starts', () => {
  it('and ran before is Off, and says that nobody watched it', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.stop();
    await world.qemu('nas').kill();
    const later = await world.open(world.fs);
    expect(later.guest('nas')).toMatchObject({
      machine: null,
      state: {
        name: 'off',
        source: 'inference',
        since: null,
        cause: 'unknown',
        detail: expect.stringContaining('not watching'),
      },
    });
  });

  it('and had hibernated is so still, since then', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'hibernate');
    const { since } = world.guest('nas').state;
    await world.pass(3000);
    await world.stop();
    const later = await world.open(world.fs);
    expect(later.guest('nas').state).toEqual({
      name: 'hibernated',
      source: 'inference',
      cause: 'user',
      since,
      detail: 'Starting it resumes it.',
    });
    await later.set('nas', 'start');
    expect(later.texts('nas')).toContain('It resumed where it was.');
  });

  it('and was on its way to hibernate may have got there', async () => {
    const world = await createWorld([{ name: 'nas', faults: [agentIgnores('guest-suspend-disk')] }]);
    await world.ready('nas');
    await world.done(world.ask('nas', 'hibernate'));
    await world.pass(1000);
    expect(world.guest('nas').remembered.hibernating).toBe(true);
    const disk = world.fs.afterProcessEnd();
    await world.stop();
    await world.qemu('nas').kill();
    const later = await world.open(disk);
    expect(later.guest('nas').state).toMatchObject({
      name: 'hibernated',
      source: 'inference',
      detail: expect.stringContaining('if it got there'),
    });
  });

  it('is not taken for one that hibernates when it was seen running in between', async () => {
    const world = await createWorld([{ name: 'nas', faults: [agentIgnores('guest-suspend-disk')] }]);
    await world.ready('nas');
    await world.done(world.ask('nas', 'hibernate'));
    await world.pass(1000);
    const disk = world.fs.afterProcessEnd();
    await world.stop();
    const second = await world.open(disk);
    await second.ready('nas');
    await second.until('it is known to run', () => !second.guest('nas').remembered.hibernating);
    await second.stop();
    await world.qemu('nas').kill();
    const third = await world.open(disk);
    expect(third.guest('nas').state).toMatchObject({ name: 'off', source: 'inference' });
  });

  it('is not dated back to an end before it ran again, unwatched', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'shutdown');
    expect(world.guest('nas').state.since).not.toBeNull();
    await world.pass(3000);
    const taken = { reason: 'monitor-unreachable' as const, detail: 'Its monitor cannot be used.' };
    Object.assign(world.slot('nas').definition, { found: { monitors: [], problem: taken } });
    const qemu = await world.slot('nas').start();
    await world.shows('nas', 'unknown');
    await qemu.kill();
    expect(await world.shows('nas', 'off')).toMatchObject({
      since: null,
      source: 'inference',
      cause: 'unknown',
    });
  });

  it('is not claimed to be anything while the host cannot be looked at, and not started', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.stop();
    world.trouble.scan = new Error('/proc cannot be read');
    const later = await world.open(world.fs);
    expect(later.fleet.status('local')).toEqual({
      kind: 'failed',
      message: '/proc cannot be read',
      remedy: 'Try again.',
    });
    expect(later.guest('nas').state.name).toBe('unknown');
    expect(await later.set('nas', 'start')).toMatchObject({ code: 'unknown-state' });
    expect(world.launches).toEqual([]);
    world.trouble.scan = null;
    await later.shows('nas', 'running');
    expect(later.fleet.status('local')).toEqual({ kind: 'ready' });
  });
});

describe('the list', () => {
  it('is looked at every 2 s and no more often; guests come and go', async () => {
    const world = await createWorld([{ name: 'one' }, { name: 'two', initial: { kind: 'off' } }]);
    const scan = vi.spyOn(world.host, 'scan');
    await world.pass(20_000);
    expect(scan.mock.calls.length).toBeGreaterThanOrEqual(9);
    expect(scan.mock.calls.length).toBeLessThanOrEqual(11);
    await world.slot('two').start();
    await world.until('it is found', () => world.fleet.guests().length === 2, 2100);
    await world.shows('two', 'running');
    await world.qemu('one').kill();
    await world.shows('one', 'crashed', 200);
    await world.pass(5000);
    expect(world.guest('one')).toMatchObject({ machine: null, state: { name: 'crashed' } });
  });

  it('joins those who ask for a look into one', async () => {
    const world = await createWorld([{ name: 'one' }]);
    const scan = vi.spyOn(world.host, 'scan');
    await world.done(Promise.all(Array.from({ length: 10 }, () => world.fleet.rescan('local'))));
    expect(scan.mock.calls.length).toBe(2);
  });

  it('survives a fault of our own, and shows it', async () => {
    const world = await createWorld([{ name: 'one' }]);
    const scan = vi.spyOn(world.host, 'scan').mockRejectedValueOnce(new TypeError('z is not a function'));
    await world.pass(2100);
    expect(world.fleet.status('local')).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('z is not a function'),
    });
    await world.pass(2100);
    expect(scan.mock.calls.length).toBeGreaterThan(1);
    expect(world.fleet.status('local')).toEqual({ kind: 'ready' });
    expect(world.notices).toEqual([]);
  });

  it('names guests that cannot be controlled, with the reason', async () => {
    const world = await createWorld([
      { name: 'owned', found: { owner: 'libvirt' } },
      {
        name: 'bare',
        found: { monitors: [], problem: { reason: 'no-monitor', detail: 'It has no QMP monitor.' } },
      },
    ]);
    for (const [name, text] of [
      ['owned', 'libvirt'],
      ['bare', 'no QMP monitor'],
    ] as const) {
      expect(world.guest(name).state).toMatchObject({
        name: 'unknown',
        detail: expect.stringContaining(text),
      });
      expect(await world.set(name, 'suspend')).toMatchObject({
        code: 'no-control',
        message: expect.stringContaining(text),
        remedy: expect.any(String),
      });
      expect(world.guest(name).machine).toBeNull();
    }
    Object.assign(world.slot('bare').definition, { found: {} });
    await world.shows('bare', 'running', 5000);
  });

  it('forgets a guest that nobody could control when it is gone', async () => {
    const world = await createWorld([
      { name: 'bare', found: { monitors: [], problem: { reason: 'no-monitor', detail: 'None.' } } },
    ]);
    await world.qemu('bare').kill();
    await world.pass(2100);
    expect(world.fleet.guests()).toEqual([]);
  });

  it('forgets a guest and its history when the user removes it, but not one with an alarm', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'hibernate', '1 h');
    await world.pass(3000);
    const { id } = world.guest('nas');
    expect(() => world.fleet.remove(id)).toThrow(/alarm/);
    const alarm = world.alarm('nas');
    await world.done(world.fleet.cancelAlarm(alarm?.id ?? '', byUser));
    world.fleet.remove(id);
    expect(world.fleet.guest(id)).toBeUndefined();
    expect(world.fleet.history.of(id)).toEqual([]);
    await world.stop();
    const later = await world.open(world.fs);
    expect(later.fleet.guests()).toEqual([]);
    const kept = world.fs.paths().filter((path) => path.startsWith('/p/history'));
    expect(kept.map((path) => world.fs.text(path)).join()).not.toContain(id);
  });
});

describe('the history', () => {
  it('keeps the newest 200 entries of each guest, newest first, over restarts', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const { id } = world.guest('nas');
    const before = world.fleet.history.revision(id);
    for (let n = 1; n <= 250; n += 1)
      world.guest('nas').note({ kind: 'action', text: `entry ${n}`, actor: byUser, failed: false });
    expect(world.fleet.history.revision(id)).toBe(before + 250);
    const entries = world.fleet.history.of(id);
    expect(entries).toHaveLength(200);
    expect([entries[0]?.text, entries.at(-1)?.text]).toEqual(['entry 250', 'entry 51']);
    for (const entry of entries) HistoryEntry.parse(entry);
    await world.stop();
    const later = await world.open(world.fs);
    expect(later.fleet.history.of(id)[0]?.text).toBe('entry 250');
  });

  it('on a full disk goes on in memory, is told of once, and is kept when there is room', async () => {
    const fs = memoryFs();
    const world = await createWorld([{ name: 'nas' }], { fs });
    await world.ready('nas');
    fs.fault = (_, operation, path) =>
      operation === 'write' && path.includes('history') ? 'ENOSPC' : undefined;
    for (let n = 0; n < 5; n += 1) {
      world.guest('nas').note({ kind: 'action', text: `entry ${n}`, actor: byUser, failed: false });
      await world.pass(100);
    }
    expect(world.notices).toMatchObject([
      {
        severity: 'error',
        title: 'The history could not be kept on disk',
        message: expect.stringContaining('disk is full'),
      },
    ]);
    expect(world.texts('nas')[0]).toBe('entry 4');
    fs.fault = () => undefined;
    world.guest('nas').note({ kind: 'action', text: 'entry 5', actor: byUser, failed: false });
    await world.pass(100);
    const kept = fs.paths().filter((path) => path.startsWith('/p/history/'));
    expect(kept.map((path) => fs.text(path)).join()).toContain('entry 0');
  });
});

describe('a guest that was added by hand', () => {
  const byHand = (qmp: string, more: Partial<typeof typed> = {}) =>
    manualGuest('local', { ...typed, qmp, name: 'by hand', ...more });

  it('where nobody listens is Off, and cannot be started without a command', async () => {
    const world = await createWorld([]);
    world.fleet.add(byHand('/nowhere.qmp'));
    await world.shows('by hand', 'off');
    await world.pass(60_000);
    expect(world.guest('by hand').state).toMatchObject({
      name: 'off',
      source: 'inference',
      detail: expect.stringContaining('Nothing listens'),
    });
    expect(await world.set('by hand', 'start')).toMatchObject({
      code: 'no-start-command',
      remedy: expect.stringContaining('start command'),
    });
    await world.stop();
    const later = await world.open(world.fs);
    await later.shows('by hand', 'off');
    expect(later.texts('by hand')).toEqual([]);
  });

  it('is controlled by its addresses', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    const { qmp, agent } = world.qemu('nas');
    await world.stop();
    Object.assign(world.host, { scan: () => Promise.resolve([]) });
    const later = await world.open(memoryFs());
    later.fleet.add(byHand(qmp.path, { agent: agent?.path ?? '' }));
    await later.ready('by hand');
    expect(await later.set('by hand', 'suspend')).toBeNull();
    expect(later.guest('by hand').state).toMatchObject({ name: 'suspended', cause: 'user' });
    expect(await later.set('by hand', 'wakeup')).toBeNull();
    expect(await later.set('by hand', 'poweroff')).toBeNull();
    expect(later.guest('by hand').state).toMatchObject({ name: 'off', cause: 'user', source: 'event' });
    await later.pass(60_000);
    expect(later.guest('by hand').state.name).toBe('off');
  });

  it('and is found as a process afterwards is one row, and keeps that it hibernated', async () => {
    const world = await createWorld([{ name: 'nas', initial: { kind: 'off' } }]);
    world.fleet.add(byHand('/w-manual/nas.qmp'));
    await world.shows('by hand', 'off');
    Object.assign(world.slot('nas').definition, { settings: { dir: '/w-manual' } });
    await world.slot('nas').start({ kind: 'up', uptimeMs: 1000 });
    await world.ready('by hand');
    expect(world.fleet.guests()).toHaveLength(1);
    expect(world.guest('by hand').found?.name).toBe('nas');
    expect(await world.set('by hand', 'hibernate')).toBeNull();
    await world.pass(60_000);
    expect(world.guest('by hand').state).toMatchObject({ name: 'hibernated', cause: 'user' });
    await world.stop();
    const later = await world.open(world.fs);
    await later.pass(10_000);
    expect(later.guest('by hand').state).toMatchObject({ name: 'hibernated', source: 'inference' });
    expect(await later.set('by hand', 'start')).toBeNull();
    expect(later.texts('by hand')).toContain('It resumed where it was.');
  });

  it.each([
    [{ qmp: 'nonsense' }, /QMP address/],
    [{ qmp: '/a.qmp', agent: 'x:y:z' }, /agent address/],
    [{ qmp: '/a.qmp', command: 'qemu-system-x86_64' }, /working directory/],
  ])('is refused with what is wrong: %j', (wrong, message) => {
    expect(() => manualGuest('local', { ...typed, ...wrong })).toThrow(message);
  });

  it('is described by what was typed, one argument a line', () => {
    expect(
      manualGuest('local', {
        ...typed,
        qmp: 'tcp:127.0.0.1:4444',
        command: '/usr/bin/qemu\r\n-name\r\nmy guest\n-S\n',
        workingDirectory: ' /srv ',
      }),
    ).toMatchObject({
      name: 'tcp:127.0.0.1:4444',
      recipe: {
        executable: '/usr/bin/qemu',
        args: ['-name', 'my guest', '-S'],
        cwd: '/srv',
        startsPaused: true,
        daemonizes: false,
      },
      manual: { monitor: { kind: 'tcp', port: 4444 }, agent: null },
      startAccepted: false,
    });
  });
});
