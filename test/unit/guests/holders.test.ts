import { describe, expect, it, vi } from 'vitest';
import { byUser } from '../../../main/power/actor';
import { agentIgnores } from '../../fakes/faulty-qemu';
import { fakeClock } from '../../fakes/clock';
import { memoryFs } from '../../fakes/memory-fs';
import { createWorld, JOB_PREFIX, type WorldGuest } from './world';

vi.mock('../../../main/demo/one-client-server', async () => import('../../fakes/memory-sockets'));

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const withClock: WorldGuest = { name: 'nas', settings: { wakeClock: true } };
const rtcOf = (world: Awaited<ReturnType<typeof createWorld>>) => world.qemu('nas').guest.wakeAlarm();

async function asleepFor(text: string, alarm: 'auto' | 'guest' | 'host' | 'app', guest: WorldGuest = withClock, jobs = true) {
  const world = await createWorld([guest], { jobs });
  await world.ready('nas');
  expect(await world.set('nas', 'suspend', text, true, alarm)).toBeNull();
  await world.shows('nas', 'suspended');
  return world;
}

describe('who keeps an alarm', () => {
  it('is by itself the most durable that the guest offers', async () => {
    expect((await asleepFor('1 h', 'auto')).alarm('nas')).toMatchObject({ holder: 'guest', held: { kind: 'guest' } });
    const noClock = await asleepFor('1 h', 'auto', { name: 'nas' });
    expect(noClock.alarm('nas')).toMatchObject({ holder: 'host', held: { kind: 'host', keeper: 'a systemd timer on nas' } });
    const neither = await asleepFor('1 h', 'auto', { name: 'nas' }, false);
    expect(neither.alarm('nas')).toMatchObject({ holder: 'app' });
    expect(neither.alarm('nas')?.held).toBeUndefined();
  });

  it('is not the guest’s clock when it would ring before the guest sleeps', async () => {
    expect((await asleepFor('5 s', 'auto')).alarm('nas')?.holder).toBe('host');
  });

  it('is told with what each survives, and why one cannot', async () => {
    const world = await createWorld([{ name: 'nas' }], { jobs: true });
    await world.ready('nas');
    const guest = world.guest('nas');
    const offers = await world.done(world.fleet.holderOffers(guest, 'suspend'));
    expect(offers).toMatchObject([
      { holder: 'guest', missing: { reason: expect.stringContaining('/sys/class/rtc/rtc0/wakealarm') as unknown } },
      { holder: 'host', name: 'a systemd timer on nas', missing: null },
      { holder: 'app', name: 'Reveille', missing: null },
    ]);
    world.hostJobs.offer = { missing: 'It has neither systemd nor at.', remedy: 'Install at.' };
    expect((await world.done(world.fleet.holderOffers(guest, 'hibernate')))[1]).toMatchObject({
      missing: { reason: 'It has neither systemd nor at.', remedy: 'Install at.' },
    });
  });

  it('that was chosen and cannot is refused before the guest is touched', async () => {
    const world = await createWorld([{ name: 'nas' }], { jobs: true });
    await world.ready('nas');
    expect(await world.set('nas', 'suspend', '1 h', true, 'guest')).toMatchObject({ code: 'no-holder' });
    world.hostJobs.refuses.add('place');
    expect(await world.set('nas', 'suspend', '1 h', true, 'host')).toMatchObject({
      code: 'no-holder',
      message: expect.stringContaining('The host refuses place.') as unknown,
    });
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.alarm('nas')).toBeUndefined();
    expect(world.texts('nas').join()).not.toContain('Sleep: asked');
    expect(world.hostJobs.jobs.size).toBe(0);
  });

  it('that was not chosen is passed over when it fails, and the history says so', async () => {
    const world = await createWorld([{ name: 'nas' }], { jobs: true });
    await world.ready('nas');
    // It does what it is asked, and its answer is lost: nobody owns the job.
    world.hostJobs.losesAnswers.add('place');
    expect(await world.set('nas', 'suspend', '1 h', true, 'auto')).toBeNull();
    expect(world.alarm('nas')).toMatchObject({ holder: 'app' });
    expect(world.texts('nas').join('\n')).toMatch(/could not be given to a systemd timer on nas \(The connection was lost.\), so Reveille keeps it/);
    await world.until('no job', () => world.hostJobs.jobs.size === 0, 5 * MIN);
  });
});

