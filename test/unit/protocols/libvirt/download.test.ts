import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { download } from '../../../../main/protocols/libvirt/download';
import { MESSAGE_STATUS } from '../../../../main/protocols/libvirt/messages';
import type { FakeAnswer, FakeLibvirtServer } from '../../../fakes/libvirt-server';
import { wire, wireMessage } from '../../../fakes/libvirt-wire';
import { DOMAIN, openSession, settle } from './session';

const ARGS = { dom: DOMAIN, screen: 0 };
const MIME = wire.maybeText('image/png');

/** What the client sent on streams: their status. */
const heardStreams = (server: FakeLibvirtServer) =>
  server
    .connection()
    .heard.filter(({ header }) => header.type === 3)
    .map(({ header }) => header.status);

const screenshot = (packets: readonly string[], more = {}): FakeAnswer => ({
  reply: MIME,
  packets: packets.map((packet) => Buffer.from(packet)),
  ...more,
});

async function openScreen(answer: FakeAnswer, options = {}) {
  const session = await openSession({ answers: { 211: () => answer, 59: () => wire.text('lab') } }, options);
  return { ...session, stillThere: async () => session.client.call('connect_get_hostname') };
}

describe('a download', () => {
  it('brings what all packets hold, finishes, and frees its place', async () => {
    const { client, server, clock, stillThere } = await openScreen(screenshot(['one ', 'two ', 'three']), {
      maxInFlight: 1,
    });
    const { result, data } = await client.download('domain_screenshot', ARGS, { maxBytes: 100 });
    expect(result).toEqual({ mime: 'image/png' });
    expect(data.toString()).toBe('one two three');
    expect(heardStreams(server)).toEqual([0]);
    expect(await stillThere()).toEqual({ hostname: 'lab' });
    client.close();
    expect(clock.pendingTimers()).toBe(0);
  });

  it('may be empty, and may be as long as allowed', async () => {
    const { client, server } = await openScreen(screenshot([]));
    expect((await client.download('domain_screenshot', ARGS, { maxBytes: 0 })).data).toHaveLength(0);
    server.answers[211] = () => screenshot(['12345', '67890']);
    expect((await client.download('domain_screenshot', ARGS, { maxBytes: 10 })).data).toHaveLength(10);
  });

  it('is the same however its bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 40 })),
        fc.array(fc.string({ minLength: 1 })),
        async (cuts, packets) => {
          const pieces = (bytes: Buffer) => {
            let rest = bytes;
            const cutOff = cuts.map((cut) => {
              const piece = rest.subarray(0, cut);
              rest = rest.subarray(cut);
              return piece;
            });
            return [...cutOff, rest].filter((piece) => piece.length > 0);
          };
          const { client } = await openSession({ cut: pieces, answers: { 211: () => screenshot(packets) } });
          const { data } = await client.download('domain_screenshot', ARGS, { maxBytes: 10_000 });
          expect(data.toString()).toBe(packets.join(''));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('that is longer than allowed is aborted; what still comes is dropped, and the place is free again', async () => {
    const { client, server, stillThere } = await openScreen(
      screenshot(['12345', '678901', 'more', 'and more'], { endless: true }),
      {
        maxInFlight: 1,
      },
    );
    await expect(client.download('domain_screenshot', ARGS, { maxBytes: 10 })).rejects.toMatchObject({
      failure: { kind: 'too-long', procedure: 'domain_screenshot', maxBytes: 10 },
    });
    expect(await stillThere()).toEqual({ hostname: 'lab' });
    expect(heardStreams(server)).toEqual([1]);
  });

  it('fails with the error that breaks the stream off', async () => {
    const { client, server, stillThere } = await openScreen(
      screenshot(['half'], { error: { code: 38, message: 'read failed', domain: 38 } }),
      { maxInFlight: 1 },
    );
    await expect(client.download('domain_screenshot', ARGS, { maxBytes: 100 })).rejects.toMatchObject({
      kind: 'refused',
      refusal: { name: 'SYSTEM_ERROR', domain: 'STREAMS' },
    });
    expect(await stillThere()).toEqual({ hostname: 'lab' });
    expect(heardStreams(server)).toEqual([]);
  });

  it('fails when the call is refused', async () => {
    const { client, stillThere } = await openScreen(
      { error: { code: 55, message: 'domain is not running' } },
      { maxInFlight: 1 },
    );
    await expect(client.download('domain_screenshot', ARGS, { maxBytes: 100 })).rejects.toMatchObject({
      refusal: { name: 'OPERATION_INVALID' },
    });
    expect(await stillThere()).toEqual({ hostname: 'lab' });
  });

  it('that stalls is aborted after its time', async () => {
    const { client, server, clock, stillThere } = await openScreen(screenshot(['half'], { endless: true }), {
      maxInFlight: 1,
    });
    const failed = expect(
      client.download('domain_screenshot', ARGS, { maxBytes: 100, timeoutMs: 2000 }),
    ).rejects.toMatchObject({ failure: { kind: 'timeout', procedure: 'domain_screenshot' } });
    await clock.advance(2000);
    await failed;
    expect(await stillThere()).toEqual({ hostname: 'lab' });
    expect(heardStreams(server)).toEqual([1]);
  });

  it('that is given up before the reply is aborted after it, and not before', async () => {
    let reply = (_: FakeAnswer) => {};
    const { client, server } = await openSession(
      {
        answers: {
          211: () => new Promise<FakeAnswer>((resolve) => (reply = resolve)),
          59: () => wire.text('lab'),
        },
      },
      { maxInFlight: 1 },
    );
    const abort = new AbortController();
    const failed = expect(
      client.download('domain_screenshot', ARGS, { maxBytes: 100, signal: abort.signal }),
    ).rejects.toThrow('enough');
    await settle();
    abort.abort(new Error('enough'));
    await failed;
    await settle();
    expect(heardStreams(server)).toEqual([]);
    reply(screenshot(['late'], { endless: true }));
    await settle();
    expect(heardStreams(server)).toEqual([1]);
    expect(await client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
  });

  it('takes packets that overtake the reply', async () => {
    const { client, server } = await openSession();
    server.answers[211] = ({ prog, proc, serial }) => {
      const head = { prog, proc, serial };
      return {
        raw: Buffer.concat([
          wireMessage({ ...head, type: 3, status: 2 }, Buffer.from('early')),
          wireMessage({ ...head, type: 3, status: 2 }),
          wireMessage({ ...head, type: 1 }, MIME),
        ]),
      };
    };
    const { data } = await client.download('domain_screenshot', ARGS, { maxBytes: 100 });
    expect(data.toString()).toBe('early');
    expect(heardStreams(server)).toEqual([0]);
  });

  it('takes an error that overtakes the reply', async () => {
    const { client, server } = await openSession(
      { answers: { 59: () => wire.text('lab') } },
      { maxInFlight: 1 },
    );
    server.answers[211] = ({ prog, proc, serial }) => {
      const head = { prog, proc, serial };
      return {
        raw: Buffer.concat([
          wireMessage({ ...head, type: 3, status: 1 }, wire.error({ code: 38, message: 'read failed' })),
          wireMessage({ ...head, type: 1 }, MIME),
        ]),
      };
    };
    await expect(client.download('domain_screenshot', ARGS, { maxBytes: 100 })).rejects.toMatchObject({
      refusal: { name: 'SYSTEM_ERROR' },
    });
    expect(heardStreams(server)).toEqual([]);
    expect(await client.call('connect_get_hostname')).toEqual({ hostname: 'lab' });
  });

  it.each([
    ['ends before its data does', [{ status: 0 }]],
    ['goes on after its end', [{ status: 2 }, { status: 2, text: 'more' }]],
    ['has a status of its own', [{ status: 5 }]],
  ])('that %s is broken', async (_what, packets: { status: number; text?: string }[]) => {
    const { client, server } = await openSession();
    server.answers[211] = ({ prog, proc, serial }) => ({
      raw: Buffer.concat([
        wireMessage({ prog, proc, serial, type: 1 }, MIME),
        ...packets.map(({ status, text = '' }) =>
          wireMessage({ prog, proc, serial, type: 3, status }, Buffer.from(text)),
        ),
      ]),
    });
    await expect(client.download('domain_screenshot', ARGS, { maxBytes: 100 })).rejects.toMatchObject({
      kind: 'protocol',
    });
  });

  it('that is aborted waits for the confirmation, whatever comes before it', () => {
    const { begin, giveUp, take } = download(10);
    expect(begin()).toEqual({ kind: 'wait' });
    expect(giveUp()).toEqual({ kind: 'send', status: 'error' });
    expect(giveUp()).toEqual({ kind: 'wait' });
    for (const data of ['', 'more', 'more than it may be']) {
      expect(take(MESSAGE_STATUS.continue, Buffer.from(data))).toEqual({ kind: 'wait' });
    }
    expect(take(MESSAGE_STATUS.ok, Buffer.alloc(0))).toEqual({ kind: 'over' });
  });

  it('ends with the connection', async () => {
    const { client, server, clock } = await openScreen(screenshot(['half'], { endless: true }));
    const failed = expect(
      client.download('domain_screenshot', ARGS, { maxBytes: 100 }),
    ).rejects.toMatchObject({
      failure: { kind: 'closed', procedure: 'domain_screenshot', cause: { kind: 'closed-by-peer' } },
    });
    await settle();
    server.connection().hangUp();
    await failed;
    expect(clock.pendingTimers()).toBe(0);
  });
});
