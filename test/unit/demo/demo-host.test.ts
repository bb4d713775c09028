import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDemoHost, type DemoHost } from '../../../main/demo/demo-host';
import type { Endpoint } from '../../../main/hosts/discovery/endpoints';
import { parseCommandLine } from '../../../main/hosts/discovery/command-line';
import type { FoundGuest } from '../../../main/hosts/discovery/found';
import { openAgent, type AgentClient } from '../../../main/protocols/guest-agent/client';
import { readGuestFile } from '../../../main/protocols/guest-agent/files';
import { connectQmp, type QmpClient } from '../../../main/protocols/qmp/client';
import type { SocketAddress } from '../../../main/protocols/sockets';
import { fakeClock, type FakeClock } from '../../fakes/clock';

let clock: FakeClock;
let host: DemoHost;
beforeEach(async () => {
  clock = fakeClock();
  host = await startDemoHost({ clock });
});
afterEach(() => host.close());

const named = (name: string): FoundGuest => host.guests().find((guest) => guest.name === name)!;
const qmp = async (guest: FoundGuest): Promise<QmpClient> =>
  connectQmp(await host.dial(guest.monitors[0]!), { clock });
const agent = async (guest: FoundGuest) => openAgent(await host.dial(guest.agent!.address), { clock });

const bootIdOf = async (client: AgentClient): Promise<string> =>
  (await readGuestFile(client, '/proc/sys/kernel/random/boot_id', 100)).toString().trim();

/** Lets the fake clock run on until `promise` has settled. */
async function whileTimePasses<T>(promise: Promise<T>): Promise<T> {
  const state = { settled: false };
  const done = () => {
    state.settled = true;
  };
  promise.then(done, done);
  for (let turn = 0; !state.settled && turn < 1000; turn += 1) await clock.advance(10);
  return promise;
}

