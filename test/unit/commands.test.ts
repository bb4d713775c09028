import { describe, expect, it, vi } from 'vitest';
import { createHandlers } from '../../main/commands';
import type { HostBook } from '../../main/host-book';
import type { HostPowers } from '../../main/host-power/host-power';
import { createQuitQuestion } from '../../main/quit-question';
import { createSettings, newSettings } from '../../main/settings';
import { memoryDocument } from '../../main/storage/memory';
import { createUpdates } from '../../main/updates';
import { fakeDesktop } from '../fakes/desktop';
import { fakeUpdateSource } from '../fakes/update-source';
import { createQuestions } from '../../main/hosts/ssh/questions';
import type { Planning } from '../../main/planning';
import { byUser } from '../../main/power/actor';
import { RefusedError } from '../../main/power/actions';
import { viewOf } from '../../main/view/guest-view';
import { commands, type CommandArgs } from '../../preload/contract/commands';
import { HistoryEntry } from '../../preload/contract/timeline';
import { GuestFacts, GuestStats, GuestView } from '../../preload/contract/view';
import { agentIgnores, HOSTILE_TEXTS, hostileSettings } from '../fakes/faulty-qemu';
import { createWorld, type World, type WorldGuest } from './guests/world';

vi.mock('../../main/demo/one-client-server', () => import('../fakes/memory-sockets'));

/** Hosts are test/unit/host-book.test.ts's. */
const unused = new Proxy({} as HostBook, {
  get: (_, name) => {
    throw new Error(`${String(name)} of the hosts is not asked for`);
  },
});

/** Groups and schedules are test/unit/planning.test.ts's. */
const noPlanning = new Proxy({} as Planning, {
  get: (_, name) => {
    throw new Error(`${String(name)} of the planning is not asked for`);
  },
});

/** A host's own power is test/unit/host-power's. */
const noHostPowers = new Proxy({} as HostPowers, {
  get: (_, name) => {
    throw new Error(`${String(name)} of the hosts' own power is not asked for`);
  },
});

function handlersOf(world: Pick<World, 'fleet' | 'clock'>) {
  return createHandlers({
    clock: world.clock,
    home: world.fleet,
    fleets: () => [world.fleet],
    book: unused,
    planning: noPlanning,
    hostPowers: noHostPowers,
    updates: createUpdates({ clock: world.clock, source: fakeUpdateSource(), choice: () => null, onChange: () => undefined }),
    questions: createQuestions(() => undefined),
    settings: createSettings(memoryDocument(newSettings), fakeDesktop(), () => undefined),
    quit: createQuitQuestion(
      () => ({ alarms: [], schedules: [] }),
      () => undefined,
    ),
    snapshot: () => {
      throw new Error('not asked for');
    },
    saveFile: () => Promise.resolve(null),
    dismissNotice: () => undefined,
    openDemo: () => Promise.resolve(),
    closeDemo: () => Promise.resolve(),
  });
}

async function createBench(...guests: WorldGuest[]) {
  const world = await createWorld(guests);
  const handlers = handlersOf(world);
  const id = (name: string) => world.guest(name).id;
  return {
    ...world,
    handlers,
    id,
    setPower: (name: string, args: Omit<CommandArgs<'setPowerState'>, 'guestId'>) =>
      world.done(handlers.setPowerState({ guestId: id(name), ...args }), 60_000),
    async refusal(promise: Promise<unknown>) {
      try {
        await world.done(promise, 60_000);
      } catch (error) {
        if (error instanceof RefusedError) return error.refusal;
        throw error;
      }
      throw new Error('It was not refused');
    },
  };
}

