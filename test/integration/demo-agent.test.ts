import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../main/clock';
import { startSimulatedQemu } from '../../main/demo/simulated-qemu';
import { connectSoon } from '../fakes/raw-client';
import { guestsCanRun, startGuest } from '../guest/tiny-guest';
import { isMissing } from '../support/requires';

describe.skipIf(isMissing('QEMU', guestsCanRun()))(
  'the simulated agent speaks as the one in a real guest',
  () => {
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
      const guest = await startGuest({ name: 'twin' });
      onTestFinished(() => guest.stop());
      await guest.waitForAgent();
      const dir = await mkdtemp(join(tmpdir(), 'demo-'));
      onTestFinished(() => rm(dir, { recursive: true }));
      const twin = await startSimulatedQemu({
        name: 'twin',
        uuid: '11111111-2222-3333-4444-555555555555',
        dir,
        clock: systemClock,
        initial: { kind: 'up', uptimeMs: 0 },
      });
      onTestFinished(() => void twin.stop());

      const talk = async (path: string | undefined) => {
        const client = await connectSoon({ kind: 'unix', path: path ?? 'no agent' });
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
      const fromReal = await talk(guest.agentPath);
      expect(sortKeys(await talk(twin.agent?.path))).toEqual(sortKeys(fromReal));
      expect(JSON.stringify(fromReal)).toContain('now in ns');
    });
  },
);
