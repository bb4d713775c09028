import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app';
import { bareQemusCanRun, startBareQemu, type BareQemu } from '../support/bare-qemu';
import { portOf, startListener } from '../support/listener';
import { isMissing } from '../support/requires';
import { sshHome } from '../support/ssh-home';
import { makeKey } from '../support/ssh-keys';
import { accountsPresent, sshdPresent, startSshd, type TestSshd } from '../support/sshd';

/** The stated bound for a host that stops answering. */
const NOTICED_MS = 15_000;

const cannotRun =
  isMissing('QEMU', bareQemusCanRun()) || isMissing('OpenSSH', sshdPresent) || isMissing('mount namespaces', accountsPresent);

describe.skipIf(cannotRun)('a host that stops answering', () => {
  let folder: string;
  let hung: TestSshd;
  let far: BareQemu;
  let app: TestApp;
  let hosts: { hung: string; well: string; silent: string };
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ssh-vanished-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const key = makeKey(folder);
    const [first, well] = await Promise.all([1, 2].map(() => startSshd({ authorizedKeys: [key], ownProcesses: true })));
    if (!first || !well) throw new Error('no sshd');
    hung = first;
    ends.push(() => hung.stop(), () => well.stop());
    far = await startBareQemu(folder, 'far', hung.listener());
    const near = await startBareQemu(folder, 'near', well.listener());
    ends.push(() => far.stop(), () => near.stop());
    const listeners: { stop(): Promise<void> }[] = [];
    const silent = await startListener(listeners, () => undefined);
    ends.push(async () => listeners[0]?.stop());
    const ssh = await sshHome(folder, key, [
      { alias: 'hung', port: hung.port, sshd: hung },
      { alias: 'well', port: well.port, sshd: well },
      { alias: 'silent', port: portOf(silent), sshd: null },
    ]);
    app = await startTestApp({ ssh, startedBefore: true });
    ends.push(() => app.stop());
    const add = async (address: string) => (await app.call('addHost', { address, name: '' })).hostId;
    hosts = { hung: await add('hung'), well: await add('well'), silent: await add('silent') };
    await app.untilState('far', 'running');
    await app.untilState('near', 'running');
    expect(app.guest('far').hostId).toBe(hosts.hung);
    expect(app.guest('near').hostId).toBe(hosts.well);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const set = (name: string, action: 'pause' | 'resume') => app.tryCall('setPowerState', { guestId: app.guest(name).id, action });
  /** Pauses and resumes the guest of the host that is well, until told to stop. @returns how long the slowest took, in ms */
  const beBusy = () => {
    let isOver = false;
    const slowest = (async () => {
      let most = 0;
      while (!isOver) {
        for (const [action, state] of [['pause', 'paused'], ['resume', 'running']] as const) {
          const began = performance.now();
          expect(await set('near', action)).toMatchObject({ ok: true });
          await app.untilState('near', state, 5000);
          most = Math.max(most, performance.now() - began);
        }
      }
      return most;
    })();
    return () => {
      isOver = true;
      return slowest;
    };
  };

  test('is noticed within 15 s, mid-command, and slows no other; its guest comes back when it does', async () => {
    const stopBusy = beBusy();
    hung.signalSessions('SIGSTOP');
    const asked = set('far', 'pause');
    const [link, quiet] = await Promise.all([
      app.untilLink(hosts.hung, 'backoff', NOTICED_MS),
      // Accepts, and says nothing from the beginning.
      app.untilLink(hosts.silent, 'backoff', NOTICED_MS),
    ]);
    expect(link.reason).toMatch(/stopped answering/);
    expect(quiet.reason).toMatch(/kept Reveille waiting for its key/);
    // QEMU was looked at first, which brought no answer: nothing was begun.
    expect(await asked).toMatchObject({ ok: false, refusal: { code: expect.stringMatching(/^(?:unknown-state|no-control)$/) } });
    expect(app.guest('far')).toMatchObject({ pending: null, state: { name: 'running', asOf: expect.any(Number) } });
    expect(await stopBusy()).toBeLessThan(2000);

    // The session that hangs still holds the monitor: the host is back, and the guest when that has ended.
    await app.untilLink(hosts.hung, 'ready');
    await app.untilGuest('far', ({ state }) => state.name === 'unknown' && /holds its only free monitor/.test(state.detail ?? ''));
    hung.signalSessions('SIGCONT');
    const { state } = await app.untilState('far', (await far.status()) as 'running' | 'paused');
    expect(state).not.toHaveProperty('asOf');
  });

  test('is noticed within 6 s when this computer has woken, and holds up neither its removal nor the end of the app', async () => {
    hung.signalSessions('SIGSTOP');
    app.app.recheck();
    const link = await app.untilLink(hosts.hung, 'backoff', 6000);
    expect(link.reason).toMatch(/sign of life/);

    await app.untilLink(hosts.hung, 'ready');
    hung.signalSessions('SIGSTOP');
    // A listing and a command wait for it now.
    void set('far', 'pause');
    const began = performance.now();
    await app.call('removeHost', { hostId: hosts.hung });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(app.view.hosts[hosts.hung]).toBeUndefined();
    expect(Object.values(app.view.guests).map(({ name }) => name)).toEqual(['near']);
    const again = await app.call('addHost', { address: 'hung', name: '' });
    await app.untilLink(again.hostId, 'ready');
    hung.signalSessions('SIGSTOP');
    const stopping = performance.now();
    await app.stop();
    expect(performance.now() - stopping).toBeLessThan(2000);
  });
});
