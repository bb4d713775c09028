import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../main/clock';
import { HostError } from '../../../../main/hosts/host';
import { createHostJobs } from '../../../../main/hosts/jobs/host-jobs';
import type { HostJobs, JobOffer, WakeMeans } from '../../../../main/hosts/jobs/job';
import { jobArguments } from '../../../../main/hosts/jobs/program';
import { parseProbe } from '../../../../main/hosts/jobs/probe';
import { localShell } from '../../../../main/hosts/local-shell';
import type { RemoteExec } from '../../../../main/hosts/ssh/remote';
import { fakeClock } from '../../../fakes/clock';
import { localRemote, SHELLS } from '../ssh/local-remote';
import { until } from '../ssh/processes';

const isRoot = process.getuid?.() === 0;
const EVIL = `/tmp/pwned-jobs`;
const HOSTILE = `a b'$(touch ${EVIL})\`touch ${EVIL}\`"; touch ${EVIL} #\n%s\\`;
const UUID = '11111111-2222-3333-4444-555555555555';

let folder = '';
const children: ChildProcess[] = [];
const made: { jobs: HostJobs; name: string }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobs-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  for (const { jobs, name } of made.splice(0)) await jobs.cancel({ name, kind: 'sleeper', ref: '', due: null });
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
  expect(existsSync(EVIL)).toBe(false);
});

/** A host that has these programs alone, and stand-ins by name. */
function hostWith(standIns: Readonly<Record<string, string>> = {}, { shell = 'dash', uid = undefined as number | undefined, only = PROGRAMS } = {}): HostJobs {
  const bin = mkdtempSync(join(folder, 'bin-'));
  chmodSync(bin, 0o755);
  for (const name of [...only, 'sh']) {
    const file = ['/usr/bin', '/bin'].map((each) => join(each, name === 'sh' ? shell : name)).find(existsSync);
    if (file && standIns[name] === undefined) symlinkSync(file, join(bin, name));
  }
  for (const [name, text] of Object.entries(standIns)) writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const remote = localRemote({ env: { PATH: bin }, ...(uid === undefined ? {} : { uid }) });
  // What scripts add to the PATH for hosts that set none would bring this computer's programs in.
  return createHostJobs({ shell: { exec: (command, options) => remote.exec(confined(command), options) }, clock: systemClock, hostName: 'nas' });
}
const confined = (command: string): string => command.replaceAll(':/usr/bin:/bin:/usr/sbin:/sbin', '');
const PROGRAMS = ['cat', 'cut', 'date', 'grep', 'id', 'ls', 'sed', 'setsid', 'sleep', 'tail', 'tr', 'uname'];

const virsh = 'case "$4 $5" in "domstate 11111111-2222-3333-4444-555555555555") echo running;; *) exit 1;; esac';
const means: WakeMeans = { kind: 'virsh', uri: `qemu+unix:///system?socket=${HOSTILE}`, uuid: UUID, from: 'suspend' };
const inAnHour = () => Date.now() + 3_600_000;
const kindOf = (offer: JobOffer): string => ('keeper' in offer ? offer.keeper.kind : offer.missing);
async function place(jobs: HostJobs, name: string) {
  made.push({ jobs, name });
  return jobs.place({ name, due: inAnHour(), means });
}
const argumentsOf = (pid: string | number): string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};
const bearing = (name: string): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && argumentsOf(pid)[3] === name);
const at = { uptime: 999_999_999_999, boot: '-', wall: 9_999_999_999 };
/** A process with these arguments, whose program does nothing. */
async function lookalike(argv: readonly string[], uid?: number): Promise<ChildProcess> {
  const as = uid === undefined ? [] : ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'];
  const [program = '', ...args] = [...as, '/bin/dash', ...argv.slice(1)];
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  await until('it runs', () => argumentsOf(child.pid!).includes('-c'));
  return child;
}
const idle = (name: string): string[] => {
  const argv = jobArguments(name, at, { kind: 'qm', vmid: 1, from: 'hibernate' }, 'sleeper');
  return argv.map((each, index) => (index === 2 ? `${each.split('\n')[0]}\nread nothing` : each));
};

