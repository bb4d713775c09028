import { describe, expect, it, vi } from 'vitest';
import { createWorld } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

/** A guest that was seen, and is off now. */
async function off(options: Parameters<typeof createWorld>[0][number] = { name: 'nas' }) {
  const world = await createWorld([options]);
  await world.shows('nas', 'running');
  await world.qemu('nas').stop();
  await world.shows('nas', 'off');
  await world.pass(3000);
  return world;
}

describe('a start', () => {
  it('runs the remembered command, as it was, and has the user as its cause', async () => {
    const world = await off();
    const { recipe } = world.guest('nas').remembered;
    expect(await world.set('nas', 'start')).toBeNull();
    expect(world.launches).toEqual([recipe]);
    expect(world.confirmed).toEqual([recipe]);
    const { state } = world.guest('nas');
    expect(state).toMatchObject({ name: 'running', cause: 'user' });
    expect(state.since).not.toBeNull();
    expect(world.texts('nas').slice(0, 2)).toEqual(['Running', 'Start: its command was run.']);
    expect(world.notices).toEqual([]);
  });

  it('waits until the user has read the command, once', async () => {
    const world = await off();
    expect(await world.set('nas', 'start', '', false)).toMatchObject({
      code: 'start-not-accepted',
      remedy: expect.any(String),
    });
    expect(world.launches).toEqual([]);
    expect(world.guest('nas').remembered.startAccepted).toBe(false);
    expect(await world.set('nas', 'start', '', true)).toBeNull();
    await world.set('nas', 'poweroff');
    await world.pass(3000);
    expect(await world.set('nas', 'start', '', false)).toBeNull();
    expect(world.launches).toHaveLength(2);
  });

  it('of another command than the one that was read asks again', async () => {
    const world = await off();
    await world.set('nas', 'start', '', true);
    expect(world.guest('nas').remembered.startAccepted).toBe(true);
    await world.qemu('nas').stop();
    await world.shows('nas', 'off');
    world.slot('nas').recipe = { executable: '/opt/other/qemu' };
    await world.slot('nas').start();
    await world.shows('nas', 'running');
    expect(world.guest('nas').remembered).toMatchObject({
      startAccepted: false,
      recipe: { executable: '/opt/other/qemu' },
    });
    await world.qemu('nas').stop();
    await world.shows('nas', 'off');
    await world.pass(3000);
    expect(await world.set('nas', 'start', '', false)).toMatchObject({ code: 'start-not-accepted' });
  });

  it('that the host cannot do is told in its words', async () => {
    const world = await off();
    world.trouble.launch = new Error('/usr/bin/qemu could not be run: ENOENT');
    await world.set('nas', 'start');
    expect(world.guest('nas').state.name).toBe('off');
    expect(world.notices).toMatchObject([
      { title: 'nas did not start properly', message: expect.stringContaining('ENOENT'), remedy: 'Mend it.' },
    ]);
  });

  it('whose QEMU ends at once tells what it said', async () => {
    const world = await off();
    world.trouble.launchExits = 1;
    const at = world.clock.monotonic();
    await world.set('nas', 'start');
    expect(world.clock.monotonic() - at).toBeLessThan(1000);
    expect(world.notices).toMatchObject([
      { message: 'Its start command ended (exit status 1). It said: qemu: no such disk' },
    ]);
    expect(world.confirmed).toEqual([]);
  });

  it('is seen soon after its process became QEMU, not at the next look at the host', async () => {
    const world = await off();
    world.trouble.unlistedMs = 700;
    const at = world.clock.monotonic();
    expect(await world.set('nas', 'start')).toBeNull();
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.clock.monotonic() - at).toBeLessThan(1300);
    expect(world.confirmed).toHaveLength(1);
  });

  it('by a QEMU that goes to the background is found all the same', async () => {
    const world = await off({ name: 'nas', recipe: { daemonizes: true } });
    expect(await world.set('nas', 'start')).toBeNull();
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.notices).toEqual([]);
  });

  it('by a command that stops at first (-S) lets the guest run', async () => {
    const world = await off({ name: 'nas', recipe: { startsPaused: true } });
    expect(await world.set('nas', 'start')).toBeNull();
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.qemu('nas').status()).toBe('running');
    expect(world.notices).toEqual([]);
  });

  it('is refused where nobody knows how, with what helps', async () => {
    const world = await off({
      name: 'nas',
      recipe: { notStartable: 'It was given open files (-netdev fd=3).' },
    });
    expect(await world.set('nas', 'start')).toMatchObject({
      code: 'no-start-command',
      message: 'It was given open files (-netdev fd=3).',
      remedy: expect.stringContaining('Start it yourself'),
    });
  });

  it('of a guest that somebody else has just started is refused', async () => {
    const world = await off();
    await world.slot('nas').start();
    const refusal = await world.set('nas', 'start');
    expect(refusal === null || ['wrong-state', 'no-control', 'unknown-state'].includes(refusal.code)).toBe(
      true,
    );
    await world.shows('nas', 'running');
    expect(world.launches.length).toBeLessThanOrEqual(1);
  });
});

describe('another process of the same guest', () => {
  it('is not shown with the state of the one before', async () => {
    const world = await off();
    const shown: string[] = [];
    world.guest('nas').subscribe((change) => change.kind === 'state' && shown.push(change.state.name));
    await world.slot('nas').start({ kind: 'asleep', uptimeMs: 1 });
    await world.shows('nas', 'suspended');
    expect(shown).toEqual(['unknown', 'suspended']);
    expect(world.guest('nas').state).toMatchObject({ source: 'query', cause: 'unknown' });
  });

  it('that took its place between two looks at the host is asked anew', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    const first = world.guest('nas').machine;
    await world.qemu('nas').kill();
    await world.slot('nas').start({ kind: 'up', uptimeMs: 1 });
    await world.until(
      'it is another',
      () => world.guest('nas').machine !== first && world.guest('nas').state.name === 'running',
    );
    await world.ready('nas');
    expect(world.fleet.guests()).toHaveLength(1);
  });

  it('whose sockets are seen only later is connected to them then', async () => {
    const world = await createWorld([{ name: 'nas', found: { agent: null } }]);
    await world.shows('nas', 'running');
    expect(world.guest('nas').machine?.agent).toEqual({ status: 'absent' });
    const { agent } = world.qemu('nas');
    Object.assign(world.slot('nas').definition, {
      found: { agent: agent ? { address: agent, chardev: 'qga0' } : null },
    });
    await world.until(
      'its agent answers',
      () => world.guest('nas').machine?.agent.status === 'answering',
      10_000,
    );
    expect(world.guest('nas').state.name).toBe('running');
  });
});
