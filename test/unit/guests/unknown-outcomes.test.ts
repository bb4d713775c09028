import { describe, expect, it, vi } from 'vitest';
import { agentIgnores, keepsSecret, loses, qmpRefuses } from '../../fakes/faulty-qemu';
import { fakeLink } from '../../fakes/host-link';
import type { Action } from '../../../main/power/actions';
import { createWorld, type WorldGuest } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

/** An action whose host goes out of reach before anything is seen of it. */
async function lost(guest: WorldGuest, action: Action) {
  const link = fakeLink();
  const world = { ...(await createWorld([guest], { link })), link };
  await world.ready(guest.name);
  void world.ask(guest.name, action);
  await world.until('it is under way', () => world.guest(guest.name).pending);
  await world.pass(guest.faults ? 500 : 20);
  link.drop();
  await world.idle(guest.name, 10_000);
  return world;
}

const titles = (world: Awaited<ReturnType<typeof lost>>) => world.notices.map(({ title }) => title);
const unanswered = loses({ answers: 'qmp', command: 'stop' });

describe('an action whose outcome was not known', () => {
  it('and that had come about is told no more, but noted', async () => {
    const world = await lost({ name: 'nas' }, 'suspend');
    expect(titles(world)).toEqual(['What came of Sleep of nas is not known']);
    await world.pass(60_000);
    expect(titles(world)).toHaveLength(1);
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'suspended');
    expect(titles(world)).toEqual([]);
    expect(world.texts('nas')[0]).toBe('Sleep: it is sleeping, as was seen when its host was connected again.');
  });

  it('and that comes about after the guest was seen is told no more then', async () => {
    const link = fakeLink();
    const world = { ...(await createWorld([{ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }], { link })), link };
    await world.ready('nas');
    void world.ask('nas', 'suspend');
    await world.pass(500);
    link.drop();
    await world.idle('nas', 10_000);
    link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    expect(titles(world)).toEqual(['What came of Sleep of nas is not known']);
    await world.pass(10_000);
    world.qemu('nas').guest.suspend('ram');
    await world.shows('nas', 'suspended');
    expect(titles(world)).toEqual([]);
  });

  it('and that had not, is told as what the guest is, when it can come about no more', async () => {
    const world = await lost({ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }, 'suspend');
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    expect(titles(world)).toEqual(['What came of Sleep of nas is not known']);
    await world.pass(31_000);
    expect(world.notices).toEqual([
      {
        guestId: world.guest('nas').id,
        severity: 'warning',
        title: 'Sleep of nas: it is running now',
        message: 'The connection to its host was lost meanwhile. This is what was seen when the host was connected again.',
        remedy: 'Ask again if you still want it.',
      },
    ]);
  });

  it.each<[string, WorldGuest, string[]]>([
    ['done', { name: 'nas', faults: [keepsSecret('STOP'), unanswered] }, []],
    ['not done', { name: 'nas', faults: [qmpRefuses('stop', 'No.'), unanswered] }, ['Pause of nas: it is running now']],
  ])('a pause (%s) is clear at once', async (_, guest, expected) => {
    const world = await lost(guest, 'pause');
    expect(titles(world)).toEqual(['What came of Pause of nas is not known']);
    world.link.become({ kind: 'ready' });
    await world.shows('nas', expected.length === 0 ? 'paused' : 'running');
    expect(titles(world)).toEqual(expected);
  });

  it('stays so while the guest is not seen, and over a second loss', async () => {
    const world = await lost({ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }, 'suspend');
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    world.link.drop();
    await world.pass(120_000);
    expect(titles(world)).toEqual(['What came of Sleep of nas is not known']);
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    expect(titles(world)).toEqual(['Sleep of nas: it is running now']);
  });

  it('of a guest that was restarted is left to the user: what it is now does not tell', async () => {
    const world = await lost({ name: 'nas', faults: [agentIgnores('guest-shutdown')] }, 'reboot');
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    await world.pass(300_000);
    expect(titles(world)).toEqual(['What came of Restart of nas is not known']);
  });

  it('is forgotten with its host', async () => {
    const world = await lost({ name: 'nas' }, 'suspend');
    await world.done(world.fleet.removeHost('local'));
    expect(titles(world)).toEqual([]);
  });

  it('leaves nothing running when the app stops', async () => {
    const world = await lost({ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }, 'suspend');
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    await world.stop();
    await world.pass(120_000);
    expect(titles(world)).toEqual(['What came of Sleep of nas is not known']);
  });
});
