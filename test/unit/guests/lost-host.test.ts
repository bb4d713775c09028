import { describe, expect, it, vi } from 'vitest';
import { DialError } from '../../../main/protocols/sockets';
import type { Action } from '../../../main/power/actions';
import { viewOf } from '../../../main/view/guest-view';
import { GuestView } from '../../../preload/contract/view';
import { agentIgnores, masksWakeups } from '../../fakes/faulty-qemu';
import { fakeLink } from '../../fakes/host-link';
import { dialMemory } from '../../fakes/memory-sockets';
import { createWorld, type WorldGuest } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

async function behindLink(...guests: WorldGuest[]) {
  const link = fakeLink();
  const world = await createWorld(guests, { link });
  return { ...world, link };
}

const asleep = { kind: 'asleep', uptimeMs: 1000 } as const;
const unknownOutcome = (name: string, while_: string) => ({
  guestId: name,
  severity: 'warning',
  title: expect.stringMatching(/^What came of .+ is not known$/),
  message: `The connection to its host was lost while ${while_}. Its outcome is not known.`,
  remedy: 'Reveille looks at the guest when it is connected again.',
});

describe('a guest whose host goes out of reach', () => {
  it('is shown as it was last seen, as of then, and nothing can be asked of it', async () => {
    const world = await behindLink({ name: 'nas' });
    await world.ready('nas');
    const before = viewOf(world.guest('nas'), world.fleet, null);
    expect(before.state.asOf).toBeUndefined();
    const lost = world.clock.now();
    world.link.drop();
    expect(world.guest('nas').state.name).toBe('unknown');
    const view = viewOf(world.guest('nas'), world.fleet, lost);
    expect(view.state).toEqual({ ...before.state, asOf: lost });
    expect(Object.values(view.actions).filter(({ available }) => available)).toEqual([]);
    expect(view.actions.suspend).toMatchObject({ reason: 'Its host is not connected.' });
    GuestView.parse(view);
    await world.pass(120_000);
    expect(world.guest('nas').state.name).toBe('unknown');
    expect(viewOf(world.guest('nas'), world.fleet, lost).state.name).toBe('running');
    expect(await world.done(world.ask('nas', 'suspend'))).toMatchObject({ code: 'no-control' });
  });

  it.each([0, 10, 100, 900, 5000, 300_000])('and comes back after %i ms is seen as it is', async (ms) => {
    const world = await behindLink({ name: 'nas' }, { name: 'attic' });
    await world.ready('nas');
    await world.ready('attic');
    world.link.drop();
    await world.pass(ms);
    world.qemu('attic').guest.suspend('ram');
    await world.pass(ms === 0 ? 0 : 100);
    expect([world.guest('nas').state.name, world.guest('attic').state.name]).toEqual(['unknown', 'unknown']);
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running', 5000);
    await world.shows('attic', 'suspended', 5000);
    await world.ready('nas');
    expect(await world.set('nas', 'suspend')).toBeNull();
    await world.shows('nas', 'suspended');
  });

  it('and comes back without a way to its monitor is tried with patience, until there is one', async () => {
    const world = await behindLink({ name: 'nas' });
    await world.ready('nas');
    let dials = 0;
    let shut = true;
    const { dial } = world.host;
    world.host.dial = async (address) => {
      dials += 1;
      if (shut) throw new DialError('permission', address, 'Permission denied');
      return dial(address);
    };
    world.link.drop();
    await world.pass(3000);
    dials = 0;
    world.link.become({ kind: 'ready' });
    await world.pass(10_000);
    expect(dials).toBeGreaterThan(0);
    expect(dials).toBeLessThan(20);
    expect(world.guest('nas').state).toMatchObject({ name: 'unknown', detail: expect.stringContaining('may not open') });
    shut = false;
    await world.shows('nas', 'running', 60_000);
  });

  it('and ended meanwhile is off, and not said to have crashed', async () => {
    const world = await behindLink({ name: 'nas' });
    await world.ready('nas');
    world.link.drop();
    await world.pass(1000);
    await world.qemu('nas').stop();
    await world.pass(60_000);
    expect(world.guest('nas').state.name).toBe('unknown');
    world.link.become({ kind: 'ready' });
    expect(await world.shows('nas', 'off')).toMatchObject({ source: 'inference', cause: 'unknown' });
    expect(world.notices).toEqual([]);
  });
});

