import { describe, expect, it, vi } from 'vitest';
import { createQueue } from '../../../main/guests/queue';
import { agentIgnores, ignoresShutdown, type Fault } from '../../fakes/faulty-qemu';
import { createWorld } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

/** The agent says nothing while it is muzzled. */
function muzzle(): { on: boolean; fault: Fault } {
  const state = {
    on: false,
    fault: ((before) => ({
      ...before,
      send: (message, wire) => {
        if (state.on && message.channel === 'agent') return;
        before.send(message, wire);
      },
    })) as Fault,
  };
  return state;
}

describe('the queue of a guest', () => {
  it('runs one after the other, in order, whatever comes of them', async () => {
    const queue = createQueue();
    const log: string[] = [];
    const work =
      (name: string, fail = false) =>
      async () => {
        log.push(`${name} begins`);
        await Promise.resolve();
        await Promise.resolve();
        log.push(`${name} ends`);
        if (fail) throw new Error(name);
        return name;
      };
    const results = Promise.allSettled([
      queue.run(work('a')),
      queue.run(work('b', true)),
      queue.run(work('c')),
    ]);
    expect(queue.waiting).toBe(2);
    expect(
      (await results).map((result) =>
        result.status === 'fulfilled' ? result.value : (result.reason as Error).message,
      ),
    ).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(queue.waiting).toBe(0);
  });
});

describe('commands', () => {
  it('to one guest are serial: the second begins when the first has come to its end', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const results = Promise.all([
      world.ask('nas', 'suspend'),
      world.ask('nas', 'wakeup'),
      world.ask('nas', 'pause'),
    ]);
    await world.pass(10);
    expect(world.guest('nas')).toMatchObject({
      pending: { action: 'suspend', by: { kind: 'user' } },
      queue: { waiting: 2 },
    });
    expect(await world.done(results)).toEqual([null, null, null]);
    await world.idle('nas');
    expect(world.texts('nas').filter((text) => /^(Sleeping|Running|Paused)$/.test(text))).toEqual([
      'Paused',
      'Running',
      'Sleeping',
    ]);
    expect(world.notices).toEqual([]);
  });

  it('are judged when it is their turn', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const [first, second] = await world.done(
      Promise.all([world.ask('nas', 'suspend'), world.ask('nas', 'suspend')]),
    );
    expect(first).toBeNull();
    expect(second).toMatchObject({ code: 'wrong-state', message: 'It is sleeping already.' });
  });

  it('to two guests run side by side', async () => {
    const world = await createWorld([
      { name: 'stuck', faults: [agentIgnores('guest-suspend-ram')] },
      { name: 'quick' },
    ]);
    await world.ready('stuck');
    await world.ready('quick');
    await world.done(world.ask('stuck', 'suspend'));
    const at = world.clock.monotonic();
    await world.set('quick', 'suspend');
    expect(world.clock.monotonic() - at).toBeLessThan(500);
    expect(world.guest('stuck').pending).toMatchObject({ action: 'suspend' });
    expect(world.guest('quick').state.name).toBe('suspended');
  });

  it('show what is under way from the first moment to the last, without a gap', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const seen: (string | null)[] = [];
    world.guest('nas').subscribe(() => {
      const shown = world.guest('nas').pending?.action ?? null;
      if (seen.at(-1) !== shown) seen.push(shown);
    });
    await world.set('nas', 'suspend', '1 h');
    expect(seen).toEqual(['suspend', null]);
  });
});

