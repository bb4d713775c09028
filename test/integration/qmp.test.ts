import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Duplex } from 'node:stream';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock as clock } from '../../main/clock';
import { connectQmp, type QmpClient } from '../../main/protocols/qmp/client';
import type { QmpEvent } from '../../main/protocols/qmp/schema';
import { DialError, dial } from '../../main/protocols/sockets';
import { until } from '../guest/deadline';
import { isMissing } from '../support/requires';

const noQemu = isMissing('QEMU', spawnSync('qemu-system-x86_64', ['--version']).status === 0);
const NULL_UUID = '00000000-0000-0000-0000-000000000000';

let directory: string;
let qemus: ChildProcess[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'reveille-qmp-'));
  qemus = [];
});
afterEach(async () => {
  await Promise.all(
    qemus.map(async (qemu) => {
      if (qemu.exitCode !== null || qemu.signalCode !== null) return;
      const gone = once(qemu, 'exit');
      qemu.kill('SIGKILL');
      await gone;
    }),
  );
  await rm(directory, { recursive: true });
});

const socket = (name = 'qmp') => path.join(directory, name);

/** A QEMU without a machine: a real monitor that takes 22 MB. */
function startQemu(monitor = ['-qmp', `unix:${socket()},server=on,wait=off`]): ChildProcess {
  const base = ['-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8'];
  const qemu = spawn('qemu-system-x86_64', [...base, ...monitor], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  qemus.push(qemu);
  return qemu;
}

/** Dials as soon as QEMU listens. */
const reach = (name?: string) =>
  until(10_000, 'QEMU listens', async () => {
    try {
      return await dial({ kind: 'unix', path: socket(name) }, { clock });
    } catch (error) {
      if (error instanceof DialError && ['missing', 'refused'].includes(error.code)) return undefined;
      throw error;
    }
  });

function listen(qmp: QmpClient): QmpEvent[] {
  const events: QmpEvent[] = [];
  qmp.onEvent((event) => events.push(event));
  return events;
}

describe.skipIf(noQemu)('a real QEMU', () => {
  it('tells what it is', async () => {
    startQemu([
      ...['-qmp', `unix:${socket()},server=on,wait=off`, '-uuid', '0fb5d2a4-9a0e-4d3e-8c4e-1c4b7f1d2a33'],
      ...['-name', 'Grüße,,comma'],
    ]);
    const qmp = await connectQmp(await reach(), { clock });
    expect(qmp.version.major).toBeGreaterThanOrEqual(4);
    expect((await qmp.call('query-version')).qemu).toEqual({
      major: qmp.version.major,
      minor: qmp.version.minor,
      micro: qmp.version.micro,
    });
    expect(await qmp.call('query-name')).toEqual({ name: 'Grüße,comma' });
    expect(await qmp.call('query-uuid')).toEqual({ UUID: '0fb5d2a4-9a0e-4d3e-8c4e-1c4b7f1d2a33' });
    expect(await qmp.call('query-memory-size-summary')).toMatchObject({ 'base-memory': 8 * 1024 * 1024 });
    expect(await qmp.call('query-cpus-fast')).toEqual([]);
    expect(await qmp.call('query-current-machine')).toEqual({ 'wakeup-suspend-support': false });
    expect(await qmp.call('query-kvm')).toMatchObject({ enabled: false });
    expect(await qmp.call('query-chardev')).toMatchObject([{ 'frontend-open': true }]);
    expect(await qmp.call('query-commands')).toContainEqual({ name: 'system_wakeup' });
    expect(await qmp.call('qom-list', { path: '/' })).toContainEqual({
      name: 'machine',
      type: 'child<none-machine>',
    });
    expect(await qmp.call('qom-get', { path: '/machine', property: 'type' })).toBe('none-machine');
    qmp.close();
  });

  it('stops and goes on, with events', async () => {
    startQemu();
    const qmp = await connectQmp(await reach(), { clock });
    const events = listen(qmp);
    expect(await qmp.call('query-status')).toEqual({ running: true, status: 'running' });
    const before = Date.now();
    await qmp.call('stop');
    expect(await qmp.call('query-status')).toEqual({ running: false, status: 'paused' });
    await qmp.call('stop');
    await qmp.call('cont');
    expect(await qmp.call('query-status')).toEqual({ running: true, status: 'running' });
    await qmp.call('system_powerdown');
    await until(5000, 'POWERDOWN', () => events[2]);
    expect(events.map(({ name }) => name)).toEqual(['STOP', 'RESUME', 'POWERDOWN']);
    for (const { known, at } of events) {
      expect(known).toBe(true);
      expect(Math.abs((at ?? 0) - before)).toBeLessThan(60_000);
    }
    qmp.close();
  });

  it('refuses, with an id and without', async () => {
    startQemu();
    const stream = await reach();
    const qmp = await connectQmp(stream, { clock });
    await expect(qmp.call('system_wakeup')).rejects.toMatchObject({
      failure: { kind: 'command', command: 'system_wakeup', errorClass: 'GenericError' },
    });
    await expect(qmp.call('qmp_capabilities')).rejects.toMatchObject({
      failure: { errorClass: 'CommandNotFound' },
    });
    // What QEMU cannot parse it answers without an id: the oldest call gets it.
    stream.write('}\r\n');
    await expect(qmp.call('query-name')).rejects.toThrow('JSON parse error');
    qmp.close();
  });

  it('answers many calls at once', async () => {
    startQemu();
    const qmp = await connectQmp(await reach(), { clock });
    const statuses = await Promise.all(Array.from({ length: 200 }, () => qmp.call('query-status')));
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(['running']));
    qmp.close();
  });

  it('serves one client: the second gets no greeting until the first has left', async () => {
    startQemu();
    const first = await connectQmp(await reach(), { clock });
    await expect(connectQmp(await reach(), { clock, greetingTimeoutMs: 300 })).rejects.toMatchObject({
      kind: 'no-greeting',
    });
    const patient = connectQmp(await reach(), { clock, greetingTimeoutMs: 10_000 });
    expect((await first.call('query-status')).status).toBe('running');
    first.close();
    const next = await patient;
    expect((await next.call('query-status')).status).toBe('running');
    next.close();
  });

  it('is busy for a client that finds the queue in front of the first one full', async () => {
    startQemu();
    const first = await connectQmp(await reach(), { clock });
    const waiting = await dial({ kind: 'unix', path: socket() }, { clock });
    const busy = async () => {
      const streams: Duplex[] = [];
      try {
        for (let more = 0; more < 10; more += 1) streams.push(await dial({ kind: 'unix', path: socket() }, { clock }));
        return undefined;
      } catch (error) {
        return error;
      } finally {
        for (const stream of streams) stream.destroy();
      }
    };
    const refused = await busy();
    expect(refused).toBeInstanceOf(DialError);
    expect(refused).toMatchObject({ code: 'busy', message: expect.stringContaining('takes one at a time') });
    waiting.destroy();
    first.close();
  });

  it('killed in the middle of calls: they fail, and the connection says that it is over', async () => {
    const qemu = startQemu();
    const qmp = await connectQmp(await reach(), { clock });
    qemu.kill('SIGSTOP');
    const calls = Promise.allSettled(Array.from({ length: 20 }, () => qmp.call('query-status')));
    qemu.kill('SIGKILL');
    for (const outcome of await calls) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'closed' } });
    }
    expect(['closed-by-peer', 'stream-error']).toContain((await qmp.closed).kind);
  });

  it('hangs: a call times out, and another one works when it goes on', async () => {
    const qemu = startQemu();
    const qmp = await connectQmp(await reach(), { clock });
    qemu.kill('SIGSTOP');
    await expect(qmp.call('query-name', {}, { timeoutMs: 100 })).rejects.toMatchObject({ kind: 'timeout' });
    qemu.kill('SIGCONT');
    expect(await qmp.call('query-uuid')).toEqual({ UUID: NULL_UUID });
    qmp.close();
  });

  it('quits when told, with its reason', async () => {
    const qemu = startQemu();
    const exited = once(qemu, 'exit');
    const qmp = await connectQmp(await reach(), { clock });
    const events = listen(qmp);
    await Promise.allSettled([qmp.call('quit')]);
    await qmp.closed;
    expect(events).toMatchObject([{ name: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } }]);
    expect(await exited).toEqual([0, null]);
  });
});