describe.skipIf(process.platform !== 'linux').each(SHELLS)('a host whose sh is %s', (shell) => {
  test('keeps a waiting process, found by its name alone, in a session of its own', async () => {
    const jobs = hostWith({ virsh }, { shell });
    expect(kindOf(await jobs.offers(means))).toBe('sleeper');
    const name = `reveille-unit-${shell}`;
    const job = await place(jobs, name);
    const [pid = ''] = bearing(name);
    expect(job).toMatchObject({ name, kind: 'sleeper', ref: expect.stringMatching(new RegExp(`^${pid}:\\d+$`)) });
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]).toBe(pid);
    // Higher ones are this test's own. While it looks at the time it has one more for a moment.
    await expect.poll(() => readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) < 10).sort()).toEqual(['0', '1', '2']);
    expect(await jobs.list(name)).toEqual([{ ...job, due: expect.any(Number) }]);
    expect(await jobs.list(`${name}x`)).toEqual([]);
    await jobs.cancel(job);
    expect(bearing(name)).toEqual([]);
    expect(await jobs.list('reveille-unit-')).toEqual([]);
  }, 30_000);

  test('keeps one without setsid, and ends it with what it runs', async () => {
    const jobs = hostWith({ virsh }, { shell, only: PROGRAMS.filter((each) => each !== 'setsid') });
    const job = await place(jobs, `reveille-unit-${shell}-2`);
    const [pid = ''] = bearing(job.name);
    expect(pid).not.toBe('');
    await jobs.cancel(job);
    expect(bearing(job.name)).toEqual([]);
  }, 30_000);

  test('is not taken in by processes that look like jobs', async () => {
    const jobs = hostWith({ virsh }, { shell });
    const genuine = await lookalike(idle('reveille-look-1'));
    await lookalike(idle(`reveille-look-$(touch ${EVIL})`));
    await lookalike(idle('reveille-look-2\nreveille-look-3'));
    await lookalike(idle('reveille-look-4').slice(0, 7));
    await lookalike(['/bin/sh', '-c', 'read nothing', 'reveille-look-5', '1', '-', '1', 'sleeper']);
    if (isRoot) await lookalike(idle('reveille-look-6'), 65534);
    expect((await jobs.list('reveille-look-')).map(({ name }) => name)).toEqual(['reveille-look-1']);
    await jobs.cancel({ name: 'reveille-look-6', kind: 'sleeper', ref: '1:1', due: null });
    expect(bearing('reveille-look-6')).toHaveLength(isRoot ? 1 : 0);
    await jobs.cancel({ name: 'reveille-look-1', kind: 'sleeper', ref: `${genuine.pid}:0`, due: null });
    expect(await jobs.list('reveille-look-')).toEqual([]);
  }, 30_000);

  test('at: takes the user’s own jobs with a mark of ours, and no others', async () => {
    const jobs = hostWith(
      {
        atq: `printf '7\\tMon Nov 23 02:41:00 2026 a ${userInfo().username}\\n8\\tMon Nov 23 02:41:00 2026 a another\\n'
printf '9\\tMon Nov 23 02:41:00 2026 = ${userInfo().username}\\n$(touch ${EVIL})\\tx a ${userInfo().username}\\n'
printf '10\\tMon Nov 23 02:41:00 2026 a ${userInfo().username}\\n'`,
        at: `case "$2" in
7|8) echo 'X=1; export X'; echo "# reveille-job reveille-at-$2 1000 - 9999999999"; echo "exec x";;
9) echo '# reveille-job reveille-at-$(touch ${EVIL}) 1 - 1';;
10) echo '# reveille-job reveille-at-10 1 * 1 $(touch ${EVIL})';;
esac`,
      },
      { shell },
    );
    const found = await jobs.list('reveille-at-');
    expect(found).toEqual([{ name: 'reveille-at-7', kind: 'at', ref: '7', due: expect.any(Number) }]);
    expect(Math.abs(found[0]!.due! - 9_999_999_999_000)).toBeLessThan(3000);
  }, 30_000);
});