describe('the guest’s own clock', () => {
  it('is set before the guest sleeps, and wakes it without the app', async () => {
    const world = await asleepFor('1 h', 'guest');
    expect(rtcOf(world)).toBeGreaterThan(0);
    await world.stop();
    await world.pass(60 * MIN + 2 * S);
    expect(world.qemu('nas').status()).toBe('running');
    const later = await world.open(world.fs);
    await later.until('the alarm has ended', () => later.alarm('nas') === undefined);
    expect(later.texts('nas').join('\n')).toContain('It was found awake; its alarm, kept by its own clock (RTC), had come due.');
  });

  it('is told from the app’s own wake', async () => {
    const world = await asleepFor('1 h', 'guest');
    await world.pass(60 * MIN + 3 * S);
    await world.shows('nas', 'running');
    expect(world.guest('nas').state).toMatchObject({ cause: 'timer', source: 'event' });
    expect(world.alarm('nas')).toBeUndefined();
    expect(world.fleet.history.of(world.guest('nas').id).find(({ kind }) => kind === 'alarm')).toMatchObject({
      text: 'Woken by its own clock (RTC).',
      actor: { kind: 'alarm', holder: 'guest' },
    });
    expect(world.events).toMatchObject([{ kind: 'woken', title: 'nas was woken' }]);
    expect(world.texts('nas').join()).not.toContain('Wake: asked');
  });

  it('that does not ring is backed up by the app after 10 s', async () => {
    const world = await asleepFor('1 h', 'guest');
    const { due } = world.alarm('nas') ?? { due: 0 };
    world.qemu('nas').guest.setWakeAlarm(null);
    await world.pass(due + 9 * S - world.clock.now());
    expect(world.guest('nas').state.name).toBe('suspended');
    await world.shows('nas', 'running', 10 * S);
    await world.idle('nas');
    expect(world.texts('nas').join('\n')).toContain('Woken by Reveille: its own clock (RTC) had not woken it.');
  });

  it('cannot be moved or cancelled while the guest sleeps, and says what to do', async () => {
    const world = await asleepFor('1 h', 'guest');
    const alarm = world.alarm('nas');
    if (!alarm) throw new Error('No alarm');
    expect(world.fleet.changeRefusal(alarm)).toMatchObject({ remedy: expect.stringContaining('Wake the guest') as unknown });
    await expect(world.fleet.cancelAlarm(alarm.id, byUser)).rejects.toThrow(/cannot be reached while the guest sleeps/);
    await expect(world.fleet.moveAlarm(alarm.id, { kind: 'by', ms: MIN }, byUser)).rejects.toThrow(/Wake the guest/);
    expect(world.alarm('nas')).toEqual(alarm);
  });

  it('is cleared when the guest was woken earlier', async () => {
    const world = await asleepFor('1 h', 'guest');
    await world.set('nas', 'wakeup');
    await world.until('the clock is cleared', () => rtcOf(world) === null && world.guest('nas').remembered.rtcAlarm === null);
    expect(world.alarm('nas')).toBeUndefined();
  });

  it('is cleared before the next sleep, or the sleep is refused', async () => {
    const fs = memoryFs();
    const world = await createWorld([withClock], { fs });
    await world.ready('nas');
    await world.set('nas', 'suspend', '1 h', true, 'guest');
    await world.stop();
    // Somebody else wakes it while the app is away: nobody has cleared its clock.
    world.qemu('nas').guest.wakeByItself();
    await world.pass(MIN);
    const later = await world.open(world.fs);
    await later.ready('nas');
    expect(await later.set('nas', 'suspend', '3 h', true, 'app')).toBeNull();
    expect(rtcOf(world)).toBeNull();
  });
});