describe.skipIf(noQemu)('other monitors', () => {
  it('a pretty one, which spreads its messages over lines, is understood', async () => {
    startQemu([
      ...['-chardev', `socket,id=mon,path=${socket()},server=on,wait=off`],
      ...['-mon', 'chardev=mon,mode=control,pretty=on'],
    ]);
    const stream = await reach();
    const chunks: Buffer[] = [];
    const connecting = connectQmp(stream, { clock });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const qmp = await connecting;
    expect(await qmp.call('query-status')).toEqual({ running: true, status: 'running' });
    expect(Buffer.concat(chunks).toString()).toContain('{\r\n    "return"');
    qmp.close();
  });

  it('one over TCP is understood', async () => {
    startQemu(['-qmp', 'tcp:127.0.0.1:0,server=on,wait=off', '-qmp', `unix:${socket()},server=on,wait=off`]);
    const local = await connectQmp(await reach(), { clock });
    const { filename } =
      (await local.call('query-chardev')).find((chardev) => chardev.filename.includes('tcp')) ?? {};
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(filename ?? '')?.[1]);
    const qmp = await connectQmp(await dial({ kind: 'tcp', host: '127.0.0.1', port }, { clock }), { clock });
    expect(await qmp.call('query-status')).toEqual({ running: true, status: 'running' });
    qmp.close();
    local.close();
  });

  it('one for people is told from QMP', async () => {
    startQemu(['-monitor', `unix:${socket()},server=on,wait=off`]);
    await expect(connectQmp(await reach(), { clock })).rejects.toMatchObject({
      failure: { kind: 'not-qmp', received: expect.stringContaining('QEMU') as string },
    });
  });
});
