import { describe, expect, it } from 'vitest';
import { readGuestFile } from '../../../../main/protocols/guest-agent/files';
import type { JsonPeer } from '../../../fakes/json-peer';
import { openAgentSession } from './session';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** An agent with one file, which gives at most `most` bytes at a time. */
async function serveFile(peer: JsonPeer, content: Buffer, most = content.length): Promise<string[]> {
  const log: string[] = [];
  let at = 0;
  for (;;) {
    const { execute, arguments: args } = await peer.hear();
    log.push(`${String(execute)} ${JSON.stringify(args)}`);
    if (execute === 'guest-file-open') peer.say('{"return": 1000}\n');
    else if (execute === 'guest-file-read') {
      const bytes = content.subarray(at, at + Math.min(most, (args as { count: number }).count));
      at += bytes.length;
      const eof = bytes.length === 0;
      peer.say(
        `${JSON.stringify({ return: { count: bytes.length, 'buf-b64': bytes.toString('base64'), eof } })}\n`,
      );
    } else {
      peer.say('{"return": {}}\n');
      return log;
    }
  }
}

describe('readGuestFile', () => {
  it('reads to the end and closes', async () => {
    const { peer, agent, clock } = await openAgentSession();
    const content = Buffer.from('94a9ad65-51a5-4b20-a7f5-fb7d0d1c7d3d\n');
    const served = serveFile(peer, content, 10);
    expect(await readGuestFile(agent, BOOT_ID, 1000)).toEqual(content);
    const log = await served;
    expect(log[0]).toBe(`guest-file-open {"path":"${BOOT_ID}","mode":"r"}`);
    expect(log.at(-1)).toBe('guest-file-close {"handle":1000}');
    expect(clock.pendingTimers()).toBe(0);
  });

  it('reads no more than it was asked for', async () => {
    const { peer, agent } = await openAgentSession();
    const served = serveFile(peer, Buffer.alloc(200_000, 'x'));
    expect(await readGuestFile(agent, '/dev/zero', 70_000)).toHaveLength(70_000);
    expect((await served).filter((line) => line.startsWith('guest-file-read'))).toEqual([
      'guest-file-read {"handle":1000,"count":65536}',
      'guest-file-read {"handle":1000,"count":4464}',
    ]);
  });

  it.each([
    ['more than asked for', { count: 200, 'buf-b64': Buffer.alloc(200).toString('base64'), eof: false }],
    ['another count than it gives', { count: 5, 'buf-b64': '', eof: false }],
  ])('refuses %s, and closes the file', async (_what, answer) => {
    const { peer, agent } = await openAgentSession();
    const read = expect(readGuestFile(agent, '/x', 100)).rejects.toMatchObject({
      failure: { kind: 'protocol', command: 'guest-file-read' },
    });
    await peer.hear();
    peer.say('{"return": 7}\n');
    await peer.hear();
    peer.say(`${JSON.stringify({ return: answer })}\n`);
    expect(await peer.hear()).toMatchObject({ execute: 'guest-file-close', arguments: { handle: 7 } });
    peer.say('{"error": {"class": "GenericError", "desc": "no such handle"}}\n');
    await read;
  });

  it('ends with an agent that gives nothing and never the end', async () => {
    const { peer, agent } = await openAgentSession();
    const read = readGuestFile(agent, '/x', 100);
    await peer.hear();
    peer.say('{"return": 7}\n');
    await peer.hear();
    peer.say('{"return": {"count": 0, "buf-b64": "", "eof": false}}\n');
    expect((await peer.hear()).execute).toBe('guest-file-close');
    peer.say('{"return": {}}\n');
    expect(await read).toHaveLength(0);
  });

  it('tells that there is no such file', async () => {
    const { peer, agent } = await openAgentSession();
    const read = readGuestFile(agent, '/nowhere', 100);
    await peer.hear();
    peer.say('{"error": {"class": "GenericError", "desc": "failed to open file \'/nowhere\'"}}\n');
    await expect(read).rejects.toMatchObject({ kind: 'command', failure: { command: 'guest-file-open' } });
  });

  it('does not go on after the agent fell silent', async () => {
    const { clock, peer, agent } = await openAgentSession({ callTimeoutMs: 100 });
    const read = expect(readGuestFile(agent, '/x', 100)).rejects.toMatchObject({ kind: 'timeout' });
    await peer.hear();
    peer.say('{"return": 7}\n');
    await peer.hear();
    await clock.advance(100);
    await read;
    expect(clock.pendingTimers()).toBe(0);
    expect(peer.unheard).toEqual([]);
  });
});
