import { randomInt } from 'node:crypto';
import { until, within } from './deadline';
import type { JsonObject } from './json-socket';
import { openJsonSocket } from './json-socket';

/** A test-only agent client. QEMU serves one client at a time: close it before the app needs the socket. */
export interface TestAgent {
  /** @throws Error with the agent's class and text; DeadlineError when no reply comes */
  call(command: string, args?: JsonObject, timeoutMs?: number): Promise<unknown>;
  /** Sends a command that has no reply when it succeeds, such as guest-suspend-ram. */
  post(command: string, args?: JsonObject): void;
  close(): void;
}

/**
 * Connects and synchronises. The request waits in the channel until the agent runs or wakes: one is enough.
 * Source: QEMU, qga/qapi-schema.json, guest-sync-delimited.
 * @throws DeadlineError when the agent does not answer, as when another client holds the socket
 */
export async function openAgent(socketPath: string, timeoutMs = 20_000): Promise<TestAgent> {
  const waiting: ((reply: JsonObject) => void)[] = [];
  const sync = randomInt(1, 2 ** 31);
  let synced: () => void = () => undefined;
  let isSynced = false;
  const answer = new Promise<void>((resolve) => (synced = resolve));
  const socket = await openJsonSocket(socketPath, (message) => {
    if (isSynced) waiting.shift()?.(message);
    else if (message['return'] === sync) {
      isSynced = true;
      synced();
    }
  });
  const gone = socket.closed.then(() => Promise.reject(new Error('The agent socket was closed')));
  gone.catch(() => undefined); // it is raced below, and closing after use is no error

  try {
    socket.sendBytes(Uint8Array.of(0xff));
    socket.send({ execute: 'guest-sync-delimited', arguments: { id: sync } });
    await within(timeoutMs, 'guest agent', Promise.race([answer, gone]));
  } catch (error) {
    socket.close();
    throw error;
  }

  return {
    async call(command, args = {}, replyMs = 10_000) {
      const reply = new Promise<JsonObject>((resolve) => waiting.push(resolve));
      socket.send({ execute: command, arguments: args });
      const message = await within(replyMs, command, Promise.race([reply, gone]));
      const error = message['error'] as { class: string; desc: string } | undefined;
      if (error !== undefined) throw new Error(`${error.class}: ${error.desc}`);
      return message['return'];
    },
    post: (command, args = {}) => socket.send({ execute: command, arguments: args }),
    close: socket.close,
  };
}

/** Runs a shell command in the guest. @returns its standard output. @throws Error when its status is not 0 */
export async function execInGuest(agent: TestAgent, command: string, timeoutMs = 10_000): Promise<string> {
  const args = { path: '/bin/sh', arg: ['-c', command], 'capture-output': true };
  const { pid } = (await agent.call('guest-exec', args)) as { pid: number };
  const status = await until(timeoutMs, `in the guest: ${command}`, async () => {
    const now = (await agent.call('guest-exec-status', { pid })) as ExecStatus;
    return now.exited ? now : undefined;
  });
  const output = (encoded = '') => Buffer.from(encoded, 'base64').toString('utf8');
  if (status.exitcode === 0) return output(status['out-data']);
  throw new Error(`In the guest, ${command}: status ${status.exitcode}: ${output(status['err-data'])}`);
}

/** Source: QEMU, qga/qapi-schema.json, GuestExecStatus. */
interface ExecStatus {
  exited: boolean;
  exitcode?: number;
  'out-data'?: string;
  'err-data'?: string;
}
