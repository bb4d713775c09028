import { describe, expect, it } from 'vitest';
import { createWorld, D, draft, H, MIN, mornings, S, scheduled, shown, utc } from './world';

const sleepOnly = { rule: { kind: 'weekly' as const, days: [1, 2, 3, 4, 5, 6, 7], sleepAt: '23:30', wakeAt: null } };

describe('a night', () => {
  it('sleeps on time with an alarm for the wake, which is left to the alarm, night after night', async () => {
    const { world, id } = await scheduled({ holder: 'host' });
    await world.until('2026-11-25T07:30');
    expect(world.acts()).toEqual([
      ['nas', 'suspend', '2026-11-23T23:30:00', '2026-11-24T07:00:00'],
      ['nas', 'suspend', '2026-11-24T23:30:00', '2026-11-25T07:00:00'],
    ]);
    expect(world.asked[0]).toMatchObject({ by: { kind: 'schedule', name: 'Nights' }, holder: 'host' });
    expect(world.guest('nas').state).toBe('running');
    expect(world.app().notices).toEqual([]);
    expect(world.app().schedules.next(world.app().schedules.find(id)!).map(({ sleep }) => shown(sleep))).toEqual([
      '2026-11-25T23:30:00',
      '2026-11-26T23:30:00',
      '2026-11-27T23:30:00',
    ]);
  });

  it('sets no alarm where nothing is said of a wake', async () => {
    const { world } = await scheduled(sleepOnly);
    await world.until('2026-11-25T12:00');
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-23T23:30:00', null]]);
  });

  it('wakes those that sleep without an alarm, and leaves those alone that have one, or are up', async () => {
    const { world } = await scheduled(mornings, ['nas', 'web', 'db', 'off']);
    world.be('nas', 'suspended');
    world.be('web', 'suspended');
    world.guest('web').alarm = utc('2026-11-24T09:00');
    world.be('off', 'off');
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([['nas', 'wakeup', '2026-11-24T07:00:00', null]]);
    expect(world.app().notices).toEqual([]);
  });

  it('does not wake a guest whose alarm the user has taken away in the night', async () => {
    const { world } = await scheduled({}, ['nas', 'web']);
    await world.until('2026-11-24T01:00');
    world.guest('nas').alarm = null;
    await world.until('2026-11-24T07:30');
    expect(world.asked.filter(({ action }) => action === 'wakeup')).toEqual([]);
    expect([world.guest('nas').state, world.guest('web').state]).toEqual(['suspended', 'running']);
  });

  it('wakes a guest that was up in the night, and sleeps again without an alarm', async () => {
    const { world } = await scheduled({}, ['nas', 'web']);
    await world.until('2026-11-24T02:00');
    world.be('nas', 'running');
    // Not long enough for a look at all of them.
    await world.until('2026-11-24T02:00:05');
    world.be('nas', 'suspended');
    await world.until('2026-11-24T07:30');
    expect(world.acts().slice(2)).toEqual([['nas', 'wakeup', '2026-11-24T07:00:00', null]]);
    expect(world.guest('nas').state).toBe('running');
    expect(world.app().notices).toEqual([]);
  });

  it('wakes a guest that the user woke and put to sleep again, also after a restart', async () => {
    const { world } = await scheduled();
    await world.until('2026-11-24T02:00');
    world.be('nas', 'running');
    await world.until('2026-11-24T03:00');
    world.be('nas', 'suspended');
    await world.until('2026-11-24T05:00');
    Object.assign(world.guest('nas'), { since: null });
    await world.again();
    await world.until('2026-11-24T07:30');
    expect(world.guest('nas').state).toBe('running');
  });

  it('staggers the alarms of a group by its delays', async () => {
    const world = createWorld();
    for (const id of ['nas', 'web', 'db']) world.guest(id);
    world.setGroup([
      { id: 'nas', delay: 60 },
      { id: 'web', delay: 0 },
      { id: 'db', delay: 30 },
    ]);
    const app = await world.boot();
    app.schedules.start();
    await app.schedules.save(null, draft({ target: { kind: 'group', groupId: 'g' } }));
    await world.until('2026-11-24T00:00');
    expect(world.acts()).toEqual([
      ['nas', 'suspend', '2026-11-23T23:30:00', '2026-11-24T07:00:00'],
      ['web', 'suspend', '2026-11-23T23:30:00', '2026-11-24T07:01:00'],
      ['db', 'suspend', '2026-11-23T23:30:00', '2026-11-24T07:01:00'],
    ]);
  });

  it('wakes a group in its order, each after the delay of the one before; one that does not wake holds up nobody', async () => {
    const world = createWorld();
    for (const id of ['nas', 'web', 'db']) world.be(id, 'suspended');
    world.setGroup([
      { id: 'nas', delay: 60 },
      { id: 'web', delay: 60 },
      { id: 'db', delay: 0 },
    ]);
    const app = await world.boot();
    app.schedules.start();
    await app.schedules.save(null, draft({ ...mornings, target: { kind: 'group', groupId: 'g' } }));
    world.guest('web').refusal = { code: 'cannot-wake', message: 'It cannot be woken.', remedy: 'Start it.' };
    await world.until('2026-11-24T07:10');
    expect(world.acts()).toEqual([
      ['nas', 'wakeup', '2026-11-24T07:00:00', null],
      ['db', 'wakeup', '2026-11-24T07:01:00', null],
    ]);
    expect(app.notices).toMatchObject([
      { guestId: 'web', severity: 'error', title: 'web was not woken', message: expect.stringContaining('It cannot be woken.'), remedy: 'Start it.' },
    ]);
  });

  it('tells of each guest that could not be put to sleep, and puts the others to sleep', async () => {
    const { world } = await scheduled({}, ['nas', 'web', 'off']);
    world.guest('web').refusal = { code: 'no-agent', message: 'It has no agent.', remedy: 'Install it.' };
    world.be('off', 'off');
    await world.until('2026-11-24T00:00');
    expect(world.acts().map(([id]) => id)).toEqual(['nas']);
    expect(world.app().notices).toMatchObject([
      { guestId: 'web', severity: 'error', title: 'web was not put to sleep', remedy: 'Install it.' },
    ]);
    // The next night says the same once.
    await world.until('2026-11-25T00:00');
    expect(world.app().notices).toHaveLength(1);
  });
});

