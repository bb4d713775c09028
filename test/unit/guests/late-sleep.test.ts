import { describe, expect, it, vi } from 'vitest';
import type { AlarmHolder } from '../../../main/power/alarms';
import { byUser } from '../../../main/power/actor';
import { viewOf } from '../../../main/view/guest-view';
import { agentIgnores, type Fault } from '../../fakes/faulty-qemu';
import { createWorld, DELAYS, type World, type WorldGuest } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const holders: AlarmHolder[] = ['app', 'host', 'guest'];

/** A guest that takes so long to fall asleep. */
const late = (delays: Partial<typeof DELAYS>): WorldGuest => ({
  name: 'nas',
  settings: { wakeClock: true, delays: { ...DELAYS, ...delays } },
});
/** It takes the first request without doing anything. */
const ignoresOnce: Fault = (before, context) => {
  const { run } = agentIgnores('guest-suspend-ram')(before, context).agent['guest-suspend-ram'] ?? {};
  const command = before.agent['guest-suspend-ram'];
  if (!run || !command) throw new Error('There is no such command');
  let calls = 0;
  return {
    ...before,
    agent: {
      ...before.agent,
      'guest-suspend-ram': { ...command, run: (...args) => ((calls += 1) === 1 ? run(...args) : command.run(...args)) },
    },
  };
};
const deaf: WorldGuest = { name: 'nas', settings: { wakeClock: true }, faults: [agentIgnores('guest-suspend-ram')] };

async function asked(guest: WorldGuest, holder: AlarmHolder, text = '1 h', action: 'suspend' | 'hibernate' = 'suspend') {
  const world = await createWorld([guest], { jobs: true });
  await world.ready('nas');
  expect(await world.set('nas', action, text, true, holder)).toBeNull();
  return world;
}

const titles = ({ notices }: Pick<World, 'notices'>) => notices.map(({ title }) => title);
const rtcOf = (world: World) => world.qemu('nas').guest.wakeAlarm();

describe('a guest that agreed to sleep and falls asleep later than expected', () => {
  it.each(holders)('is woken by its alarm all the same (%s)', async (holder) => {
    const world = await asked(late({ suspend: 45 * S }), holder);
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.alarm('nas')).toMatchObject({ holder, phase: { kind: 'pending' } });
    expect(viewOf(world.guest('nas'), world.fleet, null).alarm).toMatchObject({ reason: 'It has not fallen asleep yet' });
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not fall asleep',
        message: expect.stringMatching(/within 30 s\. It is running now\. Its alarm is kept until \d\d:\d\d, as it may still fall asleep\.$/) as unknown,
      },
    ]);
    await world.shows('nas', 'suspended');
    expect(world.guest('nas').state.cause).toBe('user');
    expect(world.alarm('nas')).toMatchObject({ holder, phase: { kind: 'armed' } });
    expect(viewOf(world.guest('nas'), world.fleet, null).alarm?.reason).toBeUndefined();
    expect(world.notices).toEqual([]);
    await world.pass(H - MIN);
    await world.shows('nas', 'running', MIN);
    await world.idle('nas');
    expect(world.alarm('nas')).toBeUndefined();
    expect(world.events).toMatchObject([{ kind: 'woken' }]);
    expect(world.hostJobs.jobs.size).toBe(0);
    expect(world.notices).toEqual([]);
  });

  it.each(['app', 'host'] as const)('on its way to its disk is started by its alarm (%s)', async (holder) => {
    const world = await asked(late({ hibernate: 6 * MIN }), holder, '1 h', 'hibernate');
    expect(world.alarm('nas')?.phase.kind).toBe('pending');
    await world.shows('nas', 'hibernated', 2 * MIN);
    expect(world.alarm('nas')?.phase.kind).toBe('armed');
    await world.pass(H - 6 * MIN);
    await world.until('it was started', () => world.guest('nas').state.name === 'running' && !world.alarm('nas'), MIN);
    expect(world.hostJobs.jobs.size).toBe(0);
  });

  it.each(holders)('when its alarm was due already is woken by the app at once (%s)', async (holder) => {
    const world = await asked(late({ suspend: 6 * MIN }), holder, '5 min');
    // What nobody saw the guest do is not concluded from its time being over.
    await world.pass(5 * MIN);
    expect(world.alarm('nas')?.phase.kind).toBe('pending');
    await world.until('it slept', () => world.texts('nas').includes('Sleeping'), 2 * MIN);
    await world.until('it is woken', () => world.guest('nas').state.name === 'running' && !world.alarm('nas'), 5 * S);
    await world.idle('nas');
    expect(world.guest('nas').state.cause).toBe('timer');
    expect(world.texts('nas').join('\n')).toContain('Wake: asked');
    expect(world.hostJobs.jobs.size).toBe(0);
  });

  it('while the app is away is woken by whoever keeps its alarm', async () => {
    const world = await asked(late({ suspend: 45 * S }), 'app');
    await world.stop();
    await world.pass(MIN);
    const again = await world.open(world.fs);
    await again.shows('nas', 'suspended');
    expect(again.alarm('nas')?.phase.kind).toBe('armed');
    await again.pass(H);
    await again.shows('nas', 'running');
  });
});

