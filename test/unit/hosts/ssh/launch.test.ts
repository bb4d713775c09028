import fc from 'fast-check';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../../main/clock';
import type { StartRecipe } from '../../../../main/hosts/discovery/found';
import type { HostError } from '../../../../main/hosts/host';
import { launchRemote } from '../../../../main/hosts/ssh/launch';
import { SshError } from '../../../../main/protocols/ssh/errors';
import { fakeClock } from '../../../fakes/clock';
import { localRemote, SHELLS, type LocalRemote } from './local-remote';
import { realProcesses, until, type RealProcesses } from './processes';

let real: RealProcesses;
let started: number[];
const recipe = (args: string[], changes: Partial<StartRecipe> = {}): StartRecipe => ({
  executable: real.program(),
  args,
  cwd: real.folder,
  daemonizes: false,
  startsPaused: false,
  ...changes,
});
const launch = async (what: StartRecipe, remote: LocalRemote, clock: Clock = systemClock) => {
  const launched = await launchRemote(what, { remote, clock });
  started.push(launched.pid!);
  return launched;
};
const remoteWith = (shell: string, more: { env?: Record<string, string> } = {}) =>
  localRemote({ shell, ...more, env: { TMPDIR: join(real.folder, 'tmp'), ...more.env } });
const logs = (): string[] => readdirSync(join(real.folder, 'tmp'));
const filesOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const file = join(`/proc/${pid}/fd`, fd);
    // The listing's own is closed by now.
    return lstatSync(file, { throwIfNoEntry: false }) ? [readlinkSync(file)] : [];
  });
const field = (pid: number, at: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[at]!;

beforeEach(() => {
  real = realProcesses();
  started = [];
  mkdirSync(join(real.folder, 'tmp'));
});
afterEach(async () => {
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await until('it ended', () => !existsSync(`/proc/${pid}/exe`) || field(pid, 0) === 'Z');
  }
  await real.dispose();
});

describe.each(SHELLS)('with %s as its sh', (shell) => {
  it(
    'starts a process of its own session, which has nothing of the connection',
    { timeout: 20_000 },
    async () => {
      const remote = remoteWith(shell, { env: { LC_ALL: 'de_DE.UTF-8' } });
      const launched = await launch(
        recipe(['-c', 'echo hello; kill -STOP $$', '-name', 'it’s $(id)']),
        remote,
      );
      const pid = launched.pid!;
      const command = () => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      await until('it is the program', () => command().startsWith(real.program()));
      expect(command()).toBe(
        `${real.program()}\0-c\0echo hello; kill -STOP $$\0-name\0it’s $(id)\0`,
      );
      expect(field(pid, 3)).toBe(`${pid}`);
      expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(real.folder);
      const [log] = logs();
      expect(['0', '1', '2'].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual([
        '/dev/null',
        ...Array<string>(2).fill(join(real.folder, 'tmp', log!)),
      ]);
      // Whoever runs the tests may have left descriptors open to all.
      const inherited = new Set(filesOf(process.pid));
      expect(filesOf(pid).filter((file) => /^(pipe|socket):/.test(file) && !inherited.has(file))).toEqual([]);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')).toContain('LC_ALL=de_DE.UTF-8');
    },
  );

  it('starts exactly the arguments that were seen', { timeout: 60_000 }, async () => {
    const out = join(real.folder, 'argv');
    const piece = fc.oneof(
      fc.constantFrom(
        '\n',
        "'",
        '"',
        '$(touch x)',
        '`id`',
        '\\',
        '!',
        ' ',
        '*',
        '-',
        '=',
        '%',
        'ü',
        '\u0001',
        '~',
        '\n\n',
        '--',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    );
    const argument = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('').replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(argument, { maxLength: 8 }), async (args) => {
        const remote = remoteWith(shell);
        const copy = ['-c', 'cat "/proc/$$/cmdline" > "$0"', out, ...args];
        const { exited } = await launch(recipe(copy), remote);
        expect(await exited).toEqual({ code: 0, signal: null, output: '' });
        expect(readFileSync(out, 'utf8')).toBe([real.program(), ...copy].map((arg) => `${arg}\0`).join(''));
      }),
      { numRuns: 12 },
    );
    expect(logs()).toEqual([]);
    expect(existsSync(join(real.folder, 'x'))).toBe(false);
  });

  it('says why a process ended at once', async () => {
    const remote = remoteWith(shell);
    const { exited } = await launch(
      recipe(['-c', 'echo "first"; printf "\\033[1mno such disk\\n" >&2; exit 3']),
      remote,
    );
    expect(await exited).toEqual({ code: 3, signal: null, output: 'first\n[1mno such disk' });
    expect(logs()).toEqual([]);
    const killed = await launch(recipe(['-c', 'kill -SEGV $$']), remote);
    expect(await killed.exited).toMatchObject({ code: null, signal: 'SIGSEGV' });
    const long = await launch(
      recipe(['-c', 'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done; exit 1']),
      remote,
    );
    const { output } = await long.exited;
    expect(output.length).toBeLessThanOrEqual(600);
    expect(output).toMatch(/line 499$/);
  });

  it('starts a program in a folder, both with odd names', async () => {
    const folder = join(real.folder, "a\nb '$(id)'");
    const program = real.program('qemu=system', folder);
    const { exited } = await launch(
      recipe(['-c', 'pwd'], { executable: program, cwd: folder }),
      remoteWith(shell),
    );
    expect(await exited).toEqual({ code: 0, signal: null, output: folder });
  });

  it('refuses what it cannot run', async () => {
    const remote = remoteWith(shell);
    const refusal = (changes: Partial<StartRecipe>) =>
      launch(recipe([], changes), remote).then(
        () => 'started',
        (error: unknown) => (error as HostError).message,
      );
    writeFileSync(join(real.folder, 'plain'), '');
    expect(await refusal({ cwd: join(real.folder, 'gone') })).toBe(
      `The folder ${join(real.folder, 'gone')} cannot be entered on the host.`,
    );
    expect(await refusal({ executable: join(real.folder, 'plain') })).toContain('cannot be run on the host');
    expect(await refusal({ executable: real.folder })).toContain('cannot be run on the host');
    expect(await refusal({ cwd: null })).toContain('is not known');
    expect(await refusal({ args: ['a\0b'] })).toContain('NUL');
    expect(await refusal({ args: ['x'.repeat(120_000)] })).toContain('too long');
    const noRoom = localRemote({ shell, env: { TMPDIR: '/nowhere' } });
    await expect(launch(recipe([]), noRoom)).rejects.toThrow('temporary file');
  });

  it('waits for -daemonize, whose status counts', { timeout: 20_000 }, async () => {
    const { exited } = await launch(
      recipe(['-c', 'sleep 2.5; exit 0'], { daemonizes: true }),
      remoteWith(shell),
    );
    expect(await exited).toEqual({ code: 0, signal: null, output: '' });
  });

  it('leaves nothing behind but the process when its start is confirmed', async () => {
    const remote = remoteWith(shell);
    const began = performance.now();
    const { pid, exited, confirmed } = await launch(recipe(['-c', 'echo hello; kill -STOP $$']), remote);
    expect(performance.now() - began).toBeLessThan(1500);
    const [log] = logs();
    await until('its words are kept', () => readFileSync(join(real.folder, 'tmp', log!), 'utf8') === 'hello\n');
    const supervisor = Number(field(pid!, 1));
    confirmed();
    confirmed();
    await until('its words are gone', () => logs().length === 0);
    await until('nobody waits for it', () => !existsSync(`/proc/${supervisor}/exe`));
    expect(field(pid!, 0)).toBe('T');
    let isTold = false;
    void exited.then(() => (isTold = true));
    process.kill(pid!, 'SIGKILL');
    await until('it ended', () => !existsSync(`/proc/${pid}/exe`) || field(pid!, 0) === 'Z');
    expect(isTold).toBe(false);
    expect(remote.commands.length).toBeLessThanOrEqual(4);
  });

  it('takes no session of the server while it waits', async () => {
    const remote = remoteWith(shell);
    const { pid } = await launch(recipe(['-c', 'kill -STOP $$']), remote);
    expect(remote.streams).toEqual([]);
    // The shell that waits on the host has nothing of the connection, and no terminal that could hang up.
    const supervisor = Number(field(pid!, 1));
    expect(['0', '1', '2'].map((fd) => readlinkSync(`/proc/${supervisor}/fd/${fd}`))).toEqual(
      Array(3).fill('/dev/null'),
    );
    expect(readdirSync(`/proc/${supervisor}/fd`)).not.toContain('3');
    expect(BigInt(`0x${/^SigIgn:\t(\w+)/m.exec(readFileSync(`/proc/${supervisor}/status`, 'utf8'))![1]}`) & 1n).toBe(1n);
  });
});