describe('what was missed while the app was away', () => {
  /** The app is away from Monday 22:10 on. */
  const away = async (missed: 'late' | 'skip' | 'ask', until: string, change = {}) => {
    const setting = await scheduled({ missed, ...change });
    await setting.world.until('2026-11-23T22:10');
    setting.world.app().kill();
    return {
      ...setting,
      async back() {
        await setting.world.until(until);
        return setting.world.again();
      },
    };
  };

  it('(late) is done when it is back, for as long as the night lasts', async () => {
    const { world, back } = await away('late', '2026-11-24T02:00');
    await back();
    await world.until('2026-11-24T02:01');
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-24T02:00:00', '2026-11-24T07:00:00']]);
  });

  it('(late) is not done when the night is over', async () => {
    const { world, back } = await away('late', '2026-11-24T09:00');
    await back();
    await world.until('2026-11-24T12:00');
    expect(world.acts()).toEqual([]);
  });

  it('(late) wakes after all', async () => {
    const { world, back } = await away('late', '2026-11-24T09:00', mornings);
    world.be('nas', 'suspended');
    await back();
    await world.until('2026-11-24T09:01');
    expect(world.acts()).toEqual([['nas', 'wakeup', '2026-11-24T09:00:00', null]]);
  });

  it('(skip) is left out, and the history says so', async () => {
    const { world, back } = await away('skip', '2026-11-24T02:00');
    await back();
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([]);
    expect(world.notes).toContainEqual({ id: 'nas', text: 'The sleep was missed, and skipped.' });
    await world.until('2026-11-24T23:31');
    expect(world.acts()).toHaveLength(1);
  });

  it('(ask) waits for an answer: now', async () => {
    const { world, back, id } = await away('ask', '2026-11-24T02:00');
    const { schedules } = await back();
    await world.until('2026-11-24T02:10');
    expect(world.acts()).toEqual([]);
    expect(schedules.find(id)?.missed).toEqual({ what: 'sleep', at: utc('2026-11-23T23:30') });
    await schedules.answerMissed(id, 'now');
    await world.until('2026-11-24T02:11');
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-24T02:10:00', '2026-11-24T07:00:00']]);
    await expect(schedules.answerMissed(id, 'now')).rejects.toThrow('Nothing of it waits');
  });

  it('(ask) asks once, and once more after a restart', async () => {
    const { world, back } = await away('ask', '2026-11-24T01:00');
    await back();
    await world.until('2026-11-24T01:01');
    expect(world.app().asked).toEqual(['sleep 2026-11-23T23:30:00']);
    await world.until('2026-11-24T01:30');
    expect(world.app().asked).toHaveLength(1);
    await world.again();
    await world.until('2026-11-24T01:31');
    expect(world.app().asked).toEqual(['sleep 2026-11-23T23:30:00']);
    const [id = ''] = world.app().schedules.ids();
    await world.app().schedules.answerMissed(id, 'skip');
    await world.again();
    await world.until('2026-11-24T01:32');
    expect(world.app().asked).toEqual([]);
  });

  it('(ask) waits for an answer: skip', async () => {
    const { world, back, id } = await away('ask', '2026-11-24T02:00');
    const { schedules } = await back();
    await schedules.answerMissed(id, 'skip');
    await world.until('2026-11-24T12:00');
    expect(world.acts()).toEqual([]);
    expect(schedules.find(id)?.missed).toBeNull();
  });

  it('(ask) asks no more when the night is over', async () => {
    const { world, back, id } = await away('ask', '2026-11-24T02:00');
    const { schedules } = await back();
    await world.until('2026-11-24T07:01');
    expect(schedules.find(id)?.missed).toBeNull();
  });

  it('(ask) keeps asking about a wake as long as its guest sleeps, through a restart', async () => {
    const { world, back, id } = await away('ask', '2026-11-24T09:00', mornings);
    world.be('nas', 'suspended');
    await back();
    await world.until('2026-11-24T12:00');
    await world.again();
    await world.until('2026-11-25T06:00');
    const { schedules } = world.app();
    expect(schedules.find(id)?.missed).toEqual({ what: 'wake', at: utc('2026-11-24T07:00') });
    await schedules.answerMissed(id, 'now');
    await world.until('2026-11-25T06:01');
    expect(world.acts()).toEqual([['nas', 'wakeup', '2026-11-25T06:00:00', null]]);
    expect(schedules.find(id)?.missed).toBeNull();
  });

  it('(ask) asks nothing of a wake when somebody has woken it', async () => {
    const { world, back, id } = await away('ask', '2026-11-24T09:00', mornings);
    world.be('nas', 'suspended');
    const { schedules } = await back();
    expect(schedules.find(id)?.missed).not.toBeNull();
    world.be('nas', 'running');
    await world.until('2026-11-24T09:01');
    expect(schedules.find(id)?.missed).toBeNull();
  });

  it('is only the last of what was missed in a week', async () => {
    const { world, back } = await away('late', '2026-11-30T23:50');
    await back();
    await world.until('2026-11-30T23:51');
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-30T23:50:00', '2026-12-01T07:00:00']]);
  });
});