describe.skipIf(process.platform !== 'linux')('which keeper', () => {
  const NOBODY = 65534;
  const kills = (yes: boolean) => `echo b ${yes}`;
  const uptimeOnly = { virsh, busctl: kills(true) };

  test.skipIf(!isRoot)('none where a session takes all along; root is spared', async () => {
    expect(kindOf(await hostWith(uptimeOnly, { uid: NOBODY }).offers(means))).toMatch(/^nas ends what its users leave behind/);
    expect(kindOf(await hostWith(uptimeOnly).offers(means))).toBe('sleeper');
    expect(kindOf(await hostWith({ virsh, busctl: kills(false) }, { uid: NOBODY }).offers(means))).toBe('sleeper');
  }, 30_000);

  const systemctl = 'case "$*" in "--user show -p Version") echo Version=252;; *) exit 1;; esac';
  test.skipIf(!isRoot)('a user’s systemd only while the user lingers', async () => {
    const lingers = (word: string) => `[ "$*" = "show-user ${NOBODY} -p Linger" ] && echo Linger=${word}`;
    const of = (word: string) => hostWith({ virsh, systemctl, 'systemd-run': '', loginctl: lingers(word) }, { uid: NOBODY }).offers(means);
    expect(kindOf(await of('yes'))).toBe('systemd-user');
    expect(kindOf(await of('no'))).toBe('sleeper');
  }, 30_000);

  test('at not for those whom it refuses', async () => {
    const refuses = { virsh, at: 'exit 1', atq: 'echo "You do not have permission to use atq." >&2; exit 1' };
    expect(kindOf(await hostWith(refuses).offers(means))).toBe('sleeper');
  }, 30_000);

  test('a keeper that takes a job and then has none is not believed; the next one is asked', async () => {
    const jobs = hostWith({
      virsh,
      systemctl,
      loginctl: 'echo Linger=yes',
      'systemd-run': `echo "$@" > ${folder}/asked; echo 'Failed to start: no'`,
    });
    expect(kindOf(await jobs.offers(means))).toBe('systemd-user');
    expect(await place(jobs, 'reveille-unit-next')).toMatchObject({ kind: 'sleeper' });
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toContain('--unit=reveille-unit-next ');
  }, 30_000);

  test.each<[string, WakeMeans, RegExp]>([
    ['no socket', { kind: 'qmp', socket: '/tmp/none at all' }, /no monitor at \/tmp\/none at all on nas/],
    ['an abstract one', { kind: 'qmp', socket: '\0abstract' }, /not at a path/],
    ['an option for a path', { kind: 'qmp', socket: '-U' }, /not at a path/],
    ['a UUID that is none', { kind: 'virsh', uri: 'qemu:///system', uuid: '--help', from: 'suspend' }, /no usable UUID/],
    ['a number that is none', { kind: 'qm', vmid: Number.NaN, from: 'hibernate' }, /no usable number/],
    ['no qm', { kind: 'qm', vmid: 100, from: 'hibernate' }, /qm is not found on nas/],
    ['a domain that is none', { ...means, uuid: UUID.replace('1', '2') }, /cannot see the domain/],
  ])('none for %s', async (_, wrong, reason) => {
    expect(kindOf(await hostWith({ virsh }).offers(wrong))).toMatch(reason);
    await expect(hostWith({ virsh }).place({ name: 'reveille-x-1', due: inAnHour(), means: wrong })).rejects.toThrow(HostError);
  }, 30_000);

  test('none for a start that is not possible, or too long for a job', async () => {
    const start = (recipe: object, from: 'hibernate' | 'hybrid' = 'hibernate') =>
      hostWith().offers({ kind: 'start', socket: null, from, recipe: { executable: '/bin/true', args: [], cwd: '/', daemonizes: false, startsPaused: false, ...recipe } });
    expect(kindOf(await start({}))).toBe('sleeper');
    expect(kindOf(await start({ notStartable: 'libvirt manages this guest.' }))).toBe('libvirt manages this guest.');
    expect(kindOf(await start({ executable: '/bin/none' }))).toMatch(/cannot be run on nas/);
    expect(kindOf(await start({ cwd: `/${HOSTILE}` }))).toMatch(/folder that the guest was started in is gone/);
    expect(kindOf(await start({ startsPaused: true }))).toMatch(/starts paused/);
    expect(kindOf(await start({}, 'hybrid'))).toMatch(/monitor is not at a path/);
    const long: WakeMeans = { kind: 'start', socket: null, from: 'hibernate', recipe: { executable: '/bin/true', args: ['x'.repeat(60_000)], cwd: '/', daemonizes: false, startsPaused: false } };
    await expect(hostWith().place({ name: 'reveille-x-1', due: inAnHour(), means: long })).rejects.toThrow(/too long/);
  }, 30_000);
});

