import { describe, expect, it, vi } from 'vitest';
import type { PowerRequest } from '../../../main/guests/power-requests';
import { byNobodyKnown, byUser, type Actor } from '../../../main/power/actor';
import { clockText } from '../../../main/power/local-time';
import { agentIgnores } from '../../fakes/faulty-qemu';
import { createWorld, type World, type WorldGuest } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const MIN = 60_000;
const H = 60 * MIN;
const nights: Actor = { kind: 'schedule', name: 'Nights' };

/** Asks for an hour's sleep, and waits for what comes of it. */
async function sleepFor(world: World, ms: number, by: Actor, alarm: PowerRequest['alarm']): Promise<void> {
  const asked = world.fleet.setPowerState(world.guest('nas'), { action: 'suspend', when: { kind: 'for', ms }, startAccepted: true, by, alarm });
  expect(await world.done(asked)).toBeNull();
  await world.idle('nas');
}

async function worldWith(guest: Partial<WorldGuest> = {}): Promise<World> {
  const world = await createWorld([{ name: 'nas', ...guest }], { jobs: true });
  await world.ready('nas');
  return world;
}

/** What its history says of its alarms, newest first. */
const told = (world: Pick<World, 'fleet' | 'guest'>) =>
  world.fleet.history
    .of(world.guest('nas').id)
    .filter(({ kind }) => kind === 'alarm')
    .map(({ text, actor, failed }) => ({ text, actor, failed }));

const alarmOf = (world: Pick<World, 'alarm'>) => {
  const alarm = world.alarm('nas');
  if (!alarm) throw new Error('No alarm');
  return alarm;
};

describe('the history of a guest', () => {
  it.each([
    ['guest', 'its own clock (RTC)', byUser],
    ['host', 'a systemd timer on nas', nights],
    ['app', 'Reveille', nights],
  ] as const)('names who set its alarm, for when, and who keeps it (%s)', async (holder, keeper, by) => {
    const world = await worldWith({ settings: { wakeClock: true } });
    await sleepFor(world, H, by, holder);
    const time = clockText(alarmOf(world).due, world.clock.now());
    expect(told(world)).toEqual([{ text: `Alarm set for ${time}, kept by ${keeper}.`, actor: by, failed: false }]);
  });

  it('says each move of its alarm, and whose it was', async () => {
    const world = await worldWith();
    await sleepFor(world, H, nights, 'host');
    const { id, due } = alarmOf(world);
    const both = Promise.all([
      world.fleet.moveAlarm(id, { kind: 'by', ms: 8 * H }, byUser),
      world.fleet.moveAlarm(id, { kind: 'by', ms: -30 * MIN }, nights),
    ]);
    await world.done(both);
    const time = (at: number) => clockText(at, world.clock.now());
    expect(told(world).slice(0, -1)).toEqual([
      { text: `Alarm moved from ${time(due + 8 * H)} to ${time(due + 7.5 * H)}, 30 min earlier.`, actor: nights, failed: false },
      { text: `Alarm moved from ${time(due)} to ${time(due + 8 * H)}, 8 h later.`, actor: byUser, failed: false },
    ]);
  });

  it('does not say a move that was refused', async () => {
    const world = await worldWith();
    await sleepFor(world, H, byUser, 'host');
    world.hostJobs.refuses.add('place');
    await expect(world.done(world.fleet.moveAlarm(alarmOf(world).id, { kind: 'by', ms: H }, byUser))).rejects.toThrow(/could not be moved/);
    expect(told(world)).toHaveLength(1);
  });

  it('says who cancelled its alarm', async () => {
    const world = await worldWith();
    await sleepFor(world, H, nights, 'app');
    await world.done(world.fleet.cancelAlarm(alarmOf(world).id, byUser));
    expect(told(world)[0]).toEqual({ text: 'Its alarm was cancelled.', actor: byUser, failed: false });
  });

  it('names nobody for an alarm that a failed sleep took along', async () => {
    const world = await worldWith({ faults: [agentIgnores('guest-suspend-ram')] });
    await sleepFor(world, H, nights, 'app');
    await world.until('the alarm ended', () => world.alarm('nas') === undefined, 20 * MIN);
    expect(told(world)[0]).toEqual({ text: 'Its alarm was dropped, because it was not seen to fall asleep.', actor: byNobodyKnown, failed: false });
  });

  it('keeps the end of an alarm whose guest its host does not know any more', async () => {
    const world = await createWorld([{ name: 'nas', settings: { hybrid: true }, found: { recipe: null } }]);
    await world.ready('nas');
    await world.set('nas', 'hybrid', '1 h');
    const { id } = world.guest('nas');
    await world.qemu('nas').kill();
    await world.until('it is forgotten', () => world.fleet.guests().length === 0);
    expect(world.fleet.history.of(id).find(({ kind }) => kind === 'alarm')).toMatchObject({
      text: 'Its alarm was dropped: its host does not know it any more.',
      actor: byNobodyKnown,
    });
  });

  it('names nobody for a wake that nobody saw', async () => {
    const world = await worldWith();
    await sleepFor(world, H, byUser, 'host');
    await world.stop();
    await world.pass(H);
    const later = await world.open(world.fs);
    await later.until('the alarm has ended', () => later.alarm('nas') === undefined);
    expect(told(later)[0]).toEqual({
      text: 'It was found awake; its alarm, kept by a systemd timer on nas, had come due.',
      actor: byNobodyKnown,
      failed: false,
    });
  });
});