describe('a job on the host', () => {
  it('is there before the guest sleeps, and wakes it without the app', async () => {
    const world = await asleepFor('1 h', 'host');
    const [job] = world.hostJobs.jobs.values();
    expect(job?.name).toBe(`${JOB_PREFIX}${world.alarm('nas')?.id}`);
    await world.stop();
    await world.pass(60 * MIN);
    expect(world.qemu('nas').status()).toBe('running');
    const later = await world.open(world.fs);
    await later.until('the alarm has ended', () => later.alarm('nas') === undefined);
    expect(later.texts('nas').join('\n')).toContain('kept by a systemd timer on nas, had come due');
    expect(world.hostJobs.jobs.size).toBe(0);
  });

  it('moves with its alarm, and goes with it', async () => {
    const world = await asleepFor('1 h', 'host');
    const alarm = world.alarm('nas');
    if (!alarm) throw new Error('No alarm');
    const moved = await world.done(world.fleet.moveAlarm(alarm.id, { kind: 'by', ms: 30 * MIN }, byUser));
    expect(moved.due).toBe(alarm.due + 30 * MIN);
    const [job, ...others] = world.hostJobs.jobs.values();
    expect(others).toEqual([]);
    expect((job?.dueAt ?? 0) - world.clock.monotonic()).toBe(moved.due - world.clock.now());
    await world.done(world.fleet.cancelAlarm(alarm.id, byUser));
    expect(world.hostJobs.jobs.size).toBe(0);
    expect(world.guest('nas').state.name).toBe('suspended');
  });

  it('that cannot be taken back keeps its alarm', async () => {
    const world = await asleepFor('1 h', 'host');
    const alarm = world.alarm('nas');
    if (!alarm) throw new Error('No alarm');
    world.hostJobs.refuses.add('cancel');
    await expect(world.done(world.fleet.cancelAlarm(alarm.id, byUser))).rejects.toThrow(/could not be cancelled: The host refuses cancel/);
    expect(world.alarm('nas')).toEqual(alarm);
  });

  it('goes when the guest is woken earlier, and when the sleep fails', async () => {
    const world = await asleepFor('1 h', 'host');
    await world.set('nas', 'wakeup');
    expect(world.hostJobs.jobs.size).toBe(0);
    const deaf = await createWorld([{ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }], { jobs: true });
    await deaf.ready('nas');
    expect(await deaf.set('nas', 'suspend', '1 h', true, 'host')).toBeNull();
    expect(deaf.hostJobs.calls).toContain('place');
    await deaf.until('no job', () => deaf.hostJobs.jobs.size === 0, 10 * MIN);
    expect(deaf.alarm('nas')).toBeUndefined();
  });

  it('without an alarm goes when the app starts, and one with an alarm is adopted', async () => {
    const world = await asleepFor('1 h', 'host');
    const { id } = world.alarm('nas') ?? {};
    await world.stop();
    const stored = JSON.parse(world.fs.text('/p/alarms.json') ?? '') as { value: { held?: unknown }[] };
    // The app was killed between the job and its record.
    delete stored.value[0]?.held;
    world.fs.put('/p/alarms.json', JSON.stringify(stored));
    const means = { kind: 'qmp', socket: '/nowhere' } as const;
    world.hostJobs.jobs.set(`${JOB_PREFIX}stray`, { name: `${JOB_PREFIX}stray`, means, dueAt: world.clock.monotonic() + MIN });
    world.hostJobs.jobs.set('reveille-ffffffff-a', { name: 'reveille-ffffffff-a', means, dueAt: world.clock.monotonic() + 10 * MIN });
    const later = await world.open(world.fs);
    await later.until('adopted', () => later.alarm('nas')?.held !== undefined);
    expect([...world.hostJobs.jobs.keys()].sort()).toEqual([`${JOB_PREFIX}${id}`, 'reveille-ffffffff-a']);
  });

  it('that the host lost is made anew', async () => {
    const world = await asleepFor('1 h', 'host');
    world.hostJobs.jobs.clear();
    world.fleet.recheck();
    await world.until('a job', () => world.hostJobs.jobs.size === 1);
    expect(world.texts('nas')[0]).toContain('set there anew');
  });
});

