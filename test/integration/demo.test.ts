import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../main/clock';
import { startSimulatedQemu } from '../../main/demo/simulated-qemu';
import type { SocketAddress } from '../../main/protocols/sockets';
import { openRawClient, type Message, type RawClient } from '../fakes/raw-client';
import { isMissing } from '../support/requires';

/**
 * The simulation is only worth its name while it says what the real thing says: every conversation below is held with
 * both, and what came back must be the same, line for line.
 */

const QEMU = '/usr/bin/qemu-system-x86_64';
const AGENT = '/usr/sbin/qemu-ga';

let dir: string;
const ending: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'demo-'));
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Connects as soon as something listens. */
async function connectSoon(address: SocketAddress, timeoutMs = 10_000): Promise<RawClient> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await openRawClient(address);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ECONNREFUSED') || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

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
    '{"execute":"qmp_capabilities"}{"execute":"qom-get","arguments":{"path":"/machine","property":"type"},"id":1}',
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

interface Step {
  what: string;
  /** Written one after the other, with a pause between them. */
  say: (string | Uint8Array)[];
}

const step = (what: string, ...say: (string | Uint8Array)[]): Step => ({ what, say });
const command = (execute: string, args?: object): Step =>
  step(
    `${execute} ${args ? JSON.stringify(args) : ''}`,
    JSON.stringify({ execute, ...(args ? { arguments: args } : {}), id: 'x' }),
  );

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

/** Holds the conversation and returns what came for each step; a query-name with an id of its own ends each. */
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

const CAPABILITIES = step('qmp_capabilities', '{"execute":"qmp_capabilities","id":"x"}');

const BEFORE_NEGOTIATION: Step[] = [
  step('a command too early', '{"execute":"query-status","id":1}'),
  step('an unknown command too early', '{"execute":"nonsense","id":{"a":[1,"b",null]}}'),
  step('events too early', '{"execute":"stop"}'),
  step('an unexpected member too early', '{"execute":"query-status","bogus":1,"id":1}'),
];

const SPLIT_CHARACTER = Buffer.from('{"execute":"query-status","id":"é✓"}');

const SYNTAX: Step[] = [
  step('negotiating twice', '{"execute":"qmp_capabilities","id":2}'),
  step('an unknown command', '{"execute":"nonsense","id":{"a":1}}'),
  step('no id', '{"execute":"query-status"}'),
  step('id null', '{"execute":"query-status","id":null}'),
  step('an argument too many', '{"execute":"query-status","arguments":{"x":1},"id":"s"}'),
  step('a member too many', '{"execute":"query-status","bogus":1,"id":"s"}'),
  step('out of band, not negotiated', '{"exec-oob":"query-status","id":4}'),
  step('a command that is a number', '{"execute":5,"id":"s"}'),
  step('no command', '{"id":"s"}'),
  step('arguments that are an array', '{"execute":"stop","arguments":[],"id":"s"}'),
  step('an array', '[1]'),
  step('a string', '"str"'),
  step('a bad keyword', '{bad json}'),
  step('two in one write', '{"execute":"query-status","id":1}{"execute":"query-uuid","id":2}'),
  step('one in three writes', '{"exe', 'cute":"query-', 'status","id":1}'),
  step('split within a character', SPLIT_CHARACTER.subarray(0, 33), SPLIT_CHARACTER.subarray(33)),
  step('0xFF before', Uint8Array.of(0xff), '{"execute":"query-status","id":3}'),
  step('0xFF within a string', '{"execu', Uint8Array.of(0xff), '{"execute":"query-status","id":3}'),
  step(
    '0xFF within an object',
    '{"execute":"stop",',
    Uint8Array.of(0xff),
    '{"execute":"query-status","id":3}',
  ),
  step('brackets and quotes in strings', String.raw`{"execute":"query-status","id":"}\"{]\\"}`),
  step('whitespace around', '\r\n\t {"execute" :\n"query-status" , "id":1 }\r\n'),
];

const QUERIES: Step[] = [
  command('query-version'),
  command('query-status'),
  command('query-name'),
  command('query-uuid'),
  command('query-target'),
  command('query-kvm'),
  command('query-current-machine'),
  command('query-memory-size-summary'),
  command('query-cpus-fast'),
  command('query-chardev'),
  command('qom-get', { path: '/machine', property: 'type' }),
  command('qom-get', { path: '/machine', property: 'acpi-device' }),
  command('qom-get', { path: '/machine', property: 'nothing' }),
  command('qom-get', { path: '/nowhere', property: 'type' }),
  command('qom-get', { path: '/machine' }),
  command('qom-get', { path: 5, property: 'type' }),
  command('qom-list', { path: '/nowhere' }),
];

const POWER: Step[] = [
  command('stop'),
  command('stop'),
  command('query-status'),
  command('system_wakeup'),
  command('cont'),
  command('cont'),
  command('query-status'),
  command('system_powerdown'),
  command('system_wakeup'),
  command('system_reset'),
  command('query-status'),
  command('stop'),
  command('system_powerdown'),
  command('system_reset'),
  command('query-status'),
  command('stop'),
  command('cont'),
  command('query-status'),
];

