import type { Clock } from '../clock';
import type { AgentCalls } from '../protocols/guest-agent/client';
import { AgentError } from '../protocols/guest-agent/errors';
import { readGuestFile } from '../protocols/guest-agent/files';

/** Small text files in a guest, by whatever its agent lets us use. All throw AgentError, of kind command for what the guest refuses. */
export interface GuestText {
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
}

const MOST_BYTES = 200;
const EXEC_MS = 5000;
const LOOK_AGAIN_MS = 50;

/** By guest-file-open and its like. What the kernel refuses shows when the file is closed: qemu-ga writes through a buffer. */
export const byFiles = (agent: AgentCalls): GuestText => ({
  read: async (path) => (await readGuestFile(agent, path, MOST_BYTES)).toString('latin1'),
  async write(path, text) {
    const handle = await agent.call('guest-file-open', { path, mode: 'w' });
    try {
      await agent.call('guest-file-write', { handle, 'buf-b64': Buffer.from(text, 'latin1').toString('base64') });
    } finally {
      await agent.call('guest-file-close', { handle });
    }
  },
});

/** By guest-exec of sh; path and text are its arguments, never part of a script. */
export const byExec = (agent: AgentCalls, clock: Clock): GuestText => ({
  read: (path) => run(agent, clock, 'cat -- "$1"', path),
  async write(path, text) {
    await run(agent, clock, 'printf %s "$2" > "$1"', path, text);
  },
});

/** Source: qga/qapi-schema.json guest-exec, guest-exec-status. */
async function run(agent: AgentCalls, clock: Clock, script: string, ...args: string[]): Promise<string> {
  const { pid } = await agent.call('guest-exec', {
    path: '/bin/sh',
    arg: ['-c', script, 'sh', ...args],
    'capture-output': true,
  });
  const deadline = clock.monotonic() + EXEC_MS;
  for (;;) {
    const status = await agent.call('guest-exec-status', { pid });
    if (status.exited) {
      if (status.exitcode === 0) return decode(status['out-data']);
      const desc = decode(status['err-data']).trim() || `its status is ${status.exitcode ?? 'not told'}`;
      throw new AgentError({ kind: 'command', command: 'guest-exec', errorClass: 'GenericError', desc });
    }
    if (clock.monotonic() >= deadline) throw new AgentError({ kind: 'timeout', command: 'guest-exec', waitedMs: EXEC_MS });
    await new Promise<void>((resolve) => void clock.setTimer(LOOK_AGAIN_MS, resolve));
  }
}

const decode = (base64 = ''): string => Buffer.from(base64, 'base64').toString('latin1');