describe('what a host says', () => {
  test.each(['', 'Reveille-1', 'reveille-', 'reveille-a b', 'reveille-$(x)', 'reveille-a\nb', `reveille-${'a'.repeat(92)}`])(
    'a name that is none is refused: %j',
    async (name) => {
      const shell: RemoteExec = { exec: () => Promise.reject(new Error('asked')) };
      const jobs = createHostJobs({ shell, clock: fakeClock(), hostName: 'nas' });
      await expect(jobs.place({ name, due: 1, means })).rejects.toThrow(RangeError);
      await expect(jobs.cancel({ name, kind: 'at', ref: '1', due: null })).rejects.toThrow(RangeError);
    },
  );

  test('no readable answer is an error in words', async () => {
    const shell: RemoteExec = { exec: () => Promise.resolve({ stdout: Buffer.from('fish: what?'), stderr: Buffer.of(), code: 0 }) };
    const jobs = createHostJobs({ shell, clock: fakeClock(), hostName: 'nas' });
    await expect(jobs.list('reveille-')).rejects.toThrow(/^Listing alarms failed on nas: /);
    await expect(jobs.offers(means)).rejects.toThrow(HostError);
  });

  test('a probe is of numbers and known words', () => {
    const record = (name: string, ...words: string[]) => ({ name, words, body: '' });
    expect(parseProbe([record('clock', 'x', '-', '1')])).toBeNull();
    expect(parseProbe([])).toBeNull();
    expect(parseProbe([record('not-linux', 'FreeBSD')])).toMatchObject({ notLinux: 'FreeBSD' });
    const read = parseProbe([record('keeper', 'at'), record('keeper', 'cron'), record('clock', '100', 'b-1', '5')]);
    expect(read).toMatchObject({ keepers: new Set(['at']), uptime: 100, boot: 'b-1', wall: 5, lacks: null, notLinux: null });
  });
});

describe.skipIf(process.platform === 'win32')('this computer’s shell', () => {
  const run = (script: string, options = {}) => localShell(systemClock).exec(script, options);
  test('runs a command with its input, and gives what it says', async () => {
    const { stdout, stderr, code } = await run('cat; echo e >&2; exit 3', { stdin: 'in\n' });
    expect([Buffer.from(stdout).toString(), Buffer.from(stderr).toString(), code]).toEqual(['in\n', 'e\n', 3]);
  });
  test('ends a command that takes too long or says too much, with what it runs', async () => {
    const file = join(folder, 'pid');
    await expect(run(`sleep 50 & echo $! > ${file}; wait`, { timeoutMs: 500 })).rejects.toThrow(/took longer than/);
    const pid = readFileSync(file, 'utf8').trim();
    await until('it has ended', () => argumentsOf(pid).join('') === '');
    await expect(run('while :; do echo 1234567890; done', { maxBytes: 1000 })).rejects.toThrow(/said more than 1000 bytes/);
  });
  test.skipIf(process.platform !== 'linux')('leaves a job running that has nothing of ours', async () => {
    const file = join(folder, 'pid');
    await run(`setsid sleep 30 < /dev/null > /dev/null 2>&1 & echo $! > ${file}`);
    const pid = Number(readFileSync(file, 'utf8'));
    await until('it runs', () => argumentsOf(pid)[0] === 'sleep');
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    process.kill(pid, 'SIGKILL');
    expect(new Set(open)).toEqual(new Set(['/dev/null']));
  });
});