it('tells how a process ended that lived for a while, and what it said last', { timeout: 20_000 }, async () => {
  const clock = fakeClock();
  const remote = remoteWith('dash');
  const { pid, exited } = await launch(
    recipe(['-c', 'trap "echo over; exit 3" TERM; while :; do sleep 0.05; done']),
    remote,
    clock,
  );
  let done = false;
  void exited.then(() => (done = true));
  const looks = async (): Promise<void> => {
    const before = remote.commands.length;
    await until('it waits', () => clock.pendingTimers() === 1 || done);
    await clock.advance(1000);
    await until('it looked', () => remote.commands.length > before || done);
  };
  await looks();
  await until('it waits', () => clock.pendingTimers() === 1);
  expect(done).toBe(false);
  process.kill(pid!, 'SIGTERM');
  await until('it ended', () => !existsSync(`/proc/${pid}/exe`));
  await until('it is told', () => {
    void looks();
    return done;
  });
  expect(await exited).toEqual({ code: 3, signal: null, output: 'over' });
  expect(logs()).toEqual([]);
});

it('asks no more when the host has given up its words', { timeout: 20_000 }, async () => {
  const clock = fakeClock();
  const remote = remoteWith('dash');
  await launch(recipe(['-c', 'kill -STOP $$']), remote, clock);
  rmSync(join(real.folder, 'tmp', logs()[0]!));
  await until('it waits', () => clock.pendingTimers() === 1);
  await clock.advance(1000);
  await until('it looked', () => remote.commands.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(clock.pendingTimers()).toBe(0);
});

it('says that nothing is known when the link breaks', async () => {
  const remedy = 'Connect again.';
  const broken: LocalRemote = {
    ...localRemote(),
    exec: () => Promise.reject(new SshError('closed', 'The connection is over.', { remedy })),
  };
  await expect(launch(recipe([]), broken)).rejects.toMatchObject({
    name: 'HostError',
    message: expect.stringContaining('shows when the host is looked at again'),
    remedy,
  });
});
