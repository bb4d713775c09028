import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectQmp, type QmpClient } from '../../../../main/protocols/qmp/client';
import { QmpError } from '../../../../main/protocols/qmp/errors';
import { fakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { jsonPeer, type Heard } from '../../../fakes/json-peer';
import { GREETING, openSession, settle, timestamp } from './session';

type Ending = 'end' | 'destroy' | 'error' | 'garbage';

/**
 * Plays a session in which QEMU's side says only the first `budget` bytes, in chunks of `step`, and then
 * goes. Time stands still: whatever waits must be let go by the end of the connection alone.
 */
async function playUntil(budget: number, ending: Ending, step = 7) {
  const clock = fakeClock();
  const { near, far } = duplexPair();
  const peer = jsonPeer(far);
  let left = budget;
  const end = () => {
    if (ending === 'end') far.end();
    else if (ending === 'destroy') far.destroy();
    else if (ending === 'error')
      near.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    else far.write('\u0000garbage');
  };
  const say = (message: object) => {
    const bytes = Buffer.from(`${JSON.stringify(message)}\r\n`);
    for (let at = 0; at < bytes.length && left > 0; at += step) {
      const chunk = bytes.subarray(at, Math.min(at + step, at + left));
      left -= chunk.length;
      peer.say(chunk);
      if (left === 0) end();
    }
  };
  const answers: Record<string, object> = {
    qmp_capabilities: {},
    'query-status': { running: true, status: 'running' },
    'query-name': { name: 'Grüße' },
    stop: {},
  };
  const answer = async () => {
    for (;;) {
      const { execute, id }: Heard = await peer.hear();
      if (execute === 'stop') say({ event: 'STOP', timestamp });
      say({ return: answers[String(execute)], id });
    }
  };
  void answer();

  const events: string[] = [];
  const outcomes: PromiseSettledResult<unknown>[] = [];
  const connecting = connectQmp(near, { clock });
  if (budget === 0) end();
  say(GREETING);
  let client: QmpClient | null = null;
  try {
    client = await connecting;
    client.onEvent(({ name }) => events.push(name));
    outcomes.push(
      ...(await Promise.allSettled([
        client.call('query-status'),
        client.call('query-name'),
        client.call('stop'),
      ])),
    );
    outcomes.push(...(await Promise.allSettled([client.call('query-name')])));
  } catch (error) {
    outcomes.push({ status: 'rejected', reason: error });
  }
  const total = budget - left;
  return { clock, near, client, outcomes, events, total };
}

describe('a connection that ends', () => {
  it.each(['end', 'destroy', 'error', 'garbage'] as const)(
    'at any byte (%s) rejects what is pending and leaves nothing behind',
    async (ending) => {
      const { total, outcomes: complete, events } = await playUntil(100_000, ending);
      expect(complete.map(({ status }) => status)).toEqual(Array<string>(4).fill('fulfilled'));
      expect(events).toEqual(['STOP']);
      // The last message is complete without its CRLF.
      for (let budget = 0; budget < total - 2; budget += 1) {
        const { clock, near, client, outcomes } = await playUntil(budget, ending);
        expect(
          outcomes.some(({ status }) => status === 'rejected'),
          `at byte ${budget}`,
        ).toBe(true);
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue;
          expect(outcome.reason).toBeInstanceOf(QmpError);
          const kinds = client || ending !== 'garbage' ? ['closed'] : ['closed', 'not-qmp'];
          expect(kinds).toContain((outcome.reason as QmpError).kind);
        }
        await client?.closed;
        expect(near.destroyed).toBe(true);
        expect(clock.pendingTimers()).toBe(0);
      }
    },
  );

  it('says how: by the peer, by an error, by this side, by a broken protocol', async () => {
    const byPeer = await openSession();
    byPeer.peer.hangUp();
    expect(await byPeer.qmp.closed).toEqual({ kind: 'closed-by-peer' });

    const here = await openSession();
    const pending = expect(here.qmp.call('stop')).rejects.toMatchObject({
      failure: { kind: 'closed', command: 'stop', cause: { kind: 'closed-here' } },
    });
    here.qmp.close();
    here.qmp.close();
    await pending;
    expect(await here.qmp.closed).toEqual({ kind: 'closed-here' });
    await here.peer.left;
    await expect(here.qmp.call('cont')).rejects.toMatchObject({
      kind: 'closed',
      failure: { command: 'cont' },
    });
    expect(here.clock.pendingTimers()).toBe(0);
  });

  it.each([
    ['noise', 'panic: something\r\n'],
    ['a list', '[1]\r\n'],
    ['an object that is neither', '{"hello": 1}\r\n'],
    ['an error without a class', '{"error": {"desc": "?"}, "id": 2}\r\n'],
    ['broken JSON', '{"return": {,}, "id": 2}\r\n'],
  ])('because it sends %s', async (_what, said) => {
    const { peer, qmp, clock } = await openSession();
    const call = expect(qmp.call('stop')).rejects.toMatchObject({ kind: 'closed' });
    await peer.hear();
    peer.say(said);
    await call;
    expect(await qmp.closed).toMatchObject({ kind: 'protocol', error: { kind: 'protocol' } });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('because a message is larger than the bound, after what came before it was delivered', async () => {
    const { peer, qmp } = await openSession({ maxMessageBytes: 1000 });
    const stop = qmp.call('stop');
    const { id } = await peer.hear();
    const flood = expect(qmp.call('query-name')).rejects.toThrow('a message of more than 1000 bytes');
    peer.say(`${JSON.stringify({ return: {}, id })}\r\n{"return": {"name": "${'x'.repeat(2000)}`);
    await expect(stop).resolves.toEqual({});
    await flood;
  });

  it('fails the calls that QEMU has and those that still wait', async () => {
    const { clock, peer, qmp } = await openSession({ maxInFlight: 2 });
    const calls = Promise.allSettled([1, 2, 3, 4].map(() => qmp.call('stop')));
    await settle();
    expect(peer.unheard).toHaveLength(2);
    peer.hangUp();
    for (const outcome of await calls) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { kind: 'closed', failure: { command: 'stop' } },
      });
    }
    expect(clock.pendingTimers()).toBe(0);
  });

  it('does not deliver what came after close()', async () => {
    const { peer, qmp } = await openSession();
    const heard: string[] = [];
    qmp.onEvent(({ name }) => {
      heard.push(name);
      qmp.close();
    });
    peer.say(`${JSON.stringify({ event: 'STOP' })}\r\n${JSON.stringify({ event: 'RESUME' })}\r\n`);
    await qmp.closed;
    await settle();
    expect(heard).toEqual(['STOP']);
  });

  it('survives any bytes: it ends, or a call is still answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (noise) => {
        const { clock, peer, qmp } = await openSession();
        const call = qmp.call('query-name');
        const outcome = call.then(
          () => 'answered',
          (error: unknown) => (error instanceof QmpError ? error.kind : 'unexpected'),
        );
        const { id } = await peer.hear();
        peer.say(noise);
        peer.say(`\r\n${JSON.stringify({ return: {}, id })}\r\n`);
        await settle();
        peer.hangUp();
        expect(['answered', 'closed', 'protocol']).toContain(await outcome);
        await qmp.closed;
        expect(clock.pendingTimers()).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
