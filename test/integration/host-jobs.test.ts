import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../main/clock';
import { createHostJobs } from '../../main/hosts/jobs/host-jobs';
import type { HostJobs, JobKind, WakeMeans } from '../../main/hosts/jobs/job';
import type { RemoteExec } from '../../main/hosts/ssh/remote';
import { guestsCanRun, openQmp, startGuest, until, type TestQmp, type TinyGuest } from '../guest/tiny-guest';
import { atPresent, jobHostsPresent, startJobHost, systemdPresent, type JobHost, type JobHostOptions } from '../support/job-host';
import { defineGuest, libvirtGuestsCanRun } from '../support/libvirt-guest';
import { startLibvirtd } from '../support/libvirtd';
import { isMissing } from '../support/requires';
import { attempt, endpointOf } from '../support/ssh-client';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd } from '../support/sshd';

const running: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

async function startHost(options: JobHostOptions = {}): Promise<JobHost> {
  const host = await startJobHost(options);
  running.push(() => host.stop());
  return host;
}

const jobsBy = (shell: RemoteExec): HostJobs => createHostJobs({ shell, clock: systemClock, hostName: 'nas' });

/** The host's jobs over SSH, and what ends the connection with everything that it ran, and the server. */
async function overSsh(host: JobHost): Promise<{ jobs: HostJobs; cut(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobs-ssh-'));
  running.push(() => rm(folder, { recursive: true }));
  const key = makeKey(folder);
  const sshd = await startSshd({ authorizedKeys: [key], within: host.command });
  running.push(() => sshd.stop());
  const connection = await attempt(endpointOf(sshd, key)).connection;
  running.push(() => connection.close());
  return { jobs: jobsBy(connection), cut: () => sshd.kill() };
}

describe.skipIf(isMissing('QEMU', guestsCanRun()) || isMissing('mount namespaces', jobHostsPresent()))(
  'a job on the host',
  () => {
    let guest: TinyGuest;
    let monitor: TestQmp;
    let folder: string;
    const watch = () => path.join(folder, 'watch');
    const means = (): WakeMeans => ({ kind: 'qmp', socket: guest.qmpPath });

    beforeAll(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'jobs-'));
      guest = await startGuest({ name: 'jobs', extraArgs: ['-qmp', `unix:${watch()},server=on,wait=off`] });
      await guest.waitForAgent();
      monitor = await openQmp(watch());
    });
    afterAll(async () => {
      monitor?.close();
      await guest?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const status = async () => ((await monitor.execute('query-status')) as { status: string }).status;
    const sleep = async () => {
      await guest.withAgent(async (agent) => {
        agent.post('guest-suspend-ram');
        await monitor.nextEvent('SUSPEND');
      });
      expect(await status()).toBe('suspended');
    };
    /** When the guest woke, and its agent answers. */
    const woken = async (ms: number) => {
      await monitor.nextEvent('WAKEUP', ms);
      const at = Date.now();
      await guest.waitForAgent();
      return at;
    };
    const inTime = (at: number, due: number) => {
      expect(at - due).toBeGreaterThan(-1500);
      expect(at - due).toBeLessThan(8000);
    };
    const nothingLeft = async (host: JobHost) => {
      const jobs = jobsBy(host.shell);
      await until(20_000, 'the end of the job', async () => (await jobs.list('reveille-')).length === 0 || undefined, 200);
      expect(await host.atFiles()).toEqual([]);
      // A guest that systemd's job started has a scope of its own for as long as it runs.
      expect((await host.unitFiles()).filter((file) => !file.endsWith('.scope'))).toEqual([]);
    };

    const noAt = isMissing('at', atPresent());
    const noSystemd = isMissing('systemd', systemdPresent());
    const KEEPERS: [JobKind, JobHostOptions, boolean][] = [
      ['sleeper', {}, false],
      ['at', { atd: true }, noAt],
      ['systemd-user', { systemd: 'lingering' }, noSystemd],
    ];
    test.skipIf(isMissing('OpenSSH', sshdPresent)).for(KEEPERS)(
      'wakes a guest after 15 s, the connection and the SSH server having ended: %s',
      async ([kind, options, missing], { skip }) => {
        skip(missing);
        const host = await startHost(options);
        const { jobs, cut } = await overSsh(host);
        const due = Date.now() + 15_000;
        await sleep();
        expect(await jobs.place({ name: 'reveille-test-1', due, means: means() })).toMatchObject({ kind });
        await cut();
        inTime(await woken(60_000), due);
        await nothingLeft(host);
      },
    );

    test('waits while the monitor is somebody else’s, and wakes when it is free', async () => {
      const host = await startHost();
      const jobs = jobsBy(host.shell);
      await sleep();
      const holder = await openQmp(guest.qmpPath);
      await jobs.place({ name: 'reveille-test-2', due: Date.now() + 1000, means: means() });
      await new Promise((resolve) => setTimeout(resolve, 7000));
      expect(await status()).toBe('suspended');
      expect(await jobs.list('reveille-test-')).toHaveLength(1);
      holder.close();
      await woken(30_000);
      await nothingLeft(host);
    });

    test('leaves a guest alone that somebody else woke', async () => {
      const host = await startHost();
      const jobs = jobsBy(host.shell);
      await sleep();
      await jobs.place({ name: 'reveille-test-3', due: Date.now() + 4000, means: means() });
      await monitor.execute('system_wakeup');
      await woken(10_000);
      const seen = monitor.events.length;
      await nothingLeft(host);
      expect(monitor.events.slice(seen).map(({ event }) => event)).not.toContain('WAKEUP');
    });

    const STARTERS = KEEPERS.filter(([kind]) => kind !== 'sleeper');
    test.for(STARTERS)('starts a hibernated guest, which keeps its memory and outlives the job: %s', async ([kind, options, missing], { skip }) => {
      skip(missing);
      // It ends with the host that started it.
      running.push(async () => {
        monitor.close();
        guest = await guest.startAgain();
        await guest.waitForAgent();
        monitor = await openQmp(watch());
      });
      const host = await startHost(options);
      const jobs = jobsBy(host.shell);
      const before = await guest.bootId();
      const { executable, argv, cwd } = guest.args;
      const recipe = { executable, args: argv.slice(1), cwd, daemonizes: false, startsPaused: false };
      const start = { kind: 'start', recipe, socket: guest.qmpPath, from: 'hibernate' } as const;

      // While it runs, nothing is started.
      const early = await jobs.place({ name: 'reveille-test-4', due: Date.now() + 500, means: start });
      expect(early.kind).toBe(kind);
      await nothingLeft(host);

      await guest.withAgent(async (agent) => {
        agent.post('guest-suspend-disk');
        await monitor.nextEvent('SUSPEND_DISK', 30_000);
      });
      await guest.waitForExit(60_000);
      monitor.close();
      await jobs.place({ name: 'reveille-test-4', due: Date.now() + 3000, means: start });
      monitor = await until(60_000, 'the guest’s monitor', () => openQmp(watch()).catch(() => undefined));
      await guest.waitForAgent(90_000);
      expect(await guest.bootId()).toBe(before);
      await nothingLeft(host);
      expect(await host.unitFiles()).toHaveLength(kind === 'systemd-user' ? 1 : 0);
      expect(await status()).toBe('running');
    });
  },
);