describe('the demo host', () => {
  it('shows guests that each show something else', async () => {
    const shown = await Promise.all(
      host.guests().map(async (guest) => {
        const client = await qmp(guest);
        const { status } = await client.call('query-status');
        const device = await client.call('qom-get', { path: '/machine', property: 'acpi-device' });
        const s3off = await client.call('qom-get', { path: String(device), property: 'disable_s3' });
        const port = (await client.call('query-chardev')).find(({ label }) => label === guest.agent?.chardev);
        client.close();
        return [
          guest.name,
          status,
          s3off === 1 ? 'S3 off' : 'S3',
          port ? port['frontend-open'] : 'no agent channel',
        ];
      }),
    );
    expect(shown).toEqual([
      ['nas', 'running', 'S3', true],
      ['media', 'suspended', 'S3', false],
      ['home-assistant', 'running', 'S3 off', true],
      ['win11-desktop', 'running', 'S3', true],
      ['router', 'running', 'S3', 'no agent channel'],
    ]);
    expect(
      host.switchedOff().map(({ name, hibernated, bootId }) => [name, hibernated, bootId?.length]),
    ).toEqual([['build-box', true, 36]]);
    expect(await host.scan()).toEqual(host.guests());
  });

  it('tells of its guests what their command lines say', () => {
    const socket = (endpoint: Endpoint | undefined): SocketAddress | undefined =>
      endpoint?.kind === 'unix' ? { kind: 'unix', path: endpoint.path } : undefined;
    const all = [...host.guests(), ...host.switchedOff()];
    expect(all).toHaveLength(6);
    for (const guest of all) {
      const read = parseCommandLine(guest.recipe!.args);
      expect({
        name: read.name,
        uuid: read.uuid,
        memoryMiB: read.memoryMiB,
        vcpus: read.vcpus,
        machine: read.machine,
        monitors: read.monitors.map(socket),
        agent: read.agent && { address: socket(read.agent.endpoint), chardev: read.agent.chardev },
      }).toEqual({
        name: guest.name,
        uuid: guest.uuid,
        memoryMiB: guest.memoryMiB,
        vcpus: guest.vcpus,
        machine: guest.machine,
        monitors: guest.monitors,
        agent: guest.agent,
      });
      expect(guest.recipe).toMatchObject({ daemonizes: read.daemonizes, startsPaused: read.startsPaused });
      for (const { path: socketPath } of [...guest.monitors, guest.agent?.address].filter(isUnix)) {
        expect(Buffer.byteLength(socketPath)).toBeLessThanOrEqual(103);
      }
    }
  });

  it('has pids that nothing can be signalled by', async () => {
    const pids = host.guests().map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(pids.length);
    for (const pid of pids) {
      expect(Number.isSafeInteger(pid)).toBe(true);
      expect(() => process.kill(pid, 0)).toThrow(TypeError);
      expect(await host.processAlive(pid)).toBe(true);
    }
    expect(await host.processAlive(process.pid)).toBe(false);
  });

  it('starts the hibernated guest, which resumes', async () => {
    let changes = 0;
    host.onListChanged(() => (changes += 1));
    const [off] = host.switchedOff();
    const launched = await host.launch(off!.recipe!);
    expect([host.switchedOff(), changes]).toEqual([[], 1]);
    const guest = named('build-box');
    expect([launched.pid, guest.key, guest.startedAt]).toEqual([guest.pid, off!.key, clock.now()]);

    const client = await whileTimePasses(agent(guest));
    const bootId = await whileTimePasses(bootIdOf(client));
    expect(bootId).toBe(off!.bootId);
    client.close();
  });

  it('lets a guest hibernate, and start again as another process of the same guest', async () => {
    const before = named('nas');
    const listening = new Promise<void>((resolve) => host.onListChanged(resolve));
    const monitor = await qmp(before);
    const events: string[] = [];
    monitor.onEvent(({ name }) => events.push(name));
    const client = await agent(before);
    const bootId = await bootIdOf(client);
    await client.sendWithoutReply('guest-suspend-disk');
    await whileTimePasses(monitor.closed);
    await listening;
    expect(events.filter((name) => name !== 'VSERPORT_CHANGE')).toEqual(['SUSPEND_DISK', 'SHUTDOWN']);
    expect(await host.processAlive(before.pid)).toBe(false);
    expect(host.switchedOff().map(({ name, hibernated }) => [name, hibernated])).toEqual([
      ['nas', true],
      ['build-box', true],
    ]);

    const { pid, exited } = await host.launch(before.recipe!);
    expect(pid).not.toBe(before.pid);
    const again = await whileTimePasses(agent(named('nas')));
    expect(await bootIdOf(again)).toBe(bootId);
    await again.sendWithoutReply('guest-shutdown', {});
    expect(await whileTimePasses(exited)).toEqual({ code: 0, signal: null, output: '' });
    expect(host.switchedOff()[0]).toMatchObject({ name: 'nas', hibernated: false, bootId: null });
  });

  it('refuses to start what runs, and what is none of its guests', async () => {
    await expect(host.launch(named('nas').recipe!)).rejects.toMatchObject({
      name: 'HostError',
      message: 'nas runs already.',
    });
    const recipe = { ...named('nas').recipe!, args: ['-name', 'stranger'] };
    await expect(host.launch(recipe)).rejects.toMatchObject({ name: 'HostError' });
    const [off] = host.switchedOff();
    const both = await Promise.allSettled([host.launch(off!.recipe!), host.launch(off!.recipe!)]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('costs nothing while nobody does anything', async () => {
    const clients = await Promise.all(host.guests().map(qmp));
    await clock.advance(2000);
    expect(clock.pendingTimers()).toBe(0);
    for (const client of clients) client.close();
  });

  it('leaves nothing behind', async () => {
    const directory = path.dirname(
      named('nas')
        .recipe!.args.find((arg) => arg.startsWith('unix:'))!
        .slice(5)
        .split(',')[0]!,
    );
    const client = await qmp(named('nas'));
    expect(existsSync(directory)).toBe(true);
    let changes = 0;
    host.onListChanged(() => (changes += 1));
    await Promise.all([host.close(), host.close()]);
    await client.closed;
    expect([existsSync(directory), host.guests(), changes, clock.pendingTimers()]).toEqual([false, [], 0, 0]);
    await expect(host.launch(host.switchedOff()[0]!.recipe!)).rejects.toMatchObject({ name: 'HostError' });
  });
});

const isUnix = (address: SocketAddress | undefined): address is Extract<SocketAddress, { kind: 'unix' }> =>
  address?.kind === 'unix';
