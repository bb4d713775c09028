import type { ClientChannel } from 'ssh2';
import type { Clock } from '../../clock';
import { signalChannel } from './channel-inside';
import { SshError } from './errors';
import { closedByPeer, isOpenFailure } from './failures';
import type { Link } from './link';
import type { Slot } from './exec-queue';
import type { ExecOptions, ExecResult } from './types';
import { describeHost } from './words';

export const EXEC_TIMEOUT_MS = 15_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** How long an ended command may take to leave its slot, in ms; one that cannot be killed keeps the server's. */
const LEAVE_MS = 2000;

/** A command that was sent, with the time at which it is given up. */
export interface Running {
  readonly channel: ClientChannel;
  /** How it ended, as far as the server has said. */
  readonly exit: () => Pick<ExecResult, 'code' | 'signal'>;
  /** On the monotonic clock. */
  readonly deadline: number;
}

/** Sends `command`. @throws ssh2's refusal (isOpenFailure), SshError timeout, channel, closed */
export function startCommand(link: Link, clock: Clock, command: string, timeoutMs = EXEC_TIMEOUT_MS): Promise<Running> {
  const deadline = clock.monotonic() + timeoutMs;
  return new Promise((resolve, reject) => {
    const over = link.over();
    if (over) return reject(over);
    let late = false;
    const cancel = clock.setTimer(timeoutMs, () => {
      late = true;
      reject(tooSlow(link, timeoutMs));
    });
    const answered = (error: Error | undefined, channel: ClientChannel) => {
      cancel();
      if (error) reject(isOpenFailure(error) ? error : notRun(link, error));
      else if (late) kill(channel);
      else resolve({ channel, exit: watchExit(channel), deadline });
    };
    try {
      link.client.exec(command, answered);
    } catch (error) {
      // ssh2 throws "Not connected" between the loss of the socket and its own notice of it.
      cancel();
      reject(link.over() ?? closedByPeer(link.endpoint, error));
    }
  });
}

/** Must run in the very turn that brings the channel: a quick command's exit code comes in the same packet. */
function watchExit(channel: ClientChannel): Running['exit'] {
  let exit: ReturnType<Running['exit']> = { code: null, signal: null };
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = { code, signal: signal ?? null };
  });
  return () => exit;
}

/** Feeds a command and collects what it says, until it ends. @throws SshError timeout, channel */
export function finishCommand(
  link: Link,
  clock: Clock,
  { session: { channel, exit, deadline }, release }: Slot<Running>,
  { maxBytes = MAX_BYTES, stdin, timeoutMs = EXEC_TIMEOUT_MS }: ExecOptions,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    let open = 2;
    const giveUp = (why: SshError) => {
      cancel();
      kill(channel);
      channel.resume();
      channel.stderr.resume();
      const cancelLeave = clock.setTimer(LEAVE_MS, release);
      channel.once('close', cancelLeave);
      reject(why);
    };
    const cancel = clock.setTimer(Math.max(0, deadline - clock.monotonic()), () => giveUp(tooSlow(link, timeoutMs)));
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      if (bytes > maxBytes) return;
      bytes += chunk.length;
      if (bytes > maxBytes) giveUp(tooMuch(link, maxBytes));
      else into.push(chunk);
    };
    const closed = () => {
      open -= 1;
      if (open > 0) return;
      cancel();
      release();
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), ...exit() });
    };
    channel.on('data', collect(stdout)).on('close', closed);
    channel.stderr.on('data', collect(stderr)).on('close', closed);
    // A command may end before it has read all of its input.
    channel.on('error', () => {});
    const forget = link.onOver(() => {
      cancel();
      release();
    });
    channel.once('close', forget);
    channel.end(stdin);
  });
}

/**
 * Ends a command. sshd passes signals on for users other than root; what root runs, and what was started with
 * ForceCommand, goes on until it notices that nobody reads it.
 */
function kill(channel: ClientChannel): void {
  signalChannel(channel, 'KILL');
  channel.close();
}

const tooSlow = (link: Link, ms: number) =>
  new SshError('timeout', `A command on ${describeHost(link.endpoint)} took longer than ${Math.round(ms / 100) / 10} s.`, {
    remedy: 'The host may be overloaded; try again.',
  });

const tooMuch = (link: Link, bytes: number) =>
  new SshError('channel', `A command on ${describeHost(link.endpoint)} said more than ${bytes} bytes.`, {
    code: 'too-much-output',
    remedy: 'Check what the start-up files of the login shell there print.',
  });

const notRun = (link: Link, error: Error) =>
  new SshError('channel', `${describeHost(link.endpoint)} ran no command for ${link.endpoint.user}.`, {
    code: 'forbidden',
    remedy: 'Its SSH server must allow commands for this user: see ForceCommand in sshd_config, and command= in authorized_keys.',
    cause: error,
  });
