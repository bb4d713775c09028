import { describe, expect, it } from 'vitest';
import { draft, scheduled, shown, utc, type World } from './world';

const asking = (conditions: Partial<ReturnType<typeof draft>['conditions']>) => ({
  conditions: { ...draft().conditions, ...conditions },
});
const theGrace = (world: World) => {
  const { graces, schedules } = world.app();
  const [id] = graces;
  return id === undefined ? undefined : schedules.grace(id);
};

describe('a condition', () => {
  it('leaves a guest alone while somebody is signed in, says so, and puts the others to sleep', async () => {
    const { world } = await scheduled(asking({ nobodySignedIn: true }), ['nas', 'web']);
    world.guest('nas').users = ['alice', 'alice', 'bob'];
    await world.until('2026-11-24T00:00');
    expect(world.acts().map(([id]) => id)).toEqual(['web']);
    expect(world.app().notices).toMatchObject([
      { guestId: 'nas', severity: 'info', message: expect.stringContaining('alice, bob are signed in.') },
    ]);
    expect(world.notes).toEqual([{ id: 'nas', text: 'Not put to sleep. alice, bob are signed in.' }]);
    // The next night it is put to sleep, and what was told is taken back.
    world.guest('nas').users = [];
    await world.until('2026-11-25T00:00');
    expect(world.acts().filter(([id]) => id === 'nas')).toHaveLength(1);
    expect(world.app().notices).toEqual([]);
  });

  it.each([
    [50, 1],
    [51, 0],
    // Nobody tells: nothing speaks against it.
    [null, 1],
  ])('(at most 50 %% of a vCPU) with %s it is put to sleep %i times', async (cpu, times) => {
    const { world } = await scheduled(asking({ cpuBelowPercent: 50 }));
    world.guest('nas').cpu = cpu;
    await world.until('2026-11-24T00:00');
    expect(world.acts()).toHaveLength(times);
    if (times === 0) expect(world.app().notices[0]?.message).toContain('it uses 51 % of one vCPU, and 50 % is the limit');
  });
});

