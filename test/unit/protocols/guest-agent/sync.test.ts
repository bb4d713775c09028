import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openAgent } from '../../../../main/protocols/guest-agent/client';
import { fakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { jsonPeer } from '../../../fakes/json-peer';
import { answerSync, idOf, openAgentSession, SENTINEL, settle, stateOf } from './session';

function opening(options = {}) {
  const clock = fakeClock();
  const { near, far } = duplexPair();
  return { clock, near, peer: jsonPeer(far), client: openAgent(near, { clock, ...options }) };
}

describe('opening', () => {
  it('sends 0xFF and a synchronisation with a random id below 2^31', async () => {
    const ids = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const { peer, client } = opening();
      const request = await peer.hear();
      expect(peer.bytes()[0]).toBe(0xff);
      expect(request.execute).toBe('guest-sync-delimited');
      const id = idOf(request);
      expect(Number.isInteger(id) && id >= 0 && id < 2 ** 31).toBe(true);
      ids.add(id);
      peer.hangUp();
      await expect(client).rejects.toMatchObject({ kind: 'closed' });
    }
    expect(ids.size).toBeGreaterThan(15);
  });

  it('drops whatever comes before its own id after a 0xFF, in any pieces', async () => {
    const stale = fc.oneof(
      fc.constantFrom(
        '{"return": {}}\n',
        '{"error": {"class": "GenericError", "desc": "JSON parse error, stray \'\\uFFFD\'"}}\n',
        '{"return": [{"name": "et',
        '{"return": "half a \\',
        '"}]{[garbage\n',
        '\n',
      ),
      fc.uint8Array({ maxLength: 20 }),
      fc
        .integer({ min: 2 ** 31, max: 2 ** 40 })
        .map((id) => Buffer.concat([SENTINEL, Buffer.from(`{"return": ${id}}\n`)])),
      fc.constant('own id without the 0xFF'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(stale, { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (before, step) => {
          const { clock, peer, client } = opening();
          const id = idOf(await peer.hear());
          const parts = before.map((part) =>
            part === 'own id without the 0xFF'
              ? Buffer.from(`{"return": ${id}}\n`)
              : Buffer.from(part as string),
          );
          // Random bytes may end in a 0xFF, after which the next part would count.
          const noise = Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n{"return": null}\n')]));
          const bytes = Buffer.concat([noise, SENTINEL, Buffer.from(`{"return": ${id}}\n`)]);
          for (let at = 0; at < bytes.length; at += step) peer.say(bytes.subarray(at, at + step));
          const agent = await client;
          const ping = agent.call('guest-ping');
          expect((await peer.hear()).execute).toBe('guest-ping');
          peer.say('{"return": {}}\n');
          expect(await ping).toEqual({});
          expect(clock.pendingTimers()).toBe(0);
          agent.close();
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['its id without the 0xFF', 'id'],
    ['another id', Buffer.concat([SENTINEL, Buffer.from('{"return": 4294967296}\n')])],
    [
      'an error',
      Buffer.concat([SENTINEL, Buffer.from('{"error": {"class": "CommandNotFound", "desc": "?"}}\n')]),
    ],
    ['endless noise', Buffer.alloc(6 * 1024 * 1024, 'x')],
  ])('fails as silent when the agent answers with %s', async (_what, said) => {
    const { clock, near, peer, client } = opening({ syncTimeoutMs: 2000 });
    const silent = expect(client).rejects.toMatchObject({ failure: { kind: 'silent', waitedMs: 2000 } });
    const id = idOf(await peer.hear());
    peer.say(said === 'id' ? `{"return": ${id}}\n` : said);
    await clock.advance(1999);
    expect(near.destroyed).toBe(false);
    await clock.advance(1);
    await silent;
    expect(near.destroyed).toBe(true);
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('after a time-out', () => {
  it('the next call synchronises first, and the late answer is not taken for its own', async () => {
    const { clock, peer, agent } = await openAgentSession({ callTimeoutMs: 1000 });
    const slow = expect(agent.call('guest-get-host-name')).rejects.toMatchObject({
      failure: { kind: 'timeout', command: 'guest-get-host-name', waitedMs: 1000 },
    });
    await peer.hear();
    await clock.advance(1000);
    await slow;

    const next = agent.call('guest-get-host-name');
    const sync = await peer.hear();
    expect(sync.execute).toBe('guest-sync-delimited');
    peer.say('{"return": {"host-name": "late"}}\n');
    peer.say(SENTINEL);
    peer.say(`{"return": ${idOf(sync)}}\n`);
    expect((await peer.hear()).execute).toBe('guest-get-host-name');
    peer.say('{"return": {"host-name": "right"}}\n');
    expect(await next).toEqual({ 'host-name': 'right' });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('of a synchronisation, the answers to all of them may come at once', async () => {
    const { clock, peer, agent } = await openAgentSession({ callTimeoutMs: 1000, syncTimeoutMs: 500 });
    const kinds: unknown[] = [];
    const note = (error: { kind: string }) => kinds.push(error.kind);
    const calls = [1, 2, 3].map(() => agent.call('guest-ping').catch(note));
    await clock.advance(2000);
    await Promise.all(calls);
    expect(kinds).toEqual(['timeout', 'silent', 'silent']);

    const woken = agent.call('guest-ping');
    await settle();
    const requests = [...peer.unheard];
    expect(requests.map(({ execute }) => execute)).toEqual([
      'guest-ping',
      'guest-sync-delimited',
      'guest-sync-delimited',
      'guest-sync-delimited',
    ]);
    peer.say('{"return": {}}\n');
    for (const sync of requests.slice(1)) {
      expect(await stateOf(woken)).toBe('pending');
      peer.say(SENTINEL);
      peer.say(`{"return": ${idOf(sync)}}\n`);
    }
    await settle();
    expect(peer.unheard.at(-1)?.execute).toBe('guest-ping');
    peer.say('{"return": {}}\n');
    await woken;
  });

  it('an answer that comes while nobody asks makes the next call synchronise', async () => {
    const { peer, agent } = await openAgentSession();
    peer.say('{"return": {"host-name": "stray"}}\n');
    await settle();
    const name = agent.call('guest-get-host-name');
    await answerSync(peer);
    await peer.hear();
    peer.say('{"return": {"host-name": "right"}}\n');
    expect(await name).toEqual({ 'host-name': 'right' });
  });

  it('requests that cannot even leave do not pile up', async () => {
    const clock = fakeClock();
    const { near, far } = duplexPair();
    const written: string[] = [];
    const peer = jsonPeer(far);
    const opening = openAgent(near, { clock, syncTimeoutMs: 100, callTimeoutMs: 100 });
    await answerSync(peer);
    const agent = await opening;
    let stuck: (() => void) | null = null;
    near._write = (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString('latin1'));
      stuck = done;
    };
    const calls = Promise.allSettled([1, 2, 3, 4, 5].map(() => agent.call('guest-ping')));
    await clock.advance(1000);
    expect((await calls).map(({ status }) => status)).toEqual(Array<string>(5).fill('rejected'));
    for (let held = stuck as (() => void) | null; held; held = stuck as (() => void) | null) {
      stuck = null;
      held();
      await settle();
    }
    expect(written.join('').match(/guest-sync-delimited/g)).toHaveLength(1);
  });
});