describe('what depends on the app', () => {
  it('is what nobody else has', async () => {
    const world = await asleepFor('1 h', 'app');
    expect(world.fleet.alarmsThatNeedTheApp()).toMatchObject([{ name: 'nas', due: world.alarm('nas')?.due }]);
    expect((await asleepFor('1 h', 'host')).fleet.alarmsThatNeedTheApp()).toEqual([]);
  });
});

describe('a disk that takes nothing', () => {
  it.each([['app'], ['host'], ['guest']] as const)('refuses a sleep whose alarm is for the %s before the guest is touched', async (alarm) => {
    const world = await createWorld([withClock], { jobs: true });
    await world.ready('nas');
    for (const code of ['ENOSPC', 'EROFS'] as const) {
      world.fs.fault = (_, operation) => (operation === 'write' ? code : undefined);
      expect(await world.set('nas', 'suspend', '1 h', true, alarm)).toMatchObject({ code: 'storage' });
    }
    expect(world.guest('nas').state.name).toBe('running');
    expect(rtcOf(world)).toBeNull();
    expect(world.hostJobs.calls).not.toContain('place');
    expect(world.texts('nas').join()).not.toContain('Sleep: asked');
  });

  it.each(['app', 'host'] as const)('keeps an alarm that was to be cancelled, and its holder keeps it (%s)', async (holder) => {
    const world = await asleepFor('1 h', holder);
    const alarm = world.alarm('nas');
    if (!alarm) throw new Error('No alarm');
    world.fs.fault = (_, operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    await expect(world.done(world.fleet.cancelAlarm(alarm.id, byUser))).rejects.toThrow(/^The alarm is still set\. .*alarms\.json could not be saved/);
    expect(world.alarm('nas')).toEqual(alarm);
    expect(world.hostJobs.calls).not.toContain('cancel');
    world.fs.fault = () => undefined;
    await world.done(world.fleet.cancelAlarm(alarm.id, byUser));
    const disk = world.fs.afterProcessEnd();
    world.fs.fault = () => 'crash';
    const again = await world.open(disk);
    expect(again.alarm('nas')).toBeUndefined();
    await again.pass(120 * MIN);
    expect(world.hostJobs.jobs.size).toBe(0);
    expect(world.qemu('nas').status()).toBe('suspended');
  });
});

describe('this computer’s clock, when it is set while a job on a host keeps an alarm', () => {
  it.each([-1, 1])('by %i h, does not move an alarm “until”', async (hours) => {
    const clock = fakeClock();
    const world = await createWorld([{ name: 'nas' }], { jobs: true, clock });
    await world.ready('nas');
    const at = clock.now() + 9 * H;
    const when = { kind: 'until', at, text: 'until' } as const;
    const refusal = await world.done(
      world.fleet.setPowerState(world.guest('nas'), { action: 'suspend', when, startAccepted: true, by: byUser, alarm: 'host' }),
    );
    expect(refusal).toBeNull();
    await world.shows('nas', 'suspended');
    clock.step(hours * H);
    await world.pass(MIN);
    const [job] = world.hostJobs.jobs.values();
    expect((job?.dueAt ?? 0) - clock.monotonic()).toBe(at - clock.now());
    // The job alone wakes it, at that time.
    await world.stop();
    await world.pass(at - clock.now() - S);
    expect(world.qemu('nas').status()).toBe('suspended');
    await world.pass(2 * S);
    expect(world.qemu('nas').status()).toBe('running');
  });
});
