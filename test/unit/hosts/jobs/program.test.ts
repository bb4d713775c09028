import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WakeMeans } from '../../../../main/hosts/jobs/job';
import { jobProgram } from '../../../../main/hosts/jobs/program';
import { requireComponent } from '../../../support/requires';
import { SHELLS } from '../ssh/local-remote';
import { until } from '../ssh/processes';
import { fakeMonitor, type FakeMonitor } from './fake-monitor';

const HOSTILE = `$(touch /tmp/pwned-job) \`touch /tmp/pwned-job\` ;touch '/tmp/pwned-job' "\\' & | \n *`;
const isLinux = process.platform === 'linux';
const find = (program: string) => ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((each) => join(each, program)).find(existsSync);

let folder = '';
let monitor: FakeMonitor;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'job-'));
  monitor = await fakeMonitor();
  rmSync('/tmp/pwned-job', { force: true });
});
afterEach(async () => {
  await monitor.close();
  rmSync(folder, { recursive: true });
  expect(existsSync('/tmp/pwned-job')).toBe(false);
});

/** A folder with these programs of the system and no others. */
function pathWith(programs: readonly string[]): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['sleep', 'cat', 'date', 'timeout', 'grep', 'sed', 'tr', ...programs]) {
    const file = find(name);
    if (file && !existsSync(join(bin, name))) symlinkSync(file, join(bin, name));
  }
  return bin;
}

