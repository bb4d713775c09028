import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../main/clock';
import { createHostJobs } from '../../main/hosts/jobs/host-jobs';
import type { HostJobs, JobKind, WakeMeans } from '../../main/hosts/jobs/job';
import { fakeMonitor, type FakeMonitor } from '../unit/hosts/jobs/fake-monitor';
import { until } from '../guest/deadline';
import { atPresent, faketimePresent, jobHostsPresent, startJobHost, systemdPresent, type JobHost, type JobHostOptions } from '../support/job-host';
import { isMissing } from '../support/requires';

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

interface Setting {
  readonly host: JobHost;
  readonly jobs: HostJobs;
  readonly monitor: FakeMonitor;
  readonly means: WakeMeans;
}

async function setUp(options: JobHostOptions = {}): Promise<Setting> {
  const host = await startJobHost(options);
  running.push(() => host.stop());
  const monitor = await fakeMonitor();
  running.push(() => monitor.close());
  const jobs = createHostJobs({ shell: host.shell, clock: systemClock, hostName: 'nas' });
  return { host, jobs, monitor, means: { kind: 'qmp', socket: monitor.socket } };
}

const kindOf = async (jobs: HostJobs, means: WakeMeans): Promise<string> => {
  const offer = await jobs.offers(means);
  return 'keeper' in offer ? offer.keeper.kind : offer.missing;
};
const inAnHour = () => Date.now() + 3_600_000;
/** Processes that bear the name. */
const processes = async ({ run }: JobHost, name: string) => {
  const found = await run(`for f in /proc/[0-9]*; do tr '\\000' '\\n' < $f/cmdline | grep -qx -e ${name} && echo $f; done`);
  return found === '' ? [] : found.split('\n');
};
const WAKE = ['qmp_capabilities', 'query-status', 'system_wakeup'];

const noAt = isMissing('at', atPresent());
const noSystemd = isMissing('systemd', systemdPresent());
const KEEPERS: [JobKind, JobHostOptions, boolean][] = [
  ['sleeper', {}, false],
  ['at', { atd: true }, noAt],
  ['systemd-user', { systemd: 'lingering' }, noSystemd],
  ['systemd-system', { systemd: 'as-system' }, noSystemd],
];