describe('time that jumps', () => {
  it('(this computer slept over the sleep) does it late', async () => {
    const { world } = await scheduled();
    await world.until('2026-11-23T23:00');
    world.clock.sleep(2 * H);
    await world.clock.advance(31 * S);
    expect(world.acts()).toEqual([['nas', 'suspend', '2026-11-24T01:00:30', '2026-11-24T07:00:00']]);
  });

  it('(the clock is set back over the sleep) does it once', async () => {
    const { world } = await scheduled(sleepOnly);
    await world.until('2026-11-23T23:31');
    world.be('nas', 'running');
    world.clock.step(-30 * MIN);
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toHaveLength(1);
  });

  it('(the clock was a year ahead) goes on when it is right again', async () => {
    const { world } = await scheduled();
    world.clock.step(365 * D);
    await world.clock.advance(31 * S);
    world.be('nas', 'running');
    world.clock.step(-365 * D);
    await world.until('2026-11-23T23:31');
    expect(world.acts().at(-1)).toEqual(['nas', 'suspend', '2026-11-23T23:30:00', '2026-11-24T07:00:00']);
  });
});

describe('a disk that fails', () => {
  it('refuses a change, which then does not count', async () => {
    const { world, id } = await scheduled();
    const { schedules, fs } = world.app();
    fs.fault = () => 'ENOSPC';
    await expect(schedules.pause(id, true)).rejects.toThrow('The disk is full');
    await expect(schedules.save(null, draft())).rejects.toThrow('The disk is full');
    expect(schedules.ids()).toEqual([id]);
    expect(schedules.find(id)?.paused).toBe(false);
  });

  it('puts nobody to sleep, and says so', async () => {
    const { world } = await scheduled();
    world.app().fs.fault = () => 'EROFS';
    await world.until('2026-11-24T01:00');
    expect(world.acts()).toEqual([]);
    expect(world.app().notices.map(({ title }) => title)).toEqual([
      'The schedules could not be kept on disk',
      'nas was not put to sleep',
    ]);
  });

  it('wakes all the same', async () => {
    const { world } = await scheduled(mornings);
    world.be('nas', 'suspended');
    world.app().fs.fault = () => 'ENOSPC';
    await world.until('2026-11-24T07:30');
    expect(world.acts()).toEqual([['nas', 'wakeup', '2026-11-24T07:00:00', null]]);
  });
});
