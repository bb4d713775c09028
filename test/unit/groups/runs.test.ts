import { describe, expect, it, vi } from 'vitest';
import { createGroupBook, openGroups, type Group } from '../../../main/groups/groups';
import { createRuns, type RunRequest } from '../../../main/groups/runs';
import { createTargets, type Target } from '../../../main/groups/targets';
import { agentIgnores, masksWakeups } from '../../fakes/faulty-qemu';
import { memoryFs } from '../../fakes/memory-fs';
import { createWorld, type World, type WorldGuest } from '../guests/world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

/** A world with runs in it. */
async function withRuns(definitions: readonly WorldGuest[], delays: Record<string, number> = {}) {
  const world = await createWorld(definitions);
  const group: Group = {
    id: 'g',
    name: 'Storage',
    members: Object.entries(delays).map(([name, delaySeconds]) => ({ guestId: world.guest(name).id, delaySeconds })),
  };
  const targets = createTargets(
    () => [world.fleet],
    (id) => (id === 'g' ? group : undefined),
  );
  const runs = createRuns({ clock: world.clock, onRun: () => undefined });
  const begin = (target: Target, request: Partial<RunRequest> & Pick<RunRequest, 'action'>) =>
    runs.begin(targets.resolve(target), { when: { kind: 'none' }, alarm: 'auto', ...request });
  const named = (...names: string[]): Target => ({ kind: 'guests', guestIds: names.map((name) => world.guest(name).id) });
  const steps = (id: string) => runs.run(id)?.steps.map(({ name, state, text }) => [name, state, text ?? null]);
  const done = (id: string, ms = 600_000) => world.until(() => JSON.stringify(steps(id)), () => runs.run(id)?.done === true, ms);
  return { world, targets, runs, begin, named, steps, done };
}

const since = (world: World, name: string) => world.guest(name).state.since ?? 0;

