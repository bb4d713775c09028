import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../main/clock';
import { startSimulatedQemu } from '../../main/demo/simulated-qemu';
import type { SocketAddress } from '../../main/protocols/sockets';
import { connectSoon, openRawClient, type Message } from '../fakes/raw-client';
import { isMissing } from '../support/requires';
import { BEFORE_NEGOTIATION, CAPABILITIES, POWER, QUERIES, SYNTAX, command, type Step } from './demo-steps';

/**
 * The simulation is only worth its name while it says what the real thing says: every conversation below is
 * held with both, and what came back must be the same, line for line.
 */

const QEMU = 'qemu-system-x86_64';

let dir: string;
const ending: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'demo-'));
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function run(command: string, args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  ending.push(() => {
    child.kill('SIGKILL');
    return exited;
  });
  return child;
}

const newSocket = (): SocketAddress & { path: string } => ({
  kind: 'unix',
  path: join(dir, `${Math.random().toString(36).slice(2)}.sock`),
});

interface Peer {
  qmp: SocketAddress;
}

const GUEST = { name: 'twin', uuid: '11111111-2222-3333-4444-555555555555' };

function startReal(machine: string, ...more: string[]): Peer {
  const qmp = newSocket();
  const twin = ['-name', GUEST.name, '-uuid', GUEST.uuid, '-machine', machine, '-accel', 'tcg'];
  const bare = ['-nodefaults', '-no-user-config', '-display', 'none', '-m', '16'];
  run(QEMU, [...twin, ...bare, ...more, '-qmp', `unix:${qmp.path},server=on,wait=off`]);
  return { qmp };
}

/** Tells the version and the full name of the machine type, which the simulated twin must share. */
async function askIdentity(peer: Peer) {
  const client = await connectSoon(peer.qmp);
  const greeting = await client.next((message) => 'QMP' in message, 'greeting');
  client.send(
    '{"execute":"qmp_capabilities"}' +
      '{"execute":"qom-get","arguments":{"path":"/machine","property":"type"},"id":1}',
  );
  const { return: type } = await client.next((message) => message['id'] === 1, 'machine type');
  client.close();
  await client.closed;
  const { version } = greeting['QMP'] as {
    version: { qemu: { major: number; minor: number; micro: number }; package: string };
  };
  return {
    machine: String(type).replace(/-machine$/, ''),
    qemuVersion: { ...version.qemu, package: version.package },
  };
}

/** What both may tell differently: times, ids of threads, places in QEMU's object tree. */
function comparable(message: Message): unknown {
  return JSON.parse(
    JSON.stringify(message, (key, value: unknown) => {
      if (key === 'timestamp') {
        const { seconds, microseconds } = value as { seconds: number; microseconds: number };
        const plausible =
          Math.abs(seconds - Date.now() / 1000) < 600 && microseconds >= 0 && microseconds < 1e6;
        return plausible ? 'now' : value;
      }
      if (key === 'thread-id' || key === 'props' || key === 'filename') return typeof value;
      return typeof value === 'string' ? value.replace(/device\[\d+\]/, 'device[N]') : value;
    }),
  );
}

/**
 * Holds the conversation and returns what came for each step; a query-name with an id of its own ends each.
 */
async function converse(address: SocketAddress, steps: readonly Step[]): Promise<Record<string, unknown>[]> {
  const client = await connectSoon(address);
  ending.push(() => {
    client.close();
    return client.closed;
  });
  const heard: Record<string, unknown>[] = [];
  await client.next((message) => 'QMP' in message, 'greeting');
  let from = 0;
  for (const [index, { what, say }] of steps.entries()) {
    const end = `end of step ${index}`;
    for (const [part, bytes] of say.entries()) {
      if (part > 0) await new Promise((resolve) => setTimeout(resolve, 30));
      client.send(bytes);
    }
    client.send(`\n${JSON.stringify({ execute: 'query-name', id: end })}\n`);
    await client.next((message) => message['id'] === end, what);
    const messages = client.messages();
    // The firmware's own resets come whenever it has got there.
    const fromFirmware = (message: Message) =>
      JSON.stringify(message['data'] ?? null).includes('guest-reset');
    heard.push({
      [what]: messages
        .slice(from)
        .filter((message) => message['id'] !== end && !fromFirmware(message))
        .map(comparable),
    });
    from = messages.length;
  }
  for (const line of client.lines) expect(line.subarray(-2).toString(), line.toString()).toBe('\r\n');
  return heard;
}