describe.skipIf(isMissing('mount namespaces', jobHostsPresent()))('what keeps a job on a host', () => {
  describe.each(KEEPERS)('%s', (kind, options, skip) => {
    test.skipIf(skip)('is offered, made, listed, moved and cancelled, and nothing is left', async () => {
      const { host, jobs, monitor, means } = await setUp(options);
      expect(await kindOf(jobs, means)).toBe(kind);
      const due = inAnHour();
      const job = await jobs.place({ name: 'reveille-aaaa-1', due, means });
      expect(job).toEqual({ name: 'reveille-aaaa-1', kind, ref: expect.any(String), due });
      await jobs.place({ name: 'reveille-bbbb-1', due, means });

      // Another installation's app, or this one after a restart, finds it.
      const others = createHostJobs({ shell: host.shell, clock: systemClock, hostName: 'nas' });
      const [found, ...more] = await others.list('reveille-aaaa-');
      expect(more).toEqual([]);
      expect(found).toEqual({ ...job, due: expect.any(Number) });
      expect(Math.abs(found!.due! - due)).toBeLessThan(3000);

      const moved = await jobs.place({ name: 'reveille-aaaa-1', due: due + 600_000, means });
      const listed = await jobs.list('reveille-');
      expect(listed.map(({ name }) => name).sort()).toEqual(['reveille-aaaa-1', 'reveille-bbbb-1']);
      expect(listed.find(({ name }) => name === job.name)?.ref).toBe(moved.ref);
      expect(Math.abs(listed.find(({ name }) => name === job.name)!.due! - due - 600_000)).toBeLessThan(3000);

      await jobs.cancel(found!);
      await jobs.cancel(found!);
      expect((await jobs.list('reveille-')).map(({ name }) => name)).toEqual(['reveille-bbbb-1']);
      await jobs.cancel({ ...job, name: 'reveille-bbbb-1' });
      expect(await jobs.list('reveille-')).toEqual([]);
      expect(await processes(host, 'reveille-bbbb-1')).toEqual([]);
      expect(await host.atFiles()).toEqual([]);
      expect(await host.unitFiles()).toEqual([]);
      expect(monitor.came()).toBe(0);
    });

    test.skipIf(skip)('wakes the guest when it is due, and is gone', async () => {
      const { host, jobs, monitor, means } = await setUp(options);
      const due = Date.now() + 10_000;
      await jobs.place({ name: 'reveille-aaaa-2', due, means });
      expect(monitor.executed).toEqual([]);
      await until(30_000, 'the wake', () => monitor.executed.length === 3 || undefined, 5);
      expect(Date.now() - due).toBeGreaterThan(-1500);
      expect(Date.now() - due).toBeLessThan(5000);
      expect(monitor.executed).toEqual(WAKE);
      await until(20_000, 'its end', async () => (await jobs.list('reveille-')).length === 0 || undefined);
      await until(20_000, 'the end of its processes', async () => (await processes(host, 'reveille-aaaa-2')).length === 0 || undefined);
      expect(await host.atFiles()).toEqual([]);
      expect(await host.unitFiles()).toEqual([]);
    });

    test.skipIf(skip)('is listed and can be cancelled while it runs', async () => {
      const { host, jobs, monitor, means } = await setUp(options);
      const release = monitor.take();
      const job = await jobs.place({ name: 'reveille-aaaa-3', due: Date.now() + 2000, means });
      await until(20_000, 'a first try', () => monitor.came() > 0 || undefined);
      expect((await jobs.list('reveille-aaaa-')).map(({ name }) => name)).toEqual([job.name]);
      await jobs.cancel(job);
      expect(await jobs.list('reveille-')).toEqual([]);
      expect(await processes(host, job.name)).toEqual([]);
      release();
      expect(monitor.executed).toEqual([]);
      expect(await host.unitFiles()).toEqual([]);
      expect(await host.atFiles()).toEqual([]);
    });
  });

  test.skipIf(noSystemd)('a user’s systemd that ends with the sessions keeps none', async () => {
    const { jobs, means } = await setUp({ systemd: 'of-sessions' });
    expect(await kindOf(jobs, means)).toBe('sleeper');
  });

  test.skipIf(noAt)('at without its daemon, or for a user who may not, keeps none', async () => {
    const { host, jobs, means } = await setUp();
    expect(await kindOf(jobs, means)).toBe('sleeper');
    // What atd leaves when it is killed.
    await host.run('echo 999999999 > /run/atd.pid');
    expect(await kindOf(jobs, means)).toBe('sleeper');
  });

  test.skipIf(noSystemd || noAt)('what a restart of the host would lose goes to at, if it can', async () => {
    const { jobs, means } = await setUp({ systemd: 'lingering', atd: true });
    expect(await kindOf(jobs, means)).toBe('systemd-user');
    const recipe = { executable: '/bin/true', args: [], cwd: '/', daemonizes: false, startsPaused: false };
    expect(await kindOf(jobs, { kind: 'start', recipe, socket: null, from: 'hibernate' })).toBe('at');
  });

  test.skipIf(noSystemd)('a timer is in time when the clock was set meanwhile, and its units are read anew', async () => {
    const { host, jobs, monitor, means } = await setUp({ systemd: 'lingering' });
    // The clock that the job is made by is an hour ahead of systemd's, as if it had been set back since.
    const date = (await host.run('command -v date')) || '/bin/date';
    const bin = (await host.run('echo "$PATH"')).split(':')[0];
    await host.run(`printf '#!/bin/sh\\ncase "$*" in +%%s) echo $(( $(${date} +%%s) + 3600 ));; *) exec ${date} "$@";; esac\\n' > ${bin}/date; chmod +x ${bin}/date`);
    const due = Date.now() + 12_000;
    await jobs.place({ name: 'reveille-aaaa-4', due, means });
    await host.run('XDG_RUNTIME_DIR=/run/user/0 systemctl --user daemon-reload');
    expect(await host.run('XDG_RUNTIME_DIR=/run/user/0 systemctl --user show -p NextElapseUSecRealtime reveille-aaaa-4.timer')).not.toBe('');
    await until(40_000, 'the wake', () => monitor.executed.length === 3 || undefined, 5);
    expect(Math.abs(Date.now() - due)).toBeLessThan(5000);
    // What would have triggered it an hour later is gone.
    await until(20_000, 'its end', async () => (await jobs.list('reveille-')).length === 0 || undefined);
    expect(await host.unitFiles()).toEqual([]);
  });

  test.skipIf(noAt || isMissing('faketime', faketimePresent()))('a host whose clock is an hour off is in time', async () => {
    const { host, jobs, monitor, means } = await setUp({ atd: true, clockOff: '+1h' });
    expect(Number(await host.run('date +%s')) - Date.now() / 1000).toBeGreaterThan(3500);
    expect(await kindOf(jobs, means)).toBe('at');
    const due = Date.now() + 8000;
    const job = await jobs.place({ name: 'reveille-aaaa-5', due, means });
    expect(job.kind).toBe('at');
    expect(Math.abs((await jobs.list('reveille-'))[0]!.due! - due)).toBeLessThan(3000);
    await until(30_000, 'the wake', () => monitor.executed.length === 3 || undefined, 5);
    expect(Math.abs(Date.now() - due)).toBeLessThan(5000);
  });

  test.skipIf(noAt)('at is told the minute before, and the program waits for the rest', async () => {
    const { host, jobs, monitor, means } = await setUp({ atd: true });
    const due = Math.ceil((Date.now() + 10_000) / 60_000) * 60_000 + 5000;
    await jobs.place({ name: 'reveille-aaaa-6', due, means });
    // at(1), its files: queue, number, and the minutes since the epoch in hexadecimal.
    const [file = ''] = await host.atFiles();
    expect(Number.parseInt(file.slice(6), 16) * 60_000).toBe(due - 5000);
    await until(180_000, 'the wake', () => monitor.executed.length === 3 || undefined, 5);
    expect(Math.abs(Date.now() - due)).toBeLessThan(4000);
  }, 200_000);
});