describe.skipIf(isMissing('QEMU', existsSync(QEMU)))('the simulated QEMU speaks as the real one', () => {
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

  it.each(boards)('machine $board, s3 $s3, s4 $s4: $args', async ({ board, args, initial, ...settings }) => {
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
  });

  it.each(['pc', 'q35'])('the ACPI switches of machine %s', async (board) => {
    const chip = board === 'pc' ? 'PIIX4_PM' : 'ICH9-LPC';
    const real = startReal(board, '-S', '-global', `${chip}.disable_s3=1`, '-global', `${chip}.disable_s4=0`);
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
});

describe.skipIf(isMissing('the QEMU guest agent', existsSync(AGENT)))(
  'the simulated agent speaks as the real one',
  () => {
    /** All that could touch this computer. */
    const BLOCKED = [
      ...[
        'guest-shutdown',
        'guest-suspend-ram',
        'guest-suspend-disk',
        'guest-suspend-hybrid',
        'guest-set-time',
      ],
      ...[
        'guest-exec',
        'guest-exec-status',
        'guest-file-write',
        'guest-set-vcpus',
        'guest-set-memory-blocks',
      ],
      ...[
        'guest-set-user-password',
        'guest-fsfreeze-freeze',
        'guest-fsfreeze-freeze-list',
        'guest-fsfreeze-thaw',
      ],
      ...['guest-fstrim', 'guest-ssh-add-authorized-keys', 'guest-ssh-remove-authorized-keys'],
    ];
    const ask = (execute: string, args?: object) =>
      JSON.stringify({ execute, ...(args ? { arguments: args } : {}) });
    const table: [what: string, ...say: (string | Uint8Array)[]][] = [
      ['ping', ask('guest-ping')],
      ['sync', ask('guest-sync', { id: 77 })],
      ['sync, delimited', ask('guest-sync-delimited', { id: 78 })],
      ['0xFF before', Uint8Array.of(0xff), ask('guest-sync-delimited', { id: 79 })],
      ['0xFF within', '{"execu', Uint8Array.of(0xff), ask('guest-sync-delimited', { id: 80 })],
      ['an id', '{"execute":"guest-ping","id":[1]}'],
      ['sync without id', ask('guest-sync')],
      ['sync with a text', ask('guest-sync', { id: 'a' })],
      ['an argument too many', ask('guest-ping', { x: 1 })],
      ['an unknown command', ask('nonsense')],
      ['a disabled command', ask('guest-exec', { path: '/bin/true' })],
      ['a bad keyword', '{bad}'],
      ['an array', '[1]'],
      ['a file that is not there', ask('guest-file-open', { path: '/nowhere' })],
      ['a bad mode', ask('guest-file-open', { path: '/nowhere', mode: 'zz' })],
      ['a handle that is not there', ask('guest-file-read', { handle: 99 })],
      ['closing a handle that is not there', ask('guest-file-close', { handle: 99 })],
      ['opening', ask('guest-file-open', { path: '/proc/sys/kernel/random/boot_id' })],
      ['reading a part', ask('guest-file-read', { handle: 1000, count: 5 })],
      ['reading the rest', ask('guest-file-read', { handle: 1000 })],
      ['reading behind the end', ask('guest-file-read', { handle: 1000, count: 10 })],
      ['a negative count', ask('guest-file-read', { handle: 1000, count: -1 })],
      ['closing', ask('guest-file-close', { handle: 1000 })],
      ['closing twice', ask('guest-file-close', { handle: 1000 })],
      ['the time', ask('guest-get-time')],
      ['the host name', ask('guest-get-host-name')],
    ];

    it('in every row of the table', async () => {
      const path = newSocket();
      run(AGENT, ['-m', 'unix-listen', '-p', path.path, '-t', dir, '-b', BLOCKED.join(',')]);
      const twin = await startSimulatedQemu({
        ...GUEST,
        dir,
        clock: systemClock,
        initial: { kind: 'up', uptimeMs: 0 },
      });
      ending.push(() => twin.stop());

      const talk = async (address: SocketAddress | null) => {
        if (!address) throw new Error('no agent');
        const client = await connectSoon(address);
        const heard: Record<string, unknown>[] = [];
        let from = 0;
        for (const [index, [what, ...say]] of table.entries()) {
          for (const bytes of say) client.send(bytes);
          client.send(`\n${ask('guest-sync', { id: 1_000_000 + index })}\n`);
          await client.next((message) => message['return'] === 1_000_000 + index, what);
          const lines = client.lines.slice(from, -1).map((line) => line.toString('latin1'));
          from = client.lines.length;
          heard.push({
            [what]: lines.map((line) =>
              line
                .replace(/"buf-b64": "[^"]*"/, (text) => `buf-b64 of ${text.length}`)
                .replace(/"return": (\d{19})\b/, (text, ns: string) =>
                  Math.abs(Number(ns) / 1e6 - Date.now()) < 60_000 ? 'now in ns' : text,
                )
                .replace(/"host-name": "[^"]+"/, 'host-name'),
            ),
          });
        }
        client.close();
        return heard;
      };
      const sortKeys = (heard: Record<string, unknown>[]) => JSON.parse(JSON.stringify(heard)) as unknown;
      const fromReal = await talk(path);
      expect(sortKeys(await talk(twin.agent))).toEqual(sortKeys(fromReal));
      expect(JSON.stringify(fromReal)).toContain('now in ns');
    });
  },
);