describe('a guest whose host becomes another one with the same id', () => {
  it('is reached through the new one', async () => {
    const world = await behindLink({ name: 'nas' });
    await world.ready('nas');
    const { fleet, host, link } = world;
    const next = fakeLink();
    const { found } = world.guest('nas');
    link.become({ kind: 'offline' });
    await world.done(
      fleet.addHost({
        ...host,
        link: next,
        scan: async () => (found ? [found] : []),
        processAlive: async () => true,
        dial: (address) => next.carry(address, dialMemory),
      }),
    );
    await world.shows('nas', 'running');
    await world.ready('nas');
    expect(await world.set('nas', 'suspend')).toBeNull();
    await world.shows('nas', 'suspended');
    expect(link.state.kind).toBe('offline');
  });
});

describe('an action under way when the link drops', () => {
  const cases: [Action, WorldGuest, string][] = [
    ['suspend', { name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }, 'it was falling asleep'],
    ['hibernate', { name: 'nas', faults: [agentIgnores('guest-suspend-disk')] }, 'it was hibernating'],
    ['shutdown', { name: 'nas', faults: [agentIgnores('guest-shutdown')] }, 'it was shutting down'],
    ['wakeup', { name: 'nas', initial: asleep, faults: [masksWakeups()] }, 'it was being woken'],
  ];

  it.each(cases)('(%s) ends at once: its outcome is not known', async (action, guest, text) => {
    const world = await behindLink(guest);
    if (guest.initial) await world.shows('nas', 'suspended');
    else await world.ready('nas');
    void world.ask('nas', action);
    await world.until('it is under way', () => world.guest('nas').pending);
    await world.pass(500);
    expect(world.guest('nas').pending).not.toBeNull();
    const at = world.clock.monotonic();
    world.link.drop();
    await world.idle('nas');
    expect(world.clock.monotonic() - at).toBeLessThan(5000);
    expect(world.notices).toEqual([unknownOutcome(world.guest('nas').id, text)]);
    expect(world.texts('nas')[0]).toContain('Its outcome is not known.');
    expect(world.texts('nas')[0]).not.toContain('failed');
    world.link.become({ kind: 'ready' });
    await world.shows('nas', guest.initial ? 'suspended' : 'running');
  });

  it('even when the link is back before anybody looks', async () => {
    const world = await behindLink({ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] });
    await world.ready('nas');
    void world.ask('nas', 'suspend');
    await world.pass(500);
    world.link.drop();
    world.link.become({ kind: 'ready' });
    await world.idle('nas', 5000);
    expect(world.notices).toEqual([unknownOutcome(world.guest('nas').id, 'it was falling asleep')]);
  });

  it('(start of a hibernated one) ends at once, also while its boot is read', async () => {
    const world = await behindLink({ name: 'nas' });
    await world.ready('nas');
    await world.set('nas', 'hibernate');
    void world.ask('nas', 'start');
    let reads = 0;
    await world.until('its machine is there', () => {
      const { machine } = world.guest('nas');
      if (!machine?.exists) return false;
      const read = machine.readBootId.bind(machine);
      machine.readBootId = () => {
        reads += 1;
        world.link.drop();
        return read();
      };
      return true;
    });
    await world.until('its boot is read', () => reads > 0, 60_000);
    const at = world.clock.monotonic();
    await world.idle('nas');
    expect(world.clock.monotonic() - at).toBeLessThan(6000);
    expect(world.notices).toEqual([unknownOutcome(world.guest('nas').id, 'it was being started')]);
  });

  it('(start) ends at once: its outcome is not known, and what it became is seen later', async () => {
    const world = await behindLink({ name: 'nas' });
    await world.ready('nas');
    await world.set('nas', 'poweroff');
    await world.pass(3000);
    const { launch } = world.host;
    world.host.launch = async (recipe) => {
      const launched = await launch(recipe);
      world.link.drop();
      return launched;
    };
    void world.ask('nas', 'start');
    await world.until('it was launched', () => world.launches.length === 1);
    await world.idle('nas', 10_000);
    expect(world.notices).toEqual([unknownOutcome(world.guest('nas').id, 'it was being started')]);
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    expect(world.launches).toHaveLength(1);
  });
});