describe('a run', () => {
  it('acts on all at once, and shows guest by guest what came of it', async () => {
    const { world, runs, begin, named, steps, done } = await withRuns([
      { name: 'nas' },
      { name: 'web' },
      { name: 'db', faults: [agentIgnores('guest-suspend-ram')] },
    ]);
    await Promise.all(['nas', 'web', 'db'].map((name) => world.ready(name)));
    await world.set('web', 'suspend');
    const id = begin(named('nas', 'web', 'db'), { action: 'suspend' });
    expect(runs.run(id)).toMatchObject({ title: 'Sleep: 3 guests', done: false });
    expect(steps(id)?.map(([, state]) => state)).toEqual(['running', 'running', 'running']);
    expect(() => runs.dismiss(id)).toThrow('It is still under way.');
    await done(id);
    expect(steps(id)).toEqual([
      ['nas', 'done', null],
      ['web', 'skipped', 'It is sleeping already.'],
      ['db', 'failed', expect.stringMatching(/no SUSPEND event within 30 s/)],
    ]);
    runs.dismiss(id);
    expect(runs.run(id)).toBeUndefined();
    await world.stop();
  });

  it('wakes a group in its order: each runs and its agent answers before the delay after it begins', async () => {
    const { world, runs, begin, steps, done } = await withRuns([{ name: 'db' }, { name: 'nas' }, { name: 'web' }], {
      nas: 40,
      web: 0,
      db: 0,
    });
    await Promise.all(['nas', 'web', 'db'].map((name) => world.ready(name)));
    const slept = begin({ kind: 'group', groupId: 'g' }, { action: 'suspend' });
    await done(slept);
    expect(runs.run(slept)?.title).toBe('Sleep: Storage');
    const at = world.clock.now();
    const id = begin({ kind: 'group', groupId: 'g' }, { action: 'wakeup' });
    await world.shows('nas', 'running');
    await world.pass(30_000);
    expect(steps(id)?.map(([name, state]) => [name, state])).toEqual([
      ['nas', 'done'],
      ['web', 'waiting'],
      ['db', 'waiting'],
    ]);
    expect(world.guest('web').state.name).toBe('suspended');
    await done(id);
    const up = ['nas', 'web', 'db'].map((name) => since(world, name) - at);
    expect(up[0]).toBeLessThan(1_000);
    expect(up[1]).toBeGreaterThanOrEqual(40_000);
    expect(up[2]).toBeGreaterThan(up[1] ?? Infinity);
    expect(up[2]).toBeLessThan(45_000);
    await world.stop();
  });

  it('goes on after one that does not wake, without its delay, and starts one that is hibernated', async () => {
    const { world, begin, steps, done } = await withRuns(
      [{ name: 'nas', faults: [masksWakeups()] }, { name: 'web' }, { name: 'db' }],
      { nas: 3600, web: 0, db: 0 },
    );
    await Promise.all(['nas', 'web', 'db'].map((name) => world.ready(name)));
    await world.set('nas', 'suspend');
    await world.set('web', 'hibernate');
    world.guest('web').remember({ startAccepted: true });
    const id = begin({ kind: 'group', groupId: 'g' }, { action: 'wakeup' });
    await done(id);
    expect(steps(id)).toEqual([
      ['nas', 'failed', expect.stringMatching(/WAKEUP/)],
      ['web', 'done', null],
      ['db', 'skipped', 'It is not sleeping: it is running.'],
    ]);
    await world.stop();
  });

  it('offers to start a guest whose command nobody has read, since only that shows it', async () => {
    const { world, runs, begin, steps, done } = await withRuns([{ name: 'nas' }, { name: 'web' }], { nas: 0, web: 0 });
    await Promise.all(['nas', 'web'].map((name) => world.ready(name)));
    await world.set('nas', 'hibernate', '', false);
    const id = begin({ kind: 'group', groupId: 'g' }, { action: 'wakeup' });
    await done(id);
    expect(steps(id)?.[0]).toEqual(['nas', 'failed', 'You have not seen its start command yet. Read the command, then confirm.']);
    expect(runs.run(id)?.steps.map(({ offer }) => offer)).toEqual(['start', undefined]);
    await world.stop();
  });

  it('leaves those as they are whose turn had not come when it was cancelled', async () => {
    const { world, runs, begin, steps, done } = await withRuns([{ name: 'nas' }, { name: 'web' }, { name: 'db' }], {
      nas: 60,
      web: 60,
      db: 0,
    });
    await Promise.all(['nas', 'web', 'db'].map((name) => world.ready(name)));
    await done(begin({ kind: 'group', groupId: 'g' }, { action: 'suspend' }));
    const id = begin({ kind: 'group', groupId: 'g' }, { action: 'wakeup' });
    await world.shows('nas', 'running');
    await world.until(() => JSON.stringify(steps(id)), () => steps(id)?.[0]?.[1] === 'done');
    runs.cancel(id);
    expect(runs.run(id)?.done).toBe(true);
    expect(steps(id)).toEqual([
      ['nas', 'done', null],
      ['web', 'cancelled', null],
      ['db', 'cancelled', null],
    ]);
    expect(() => runs.cancel(id)).toThrow('turn has come already');
    runs.dismiss(id);
    await world.pass(300_000);
    expect(['web', 'db'].map((name) => world.guest(name).state.name)).toEqual(['suspended', 'suspended']);
    await world.stop();
  });

  it('staggers the alarms of a group that sleeps for a while', async () => {
    const { world, begin, done } = await withRuns([{ name: 'nas' }, { name: 'web' }], { nas: 60, web: 0 });
    await Promise.all(['nas', 'web'].map((name) => world.ready(name)));
    const id = begin({ kind: 'group', groupId: 'g' }, { action: 'suspend', when: { kind: 'for', ms: 600_000 } });
    await done(id);
    const apart = (world.alarm('web')?.due ?? 0) - (world.alarm('nas')?.due ?? 0);
    expect(Math.abs(apart - 60_000)).toBeLessThan(2_000);
    await world.stop();
  });

  it('acts on all guests of a host', async () => {
    const { world, runs, begin, steps, done } = await withRuns([{ name: 'nas' }, { name: 'web' }]);
    await Promise.all(['nas', 'web'].map((name) => world.ready(name)));
    const id = begin({ kind: 'host', hostId: 'local' }, { action: 'pause' });
    await done(id);
    expect(runs.run(id)?.title).toBe('Pause: Guests of test-host');
    expect(steps(id)?.map(([name, state]) => [name, state]).sort()).toEqual([
      ['nas', 'done'],
      ['web', 'done'],
    ]);
    await world.stop();
  });

  it('is refused where there is nobody, or a duration has no meaning', async () => {
    const { world, begin, named } = await withRuns([{ name: 'nas' }]);
    expect(() => begin({ kind: 'group', groupId: 'other' }, { action: 'suspend' })).toThrow('Its group was removed.');
    expect(() => begin({ kind: 'host', hostId: 'other' }, { action: 'suspend' })).toThrow('Its host was removed.');
    expect(() => begin({ kind: 'guests', guestIds: ['gone'] }, { action: 'suspend' })).toThrow('no longer on the list');
    expect(() => begin(named('nas'), { action: 'wakeup', when: { kind: 'for', ms: 60_000 } })).toThrow();
    await world.stop();
  });
});

describe('the groups', () => {
  const open = async (fs = memoryFs()) => {
    const document = await openGroups({ dir: '/p', fs });
    let serial = 0;
    const book = createGroupBook({
      document,
      isGuest: (id) => ['a', 'b'].includes(id),
      onGroup: () => undefined,
      newId: () => `g${(serial += 1)}`,
    });
    return { fs, book };
  };
  const members = [
    { guestId: 'a', delaySeconds: 30 },
    { guestId: 'b', delaySeconds: 0 },
  ];

  it('are kept, changed and removed on disk', async () => {
    const { fs, book } = await open();
    expect(await book.save(null, { name: ' Storage ', members: [...members, { guestId: 'a', delaySeconds: 5 }] })).toBe('g1');
    await book.save('g1', { name: 'Storage', members: [...members].reverse() });
    await book.save(null, { name: 'Other', members });
    const { book: again } = await open(fs.afterProcessEnd());
    expect(again.all()).toEqual([
      { id: 'g1', name: 'Storage', members: [...members].reverse() },
      { id: 'g2', name: 'Other', members },
    ]);
    await again.remove('g1');
    expect(again.all().map(({ id }) => id)).toEqual(['g2']);
    await expect(again.remove('g1')).rejects.toThrow('removed meanwhile');
  });

  it('refuse guests that are gone, an empty name, and a full disk', async () => {
    const { fs, book } = await open();
    await expect(book.save(null, { name: 'X', members: [{ guestId: 'gone', delaySeconds: 0 }] })).rejects.toThrow(
      'no longer on the list',
    );
    await expect(book.save(null, { name: '  ', members })).rejects.toThrow('no name');
    fs.fault = () => 'ENOSPC';
    await expect(book.save(null, { name: 'X', members })).rejects.toThrow('The disk is full');
    expect(book.all()).toEqual([]);
  });
});
