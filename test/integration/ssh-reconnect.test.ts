import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NetworkInterfaces } from '../../main/hosts/network-watch';
import { startTestApp, type TestApp } from '../support/app';
import { portOf, startListener } from '../support/listener';
import { isMissing } from '../support/requires';
import { sshHome } from '../support/ssh-home';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const addressed = (address: string): NetworkInterfaces => ({
  wlan0: [{ address, netmask: '255.255.255.0', family: 'IPv4', mac: '52:54:00:12:34:56', internal: false, cidr: null }],
});

describe.skipIf(isMissing('OpenSSH', sshdPresent))('a host', () => {
  let folder: string;
  let sshd: TestSshd;
  let app: TestApp;
  let network: NetworkInterfaces;
  const listeners: { stop(): Promise<void> }[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ssh-reconnect-'));
    const [key, locked] = [makeKey(folder), makeKey(folder, { passphrase: 'open' })];
    sshd = await startSshd({ authorizedKeys: [key, locked] });
    const silent = await startListener(listeners, () => undefined);
    const ssh = await sshHome(folder, key, [
      { alias: 'nas', port: sshd.port, sshd },
      { alias: 'silent', port: portOf(silent), sshd: null },
      { alias: 'locked', port: sshd.port, sshd, key: locked },
      { alias: 'stranger', port: sshd.port, sshd, options: ['UserKnownHostsFile ~/.ssh/nobody'] },
    ]);
    network = addressed('192.168.1.7');
    app = await startTestApp({ ssh, networkInterfaces: () => network, startedBefore: true });
  });
  afterEach(async () => {
    await app?.stop();
    await Promise.all([sshd?.stop(), ...listeners.splice(0).map((each) => each.stop())]);
    await rm(folder, { recursive: true, force: true });
  });

  const add = async (address: string) => (await app.call('addHost', { address, name: '' })).hostId;
  const prompt = (kind: 'host-key' | 'secret') =>
    app.until(`a question (${kind})`, ({ prompts }) => Object.values(prompts).find((each) => each.kind === kind));

  test('that waits is connected to when this computer’s network has changed, before its time', async () => {
    const hostId = await add('nas');
    await app.untilLink(hostId, 'ready');
    await sshd.kill();
    const { nextTry } = await app.until('a wait beyond the next look at the network', ({ hosts }) => {
      const link = hosts[hostId]?.link;
      return link?.kind === 'backoff' && link.nextTry - Date.now() > 4500 && link;
    });
    await sshd.restart();
    network = addressed('10.0.0.9');
    await app.untilLink(hostId, 'ready', 4400);
    expect(Date.now()).toBeLessThan(nextTry);
  });

  test.each([
    ['stranger', 'host-key'],
    ['locked', 'secret'],
  ] as const)('%s takes its question back when it is disabled, edited, removed', async (alias, kind) => {
    const hostId = await add(alias);
    const first = await prompt(kind);
    await app.call('setHostEnabled', { hostId, enabled: false });
    expect(app.view.prompts).toEqual({});
    expect(app.view.hosts[hostId]?.link).toEqual({ kind: 'offline' });
    const late =
      first.kind === 'host-key'
        ? app.tryCall('answerHostKey', { promptId: first.id, answer: 'save' })
        : app.tryCall('answerSecret', { promptId: first.id, answers: ['open'], keep: false });
    expect(await late).toMatchObject({ ok: false, refusal: { code: 'unknown-question' } });

    await app.call('setHostEnabled', { hostId, enabled: true });
    const second = await prompt(kind);
    expect(second.id).not.toBe(first.id);
    await app.call('editHost', { hostId, address: 'nas', name: '' });
    expect(app.view.prompts).toEqual({});
    await app.untilLink(hostId, 'ready');

    await app.call('editHost', { hostId, address: alias, name: '' });
    await prompt(kind);
    await app.call('removeHost', { hostId });
    expect([app.view.prompts, app.view.hosts[hostId]]).toEqual([{}, undefined]);
  });

  test('of a connection test takes its question back when the test is ended', async () => {
    const { testId } = await app.call('testHost', { address: 'stranger' });
    await prompt('host-key');
    await app.call('endTest', { testId });
    expect([app.view.prompts, app.view.tests]).toEqual([{}, {}]);
  });

  test('that is blocked by a refused key asks again at Connect now', async () => {
    const hostId = await add('stranger');
    await app.call('answerHostKey', { promptId: (await prompt('host-key')).id, answer: 'refuse' });
    await app.untilLink(hostId, 'blocked');
    expect(app.view.prompts).toEqual({});
    await app.call('connectHost', { hostId });
    await app.call('answerHostKey', { promptId: (await prompt('host-key')).id, answer: 'once' });
    await app.untilLink(hostId, 'ready');
  });

  test('that says nothing is disabled and removed at once, while it is connected to', async () => {
    const hostId = await add('silent');
    await app.untilLink(hostId, 'connecting');
    const began = performance.now();
    await app.call('connectHost', { hostId });
    await app.call('setHostEnabled', { hostId, enabled: false });
    expect(app.view.hosts[hostId]?.link).toEqual({ kind: 'offline' });
    await app.call('setHostEnabled', { hostId, enabled: true });
    await app.untilLink(hostId, 'connecting');
    await app.call('removeHost', { hostId });
    expect(app.view.hosts[hostId]).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