const script = (name: string, text: string): void => {
  const bin = pathWith([]);
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}`);
  chmodSync(join(bin, name), 0o755);
};
const said = (name: string): string[] =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : [];

const uptime = () => Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100);
const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

interface Ran {
  readonly code: Promise<number | null>;
  readonly pid: number;
}

/** The program, with nothing on its PATH but what a test put there. */
function run(means: WakeMeans, { shell = 'dash', due = 0, boot = bootId(), wall = 0, programs = ['perl'] } = {}): Ran {
  const bin = pathWith(programs);
  // What the program adds to the PATH for hosts that set none would bring this computer's programs in.
  const program = jobProgram(means, { triedFor: 20, every: 0.2, silence: 1, startLook: 0.5 }).replace(/^PATH=.*$/m, `PATH=${bin}`);
  const file = find(shell) ?? shell;
  const applet = shell === 'busybox' ? ['sh'] : shell === 'bash' ? ['--posix'] : [];
  const child = spawn(file, [...applet, '-c', program, 'reveille-1-a', `${uptime() + due}`, boot, `${wall}`, 'sleeper'], {
    env: { PATH: bin, HOME: folder },
    stdio: 'ignore',
    detached: true,
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, pid: child.pid! };
}

const qmp = (): WakeMeans => ({ kind: 'qmp', socket: monitor.socket });
const LOOK = ['qmp_capabilities', 'query-status'];
const WAKE = [...LOOK, 'system_wakeup'];

describe.skipIf(!isLinux).each(SHELLS)('a job in %s', (shell) => {
  test('wakes a sleeping guest and ends', async () => {
    const { code } = run(qmp(), { shell });
    expect(await code).toBe(0);
    expect(monitor.executed).toEqual(WAKE);
    expect(monitor.status).toBe('running');
    await until('it has left', () => monitor.served() === 1);
  });

  test.each(['running', 'paused', 'shutdown', 'prelaunch'])('leaves a guest alone that is %s', async (status) => {
    monitor.status = status;
    expect(await run(qmp(), { shell }).code).toBe(0);
    expect(monitor.executed).toEqual(LOOK);
  });

  test('waits by the time since boot, whatever the clock says', async () => {
    const before = Date.now();
    expect(await run(qmp(), { shell, due: 130, wall: Math.floor(Date.now() / 1000) - 3600 }).code).toBe(0);
    expect(Date.now() - before).toBeGreaterThanOrEqual(1250);
    expect(Date.now() - before).toBeLessThan(6000);
    expect(monitor.status).toBe('running');
  });

  test('goes by the clock after another boot', async () => {
    const before = Date.now();
    const wall = Math.floor(before / 1000) + 2;
    expect(await run(qmp(), { shell, due: 9_999_999, boot: '0-1', wall }).code).toBe(0);
    expect(Date.now()).toBeGreaterThanOrEqual(wall * 1000);
    expect(monitor.status).toBe('running');
  });

  test('ends at once when it is told to, with all that it runs', async () => {
    const { code, pid } = run(qmp(), { shell, due: 60_000 });
    await until('it waits', () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() !== '');
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
    process.kill(-pid, 'SIGTERM');
    expect(await code).toBe(143);
    await until('its child has ended', () => !existsSync(`/proc/${child}`));
    expect(monitor.executed).toEqual([]);
  });
});

describe.skipIf(!isLinux)('the monitor', () => {
  const speakers = ['perl', 'python3', 'socat', 'nc', 'ncat'] as const;
  test.for(speakers)('is spoken to by %s alone', async (speaker, { skip }) => {
    requireComponent(speaker, find(speaker) !== undefined, skip);
    expect(await run(qmp(), { programs: [speaker] }).code).toBe(0);
    expect(monitor.executed).toEqual(WAKE);
  });

  test('is read line by line where it is pretty', async () => {
    const pretty = await fakeMonitor({ pretty: true });
    expect(await run({ kind: 'qmp', socket: pretty.socket }).code).toBe(0);
    expect(pretty.executed).toEqual(WAKE);
    await pretty.close();
  });

  test.for(speakers)('may have any path, by %s', async (speaker, { skip }) => {
    requireComponent(speaker, find(speaker) !== undefined, skip);
    const odd = await fakeMonitor({ name: `q,:!"'()[]{}$(touch x)\`\\; \n*` });
    expect(await run({ kind: 'qmp', socket: odd.socket }, { programs: [speaker] }).code).toBe(0);
    expect(odd.executed).toEqual(WAKE);
    await odd.close();
  });

  test.for(speakers)('that is busy is asked again, and hears nothing of a client that has left, by %s', async (speaker, { skip }) => {
    requireComponent(speaker, find(speaker) !== undefined, skip);
    const release = monitor.take();
    const { code } = run(qmp(), { programs: [speaker] });
    await until('two clients have come', () => monitor.came() === 2);
    expect(monitor.executed).toEqual([]);
    release();
    expect(await code).toBe(0);
    expect(monitor.executed).toEqual(WAKE);
    expect(monitor.served()).toBeGreaterThan(1);
  });

  test('that executes the wake without waking the guest is asked again', async () => {
    monitor.deaf = true;
    const { code } = run(qmp());
    await until('it was told once', () => monitor.executed.length === 3);
    monitor.deaf = false;
    await until('it was told again', () => monitor.executed.length === 6, 15_000);
    expect(await code).toBe(0);
    expect(monitor.status).toBe('running');
  }, 30_000);

  test('is asked again when it was gone for a while', async () => {
    const { code } = run({ kind: 'qmp', socket: join(folder, 'later') });
    await new Promise((resolve) => setTimeout(resolve, 500));
    symlinkSync(monitor.socket, join(folder, 'later'));
    expect(await code).toBe(0);
    expect(monitor.executed).toEqual(WAKE);
  }, 15_000);
});

const UUID = '11111111-2222-3333-4444-555555555555';