describe('the alarm of a sleep whose outcome is not known', () => {
  const lost = async (guest: WorldGuest, action: Action = 'suspend') => {
    const world = await behindLink(guest);
    await world.ready('nas');
    void world.ask('nas', action, '1 h');
    await world.until('the alarm is there', () => world.alarm('nas'));
    await world.pass(20);
    world.link.drop();
    await world.idle('nas', 10_000);
    expect(world.alarm('nas')?.phase.kind).toBe('pending');
    expect(world.notices).toHaveLength(1);
    return world;
  };

  it('is armed when the guest is seen asleep, and wakes it', async () => {
    const world = await lost({ name: 'nas' });
    await world.pass(10 * 60_000);
    expect(world.alarm('nas')?.phase.kind).toBe('pending');
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'suspended');
    expect(world.alarm('nas')?.phase.kind).toBe('armed');
    await world.pass(3_600_000);
    await world.shows('nas', 'running');
    expect(world.alarm('nas')).toBeUndefined();
    expect(world.texts('nas')).toContain('Woken by its alarm.');
  });

  it('is dropped when the guest is seen awake after its time to fall asleep', async () => {
    const world = await lost({ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] });
    await world.pass(10 * 60_000);
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    await world.until('the alarm is dropped', () => !world.alarm('nas'));
    expect(world.texts('nas')).toContain('Its alarm was dropped, because it was not seen to fall asleep.');
  });

  it('fires late when the host comes back after it was due', async () => {
    const world = await lost({ name: 'nas' });
    await world.pass(2 * 3_600_000);
    expect(world.alarm('nas')?.phase.kind).toBe('retrying');
    world.link.become({ kind: 'ready' });
    await world.until('it is woken', () => world.guest('nas').state.name === 'running' && !world.alarm('nas'));
    expect(world.notices.at(-1)).toMatchObject({ title: 'nas was woken late' });
  });

  it('starts a guest that hibernated unseen', async () => {
    const world = await lost({ name: 'nas' }, 'hibernate');
    await world.pass(60_000);
    expect(world.slot('nas').qemu).toBeNull();
    world.link.become({ kind: 'ready' });
    expect(await world.shows('nas', 'hibernated')).toMatchObject({ source: 'inference' });
    await world.pass(3_600_000);
    await world.shows('nas', 'running');
    expect(world.texts('nas')).toContain('It resumed where it was.');
  });
});

describe('a wake by an alarm that loses the link', () => {
  it('is not counted as a wake that the guest slept through, however often', async () => {
    const world = await behindLink({ name: 'nas', faults: [masksWakeups()] });
    await world.ready('nas');
    await world.set('nas', 'suspend', '1 min');
    for (let tries = 0; tries < 5; tries += 1) {
      await world.until('it is being woken', () => world.guest('nas').pending?.action === 'wakeup', 120_000);
      await world.pass(100);
      world.link.drop();
      await world.until('the wake is given up', () => world.alarm('nas')?.phase.kind === 'retrying', 10_000);
      expect(world.alarm('nas')?.phase).toMatchObject({ after: 'unreachable', failures: 0, sent: true });
      await world.pass(1000);
      world.link.become({ kind: 'ready' });
    }
    world.qemu('nas').guest.wakeByItself();
    await world.until('the alarm has ended', () => !world.alarm('nas'), 120_000);
    expect(world.texts('nas').join('\n')).toMatch(/Woken by its alarm/);
  });
});

describe('a guest that hibernates in vain over a lost link', () => {
  it('is not taken for hibernated when it is shut down unseen later', async () => {
    const world = await behindLink({ name: 'nas', faults: [agentIgnores('guest-suspend-disk')] });
    await world.ready('nas');
    void world.ask('nas', 'hibernate');
    await world.pass(500);
    world.link.drop();
    await world.idle('nas', 10_000);
    expect(world.guest('nas').remembered.hibernating).toBe(true);
    world.link.become({ kind: 'ready' });
    await world.until('its agent told its boot', () => !world.guest('nas').remembered.hibernating, 60_000);
    world.link.drop();
    await world.qemu('nas').stop();
    world.link.become({ kind: 'ready' });
    await world.shows('nas', 'off');
  });
});

it('a guest behind a link that comes and goes is watched for its end once, not once for each loss', async () => {
  const world = await behindLink({ name: 'nas' });
  await world.ready('nas');
  let asking = 0;
  let most = 0;
  const { processAlive } = world.host;
  world.host.processAlive = async (pid) => {
    asking += 1;
    most = Math.max(most, asking);
    await new Promise<void>((resolve) => void world.clock.setTimer(500, resolve));
    asking -= 1;
    return processAlive(pid);
  };
  for (let loss = 0; loss < 10; loss += 1) {
    world.link.drop();
    await world.until('its monitor is lost', () => world.guest('nas').machine?.control.status !== 'ready');
    world.link.become({ kind: 'ready' });
    await world.until('its monitor is connected', () => world.guest('nas').machine?.control.status === 'ready');
  }
  expect(most).toBe(1);
  await world.shows('nas', 'running');
});
