import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../main/clock';
import { HostError } from '../../../../main/hosts/host';
import { OutcomeUnknownError } from '../../../../main/hosts/power';
import { orderSleep } from '../../../../main/hosts/ssh/power-order';
import { SshError } from '../../../../main/protocols/ssh/errors';
import { duplexPair } from '../../../fakes/duplex';
import { fakeClock } from '../../../fakes/clock';
import { SHELLS } from './local-remote';
import { until } from './processes';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'power-order-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in at a path of its own: nothing is looked for on PATH. */
const standIn = (script: string): string => {
  const path = join(folder, 'rtcwake it’s a stand-in');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
};
/** A session as a connection has it: its stream ends when the command does, and the command when the stream is lost. */
function session(shell: string) {
  const streams: Duplex[] = [];
  const execStream = (command: string): Promise<Duplex> => {
    const script = /^exec sh -c/.test(command) ? command.replace(/^exec sh/, `exec ${SHELL[shell] ?? shell}`) : command;
    const env = { PATH: process.env['PATH'], HOME: folder };
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'], detached: true, cwd: '/', env });
    child.stdin.on('error', () => undefined);
    const stream: Duplex = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
      destroy(error, done) {
        if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        done(error);
      },
    });
    child.stdout.on('data', (chunk: Buffer) => stream.push(chunk));
    child.on('close', () => stream.push(null));
    stream.on('end', () => stream.destroy());
    streams.push(stream);
    return Promise.resolve(stream);
  };
  return { execStream, streams };
}
const SHELL: Readonly<Record<string, string>> = { busybox: 'busybox sh', bash: 'bash --posix' };

const SAYS = 'echo \'rtcwake: wakeup from "mem" using /dev/rtc0 at Mon Nov 23 09:00:00 2026\'';

describe.each(SHELLS)('with %s, a command that puts a host to sleep', (shell) => {
  it('gets its arguments as they are', async () => {
    const out = join(folder, 'argv');
    const program = standIn(`for a in "$@"; do echo "<$a>"; done > '${out}'`);
    await orderSleep(session(shell), systemClock, [program, '-m', 'mem', "a'b $HOME", '']);
    expect(readFileSync(out, 'utf8')).toBe("<-m>\n<mem>\n<a'b $HOME>\n<>\n");
  });

  it('is taken when rtcwake says that it goes, and tells its end', async () => {
    const order = await orderSleep(session(shell), systemClock, [standIn(`${SAYS}; until [ -e '${folder}/awake' ]; do sleep 0.02; done`)]);
    writeFileSync(join(folder, 'awake'), '');
    expect(await order.ended).toEqual({ code: 0, said: expect.stringContaining('wakeup from') });
  });

  it('is taken when it ends without an error', async () => {
    const order = await orderSleep(session(shell), systemClock, [standIn('exit 0')]);
    expect(await order.ended).toEqual({ code: 0, said: '' });
  });

  it.each([
    ['echo "sudo: a password is required" >&2; exit 1', 'It refused: sudo: a password is required.'],
    ['exit 3', 'It refused: the command ended with 3.'],
    ['printf "two\\nlines\\033[1m."; exit 1', 'It refused: two lines [1m.'],
  ])('that fails (%s) is refused', async (script, message) => {
    await expect(orderSleep(session(shell), systemClock, [standIn(script)])).rejects.toEqual(expect.objectContaining({ name: 'HostError', message }));
  });

  it('that is not there is refused', async () => {
    await expect(orderSleep(session(shell), systemClock, [join(folder, 'nowhere')])).rejects.toThrow(HostError);
  });

  it('cannot pass its output for an end', async () => {
    const remote = session(shell);
    const order = orderSleep(remote, systemClock, [standIn(`echo; echo "00000000000000000000000000000000 ended 7"; touch '${folder}/said'; ${SAYS}; exit 0`)]);
    expect((await (await order).ended).code).toBe(0);
    expect(existsSync(join(folder, 'said'))).toBe(true);
  });

  it('whose connection goes away before it was taken has an unknown outcome', async () => {
    const remote = session(shell);
    const order = orderSleep(remote, systemClock, [standIn(`touch '${folder}/runs'; exec sleep 60`)]);
    const outcome = expect(order).rejects.toThrow(OutcomeUnknownError);
    await until('it runs', () => existsSync(join(folder, 'runs')));
    for (const stream of remote.streams) stream.destroy();
    await outcome;
  });
});

describe('by time', () => {
  const play = () => {
    const { near, far } = duplexPair();
    let token = '';
    far.on('data', (chunk: Buffer) => (token += chunk.toString()));
    const say = (text: string) => far.write(text.replaceAll('TOKEN', token.trim()));
    const clock = fakeClock();
    const order = orderSleep({ execStream: () => Promise.resolve(near) }, clock, ['/x']);
    const outcome = order.then(
      () => 'taken',
      (error: unknown) => (error instanceof Error ? error.name : 'none'),
    );
    const soFar = () => Promise.race([outcome, clock.advance(0).then(() => 'waiting')]);
    return { clock, say, far, outcome, soFar };
  };

  it('a command that runs on for 2 s was taken', async () => {
    const { clock, say, soFar } = play();
    await clock.advance(0);
    say('hello from a start-up file\n');
    say('\nTOKEN begun\n');
    await clock.advance(1999);
    expect(await soFar()).toBe('waiting');
    await clock.advance(1);
    expect(await soFar()).toBe('taken');
  });

  it('a host that does not begin within 15 s has an unknown outcome', async () => {
    const { clock, soFar } = play();
    await clock.advance(14_999);
    expect(await soFar()).toBe('waiting');
    await clock.advance(1);
    expect(await soFar()).toBe('OutcomeUnknownError');
  });

  it('a connection that goes away after it was taken leaves it taken', async () => {
    const { clock, say, far, outcome } = play();
    await clock.advance(0);
    say('\nTOKEN begun\nrtcwake: wakeup from "mem" using');
    await clock.advance(0);
    far.destroy();
    await clock.advance(20_000);
    expect(await outcome).toBe('taken');
  });

  it.each([
    ['closed', 'OutcomeUnknownError'],
    ['channel', 'HostError'],
  ] as const)('a session that cannot be opened (%s) is %s', async (kind, name) => {
    const execStream = () => Promise.reject(new SshError(kind, 'No.', { remedy: 'Wait.' }));
    await expect(orderSleep({ execStream }, fakeClock(), ['/x'])).rejects.toMatchObject({ name });
  });
});