describe.skipIf(!isLinux)('virsh', () => {
  const virsh = (state: string) =>
    script('virsh', `printf '%s|' "$@" >> ${folder}/calls; echo >> ${folder}/calls
[ "$LC_ALL" = C ] || exit 9
state=$(cat ${folder}/state) || state='${state}'
case $4 in
  domstate) echo "$state"; echo;;
  dompmwakeup|start) echo running > ${folder}/state;;
  qemu-monitor-command) case $6 in *query-status*) echo '{"return":{"status":"suspended","running":false}}';; *) echo running > ${folder}/state;; esac;;
esac`);
  const uri = `qemu+unix:///system?socket=${HOSTILE}`;
  const call = (command: string, ...rest: string[]) => ['-q', '-c', uri, command, UUID, ...rest].map((each) => `${each}|`).join('');
  const calls = () => said('calls').join('\n').split('\n-q|').map((each, index) => (index === 0 ? each : `-q|${each}`));

  test.each([
    ['suspend', 'pmsuspended', ['domstate', 'dompmwakeup', 'domstate']],
    ['suspend', 'running', ['domstate']],
    ['suspend', 'shut off', ['domstate']],
    ['hibernate', 'shut off', ['domstate', 'start', 'domstate']],
    ['hibernate', 'running', ['domstate']],
    ['hibernate', 'pmsuspended', ['domstate']],
    ['hibernate', 'crashed', ['domstate']],
    ['hybrid', 'pmsuspended', ['domstate', 'dompmwakeup', 'domstate']],
    ['hybrid', 'shut off', ['domstate', 'start', 'domstate']],
    ['hybrid', 'running', ['domstate']],
  ] as const)('brings back from %s a domain that is %s', async (from, state, commands) => {
    virsh(state);
    expect(await run({ kind: 'virsh', uri, uuid: UUID, from }).code).toBe(0);
    expect(calls()).toEqual(commands.map((command) => call(command)));
  }, 10_000);

  test('a domain that libvirt takes for paused is looked at in QEMU', async () => {
    virsh('paused');
    expect(await run({ kind: 'virsh', uri, uuid: UUID, from: 'suspend' }).code).toBe(0);
    const monitorCommand = (text: string) => call('qemu-monitor-command', `{"execute":"${text}"}`);
    expect(calls()).toEqual([call('domstate'), monitorCommand('query-status'), monitorCommand('system_wakeup'), call('domstate')]);
  }, 10_000);

  test('a libvirt that does not answer is asked again', async () => {
    script('virsh', `echo >> ${folder}/calls; [ "$(grep -c '' ${folder}/calls)" -gt 1 ] || exit 1; echo running`);
    expect(await run({ kind: 'virsh', uri, uuid: UUID, from: 'suspend' }).code).toBe(0);
    expect(said('calls')).toHaveLength(1);
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('\n\n');
  }, 10_000);
});

describe.skipIf(!isLinux)('qm', () => {
  const qm = (status: string, qmpstatus: string) =>
    script('qm', `echo "$*" >> ${folder}/calls
case $1 in status) [ -e ${folder}/woken ] && { echo 'status: running'; echo 'qmpstatus: running'; exit; }
echo 'name: status: stopped'; echo 'status: ${status}'; echo 'qmpstatus: ${qmpstatus}';; *) : > ${folder}/woken;; esac`);
  test.each([
    ['suspend', 'running', 'suspended', ['status 101 --verbose', 'resume 101', 'status 101 --verbose']],
    ['suspend', 'running', 'paused', ['status 101 --verbose']],
    ['suspend', 'stopped', 'stopped', ['status 101 --verbose']],
    ['hibernate', 'stopped', 'stopped', ['status 101 --verbose', 'start 101', 'status 101 --verbose']],
    ['hibernate', 'running', 'suspended', ['status 101 --verbose']],
    ['hybrid', 'running', 'suspended', ['status 101 --verbose', 'resume 101', 'status 101 --verbose']],
    ['hybrid', 'stopped', 'stopped', ['status 101 --verbose', 'start 101', 'status 101 --verbose']],
    ['hybrid', 'running', 'running', ['status 101 --verbose']],
  ] as const)('brings back from %s a guest that is %s (%s)', async (from, status, qmpstatus, calls) => {
    qm(status, qmpstatus);
    expect(await run({ kind: 'qm', vmid: 101, from }).code).toBe(0);
    expect(said('calls')).toEqual(calls);
  }, 10_000);
});