describe('a guest that does not shut down', () => {
  it('is told of after the time-out, with Force off as the offer', async () => {
    const world = await createWorld([{ name: 'nas', faults: [ignoresShutdown()] }]);
    await world.ready('nas');
    const at = world.clock.monotonic();
    expect(await world.set('nas', 'shutdown')).toBeNull();
    expect(world.clock.monotonic() - at).toBeGreaterThanOrEqual(90_000);
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not shut down',
        message: 'The guest was asked to shut down, but did not within 90 s. It is running now.',
        remedy: expect.stringContaining('force it off'),
        offer: 'poweroff',
      },
    ]);
  });

  it('is forced off at once, and the shutdown is given up without a word', async () => {
    const world = await createWorld([{ name: 'nas', faults: [ignoresShutdown()] }]);
    await world.ready('nas');
    expect(await world.done(world.ask('nas', 'shutdown'))).toBeNull();
    await world.pass(5000);
    const at = world.clock.monotonic();
    expect(await world.set('nas', 'poweroff')).toBeNull();
    expect(world.clock.monotonic() - at).toBeLessThan(300);
    expect(world.guest('nas').state).toMatchObject({ name: 'off', cause: 'user', source: 'event' });
    expect(world.notices).toEqual([]);
    expect(world.texts('nas').filter((text) => text.includes('failed'))).toEqual([]);
  });

  it('is forced off at once even while its agent is still being asked', async () => {
    const quiet = muzzle();
    const world = await createWorld([{ name: 'nas', faults: [ignoresShutdown(), quiet.fault] }]);
    await world.ready('nas');
    quiet.on = true;
    const shutdown = world.ask('nas', 'shutdown');
    await world.pass(100);
    const at = world.clock.monotonic();
    const poweroff = world.ask('nas', 'poweroff');
    expect(await world.done(shutdown)).toMatchObject({ code: 'superseded', remedy: expect.any(String) });
    expect(await world.done(poweroff)).toBeNull();
    await world.shows('nas', 'off', 1000);
    expect(world.clock.monotonic() - at).toBeLessThan(300);
  });

  it('takes with it what waits behind', async () => {
    const world = await createWorld([{ name: 'nas', faults: [ignoresShutdown()] }]);
    await world.ready('nas');
    await world.done(world.ask('nas', 'shutdown'));
    const reboot = world.ask('nas', 'reboot');
    const poweroff = world.ask('nas', 'poweroff');
    expect(await world.done(reboot)).toMatchObject({ code: 'superseded' });
    expect(await world.done(poweroff)).toBeNull();
    await world.shows('nas', 'off', 1000);
    expect(world.notices).toEqual([]);
  });
});

describe('Force off', () => {
  it('that cannot be done ends nothing', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'shutdown');
    await world.pass(3000);
    Object.assign(world.host, { launch: () => Promise.resolve({ pid: 1, exited: new Promise(() => {}) }) });
    expect(await world.done(world.ask('nas', 'start'))).toBeNull();
    const poweroff = world.ask('nas', 'poweroff');
    await world.pass(10_000);
    expect(world.guest('nas')).toMatchObject({ pending: { action: 'start' }, queue: { waiting: 1 } });
    expect(await world.done(poweroff, 60_000)).toMatchObject({ code: 'wrong-state', message: 'It is off.' });
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not start properly',
        message: expect.stringContaining('not seen running within 30 s'),
      },
    ]);
  });

  it('during a wake gives up waiting for the agent', async () => {
    const world = await createWorld([
      { name: 'nas', initial: { kind: 'asleep', uptimeMs: 1 }, settings: { agent: 'silent' } },
    ]);
    await world.shows('nas', 'suspended');
    expect(await world.done(world.ask('nas', 'wakeup'))).toBeNull();
    await world.shows('nas', 'running');
    await world.pass(10_000);
    await world.set('nas', 'poweroff');
    expect(world.guest('nas').state.name).toBe('off');
    expect(world.notices).toEqual([]);
  });
});

describe('a fault of our own', () => {
  it('while an action is under way is told, and keeps the alarm of a guest that may have been asked to sleep', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const { machine } = world.guest('nas');
    if (!machine) throw new Error('No machine');
    machine.perform = () => Promise.reject(new TypeError('x is not a function'));
    expect(await world.set('nas', 'suspend', '1 h')).toBeNull();
    expect(world.notices).toMatchObject([
      { title: 'nas did not fall asleep', message: expect.stringMatching(/x is not a function.* Its alarm is kept until/) },
    ]);
    expect(world.alarm('nas')?.phase.kind).toBe('pending');
    expect(world.guest('nas').pending).toBeNull();
    await world.until('it is dropped', () => !world.alarm('nas'), 600_000);
  });

  it('while it is judged is the caller’s', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const { machine } = world.guest('nas');
    if (!machine) throw new Error('No machine');
    machine.look = () => Promise.reject(new TypeError('y is not a function'));
    await expect(world.done(world.ask('nas', 'suspend'))).rejects.toThrow('y is not a function');
    expect(world.guest('nas').pending).toBeNull();
  });
});

describe('a guest that was woken by somebody else and whose agent is slow', () => {
  it('does what it is asked at once: its clock can wait', async () => {
    const quiet = muzzle();
    const world = await createWorld([{ name: 'nas', faults: [quiet.fault] }]);
    await world.ready('nas');
    await world.set('nas', 'suspend');
    quiet.on = true;
    world.qemu('nas').guest.wakeByItself();
    await world.shows('nas', 'running');
    await world.pass(2000);
    const at = world.clock.monotonic();
    expect(await world.done(world.ask('nas', 'pause'))).toBeNull();
    await world.shows('nas', 'paused');
    expect(world.clock.monotonic() - at).toBeLessThan(5000);
    await world.pass(70_000);
    expect(world.notices).toEqual([]);
  });
});
