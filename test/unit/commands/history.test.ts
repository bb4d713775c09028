import { describe, expect, it, vi } from 'vitest';
import { historyHandlers } from '../../../main/commands/history';
import { byUser } from '../../../main/power/actor';
import { RefusedError } from '../../../main/power/actions';
import { StorageError } from '../../../main/storage/errors';
import { commands } from '../../../preload/contract/commands';
import { TimelineRow } from '../../../preload/contract/timeline';
import { createWorld, type World } from '../guests/world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const notFound = () => {
  throw new Error('not asked for');
};

function handlersOf(
  { clock, fleet }: Pick<World, 'clock' | 'fleet'>,
  saveFile: (name: string, bytes: Uint8Array) => Promise<string | null> = () => Promise.resolve(null),
) {
  return historyHandlers({ clock, fleets: () => [fleet], saveFile }, { find: notFound });
}

describe('readTimeline', () => {
  it('has a row for each host and guest, or for those that are asked for, in that order', async () => {
    const world = await createWorld([{ name: 'nas' }, { name: 'web' }]);
    const { readTimeline } = handlersOf(world);
    const range = { from: world.clock.now() - 3_600_000, to: world.clock.now() + 3_600_000 };
    const all = await readTimeline({ ids: [], ...range });
    expect(all.map(({ name }) => name)).toEqual(['test-host', 'nas', 'web']);
    for (const row of all) TimelineRow.parse(row);
    commands.readTimeline.result.parse({ ok: true, value: all });
    const ids = [world.guest('web').id, 'local', 'somebody else'];
    expect((await readTimeline({ ids, ...range })).map(({ name }) => name)).toEqual(['web', 'test-host']);
    await world.stop();
  });

  it('shows what a guest and its host were seen in', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const began = world.clock.now();
    await world.pass(10_000);
    await world.set('nas', 'suspend');
    const slept = world.guest('nas').state.since ?? 0;
    await world.pass(60_000);
    const [host, nas] = await handlersOf(world).readTimeline({ ids: [], from: began, to: began + 3_600_000 });
    expect(host?.segments).toEqual([{ from: began, to: world.clock.now(), state: 'running', source: 'event', cause: 'unknown' }]);
    expect(nas?.segments.map(({ state, cause }) => [state, cause])).toEqual([
      ['running', 'unknown'],
      ['suspended', 'user'],
    ]);
    expect(nas?.segments[1]).toMatchObject({ to: world.clock.now() });
    expect(Math.abs((nas?.segments[1]?.from ?? 0) - slept)).toBeLessThan(100);
    expect(nas?.events.map(({ text }) => text)).toContain('Sleeping');
    await world.stop();
  });
});

describe('exportHistory', () => {
  it('writes what was asked for, and says where', async () => {
    const world = await createWorld([{ name: 'nas' }, { name: 'web' }]);
    world.fleet.history.add('removed long ago', { kind: 'action', text: 'Sleep', actor: byUser, failed: false });
    const written: { name: string; text: string }[] = [];
    const { exportHistory } = handlersOf(world, (name, bytes) => {
      written.push({ name, text: new TextDecoder().decode(bytes) });
      return Promise.resolve(`/home/me/${name}`);
    });
    const { path } = await exportHistory({ ids: [], format: 'csv' });
    expect(path).toMatch(/^\/home\/me\/reveille-history-2026-11-2\d\.csv$/);
    await exportHistory({ ids: [world.guest('web').id], format: 'json' });
    const [csv, json] = written;
    expect(csv?.text).toMatch(/,nas,guest,test-host,/);
    expect(csv?.text).toMatch(/,,gone,,removed long ago,action,/);
    expect(json?.name).toMatch(/\.json$/);
    const { subjects } = JSON.parse(json?.text ?? '') as { subjects: { name: string }[] };
    expect(subjects.map(({ name }) => name)).toEqual(['web']);
    await world.stop();
  });

  it('that the user cancels is no failure', async () => {
    const world = await createWorld([]);
    expect(await handlersOf(world).exportHistory({ ids: [], format: 'csv' })).toEqual({ path: null });
    await world.stop();
  });

  it('that the disk does not take is refused in words', async () => {
    const world = await createWorld([]);
    const full = () => Promise.reject(new StorageError('ENOSPC', '/x.csv', '/x.csv could not be saved. The disk is full.'));
    const failure: unknown = await handlersOf(world, full).exportHistory({ ids: [], format: 'csv' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RefusedError);
    expect(failure).toMatchObject({ refusal: { code: 'storage', message: '/x.csv could not be saved. The disk is full.' } });
    await world.stop();
  });
});