describe.skipIf(!isLinux)('a start', () => {
  const recipe = (executable: string, args: string[]) =>
    ({ kind: 'start', socket: null, recipe: { executable, args, cwd: folder, daemonizes: false, startsPaused: false }, from: 'hibernate' }) as const;
  /** Writes what it was called with, and stays. */
  const stays = () => {
    const file = join(folder, 'qemu = system');
    writeFileSync(file, `#!/bin/sh\npwd >> started; printf '%s\\0' "$@" >> started; exec sleep 60\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const args = ['-name', HOSTILE, '', '-drive', 'file=a b,password=$HOME', '--', '%n'];
  const running = (program = 'sleep') =>
    readdirSync('/proc').filter((each) => {
      try {
        return readFileSync(`/proc/${each}/environ`, 'latin1').includes(`HOME=${folder}\0`) && readFileSync(`/proc/${each}/comm`, 'utf8') === `${program}\n`;
      } catch {
        return false;
      }
    });
  const endGuests = () => {
    for (const pid of running()) process.kill(Number(pid), 'SIGKILL');
  };

  test.each(SHELLS)('runs the command argument by argument, in a session of its own (%s)', async (shell) => {
    const { code, pid } = run(recipe(stays(), args), { shell, programs: ['setsid'] });
    expect(await code).toBe(0);
    expect(readFileSync(join(folder, 'started'), 'utf8')).toBe(`${folder}\n${args.map((arg) => `${arg}\0`).join('')}`);
    const [guest] = running();
    expect(guest).toBeDefined();
    const session = readFileSync(`/proc/${guest}/stat`, 'latin1').split(') ')[1]?.split(' ')[3];
    expect(session).not.toBe(`${pid}`);
    endGuests();
  }, 15_000);

  test('is not done twice: a process with these arguments runs', async () => {
    const file = stays();
    const child = spawn('/bin/sh', ['-c', 'read nothing', ...args.slice(1)], { argv0: args[0]!, stdio: ['pipe', 'ignore', 'ignore'] });
    const means = recipe(file, ['-c', 'read nothing', ...args.slice(1)]);
    await until('it runs', () => readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').includes('read nothing'));
    expect(await run(means).code).toBe(0);
    expect(existsSync(join(folder, 'started'))).toBe(false);
    child.kill('SIGKILL');
    // With one argument less it is another.
    expect(await run(recipe(file, args.slice(1))).code).toBe(0);
    expect(existsSync(join(folder, 'started'))).toBe(true);
    endGuests();
  }, 15_000);

  test('is not done while somebody listens at its monitor', async () => {
    expect(await run({ ...recipe(stays(), args), socket: monitor.socket }).code).toBe(0);
    expect(existsSync(join(folder, 'started'))).toBe(false);
    expect(monitor.served()).toBe(0);
  });

  test.each(SHELLS)('of a guest in a hybrid sleep is a wake while it runs (%s)', async (shell) => {
    const means = { ...recipe(stays(), args), from: 'hybrid' } as const;
    expect(await run({ ...means, socket: monitor.socket }, { shell }).code).toBe(0);
    expect(monitor.executed).toEqual(WAKE);
    expect(existsSync(join(folder, 'started'))).toBe(false);
    // It ended: nobody listens there.
    expect(await run({ ...means, socket: join(folder, 'gone') }, { shell, programs: ['setsid', 'perl'] }).code).toBe(0);
    expect(existsSync(join(folder, 'started'))).toBe(true);
    endGuests();
  }, 20_000);

  test('of a guest in a hybrid sleep lets one go on that starts paused, and none that slept', async () => {
    const file = join(folder, 'followed');
    writeFileSync(file, '');
    const means = recipe(find('tail')!, ['-f', file]);
    const hybrid = { ...means, recipe: { ...means.recipe, startsPaused: true }, from: 'hybrid' } as const;
    expect(await run({ ...hybrid, socket: monitor.socket }).code).toBe(0);
    expect(monitor.executed).toEqual(WAKE);
    monitor.executed.length = 0;
    monitor.status = 'prelaunch';
    symlinkSync(monitor.socket, join(folder, 'later'));
    // Nobody listens by that name, so that it is started.
    expect(await run({ ...hybrid, socket: join(folder, 'later') }).code).toBe(0);
    expect(monitor.executed).toEqual([...LOOK, 'cont']);
    const [guest, ...others] = running('tail');
    expect(others).toEqual([]);
    process.kill(Number(guest), 'SIGKILL');
  }, 20_000);

  test('that failed is done again', async () => {
    const file = join(folder, 'qemu');
    writeFileSync(file, `#!/bin/sh\necho >> tries; [ "$(wc -l < tries)" -gt 1 ] || exit 1\nexit 0\n`);
    chmodSync(file, 0o755);
    expect(await run(recipe(file, args), { programs: ['wc'] }).code).toBe(0);
    expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe('\n\n');
  }, 20_000);
});