describe('a guest that agreed to sleep and does not', () => {
  it.each(holders)('has its alarm dropped when its time is over, and the user is told (%s)', async (holder) => {
    const world = await asked(deaf, holder);
    await world.pass(9 * MIN);
    expect(world.alarm('nas')?.phase.kind).toBe('pending');
    await world.until('it is dropped', () => !world.alarm('nas'), MIN);
    expect(world.notices).toEqual([
      {
        guestId: world.guest('nas').id,
        severity: 'error',
        title: 'nas will not be woken by its alarm',
        message: 'Its alarm was dropped, because it was not seen to fall asleep.',
        remedy: 'Put it to sleep again if you still want it.',
      },
    ]);
    await world.until('its holder has nothing', () => world.hostJobs.jobs.size === 0 && rtcOf(world) === null);
    await world.pass(2 * H);
    expect(world.events).toEqual([]);
  });

  it('and is put to sleep again has the new alarm alone', async () => {
    const world = await asked({ ...deaf, faults: [ignoresOnce] }, 'host');
    const { id } = world.alarm('nas') ?? {};
    expect(await world.set('nas', 'suspend', '3 h', true, 'host')).toBeNull();
    expect(world.notices).toEqual([]);
    expect(world.alarm('nas')).toMatchObject({ phase: { kind: 'armed' }, due: expect.toSatisfy((due: number) => due > world.clock.now() + 2 * H) as unknown });
    expect(world.alarm('nas')?.id).not.toBe(id);
    expect([...world.hostJobs.jobs.keys()].join()).toContain(world.alarm('nas')?.id);
    expect(world.hostJobs.jobs.size).toBe(1);
  });

  it('and is put to sleep again without a time is not woken by the alarm of before', async () => {
    const world = await asked({ ...deaf, faults: [ignoresOnce] }, 'guest');
    expect(await world.set('nas', 'suspend')).toBeNull();
    expect([world.guest('nas').state.name, world.alarm('nas'), rtcOf(world)]).toEqual(['suspended', undefined, null]);
    await world.pass(2 * H);
    expect(world.guest('nas').state.name).toBe('suspended');
    expect(titles(world)).toEqual([]);
  });

  it.each(holders)('can have its alarm cancelled (%s)', async (holder) => {
    const world = await asked(deaf, holder);
    const alarm = world.alarm('nas');
    if (!alarm) throw new Error('No alarm');
    expect(world.fleet.changeRefusal(alarm)).toBeNull();
    await world.done(world.fleet.cancelAlarm(alarm.id, byUser));
    expect(titles(world)).toEqual([]);
    await world.until('nobody has it', () => world.hostJobs.jobs.size === 0 && rtcOf(world) === null);
  });

  it('can have its alarm moved, which its own clock then does not know', async () => {
    const world = await asked(deaf, 'guest');
    await world.done(world.fleet.moveAlarm(world.alarm('nas')?.id ?? '', { kind: 'by', ms: H }, byUser));
    expect(world.alarm('nas')).toMatchObject({ holder: 'app', phase: { kind: 'pending' } });
    await world.until('its clock is cleared', () => rtcOf(world) === null);
  });
});

describe('a guest that sleeps only after its own clock rang', () => {
  it('is the app’s to wake, and is shown so', async () => {
    const world = await createWorld([late({ suspend: 25 * S })], { jobs: true });
    await world.ready('nas');
    const seen: unknown[] = [];
    world.guest('nas').subscribe(() => world.guest('nas').state.name === 'suspended' && seen.push(world.alarm('nas')));
    void world.ask('nas', 'suspend', '20 s', true, 'guest');
    await world.until('it sleeps', () => seen.length > 0, MIN);
    expect(seen[0]).toMatchObject({ holder: 'app' });
    expect(seen[0]).not.toHaveProperty('held');
    await world.shows('nas', 'running', MIN);
  });

  it.each(['3 s', '19 s'])('is not left to it: a time of %s is refused', async (text) => {
    const world = await createWorld([late({})], { jobs: true });
    await world.ready('nas');
    expect(await world.set('nas', 'suspend', text, true, 'guest')).toMatchObject({
      code: 'no-holder',
      message: expect.stringContaining('It would ring before the guest sleeps') as unknown,
      remedy: 'Give it 20 s or more. Or choose another holder.',
    });
    expect([world.guest('nas').state.name, world.alarm('nas'), rtcOf(world)]).toEqual(['running', undefined, null]);
    expect(await world.set('nas', 'suspend', text, true, 'auto')).toBeNull();
    expect(world.alarm('nas')?.holder).toBe('host');
  });

  it('is left to it from 20 s on', async () => {
    const world = await asked(late({}), 'guest', '20 s');
    expect(world.alarm('nas')).toMatchObject({ holder: 'guest', held: { kind: 'guest' } });
  });
});