describe.skipIf(isMissing('QEMU', spawnSync(QEMU, ['--version']).status === 0))(
  'the simulated QEMU speaks as the real one',
  () => {
    const boards = [
      { board: 'none', s3: true, s4: true, vcpus: 1, args: [], initial: { kind: 'up', uptimeMs: 0 } },
      { board: 'pc', s3: true, s4: true, vcpus: 2, args: ['-smp', '2'], initial: { kind: 'booting' } },
      {
        board: 'pc',
        s3: false,
        s4: true,
        vcpus: 1,
        args: ['-global', 'PIIX4_PM.disable_s3=1', '-S'],
        initial: { kind: 'prelaunch' },
      },
      {
        board: 'q35',
        s3: true,
        s4: false,
        vcpus: 1,
        args: ['-global', 'ICH9-LPC.disable_s4=1'],
        initial: { kind: 'booting' },
      },
    ] as const;

    it.each(boards)(
      'machine $board, s3 $s3, s4 $s4: $args',
      async ({ board, args, initial, ...settings }) => {
        const real = startReal(board, ...args);
        const identity = await askIdentity(real);
        const twin = await startSimulatedQemu({
          ...GUEST,
          ...settings,
          ...identity,
          memoryMiB: 16,
          agent: 'absent',
          dir,
          clock: systemClock,
          initial,
        });
        ending.push(() => twin.stop());

        const acpi = [command('qom-get', { path: '/machine', property: 'acpi-device' })];
        const steps = [...BEFORE_NEGOTIATION, CAPABILITIES, ...SYNTAX, ...QUERIES, ...acpi, ...POWER];
        const fromReal = await converse(real.qmp, steps);
        expect(await converse(twin.qmp, steps)).toEqual(fromReal);
        expect(JSON.stringify(fromReal)).toContain('"event":"STOP"');
      },
    );

    it.each(['pc', 'q35'])('the ACPI switches of machine %s', async (board) => {
      const chip = board === 'pc' ? 'PIIX4_PM' : 'ICH9-LPC';
      const real = startReal(
        board,
        '-S',
        '-global',
        `${chip}.disable_s3=1`,
        '-global',
        `${chip}.disable_s4=0`,
      );
      const identity = await askIdentity(real);
      const twin = await startSimulatedQemu({
        ...GUEST,
        ...identity,
        s3: false,
        agent: 'absent',
        dir,
        clock: systemClock,
      });
      ending.push(() => twin.stop());

      const read = async (address: SocketAddress) => {
        const client = await connectSoon(address);
        const ask = async (path: unknown, property: string) => {
          client.send(JSON.stringify({ execute: 'qom-get', arguments: { path, property }, id: property }));
          return (await client.next((message) => message['id'] === property, property))['return'];
        };
        client.send('{"execute":"qmp_capabilities"}');
        const device = await ask('/machine', 'acpi-device');
        const values = [
          await ask(device, 'type'),
          await ask(device, 'disable_s3'),
          await ask(device, 'disable_s4'),
        ];
        client.close();
        return values;
      };
      expect(await read(real.qmp)).toEqual([chip, 1, 0]);
      expect(await read(twin.qmp)).toEqual([chip, 1, 0]);
    });

    it('serves one client at a time, and the next one what it wrote meanwhile', async () => {
      const real = startReal('none');
      const identity = await askIdentity(real);
      const twin = await startSimulatedQemu({
        ...GUEST,
        ...identity,
        agent: 'absent',
        dir,
        clock: systemClock,
      });
      ending.push(() => twin.stop());

      for (const { qmp } of [real, twin]) {
        const first = await connectSoon(qmp);
        await first.next((message) => 'QMP' in message, 'greeting');
        const second = await openRawClient(qmp);
        second.send('{"execute":"qmp_capabilities","id":"second"}');
        const third = await openRawClient(qmp);
        first.send('{"execute":"qmp_capabilities","id":"first"}');
        await first.next((message) => message['id'] === 'first', 'answer to the first');
        expect(second.lines).toHaveLength(0);
        first.close();
        await second.next((message) => message['id'] === 'second', 'answer to the second');
        expect(second.messages().map((message) => Object.keys(message).sort())).toEqual([
          ['QMP'],
          ['id', 'return'],
        ]);
        expect(third.lines).toHaveLength(0);
        third.close();
        second.close();
        // One that left while it waited holds nobody up.
        const fourth = await openRawClient(qmp);
        await fourth.next((message) => 'QMP' in message, 'greeting of the fourth');
        fourth.close();
      }
    });

    it.each(['quit', 'SIGTERM', 'SIGKILL'])('ends by %s with the same words', async (how) => {
      const path = newSocket();
      const real = run(QEMU, [
        '-machine',
        'none',
        '-nodefaults',
        '-display',
        'none',
        '-qmp',
        `unix:${path.path},server=on,wait=off`,
      ]);
      const realExited = new Promise((resolve) => real.once('exit', resolve));
      const twin = await startSimulatedQemu({ ...GUEST, agent: 'absent', dir, clock: systemClock });
      ending.push(() => twin.stop());

      const last = async (address: SocketAddress, end: () => void) => {
        const client = await connectSoon(address);
        client.send('{"execute":"qmp_capabilities","id":0}');
        await client.next((message) => message['id'] === 0, 'capabilities');
        const before = client.messages().length;
        if (how === 'quit') client.send('{"execute":"quit","id":1}');
        else end();
        await client.closed;
        return client.messages().slice(before).map(comparable);
      };
      const fromReal = await last(path, () => real.kill(how as NodeJS.Signals));
      const fromTwin = await last(twin.qmp, () => void (how === 'SIGKILL' ? twin.kill() : twin.stop()));
      expect(fromTwin).toEqual(fromReal);
      const exit = await twin.exited;
      await realExited;
      expect(exit).toEqual({ code: real.exitCode, signal: real.signalCode });
      expect(existsSync(twin.qmp.path)).toBe(existsSync(path.path));
    });
  },
);
