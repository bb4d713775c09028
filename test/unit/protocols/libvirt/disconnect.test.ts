import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LibvirtClient } from '../../../../main/protocols/libvirt/api';
import { connectLibvirt } from '../../../../main/protocols/libvirt/client';
import { LibvirtError } from '../../../../main/protocols/libvirt/errors';
import { fakeClock } from '../../../fakes/clock';
import { fakeLibvirtServer } from '../../../fakes/libvirt-server';
import { wire, wireMessage } from '../../../fakes/libvirt-wire';
import { DOMAIN, heardCalls, openSession, settle } from './session';

type Ending = 'end' | 'destroy' | 'error' | 'garbage';

const STATE = Buffer.concat([wire.int(7), wire.int(0)]);

/**
 * Plays a session in which the server says only the first `budget` bytes, in chunks of `step`, and then goes.
 * Time stands still: whatever waits must be let go by the end of the connection alone.
 */
async function playUntil(budget: number, ending: Ending, step = 7) {
  const clock = fakeClock();
  let left = budget;
  const server = fakeLibvirtServer({
    cut(bytes) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length && left > 0; at += step) {
        const piece = bytes.subarray(at, Math.min(at + step, at + left));
        left -= piece.length;
        pieces.push(piece);
        if (left === 0) setImmediate(finish);
      }
      return pieces;
    },
    answers: {
      212({ connection }) {
        for (const callback of connection.subscriptions.keys()) {
          const sleep = Buffer.concat([wire.int(callback), wire.domain(DOMAIN), wire.int(7), wire.int(0)]);
          connection.say(wireMessage({ prog: 0x20008086, proc: 318, type: 2, serial: 0 }, sleep));
        }
        return STATE;
      },
      59: () => wire.text('lab'),
      211: () => ({ reply: wire.maybeText('image/png'), packets: [Buffer.from('screen')] }),
    },
  });
  const near = server.connect();
  const finish = () => {
    if (ending === 'end') server.connection().end();
    else if (ending === 'destroy') server.connection().hangUp();
    else if (ending === 'error')
      near.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    else {
      // Within a length word it may still be one that more bytes could satisfy; so it ends, too.
      near.push(Buffer.alloc(1000, 0xff));
      server.connection().hangUp();
    }
  };
  if (budget === 0) finish();

  const events: string[] = [];
  const outcomes: PromiseSettledResult<unknown>[] = [];
  let client: LibvirtClient | null = null;
  try {
    client = await connectLibvirt(near, { clock, uri: 'qemu:///system' });
    client.onEvent(({ kind }) => events.push(kind));
    const connected = client;
    outcomes.push(...(await Promise.allSettled([connected.subscribe(['lifecycle'])])));
    outcomes.push(
      ...(await Promise.allSettled([
        connected.call('domain_get_state', { dom: DOMAIN }),
        connected.call('connect_get_hostname'),
        connected.download('domain_screenshot', { dom: DOMAIN, screen: 0 }, { maxBytes: 1000 }),
      ])),
    );
    outcomes.push(...(await Promise.allSettled([connected.call('connect_get_hostname')])));
  } catch (error) {
    outcomes.push({ status: 'rejected', reason: error });
  }
  return { clock, near, client, outcomes, events, total: budget - left };
}

