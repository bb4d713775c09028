import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { breakQm, proxmoxCanBePlayed, startProxmoxGuest, untilGone, type ProxmoxGuest } from '../guest/proxmox';
import { guestsCanRun } from '../guest/tiny-guest';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';
import { sshHome } from '../support/ssh-home';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const NAME = 'pve-web';

describe.skipIf(isMissing('QEMU', guestsCanRun()) || isMissing('root', proxmoxCanBePlayed))(
  'a guest of Proxmox VE, whose own tools look at it every second',
  () => {
    let guest: ProxmoxGuest;
    let app: TestApp;
    const usualPath = process.env['PATH'];

    beforeAll(async () => {
      guest = await startProxmoxGuest(NAME);
      process.env['PATH'] = `${guest.bin}:${usualPath}`;
    });
    afterAll(async () => {
      process.env['PATH'] = usualPath;
      await guest?.stop();
    });
    /** In every test: the other program has had its turn, each time within a second. */
    afterEach(() => {
      const { waits, failures } = guest.takeWaits();
      turns += waits.length;
      expect(failures).toEqual([]);
      expect(Math.max(0, ...waits)).toBeLessThan(1000);
    });
    let turns = 0;

    const id = () => app.guest(NAME).id;
    const act = (action: 'suspend' | 'hibernate' | 'pause' | 'resume' | 'shutdown') =>
      app.call('setPowerState', { guestId: id(), action });
    const start = () => app.call('setPowerState', { guestId: id(), action: 'start', startAccepted: true });

    describe('on this computer', () => {
      beforeAll(async () => {
        app = await startTestApp({ finds: ({ vmid }) => vmid === guest.vmid });
      });
      afterAll(() => app?.stop());

      test('is listed by its name, and its monitor is left free', async () => {
        const seen = await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
        expect(seen).toMatchObject({
          state: { name: 'running', source: 'query' },
          start: { executable: path.join(guest.bin, 'qm'), args: ['start', `${guest.vmid}`] },
        });
        expect(await app.call('guestFacts', { guestId: id() })).toMatchObject({
          manager: { value: `Proxmox VE, VM ${guest.vmid}` },
        });
        // Whoever comes now finds it free, and the agent's socket, too.
        expect(await guest.exec('echo free')).toBe('free');
        (await guest.takeMonitor())();
      });

      test('sleeps for 5 s and wakes by itself', async () => {
        await app.call('setPowerState', { guestId: id(), action: 'suspend', for: '5 s', alarm: 'app' });
        await app.untilState(NAME, 'suspended');
        const awake = await app.untilState(NAME, 'running');
        expect(awake).toMatchObject({ alarm: null, state: { cause: 'timer' } });
      });

      test('is paused and resumed', async () => {
        await act('pause');
        await app.untilState(NAME, 'paused');
        await act('resume');
        await app.untilState(NAME, 'running');
      });

      test('a monitor that is held for a moment is waited for without a word', async () => {
        const leave = await guest.takeMonitor();
        const paused = act('pause');
        await new Promise((resolve) => setTimeout(resolve, 700));
        expect(app.guest(NAME)).toMatchObject({ state: { name: 'running' }, pending: { action: 'pause' } });
        leave();
        await paused;
        await app.untilState(NAME, 'paused');
        await act('resume');
        await app.untilState(NAME, 'running');
      });

      test('hibernates, and is started by qm with its memory', async () => {
        await guest.exec('echo kept > /run/kept');
        await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
        await act('hibernate');
        await app.untilState(NAME, 'hibernated', 60_000);
        expect(app.view.notices).toEqual({});
        await untilGone(guest);
        await start();
        await app.untilState(NAME, 'running', 60_000);
        expect(guest.qmCalls()).toEqual([`start ${guest.vmid}`]);
        expect(await guest.exec('cat /run/kept')).toBe('kept');
        expect(app.view.notices).toEqual({});
      });

      test('an end that nobody heard is no crash', async () => {
        process.kill(guest.pid(), 'SIGKILL');
        const { state } = await app.untilGuest(NAME, ({ state: { name } }) => name === 'off');
        expect(state).toMatchObject({ source: 'inference', detail: expect.stringContaining('not known') });
      });

      test('what qm says when it fails is told', async () => {
        const mend = await breakQm(guest);
        await start();
        const notice = await app.until('the notice', ({ notices }) => Object.values(notices)[0]);
        expect(notice.message).toContain("storage 'local' is not online");
        await mend();
        await start();
        await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
      });
    });

    describe.skipIf(isMissing('OpenSSH', sshdPresent))('behind SSH', () => {
      let folder: string;
      let sshd: TestSshd;

      beforeAll(async () => {
        folder = await mkdtemp(path.join(os.tmpdir(), 'proxmox-ssh-'));
        const key = makeKey(folder);
        sshd = await startSshd({ authorizedKeys: [key], config: [`SetEnv PATH=${guest.bin}:/usr/bin:/bin`] });
        app = await startTestApp({ ssh: await sshHome(folder, key, [{ alias: 'pve', port: sshd.port, sshd }]) });
        await app.call('addHost', { address: 'pve', name: '' });
        await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
      });
      afterAll(async () => {
        await app?.stop();
        await sshd?.stop();
        await rm(folder, { recursive: true, force: true });
      });

      test('sleeps for 4 s and wakes by itself', async () => {
        await app.call('setPowerState', { guestId: id(), action: 'suspend', for: '4 s', alarm: 'app' });
        await app.untilState(NAME, 'suspended');
        await app.untilState(NAME, 'running');
      });

      test('is paused, resumed, shut down, and started by qm on its host', async () => {
        await act('pause');
        await app.untilState(NAME, 'paused');
        await act('resume');
        await app.untilState(NAME, 'running');
        await act('shutdown');
        await app.untilState(NAME, 'off', 60_000);
        await untilGone(guest);
        const before = guest.qmCalls().length;
        await start();
        await app.untilState(NAME, 'running', 60_000);
        expect(guest.qmCalls().slice(before)).toEqual([`start ${guest.vmid}`]);
        expect(app.view.notices).toEqual({});
        expect(turns).toBeGreaterThan(15);
      });
    });
  },
);