describe('setPowerState', () => {
  it('is accepted when the work has begun', async () => {
    const bench = await createBench({ name: 'nas' });
    await bench.ready('nas');
    expect(await bench.setPower('nas', { action: 'suspend', for: '90 min' })).toEqual({ accepted: true });
    expect(bench.guest('nas').pending).toMatchObject({ action: 'suspend' });
    expect((bench.alarm('nas')?.due ?? 0) - bench.clock.now()).toBeCloseTo(90 * 60_000, -3);
  });

  it.each<[Omit<CommandArgs<'setPowerState'>, 'guestId'>, string]>([
    [{ action: 'suspend', for: '8 parsecs' }, 'bad-duration'],
    [{ action: 'suspend', for: '0 s' }, 'bad-duration'],
    [{ action: 'suspend', for: '500 ms' }, 'bad-duration'],
    [{ action: 'suspend', for: '366 days' }, 'bad-duration'],
    [{ action: 'suspend', for: '-8 h' }, 'bad-duration'],
    [{ action: 'wakeup', for: '8 h' }, 'duration-not-allowed'],
    [{ action: 'pause', for: '8 h' }, 'duration-not-allowed'],
    [{ action: 'poweroff', for: 'until 07:00' }, 'duration-not-allowed'],
    [{ action: 'wakeup' }, 'wrong-state'],
    [{ action: 'save' }, 'unsupported'],
  ])('%j is refused: %s', async (args, code) => {
    const bench = await createBench({ name: 'nas' });
    await bench.ready('nas');
    expect(await bench.refusal(bench.setPower('nas', args))).toMatchObject({ code });
    await bench.idle('nas');
    expect(bench.guest('nas').state.name).toBe('running');
    expect(bench.alarm('nas')).toBeUndefined();
  });

  it('of a guest that nobody knows is refused', async () => {
    const bench = await createBench();
    for (const guestId of ['nobody', '__proto__', 'constructor']) {
      expect(await bench.refusal(bench.handlers.setPowerState({ guestId, action: 'suspend' }))).toMatchObject(
        { code: 'unknown-guest' },
      );
      expect(await bench.refusal(bench.handlers.guestFacts({ guestId }))).toMatchObject({
        code: 'unknown-guest',
      });
    }
  });
});

describe('the use and the screen of a guest', () => {
  it('are asked of its machine, or why not', async () => {
    const bench = await createBench({ name: 'nas' });
    await bench.ready('nas');
    const guestId = bench.id('nas');
    const stats = await bench.done(bench.handlers.guestStats({ guestId }));
    expect(GuestStats.parse(stats)).toMatchObject({ at: bench.clock.now(), memoryMiB: { value: 2048 } });
    expect(await bench.done(bench.handlers.guestScreen({ guestId }))).toEqual({
      missing: 'Pictures of screens cannot be had from its host.',
    });
    const use = await bench.done(bench.handlers.readUse({ guestId }));
    expect(use).toEqual({ users: [], cpuPercent: null });
    await bench.set('nas', 'shutdown');
    expect(await bench.done(bench.handlers.readUse({ guestId }))).toEqual({ users: null, cpuPercent: null });
    expect(await bench.done(bench.handlers.guestStats({ guestId }))).toMatchObject({
      memoryMiB: { missing: 'It is not running.' },
    });
    expect(await bench.done(bench.handlers.guestScreen({ guestId }))).toEqual({ missing: 'It is not running.' });
    for (const ask of [bench.handlers.guestStats, bench.handlers.readUse, bench.handlers.guestScreen]) {
      expect(await bench.refusal(ask({ guestId: 'nobody' }))).toMatchObject({ code: 'unknown-guest' });
    }
  });

  it('of plain QEMU have no definition that could be changed', async () => {
    const bench = await createBench({ name: 'nas' });
    await bench.ready('nas');
    const asked = bench.handlers.readMending({ guestId: bench.id('nas'), fix: 'enable-sleep' });
    expect(await bench.refusal(asked)).toMatchObject({ code: 'unsupported' });
    expect(await bench.refusal(bench.handlers.applyMending({ mendingId: 'none' }))).toMatchObject({ code: 'wrong-state' });
  });
});