describe('a connection that ends', () => {
  it.each(['end', 'destroy', 'error', 'garbage'] as const)(
    'at any byte (%s) rejects what is pending and leaves nothing behind',
    async (ending) => {
      const { total, outcomes: complete, events } = await playUntil(1_000_000, ending);
      expect(complete.map(({ status }) => status)).toEqual(Array<string>(5).fill('fulfilled'));
      expect(events).toEqual(['lifecycle']);
      expect(total).toBeGreaterThan(500);
      for (let budget = 0; budget < total; budget += 1) {
        const { clock, near, client, outcomes } = await playUntil(budget, ending);
        expect(
          outcomes.some(({ status }) => status === 'rejected'),
          `at byte ${budget}`,
        ).toBe(true);
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue;
          expect(outcome.reason).toBeInstanceOf(LibvirtError);
          // Garbage in the middle of a message may say anything.
          if (ending !== 'garbage') expect((outcome.reason as LibvirtError).kind).toBe('closed');
        }
        await client?.closed;
        expect(near.destroyed).toBe(true);
        expect(clock.pendingTimers()).toBe(0);
      }
    },
  );

  it('says how: by the peer, by an error, by this side', async () => {
    const byPeer = await openSession();
    byPeer.server.connection().hangUp();
    expect(await byPeer.client.closed).toEqual({ kind: 'closed-by-peer' });

    const here = await openSession({ answers: { 34: () => 'silence' } });
    const pending = expect(here.client.call('domain_suspend', { dom: DOMAIN })).rejects.toMatchObject({
      failure: { kind: 'closed', procedure: 'domain_suspend', cause: { kind: 'closed-here' } },
    });
    here.client.close();
    here.client.close();
    await pending;
    expect(await here.client.closed).toEqual({ kind: 'closed-here' });
    await expect(here.client.call('connect_get_hostname')).rejects.toMatchObject({
      kind: 'closed',
      failure: { procedure: 'connect_get_hostname' },
    });
    await settle();
    expect(here.server.connection().ended).toBe(true);
    expect(here.clock.pendingTimers()).toBe(0);
  });

  it('takes leave when this side closes it', async () => {
    const { client, server } = await openSession();
    client.close();
    await settle();
    expect(heardCalls(server).at(-1)).toBe(2);
  });

  it('fails the calls that libvirt has and those that still wait', async () => {
    const { client, server, clock } = await openSession(
      { answers: { 34: () => 'silence', 59: () => 'silence' } },
      { maxInFlight: 2 },
    );
    const calls = Promise.allSettled([
      ...[1, 2, 3].map(() => client.call('domain_suspend', { dom: DOMAIN })),
      ...[1, 2].map(() => client.call('connect_get_hostname')),
    ]);
    await settle();
    server.connection().hangUp();
    for (const outcome of await calls)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'closed' } });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('was over before it began', async () => {
    for (const error of [undefined, new Error('read ECONNRESET')]) {
      const near = fakeLibvirtServer().connect();
      near.on('error', () => {});
      near.destroy(error);
      await settle();
      await expect(connectLibvirt(near, { clock: fakeClock(), uri: 'x' })).rejects.toMatchObject({
        failure: { kind: 'closed', cause: { kind: error ? 'stream-error' : 'closed-by-peer' } },
      });
    }
  });

  it('of which only the reading half ends, or which ends without a word, is over, too', async () => {
    for (const finish of [(stream: Duplex) => stream.push(null), (stream: Duplex) => stream.destroy()]) {
      const clock = fakeClock();
      const far = fakeLibvirtServer().connect();
      const channel = new Duplex({
        allowHalfOpen: true,
        read() {},
        write: (chunk: Buffer, _encoding, done) => void far.write(chunk, done),
      });
      far.on('data', (chunk: Buffer) => channel.push(chunk));
      const client = await connectLibvirt(channel, { clock, uri: 'qemu:///system' });
      finish(channel);
      expect(await client.closed).toEqual({ kind: 'closed-by-peer' });
      expect(channel.destroyed).toBe(true);
      expect(clock.pendingTimers()).toBe(0);
    }
  });

  const head = { prog: 0x20008086, proc: 34, serial: 1 };
  it.each([
    ['a length without room for a header', wire.uint(8)],
    ['a huge length', wire.uint(0xffffffff)],
    ['text', Buffer.from('Segmentation fault\n')],
    ['a reply to no call', wireMessage({ ...head, serial: 4711, type: 1 })],
    ['a call', wireMessage({ ...head, type: 0 })],
    ['a message of no known type', wireMessage({ ...head, type: 9 })],
    ['a hole in a stream', wireMessage({ ...head, type: 6 })],
    ['a keepalive message that is none', wireMessage({ prog: 0x6b656570, proc: 3, type: 2, serial: 0 })],
  ])('because it sends %s', async (_what, said) => {
    const { client, server, clock } = await openSession({ answers: { 34: () => 'silence' } });
    const call = expect(client.call('domain_suspend', { dom: DOMAIN })).rejects.toMatchObject({
      kind: 'closed',
    });
    await settle();
    server.connection().say(said);
    await call;
    expect(await client.closed).toMatchObject({ kind: 'protocol', error: { kind: 'protocol' } });
    expect(clock.pendingTimers()).toBe(0);
  });

  it.each([
    ['another procedure', { proc: 28 }],
    ['another program', { prog: 0x20008087 }],
    ['another version', { vers: 2 }],
    ['a status that no reply has', { status: 2 }],
    ['a stream that the call does not have', { type: 3 }],
  ])('because a reply names %s', async (_what, wrong) => {
    const { client } = await openSession({
      answers: {
        34: ({ prog, proc, serial }) => ({ raw: wireMessage({ prog, proc, serial, type: 1, ...wrong }) }),
      },
    });
    await expect(client.call('domain_suspend', { dom: DOMAIN })).rejects.toMatchObject({ kind: 'closed' });
    expect(await client.closed).toMatchObject({ kind: 'protocol' });
  });

  it('because a message is larger than the bound, after what came before it was delivered', async () => {
    const { client, server } = await openSession(
      { answers: { 59: () => wire.text('lab') } },
      { maxMessageBytes: 1000 },
    );
    expect(await client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
    server.answers[14] = () => wire.text('x'.repeat(1000));
    await expect(client.call('domain_get_xml_desc', { dom: DOMAIN })).rejects.toThrow('more than 1000');
  });

  it('does not deliver what came after close()', async () => {
    const { client, server } = await openSession();
    await client.subscribe(['reboot']);
    let heard = 0;
    client.onEvent(() => {
      heard += 1;
      client.close();
    });
    const body = Buffer.concat([wire.int(1), wire.domain(DOMAIN)]);
    const event = wireMessage({ prog: 0x20008086, proc: 319, type: 2, serial: 0 }, body);
    server.connection().say(Buffer.concat([event, event]));
    await client.closed;
    await settle();
    expect(heard).toBe(1);
  });

  it('survives any bytes: it ends, or a call is still answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.boolean(), async (noise, framed) => {
        let answer = (_: Buffer) => {};
        const { client, server, clock } = await openSession({
          answers: { 59: () => new Promise((resolve) => (answer = resolve)) },
        });
        const outcome = client.call('connect_get_hostname').then(
          () => 'answered',
          (error: unknown) => (error instanceof LibvirtError ? error.kind : String(error)),
        );
        await settle();
        const length = framed ? wire.uint(noise.length + 4) : Buffer.alloc(0);
        server.connection().say(Buffer.concat([length, noise]));
        answer(wire.text('lab'));
        await settle();
        server.connection().hangUp();
        expect(['answered', 'closed', 'protocol', 'refused']).toContain(await outcome);
        await client.closed;
        expect(clock.pendingTimers()).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
