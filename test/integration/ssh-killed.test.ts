import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { guestsCanRun, openQmp, startGuest } from '../guest/tiny-guest';
import type { GuestView } from '../../preload/contract/view';
import { startTestApp, type TestApp } from '../support/app';
import { bareQemusCanRun, startBareQemu, type BareQemu } from '../support/bare-qemu';
import { complaintsDuring, countingClock, livingSshClients, openSockets } from '../support/leaks';
import { isMissing } from '../support/requires';
import { sshHome } from '../support/ssh-home';
import { makeKey, until } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const ROUNDS = 20;
const NAMES = ['web', 'db', 'mail', 'build'];

describe.skipIf(isMissing('OpenSSH', sshdPresent))('an sshd that is killed and restarted under commands', () => {
  let folder: string;
  let sshd: TestSshd;
  let ssh: Awaited<ReturnType<typeof sshHome>>;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ssh-killed-'));
    const key = makeKey(folder);
    sshd = await startSshd({ authorizedKeys: [key] });
    ssh = await sshHome(folder, key, [{ alias: 'nas', port: sshd.port, sshd }]);
  });
  afterEach(async () => {
    await sshd?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Unless it was dismissed, each action that was accepted and lost is told, and nothing else is. */
  const titles = (app: TestApp) => Object.values(app.view.notices).map(({ title }) => title);

  describe.skipIf(isMissing('QEMU', bareQemusCanRun()))('of four guests', () => {
    let qemus: BareQemu[];
    beforeAll(() => (qemus = []));
    afterAll(() => Promise.all(qemus.map((qemu) => qemu.stop())));

    test(`nothing hangs, nothing is left, and the guests are what QEMU says, ${ROUNDS} times`, async () => {
      qemus.push(...(await Promise.all(NAMES.map((name) => startBareQemu(folder, name)))));
      const before = { sockets: openSockets(), clients: livingSshClients() };
      const clock = countingClock();
      const app = await startTestApp({ ssh, clock, startedBefore: true });
      let lost = 0;

      const complaints = await complaintsDuring(async () => {
        const { hostId } = await app.call('addHost', { address: 'nas', name: '' });
        for (let round = 0; round < ROUNDS; round += 1) {
          await Promise.all(qemus.map(async ({ name, status }) => app.untilState(name, (await status()) as 'running' | 'paused')));
          const commands = NAMES.map((name) => {
            const { id, state } = app.guest(name);
            return app.tryCall('setPowerState', { guestId: id, action: state.name === 'running' ? 'pause' : 'resume' });
          });
          // The link dies before, while and after the guests are asked.
          for (let turn = 0; turn < round % 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
          await sshd.kill();
          const results = await Promise.all(commands);
          for (const result of results) if (!result.ok) expect(result.refusal.code).toBe('no-control');
          await app.untilLink(hostId, 'backoff');
          for (const name of NAMES) {
            const { state } = await app.untilGuest(name, ({ pending }) => pending === null, 5000);
            expect(state).toHaveProperty('asOf');
          }
          for (const title of titles(app)) expect(title).toMatch(/^What came of (?:Pause|Resume) of \w+ is not known$/);
          lost += titles(app).length;

          await sshd.restart();
          await app.call('connectHost', { hostId });
          await app.untilLink(hostId, 'ready');
          for (const { name, status } of qemus) {
            const { state } = await app.untilState(name, (await status()) as 'running' | 'paused');
            expect(state).not.toHaveProperty('asOf');
          }
          // Looking at the guest has answered what was not known.
          for (const title of titles(app)) expect(title).toMatch(/^(?:Pause|Resume) of \w+: it is (?:running|paused) now$/);
          for (const id of Object.keys(app.view.notices)) await app.call('dismissNotice', { noticeId: id });
        }
      });

      expect(lost).toBeGreaterThan(ROUNDS / 4);
      expect(complaints).toEqual([]);
      await app.stop();
      await until(() => clock.pending() === 0, () => `${clock.pending()} timers are left`);
      await until(() => openSockets() <= before.sockets, () => `${openSockets()} sockets are open, ${before.sockets} were`);
      await until(() => livingSshClients() === before.clients, () => `${livingSshClients()} connections are left`);
    });
  });

  test.skipIf(isMissing('QEMU', guestsCanRun()))('a guest that sleeps and wakes is what QEMU says each time', async () => {
    const guest = await startGuest({ name: 'sleeper' });
    const app = await startTestApp({ ssh, startedBefore: true });
    try {
      await guest.waitForAgent();
      const { hostId } = await app.call('addHost', { address: 'nas', name: '' });
      const ask = (action: 'suspend' | 'wakeup') => app.tryCall('setPowerState', { guestId: app.guest('sleeper').id, action });
      const isAwake = ({ agent, state, pending }: GuestView) => agent.status === 'answering' && state.name === 'running' && pending === null;
      /** What was begun before the connection was lost may come about a moment after it was made again. */
      const awake = async () => {
        const { state } = await app.untilGuest('sleeper', (seen) => isAwake(seen) || seen.state.name === 'suspended');
        if (state.name === 'suspended') await ask('wakeup');
        await app.untilGuest('sleeper', isAwake);
      };
      const moments = {
        'it is looked at': () => app.untilGuest('sleeper', ({ pending }) => pending !== null),
        'it was begun': async (asked: Promise<unknown>) => void (await asked),
        'it sleeps': () => app.untilState('sleeper', 'suspended'),
      };
      for (const [action, moment] of [
        ['suspend', 'it is looked at'],
        ['suspend', 'it was begun'],
        ['suspend', 'it sleeps'],
        ['wakeup', 'it was begun'],
      ] as const) {
        if (action === 'suspend') await awake();
        const asked = ask(action);
        await moments[moment](asked);
        await sshd.kill();
        await app.untilGuest('sleeper', ({ pending }) => pending === null, 10_000);
        await asked;

        await sshd.restart();
        await app.call('connectHost', { hostId });
        await app.untilLink(hostId, 'ready');
        const { state } = await app.untilGuest('sleeper', ({ state: { name, asOf } }) => ['running', 'suspended'].includes(name) && asOf === undefined);
        if (moment === 'it sleeps') expect(state.name).toBe('suspended');
      }
      const last = app.guest('sleeper').state.name;
      await app.stop();
      const qmp = await openQmp(guest.qmpPath);
      expect(await qmp.execute('query-status')).toMatchObject({ status: last });
      qmp.close();
    } finally {
      await app.stop();
      await guest.stop();
    }
  });
});