describe('an alarm', () => {
  const armed = async () => {
    const bench = await createBench({ name: 'nas' });
    await bench.ready('nas');
    await bench.set('nas', 'suspend', '2 h');
    const alarm = bench.alarm('nas');
    if (!alarm) throw new Error('No alarm');
    return {
      ...bench,
      alarm,
      move: (to: string) => bench.done(bench.handlers.moveAlarm({ alarmId: alarm.id, to })),
    };
  };

  it.each([
    ['+30 min', 30 * 60_000],
    ['-10 min', -10 * 60_000],
    ['\u221210 min', -10 * 60_000],
    [' + 1 h', 3_600_000],
  ])('is moved by %s', async (to, ms) => {
    const { alarm, move } = await armed();
    expect((await move(to)).due - alarm.due).toBe(ms);
  });

  it('is set to a new time, counted from now', async () => {
    const { clock, move, done, alarm, handlers, pass } = await armed();
    await pass(60_000);
    expect((await move('3 h')).due - clock.now()).toBe(3 * 3_600_000);
    expect(await done(handlers.readWhen({ text: '3 h' }))).toEqual({
      due: clock.now() + 3 * 3_600_000,
      ms: 3 * 3_600_000,
    });
    expect(await done(handlers.readWhen({ text: '' }))).toEqual({ due: null, ms: null });
    expect(alarm.guestId).toBeDefined();
  });

  it.each(['', '+', '+ until 07:00', '-3 h', '+400 days', 'soon', '+-1 h', '0 s'])(
    'is not moved by %j',
    async (to) => {
      const { alarm, move, refusal, alarm: before } = await armed();
      expect((await refusal(move(to))).message).toMatch(/\S/);
      expect(alarm).toEqual(before);
    },
  );

  it('is cancelled, and the guest sleeps on', async () => {
    const bench = await armed();
    await bench.done(bench.handlers.cancelAlarm({ alarmId: bench.alarm.id }));
    await bench.pass(3 * 3_600_000);
    expect(bench.guest('nas').state.name).toBe('suspended');
    expect(await bench.refusal(bench.handlers.cancelAlarm({ alarmId: bench.alarm.id }))).toMatchObject({
      code: 'wrong-state',
    });
    expect(await bench.refusal(bench.handlers.moveAlarm({ alarmId: '__proto__', to: '+1 h' }))).toMatchObject(
      { code: 'wrong-state' },
    );
  });

  it('that cannot be kept stays as it was', async () => {
    const bench = await armed();
    bench.fs.fault = (_, operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    expect(await bench.refusal(bench.move('+1 h'))).toMatchObject({
      code: 'storage',
      message: expect.stringContaining('disk is full'),
    });
    expect(bench.fleet.alarmOf(bench.id('nas'))?.due).toBe(bench.alarm.due);
  });
});

describe('guests on the list', () => {
  const typed = { name: 'mine', qmp: '', agent: '', command: '', workingDirectory: '' };

  it('are added once: not by the monitor of one that is there', async () => {
    const bench = await createBench({ name: 'nas' });
    await bench.ready('nas');
    const { qmp } = bench.qemu('nas');
    expect(
      await bench.refusal(Promise.resolve().then(() => bench.handlers.addGuest({ ...typed, qmp: qmp.path }))),
    ).toMatchObject({
      code: 'wrong-state',
      message: expect.stringContaining('nas'),
      remedy: expect.any(String),
    });
    const { guestId } = await bench.done(bench.handlers.addGuest({ ...typed, qmp: '/elsewhere.qmp' }));
    expect(bench.fleet.guest(guestId)?.remembered.name).toBe('mine');
    expect(
      await bench.refusal(
        Promise.resolve().then(() => bench.handlers.addGuest({ ...typed, qmp: 'unix:/elsewhere.qmp' })),
      ),
    ).toMatchObject({ code: 'wrong-state' });
    expect(bench.fleet.guests()).toHaveLength(2);
    await bench.pass(10_000);
    expect(bench.guest('nas').state.name).toBe('running');
  });

  it('are removed when they are gone, or were added by hand, and nothing is under way', async () => {
    const bench = await createBench(
      { name: 'nas', faults: [agentIgnores('guest-suspend-ram')] },
      { name: 'owned', found: { owner: 'libvirt' } },
    );
    await bench.ready('nas');
    const remove = (guestId: string) => bench.done(bench.handlers.removeGuest({ guestId }));
    for (const name of ['nas', 'owned']) {
      expect(viewOf(bench.guest(name), bench.fleet, null).removable).toBe(false);
      expect(await bench.refusal(remove(bench.id(name)))).toMatchObject({
        code: 'wrong-state',
        remedy: expect.any(String),
      });
    }
    await bench.qemu('nas').stop();
    await bench.shows('nas', 'off');
    await bench.pass(3000);
    expect(viewOf(bench.guest('nas'), bench.fleet, null).removable).toBe(true);
    await remove(bench.id('nas'));
    expect(() => bench.guest('nas')).toThrow();

    const { guestId } = await bench.done(bench.handlers.addGuest({ ...typed, qmp: '/elsewhere.qmp' }));
    bench.guest('mine').setPending({ action: 'shutdown', since: 0, by: byUser });
    expect(await bench.refusal(remove(guestId))).toMatchObject({ code: 'busy' });
    bench.guest('mine').setPending(null);
    await remove(guestId);
    expect(bench.fleet.guest(guestId)).toBeUndefined();
  });
});

describe('what is told of a guest', () => {
  const states: [string, WorldGuest, (world: World) => Promise<unknown>][] = [
    ['running', { name: 'nas' }, (world) => world.ready('nas')],
    [
      'asleep',
      { name: 'nas', initial: { kind: 'asleep', uptimeMs: 1 } },
      (world) => world.shows('nas', 'suspended'),
    ],
    [
      'without an agent',
      { name: 'nas', settings: { agent: 'absent' } },
      (world) => world.shows('nas', 'running'),
    ],
    ['owned by libvirt', { name: 'nas', found: { owner: 'libvirt' } }, (world) => world.pass(100)],
    [
      'gone',
      { name: 'nas' },
      async (world) => {
        await world.ready('nas');
        await world.qemu('nas').stop();
        await world.shows('nas', 'off');
        await world.pass(3000);
      },
    ],
    [
      'with an alarm',
      { name: 'nas' },
      async (world) => (await world.ready('nas'), world.set('nas', 'suspend', '1 h')),
    ],
  ];

  it.each(states)('fits the contract: %s', async (_, guest, prepare) => {
    const world = await createWorld([guest]);
    await prepare(world);
    const handlers = handlersOf(world);
    const guestId = world.guest('nas').id;
    GuestView.parse(viewOf(world.guest('nas'), world.fleet, null));
    GuestFacts.parse(await world.done(handlers.guestFacts({ guestId })));
    for (const entry of await world.done(handlers.guestHistory({ guestId }))) HistoryEntry.parse(entry);
    await world.done(handlers.refreshGuest({ guestId }));
  });

  it.each(Object.entries(HOSTILE_TEXTS))('is text, whatever it is: %s', async (_, text) => {
    const world = await createWorld([{ name: 'nas', settings: hostileSettings(text) }]);
    await world.ready('nas');
    const handlers = handlersOf(world);
    const facts = await world.done(handlers.guestFacts({ guestId: world.guest('nas').id }));
    GuestFacts.parse(facts);
    expect('value' in facts.hostName && facts.hostName.value.slice(0, 100)).toBe(text.slice(0, 100));
    await world.set('nas', 'suspend');
    expect(world.guest('nas').state.name).toBe('suspended');
  });

  it('is nothing beyond the contract’s commands', () => {
    expect(
      Object.keys(handlersOf({ fleet: {} as World['fleet'], clock: {} as World['clock'] })).sort(),
    ).toEqual(Object.keys(commands).sort());
  });
});
