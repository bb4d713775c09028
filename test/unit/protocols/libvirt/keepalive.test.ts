import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { connectLibvirt } from '../../../../main/protocols/libvirt/client';
import { fakeClock } from '../../../fakes/clock';
import { fakeLibvirtServer } from '../../../fakes/libvirt-server';
import { wire } from '../../../fakes/libvirt-wire';
import { DOMAIN, openSession, settle, type Session } from './session';

const pings = ({ server }: Session) =>
  server.connection().heard.filter(({ header }) => header.prog === 0x6b656570 && header.proc === 1).length;

describe('keepalive', () => {
  it('answers the daemon, which asks once it was asked to', async () => {
    const { server } = await openSession();
    expect(server.connection().keepalive).toBe(true);
    server.connection().ping();
    server.connection().ping();
    await settle();
    expect(server.connection().pongs).toBe(2);
    const pong = server.connection().heard.at(-1)!;
    expect(pong.header).toEqual({ prog: 0x6b656570, vers: 1, proc: 2, type: 2, serial: 0, status: 0 });
    expect(pong.payload).toHaveLength(0);
  });

  it('asks a daemon that has become silent, and lives on by its answers', async () => {
    const session = await openSession();
    await session.clock.advance(4999);
    expect(pings(session)).toBe(0);
    await session.clock.advance(1);
    expect(pings(session)).toBe(1);
    await session.clock.advance(600_000);
    expect(session.server.connection().ended).toBe(false);
    expect(pings(session)).toBeGreaterThan(100);
  });

  it('does not ask while there are messages', async () => {
    const session = await openSession({ answers: { 212: () => Buffer.concat([wire.int(1), wire.int(1)]) } });
    for (let turn = 0; turn < 20; turn += 1) {
      await session.clock.advance(3000);
      await session.client.call('domain_get_state', { dom: DOMAIN });
    }
    expect(pings(session)).toBe(0);
  });

  it('loses a daemon that answers nothing, with all its calls', async () => {
    const session = await openSession({ answersPings: false, answers: { 34: () => 'silence' } });
    const { client, clock } = session;
    const call = expect(
      client.call('domain_suspend', { dom: DOMAIN }, { timeoutMs: 300_000 }),
    ).rejects.toMatchObject({
      failure: { kind: 'closed', procedure: 'domain_suspend', cause: { kind: 'keepalive' } },
    });
    await clock.advance(29_999);
    expect(pings(session)).toBe(5);
    await clock.advance(1);
    await call;
    expect(await client.closed).toEqual({ kind: 'keepalive', silentMs: 30_000 });
    await settle();
    expect(session.server.connection().ended).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('takes any message for a sign of life, and then counts anew', async () => {
    const session = await openSession(
      { answersPings: false },
      { keepaliveIntervalMs: 1000, keepaliveCount: 2 },
    );
    await session.clock.advance(2500);
    expect(pings(session)).toBe(2);
    session.server.connection().ping();
    await session.clock.advance(2500);
    expect(session.server.connection().ended).toBe(false);
    await session.clock.advance(2000);
    expect(await session.client.closed).toMatchObject({ kind: 'keepalive' });
  });

  it('does not ask a daemon that does not know it', async () => {
    const session = await openSession({ features: [14], answersPings: false });
    await session.clock.advance(600_000);
    expect(pings(session)).toBe(0);
    session.server.answers[59] = () => wire.text('lab');
    expect(await session.client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
  });

  it('gives a daemon that reads nothing no more to read, and leaves it at once', async () => {
    const clock = fakeClock();
    const server = fakeLibvirtServer();
    const far = server.connect();
    let reads = true;
    const stalled = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        if (reads) far.write(chunk, done);
      },
    });
    far.on('data', (chunk: Buffer) => stalled.push(chunk));
    const client = await connectLibvirt(stalled, { clock, uri: 'qemu:///system' });
    reads = false;
    for (let turn = 0; turn < 10_000; turn += 1) server.connection().ping();
    await settle();
    expect(stalled.writableNeedDrain).toBe(true);
    expect(stalled.writableLength).toBeLessThan(2 * stalled.writableHighWaterMark);
    client.close();
    await settle();
    expect(stalled.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('is not given up because this computer slept', async () => {
    const session = await openSession();
    session.clock.sleep(8 * 3600 * 1000);
    await session.clock.advance(60_000);
    expect(session.server.connection().ended).toBe(false);
  });
});