describe.skipIf(isMissing('libvirt', libvirtGuestsCanRun()) || isMissing('mount namespaces', jobHostsPresent()))(
  'a job on a host with libvirt',
  () => {
    test('wakes a sleeping domain, and starts a hibernated one', async () => {
      const libvirtd = await startLibvirtd();
      running.push(() => libvirtd.stop());
      const guest = await defineGuest(libvirtd, { name: 'jobs; touch $HOME' });
      await guest.start();
      const host = await startHost();
      const jobs = jobsBy(host.shell);
      const { uri } = libvirtd;
      expect(await jobs.offers({ kind: 'virsh', uri, uuid: guest.uuid, from: 'suspend' })).toMatchObject({ keeper: { kind: 'sleeper' } });
      expect(await jobs.offers({ kind: 'virsh', uri: `${uri}-not`, uuid: guest.uuid, from: 'suspend' })).toMatchObject({
        missing: 'virsh on nas cannot see the domain.',
      });

      const due = Date.now() + 12_000;
      await libvirtd.virsh('dompmsuspend', guest.uuid, 'mem');
      await guest.untilState(/^pmsuspended/);
      await jobs.place({ name: 'reveille-test-5', due, means: { kind: 'virsh', uri, uuid: guest.uuid, from: 'suspend' } });
      await guest.untilState(/^running/, 60_000);
      expect(Date.now() - due).toBeGreaterThan(-1500);
      expect(Date.now() - due).toBeLessThan(10_000);
      await guest.waitForAgent();

      const bootId = await guest.bootId();
      await libvirtd.virsh('dompmsuspend', guest.uuid, 'disk');
      await guest.untilState(/^shut off/, 60_000);
      await jobs.place({ name: 'reveille-test-5', due: Date.now() + 3000, means: { kind: 'virsh', uri, uuid: guest.uuid, from: 'hibernate' } });
      await guest.untilState(/^running/, 60_000);
      await guest.waitForAgent();
      expect(await guest.bootId()).toBe(bootId);
      await until(20_000, 'the end of the job', async () => (await jobs.list('reveille-')).length === 0 || undefined, 200);
    });
  },
);