describe('a grace period', () => {
  it('is never there by default', async () => {
    const { world } = await scheduled();
    await world.until('2026-11-23T23:30:01');
    expect(world.app().graces.size).toBe(0);
    expect(world.acts()).toHaveLength(1);
  });

  it('announces the sleep, and ends with it', async () => {
    const { world } = await scheduled(asking({ graceSeconds: 300 }), ['nas', 'web']);
    await world.until('2026-11-23T23:30');
    expect(theGrace(world)).toMatchObject({ title: '2 guests go to sleep', reason: 'Nights', at: utc('2026-11-23T23:35') });
    await world.until('2026-11-23T23:34:59');
    expect(world.acts()).toEqual([]);
    await world.until('2026-11-23T23:36');
    expect(world.acts().map(([id, , at]) => [id, at])).toEqual([
      ['nas', '2026-11-23T23:35:00'],
      ['web', '2026-11-23T23:35:00'],
    ]);
    expect(world.app().graces.size).toBe(0);
  });

  it('ends on the second', async () => {
    const { world } = await scheduled(asking({ graceSeconds: 47, cpuBelowPercent: 50 }));
    await world.until('2026-11-23T23:32');
    // It is measured for 3 s before and after.
    expect(world.acts().map(([id, , at]) => [id, at])).toEqual([['nas', '2026-11-23T23:30:53']]);
  });

  it('can be cancelled: this night the guest stays up', async () => {
    const { world } = await scheduled(asking({ graceSeconds: 300 }));
    await world.until('2026-11-23T23:31');
    const { schedules } = world.app();
    const id = theGrace(world)?.id ?? '';
    schedules.endGrace(id, 'cancel');
    expect(() => schedules.endGrace(id, 'now')).toThrow('cancelled already');
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([]);
    expect(world.notes).toEqual([{ id: 'nas', text: 'The sleep was cancelled in its grace period.' }]);
    // Also after a restart.
    await world.again();
    await world.until('2026-11-24T07:31');
    expect(world.acts()).toEqual([]);
  });

  it('can be ended at once', async () => {
    const { world } = await scheduled(asking({ graceSeconds: 300 }));
    await world.until('2026-11-23T23:31');
    world.app().schedules.endGrace(theGrace(world)?.id ?? '', 'now');
    await world.until('2026-11-23T23:31:01');
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-23T23:31:00', '2026-11-24T07:00:00']]);
  });

  it('announces nothing where a condition is against it, and looks again at its end', async () => {
    const { world } = await scheduled(asking({ graceSeconds: 300, nobodySignedIn: true }), ['nas', 'web']);
    world.guest('nas').users = ['alice'];
    await world.until('2026-11-23T23:31');
    expect(theGrace(world)?.title).toBe('web goes to sleep');
    world.guest('web').users = ['bob'];
    await world.until('2026-11-24T00:00');
    expect(world.acts()).toEqual([]);
    expect(world.app().notices).toHaveLength(2);
  });

  it('is over at the wake', async () => {
    const { world } = await scheduled({
      ...asking({ graceSeconds: 600 }),
      missed: 'late',
      rule: { kind: 'cron', sleep: '30 23 * * *', wake: '45 23 * * *' },
    });
    world.app().kill();
    await world.until('2026-11-23T23:40');
    await world.again();
    await world.until('2026-11-23T23:41');
    expect(theGrace(world)?.at).toBe(utc('2026-11-23T23:45'));
    await world.until('2026-11-24T01:00');
    expect(world.acts()).toEqual([]);
    expect(world.app().graces.size).toBe(0);
  });

  it.each(['pause', 'remove', 'edit'] as const)('goes with its schedule (%s)', async (how) => {
    const { world, id } = await scheduled(asking({ graceSeconds: 300 }));
    await world.until('2026-11-23T23:31');
    const { schedules, graces } = world.app();
    if (how === 'pause') await schedules.pause(id, true);
    else if (how === 'remove') await schedules.remove(id);
    else await schedules.save(id, draft({ name: 'Later' }));
    expect(graces.size).toBe(0);
    await world.until('2026-11-24T00:00');
    expect(world.acts()).toEqual([]);
  });

  it('ends when its night is skipped, which then is left out with its wake; the next one is not', async () => {
    const { world, id } = await scheduled(asking({ graceSeconds: 600 }));
    const { schedules } = world.app();
    const next = () => schedules.next(schedules.find(id)!).map(({ sleep }) => shown(sleep));
    await world.until('2026-11-23T23:35');
    expect(next()).toEqual(['2026-11-23T23:30:00', '2026-11-24T23:30:00', '2026-11-25T23:30:00']);
    expect(schedules.upcoming().map((one) => shown(one.next.sleep))).toEqual(['2026-11-23T23:30:00']);
    await schedules.skipNext(id, true);
    expect(world.app().graces.size).toBe(0);
    await world.until('2026-11-24T01:00');
    world.be('nas', 'suspended');
    await world.until('2026-11-24T08:00');
    expect(world.acts()).toEqual([]);
    expect(next()[0]).toBe('2026-11-24T23:30:00');
    world.be('nas', 'running');
    await world.until('2026-11-25T00:00');
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-24T23:40:00', '2026-11-25T07:00:00']]);
  });

  it('goes on when the disk takes no skip', async () => {
    const { world, id } = await scheduled(asking({ graceSeconds: 600 }));
    await world.until('2026-11-23T23:35');
    world.app().fs.fault = () => 'ENOSPC';
    await expect(world.app().schedules.skipNext(id, true)).rejects.toThrow('The disk is full');
    expect(world.app().graces.size).toBe(1);
  });

  it('that ends while something else came due leaves that due', async () => {
    const { world } = await scheduled(asking({ graceSeconds: 3600 }), ['nas', 'web']);
    const target = { kind: 'guests' as const, guestIds: ['web'] };
    const rule = { kind: 'cron' as const, sleep: '45 23 * * *', wake: null };
    await world.app().schedules.save(null, draft({ name: 'Web', target, rule }));
    await world.until('2026-11-23T23:40');
    // This computer sleeps over it, and the user is quicker than the next look.
    world.clock.sleep(600_000);
    world.app().schedules.endGrace(theGrace(world)?.id ?? '', 'cancel');
    await world.until('2026-11-24T00:00');
    expect(world.acts().map(([one]) => one)).toEqual(['web']);
  });

  it('that a crash cut off is a sleep that was missed', async () => {
    const { world } = await scheduled({ ...asking({ graceSeconds: 300 }), missed: 'skip' });
    await world.until('2026-11-23T23:32');
    await world.again();
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([]);
    expect(world.notes).toEqual([{ id: 'nas', text: 'The sleep was missed, and skipped.' }]);
  });

  it('that this computer slept through follows the policy for what was missed', async () => {
    const { world, id } = await scheduled({ ...asking({ graceSeconds: 300 }), missed: 'ask' });
    await world.until('2026-11-23T23:31');
    world.clock.sleep(3_600_000);
    await world.clock.advance(31_000);
    expect(world.acts()).toEqual([]);
    expect(world.app().schedules.find(id)?.missed).toEqual({ what: 'sleep', at: utc('2026-11-23T23:30') });
  });
});
