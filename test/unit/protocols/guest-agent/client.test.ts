import { describe, expect, it } from 'vitest';
import { openAgent } from '../../../../main/protocols/guest-agent/client';
import { AgentError } from '../../../../main/protocols/guest-agent/errors';
import { fakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { jsonPeer } from '../../../fakes/json-peer';
import { answerSync, idOf, openAgentSession, SENTINEL, settle, stateOf } from './session';

const kindOf = (error: unknown) => (error instanceof AgentError ? error.kind : error);

describe('calls', () => {
  it('go one at a time, in order', async () => {
    const { clock, peer, agent } = await openAgentSession();
    const ping = agent.call('guest-ping');
    const info = agent.call('guest-info');
    await settle();
    expect(peer.unheard.map(({ execute }) => execute)).toEqual(['guest-ping']);
    await peer.hear();
    peer.say('{"return": {}}\n');
    expect(await ping).toEqual({});
    expect(await peer.hear()).toEqual({ execute: 'guest-info', arguments: {} });
    peer.say(
      '{"return": {"version": "7.2.22", "supported_commands": [{"name": "guest-ping", "enabled": true, ',
    );
    peer.say('"success-response": true}, {"name": "guest-exec", "enabled": false}]}}\n');
    expect(await info).toEqual({
      version: '7.2.22',
      supported_commands: [
        { name: 'guest-ping', enabled: true, 'success-response': true },
        { name: 'guest-exec', enabled: false },
      ],
    });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('fail with the agent’s error, and the next goes on without a synchronisation', async () => {
    const { peer, agent } = await openAgentSession();
    const exec = agent.call('guest-exec', { path: '/bin/true' });
    expect((await peer.hear()).arguments).toEqual({ path: '/bin/true' });
    peer.say('{"error": {"class": "CommandNotFound", "desc": "Command guest-exec has been disabled"}}\n');
    await expect(exec).rejects.toMatchObject({ failure: { kind: 'command', errorClass: 'CommandNotFound' } });
    const ping = agent.call('guest-ping');
    expect((await peer.hear()).execute).toBe('guest-ping');
    peer.say('{"return": {}}\n');
    await ping;
  });

  it.each([
    ['guest-get-osinfo', '{"return": {"name": 5}}', 'return.name'],
    ['guest-get-osinfo', '{"return": []}', 'return should be an object'],
    [
      'guest-network-get-interfaces',
      '{"return": [{"name": "eth0", "ip-addresses": [{}]}]}',
      'ip-addresses[0].ip-address',
    ],
    ['guest-get-time', '{"return": 1.5}', 'return should be an integer'],
    ['guest-get-time', '{"return": 99999999999999999999}', '19 digits'],
    ['guest-get-users', '{"return": [{"user": "a", "login-time": "now"}]}', 'login-time'],
  ] as const)('%s answered by %s is an error of the protocol', async (command, said, where) => {
    const { peer, agent } = await openAgentSession();
    const call = agent.call(command);
    await peer.hear();
    peer.say(`${said}\n`);
    await expect(call).rejects.toMatchObject({ failure: { kind: 'protocol', command } });
    await expect(call).rejects.toThrow(where);
  });

  it.each([
    ['text that is no JSON', 'bash: qemu-ga: not found\n'],
    ['broken JSON', '{"return": {,}}\n'],
    ['neither a result nor an error', '{"hello": 1}\n'],
    ['an error without a description', '{"error": {"class": "GenericError"}}\n'],
    ['too much', `{"return": {"host-name": "${'x'.repeat(5000)}`],
  ])('answered by %s fail, and the next synchronises', async (_what, said) => {
    const { peer, agent, clock } = await openAgentSession({ maxMessageBytes: 4096 });
    const call = expect(agent.call('guest-get-host-name')).rejects.toMatchObject({
      failure: { kind: 'protocol', command: 'guest-get-host-name' },
    });
    await peer.hear();
    peer.say(said);
    await call;
    const ping = agent.call('guest-ping');
    await answerSync(peer);
    expect((await peer.hear()).execute).toBe('guest-ping');
    peer.say('{"return": {}}\n');
    await ping;
    expect(clock.pendingTimers()).toBe(0);
  });

  it('pass the guest’s text through as it is', async () => {
    const { peer, agent } = await openAgentSession();
    const hostile = '<b>\u0007\u202e"\\ü🐧';
    const name = agent.call('guest-get-host-name');
    await peer.hear();
    peer.say(`${JSON.stringify({ return: { 'host-name': hostile } })}\n`);
    expect(await name).toEqual({ 'host-name': hostile });
  });

  it('given up while they wait for their turn are let go at once and never sent', async () => {
    const { clock, peer, agent } = await openAgentSession();
    const controller = new AbortController();
    const first = agent.call('guest-ping');
    const second = agent.call('guest-info', {}, { signal: controller.signal });
    await settle();
    controller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect(await stateOf(first)).toBe('pending');
    expect((await peer.hear()).execute).toBe('guest-ping');
    peer.say('{"return": {}}\n');
    await first;
    await settle();
    expect(peer.unheard).toEqual([]);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('can be given up by a signal, waiting or sent', async () => {
    const { clock, peer, agent } = await openAgentSession();
    const reason = new Error('enough');
    await expect(agent.call('guest-ping', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const both = Promise.allSettled([
      agent.call('guest-ping', {}, { signal: controller.signal }),
      agent.call('guest-info', {}, { signal: controller.signal }),
    ]);
    await peer.hear();
    controller.abort(reason);
    expect((await both).map((outcome) => outcome.status === 'rejected' && (outcome.reason as Error))).toEqual(
      [reason, reason],
    );
    const after = agent.call('guest-ping');
    await answerSync(peer);
    expect((await peer.hear()).execute).toBe('guest-ping');
    peer.say('{"return": {}}\n');
    await after;
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe('time', () => {
  it('is read and set to the nanosecond, beyond what a double holds', async () => {
    const { peer, agent } = await openAgentSession();
    const set = agent.call('guest-set-time', { time: 1_795_378_175_123_456_789n });
    await peer.hear();
    expect(peer.bytes().toString('latin1')).toContain('"time":1795378175123456789}');
    peer.say('{"return": {}}\n');
    await set;
    for (const ns of [1_795_378_175_123_456_789n, -1n, 0n, 2n ** 63n - 1n]) {
      const read = agent.call('guest-get-time');
      await peer.hear();
      peer.say(`{"return": ${ns}}\n`);
      expect(await read).toBe(ns);
    }
  });

  it('can be taken over from the RTC', async () => {
    const { peer, agent } = await openAgentSession();
    const set = agent.call('guest-set-time');
    expect((await peer.hear()).arguments).toEqual({});
    peer.say('{"return": {}}\n');
    await set;
  });
});

describe('commands that answer only when they fail', () => {
  it('tell the refusal', async () => {
    const { peer, agent } = await openAgentSession();
    const { refusal } = await agent.sendWithoutReply('guest-suspend-hybrid');
    expect((await peer.hear()).execute).toBe('guest-suspend-hybrid');
    expect(await stateOf(refusal)).toBe('pending');
    peer.say(
      '{"error": {"class": "Unsupported", "desc": "requested suspend mode is not supported by the guest"}}\n',
    );
    const error = await refusal;
    expect(error).toBeInstanceOf(AgentError);
    expect(error.failure).toMatchObject({
      kind: 'command',
      command: 'guest-suspend-hybrid',
      errorClass: 'Unsupported',
    });
    const ping = agent.call('guest-ping');
    expect((await peer.hear()).execute).toBe('guest-ping');
    peer.say('{"return": {}}\n');
    await ping;
  });

  it('tell a refusal that comes only when the next call synchronises', async () => {
    const { peer, agent } = await openAgentSession();
    const { refusal } = await agent.sendWithoutReply('guest-suspend-ram');
    await peer.hear();
    const ping = agent.call('guest-ping');
    const sync = await peer.hear();
    peer.say('{"error": {"class": "GenericError", "desc": "failed"}}\n');
    expect((await refusal).kind).toBe('command');
    peer.say(SENTINEL);
    peer.say(`{"return": ${idOf(sync)}}\n`);
    await peer.hear();
    peer.say('{"return": {}}\n');
    await ping;
  });

  it('are not refused by what qemu-ga makes of a 0xFF, nor by what comes later', async () => {
    const { peer, agent } = await openAgentSession();
    const { refusal } = await agent.sendWithoutReply('guest-suspend-ram');
    await peer.hear();
    const before = peer.bytes().length;
    const ping = agent.call('guest-ping');
    const sync = await peer.hear();
    if (peer.bytes().subarray(before).includes(0xff)) {
      peer.say('{"error": {"class": "GenericError", "desc": "JSON parse error, stray"}}\n');
    }
    peer.say(SENTINEL);
    peer.say(`{"return": ${idOf(sync)}}\n`);
    await peer.hear();
    peer.say('{"error": {"class": "GenericError", "desc": "of the ping"}}\n');
    await expect(ping).rejects.toMatchObject({ kind: 'command' });
    peer.say('{"error": {"class": "GenericError", "desc": "of nothing"}}\n');
    expect(await stateOf(refusal)).toBe('pending');
  });

  it('do not keep half an answer, when the agent starts again, in the way of the synchronisation', async () => {
    const { peer, agent } = await openAgentSession();
    const { refusal } = await agent.sendWithoutReply('guest-suspend-ram');
    await peer.hear();
    peer.say('{"error": {"class": "Gen');
    const ping = agent.call('guest-ping');
    await answerSync(peer);
    await peer.hear();
    peer.say('{"return": {}}\n');
    await ping;
    expect(await stateOf(refusal)).toBe('pending');
  });

  it('are forgotten by cancel() and by a synchronisation without an answer', async () => {
    const { clock, peer, agent } = await openAgentSession({ syncTimeoutMs: 100 });
    const cancelled = await agent.sendWithoutReply('guest-shutdown', { mode: 'reboot' });
    expect((await peer.hear()).arguments).toEqual({ mode: 'reboot' });
    cancelled.cancel();
    cancelled.cancel();
    peer.say('{"error": {"class": "GenericError", "desc": "late"}}\n');
    expect(await stateOf(cancelled.refusal)).toBe('pending');

    const forgotten = await (async () => {
      const sending = agent.sendWithoutReply('guest-suspend-ram');
      await answerSync(peer);
      return sending;
    })();
    const ping = agent.call('guest-ping').catch(kindOf);
    await settle();
    await clock.advance(100);
    expect(await ping).toBe('silent');
    peer.say('{"error": {"class": "GenericError", "desc": "later still"}}\n');
    expect(await stateOf(forgotten.refusal)).toBe('pending');
    expect(await stateOf(cancelled.refusal)).toBe('pending');
  });

  it('resolve only once written', async () => {
    const { clock, near, peer, opening } = (() => {
      const clock = fakeClock();
      const { near, far } = duplexPair();
      return { clock, near, peer: jsonPeer(far), opening: openAgent(near, { clock, callTimeoutMs: 100 }) };
    })();
    await answerSync(peer);
    const agent = await opening;
    const write = near._write.bind(near);
    let release = () => {};
    near._write = (chunk, encoding, done) => {
      release = () => write(chunk, encoding, done);
    };
    const sent = agent.sendWithoutReply('guest-suspend-ram');
    expect(await stateOf(sent)).toBe('pending');
    release();
    await sent;
    expect((await peer.hear()).execute).toBe('guest-suspend-ram');

    near._write = () => {};
    const stuck = agent.sendWithoutReply('guest-suspend-ram').catch(kindOf);
    await settle();
    await clock.advance(5000);
    expect(['silent', 'timeout']).toContain(await stuck);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('fail when the connection is gone', async () => {
    const { peer, agent } = await openAgentSession();
    const { refusal } = await agent.sendWithoutReply('guest-suspend-ram');
    peer.hangUp();
    await agent.closed;
    await expect(agent.sendWithoutReply('guest-suspend-ram')).rejects.toMatchObject({ kind: 'closed' });
    expect(await stateOf(refusal)).toBe('pending');
  });
});

describe('a conversation that ends', () => {
  it('at any byte rejects every call and leaves nothing behind', async () => {
    const play = async (budget: number) => {
      const clock = fakeClock();
      const { near, far } = duplexPair();
      const peer = jsonPeer(far);
      let left = budget;
      const say = (bytes: Buffer) => {
        for (const byte of bytes) {
          if (left === 0) return far.destroy();
          left -= 1;
          peer.say(Buffer.of(byte));
        }
        if (left === 0) far.destroy();
      };
      const answer = async () => {
        for (;;) {
          const request = await peer.hear();
          if (request.execute === 'guest-sync-delimited') {
            say(
              Buffer.concat([
                Buffer.from('{"return": "stale'),
                SENTINEL,
                Buffer.from(`{"return": ${idOf(request)}}`),
              ]),
            );
          } else say(Buffer.from('{"return": {"host-name": "Grüße"}}'));
        }
      };
      void answer();
      let kinds: string[];
      try {
        const agent = await openAgent(near, { clock });
        const outcomes = await Promise.allSettled([
          agent.call('guest-get-host-name'),
          agent.call('guest-get-host-name'),
        ]);
        kinds = outcomes.map((outcome) =>
          outcome.status === 'fulfilled' ? 'answered' : (outcome.reason as AgentError).kind,
        );
        if (!kinds.includes('answered') || left === 0) await agent.closed;
      } catch (error) {
        kinds = [(error as AgentError).kind];
      }
      return { clock, near, kinds };
    };
    expect((await play(10_000)).kinds).toEqual(['answered', 'answered']);
    for (let budget = 0; budget < 100; budget += 1) {
      const { clock, near, kinds } = await play(budget);
      expect(kinds.at(-1), `at byte ${budget}`).toBe('closed');
      expect(near.destroyed).toBe(true);
      expect(clock.pendingTimers()).toBe(0);
    }
  });

  it('by close() rejects what waits, twice does nothing, and says why', async () => {
    const { clock, peer, agent } = await openAgentSession();
    const calls = Promise.allSettled([agent.call('guest-ping'), agent.call('guest-info')]);
    await peer.hear();
    agent.close();
    agent.close();
    for (const outcome of await calls)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'closed' } });
    expect((await agent.closed).message).toContain('closed by this program');
    await peer.left;
    await expect(agent.call('guest-ping')).rejects.toMatchObject({ kind: 'closed' });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('on a stream that is gone already is told at once', async () => {
    const { near, far } = duplexPair();
    near.on('error', () => {});
    near.destroy(new Error('ECONNRESET'));
    far.destroy();
    await expect(openAgent(near, { clock: fakeClock() })).rejects.toThrow('ECONNRESET');
  });
});
