import { describe, expect, it, vi } from 'vitest';
import { connectQmp } from '../../../main/protocols/qmp/client';
import { keepsSecret } from '../../fakes/faulty-qemu';
import { dialMemory } from '../../fakes/memory-sockets';
import { createWorld, type WorldGuest } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const H = 3_600_000;
/** Its sockets are where Proxmox has them: /run/qemu-server/101.qmp, 101.qga. */
const VM: WorldGuest = {
  name: '101',
  settings: { dir: '/run/qemu-server' },
  found: { owner: 'proxmox', vmid: 101 },
};

describe('a guest whose sockets Proxmox needs', () => {
  it('sleeps, and is woken by its alarm', async () => {
    const world = await createWorld([VM]);
    await world.shows('101', 'running');
    expect(await world.set('101', 'suspend', '1 h')).toBeNull();
    expect(world.guest('101').state).toMatchObject({ name: 'suspended', source: 'event', cause: 'user' });
    await world.pass(H + 2000);
    expect(world.guest('101').state).toMatchObject({ name: 'running', cause: 'timer' });
    expect(world.notices).toEqual([]);
  });

  it('is awake when its agent answers, though its WAKEUP was not heard', async () => {
    const world = await createWorld([
      { ...VM, settings: { ...VM.settings, initial: { kind: 'asleep', uptimeMs: 1 } }, faults: [keepsSecret('WAKEUP')] },
    ]);
    await world.shows('101', 'suspended');
    expect(await world.set('101', 'wakeup')).toBeNull();
    expect(world.guest('101').state).toMatchObject({ name: 'running', source: 'query' });
    expect(world.notices).toEqual([]);
  });

  it('that went to disk while another program listened keeps its alarm, and says what is not known', async () => {
    const world = await createWorld([{ ...VM, settings: { ...VM.settings, delays: { hibernate: 3000 } } }]);
    await world.ready('101');
    const { qmp, exited } = world.qemu('101');
    expect(await world.done(world.ask('101', 'hibernate', '1 h'))).toBeNull();
    await world.until('it was asked', () => world.texts('101').some((text) => text.includes('guest-suspend-disk')));
    await world.done(connectQmp(await dialMemory(qmp), { clock: world.clock }));
    await world.done(exited);
    await world.idle('101');
    expect(world.guest('101').state).toMatchObject({ name: 'hibernated', source: 'inference' });
    expect(world.notices).toMatchObject([{ message: expect.stringContaining('was not heard') }]);
    expect(world.alarm('101')).toBeDefined();
    await world.pass(H);
    await world.idle('101');
    expect(world.guest('101').state).toMatchObject({ name: 'running', cause: 'timer' });
    expect(world.texts('101')).toContain('It resumed where it was.');
  });

  it('that is gone is seen by the host’s next listings, not by the next look at its monitor', async () => {
    const world = await createWorld([VM]);
    await world.shows('101', 'running');
    await world.pass(500);
    const at = world.clock.monotonic();
    void world.qemu('101').kill();
    await world.shows('101', 'off');
    expect(world.clock.monotonic() - at).toBeLessThan(5000);
    expect(world.guest('101').state).toMatchObject({ source: 'inference', detail: expect.stringContaining('not known') });
  });
});
