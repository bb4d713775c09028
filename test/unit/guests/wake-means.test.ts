import { describe, expect, it, vi } from 'vitest';
import type { WakeMeans } from '../../../main/hosts/jobs/job';
import type { SleepAction } from '../../../main/power/actions';
import { byUser } from '../../../main/power/actor';
import { createWorld, type World, type WorldGuest } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const H = 3_600_000;
const PLAIN: WorldGuest = { name: 'nas', settings: { hybrid: true } };
const PROXMOX: WorldGuest = { name: 'nas', settings: { hybrid: true, dir: '/run/qemu-server' }, found: { owner: 'proxmox', vmid: 101 } };

const meansOf = (world: World): WakeMeans[] => [...world.hostJobs.jobs.values()].map(({ means }) => means);

/** The guest sleeps for an hour by a job on its host. */
async function asleep(action: SleepAction, guest: WorldGuest = PLAIN): Promise<World> {
  const world = await createWorld([guest], { jobs: true });
  await world.ready('nas');
  world.guest('nas').remember({ startAccepted: true });
  expect(await world.set('nas', action, '1 h', true, 'host')).toBeNull();
  expect(world.alarm('nas')).toMatchObject({ holder: 'host', phase: { kind: 'armed' } });
  return world;
}

async function movedMeans(world: World): Promise<WakeMeans[]> {
  const before = [...world.hostJobs.jobs.keys()];
  await world.done(world.fleet.moveAlarm(world.alarm('nas')?.id ?? '', { kind: 'by', ms: H }, byUser));
  expect([...world.hostJobs.jobs.keys()]).not.toEqual(before);
  return meansOf(world);
}

describe('a job for a hybrid sleep', () => {
  it('wakes the guest where it sleeps', async () => {
    const world = await asleep('hybrid');
    const { pid } = world.slot('nas');
    await world.stop();
    await world.pass(H);
    expect(world.qemu('nas').status()).toBe('running');
    expect(world.slot('nas').pid).toBe(pid);
  });

  it('starts the guest where it ended, and may be moved then', async () => {
    const world = await asleep('hybrid');
    const means = meansOf(world);
    world.hibernated(world.slot('nas'));
    await world.qemu('nas').kill();
    await world.pass(10_000);
    expect(await movedMeans(world)).toEqual(means);
    await world.stop();
    await world.pass(2 * H);
    expect(world.qemu('nas').status()).toBe('running');
  });

  it.each([
    ['a guest of no manager’s', PLAIN],
    ['one of Proxmox’s', PROXMOX],
  ])('is none before its start command was read: %s', async (_, guest) => {
    const world = await createWorld([guest], { jobs: true });
    await world.ready('nas');
    expect(await world.set('nas', 'hybrid', '1 h', false, 'host')).toMatchObject({
      code: 'no-holder',
      message: expect.stringContaining('A hybrid sleep may end as a hibernation') as unknown,
    });
    expect(world.guest('nas').state.name).toBe('running');
    expect(await world.set('nas', 'hybrid', '1 h', false, 'auto')).toBeNull();
    expect(world.alarm('nas')?.holder).toBe('app');
  });
});

describe('an alarm of the app for a hybrid sleep that ended', () => {
  it.each([true, false])('starts the guest only when its start command was read (%s)', async (read) => {
    const world = await createWorld([PLAIN]);
    await world.ready('nas');
    expect(await world.set('nas', 'hybrid', '1 h', read, 'app')).toBeNull();
    expect(world.guest('nas').remembered.startAccepted).toBe(read);
    world.hibernated(world.slot('nas'));
    await world.qemu('nas').kill();
    const { pid } = world.slot('nas');
    await world.pass(H + 60_000);
    expect(world.slot('nas').pid === pid).toBe(!read);
    if (read) expect(world.qemu('nas').status()).toBe('running');
    else expect(JSON.stringify(world.notices)).toContain('you have not read its start command');
    expect(world.alarm('nas')).toBeUndefined();
    await world.stop();
  });
});

describe('a job for a hibernated guest', () => {
  it.each([
    ['of Proxmox’s', PROXMOX, { kind: 'qm', vmid: 101, from: 'hibernate' }],
    ['of no manager’s', PLAIN, { kind: 'start', socket: expect.stringMatching(/^\//) as unknown, from: 'hibernate' }],
    ['that starts paused', { ...PLAIN, recipe: { startsPaused: true } }, { kind: 'start', socket: expect.stringMatching(/^\//) as unknown }],
  ] as const)('%s is the same after it was moved, also by another run of the app', async (_, guest, expected) => {
    const world = await asleep('hibernate', guest);
    const means = meansOf(world);
    expect(means).toMatchObject([expected]);
    await world.pass(10_000);
    expect(world.guest('nas').found).toBeNull();
    expect(await movedMeans(world)).toEqual(means);
    await world.stop();
    const later = await world.open(world.fs);
    expect(await movedMeans({ ...world, ...later })).toEqual(means);
  });
});
